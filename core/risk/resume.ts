import type { JournalEntry } from '#core/events/new-event.ts';
import { operatorEntry } from '#core/events/operator-entry.ts';
import type { HaltFlag } from '#core/events/state-keys.ts';
import { type AccountBook, equity, isLive } from '#core/portfolio/account-book.ts';
import { positionQuantity } from '#core/portfolio/position.ts';
import { drawdownStepOf } from '#core/portfolio/trading-standing.ts';
import { drawdown } from '#core/portfolio/valuation.ts';
import { type EpochMillis, instantText, parseInstant } from '#core/values/clock.ts';
import { Decimal } from '#core/values/decimal.ts';
import type { RiskPolicy } from './policy.ts';
import { type Signer, signatureProblem } from './signature.ts';

export type ResumeDecision =
  | {
      readonly kind: 'resumed';
      /** Whether drawdown is measured from the highest equity as before, or from the equity that there is now. */
      readonly highWater: 'kept' | 'anew';
    }
  | { readonly kind: 'refused'; readonly explanation: string };

/** What a resumption would be now, whoever asks for it. */
export interface ResumeOutlook {
  readonly highWater: 'kept' | 'anew';
  /** What is missing before anybody may resume, a clause each; nothing where nothing is. */
  readonly missing: readonly string[];
}

const HOUR_MILLIS = 3_600_000;
const percent = (fraction: number) => `${(fraction * 100).toFixed(2)} %`;

/**
 * What a resumption would be now, and what is missing for it.
 *
 * A drawdown at or above the reduce step ends with a new start alone: flat, after the cool-off, and measured from the equity
 * that there is then. So does a drawdown halt, but its high is kept where the drawdown has come back below the reduce step
 * until then. Everything else keeps the high and needs neither: nobody can buy a second drawdown by resuming before the limit.
 * An equity that is not known counts as neither above nor below. A book that never had an equity has lost none.
 */
export function resumeOutlook(book: AccountBook, policy: RiskPolicy, now: EpochMillis): ResumeOutlook {
  if (book.highWater === null) return { highWater: 'kept', missing: [] };
  const value = equity(book);
  const step = drawdownStepOf(book.trading);
  if (value === null)
    return {
      highWater: 'kept',
      missing: [
        'the equity is not known, and so not how far it is below its highest; wait for a price of all that is held',
        ...(step === null ? [] : missingForNewStart(book, policy, now)),
      ],
    };
  const isBelow = drawdown(value, new Decimal(book.highWater)) >= policy.drawdown.reduce;
  return {
    highWater: isBelow ? 'anew' : 'kept',
    missing: isBelow || step === 'halt' ? missingForNewStart(book, policy, now) : [],
  };
}

function missingForNewStart(book: AccountBook, policy: RiskPolicy, now: EpochMillis): readonly string[] {
  return [...missingCoolOff(book, policy, now), ...missingFlatness(book)];
}

function missingCoolOff(book: AccountBook, policy: RiskPolicy, now: EpochMillis): readonly string[] {
  const end = coolOffEnd(book, policy);
  if (end === null) return ['no cool-off has begun; halt trading, and it counts from the halt'];
  if (end <= now) return [];
  const cause =
    drawdownStepOf(book.trading) === 'halt'
      ? 'drawdown halt'
      : `drawdown step of ${percent(policy.drawdown.reduce)}`;
  const hours = ((end - now) / HOUR_MILLIS).toFixed(1);
  return [`the cool-off after the ${cause} ends at ${instantText(end)}, in ${hours} hours`];
}

/** Books of earlier versions have no cool-off after the reduce step: it counts from when trading was last stopped. */
function coolOffEnd({ trading }: AccountBook, policy: RiskPolicy): EpochMillis | null {
  if (trading.coolOffUntil !== null) return parseInstant(trading.coolOffUntil);
  if (trading.state === 'ACTIVE' || trading.since === null) return null;
  return parseInstant(trading.since) + policy.drawdown.coolOffHours * HOUR_MILLIS;
}

function missingFlatness({ positions, orders }: AccountBook): readonly string[] {
  const held = Object.values(positions).filter((position) => !positionQuantity(position).isZero());
  const live = Object.values(orders).filter(isLive);
  const parts = [
    ...counted(
      held.map(({ instrument }) => instrument),
      'position',
    ),
    ...counted(
      live.map(({ intent }) => intent.intentId),
      'live order',
    ),
  ];
  return parts.length === 0 ? [] : [`the book is not flat: ${parts.join(' and ')} left`];
}

const counted = (names: readonly string[], noun: string): readonly string[] =>
  names.length === 0
    ? []
    : [`${names.length} ${noun}${names.length === 1 ? '' : 's'} (${[...names].sort().join(', ')})`];

/** Going up needs a person and a reason; out of a drawdown a new start besides, as {@link resumeOutlook} has it. */
export function decideResume(
  book: AccountBook,
  policy: RiskPolicy,
  signer: Signer,
  now: EpochMillis,
): ResumeDecision {
  const unsigned = signatureProblem('resuming', signer);
  if (unsigned !== null) return { kind: 'refused', explanation: unsigned };
  const { highWater, missing } = resumeOutlook(book, policy, now);
  return missing.length === 0
    ? { kind: 'resumed', highWater }
    : { kind: 'refused', explanation: missing.join('; ') };
}

/**
 * What a permitted resumption leaves: the journal's entry, which the ledger books, and the kill switch let go.
 * @param number tells this resumption from others in the journal
 */
export function resumption(
  { by, reason }: Signer,
  highWater: 'kept' | 'anew',
  number: number,
  now: EpochMillis,
): { readonly entry: JournalEntry<'TradingResumed'>; readonly flag: HaltFlag } {
  return {
    entry: operatorEntry('TradingResumed', `operator/${number}`, 'high', { by, reason, highWater }, now),
    flag: { halted: false, by, reason, at: instantText(now) },
  };
}
