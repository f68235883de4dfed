import type { HaltFlag } from '#core/events/state-keys.ts';
import type { AccountBook } from '#core/portfolio/account-book.ts';
import { valuation } from '#core/portfolio/valuation.ts';
import type { RiskPolicy } from '#core/risk/policy.ts';
import { riskReportOf } from '#core/risk/report.ts';
import { type ResumeOutlook, resumeOutlook } from '#core/risk/resume.ts';
import { type EpochMillis, instantText } from '#core/values/clock.ts';

/** What a status is told from: the state items as they stand. */
export interface DeskState {
  readonly book: AccountBook;
  readonly flag: HaltFlag | null;
  readonly policy: RiskPolicy;
}

/** The desk as it stands, as `abc status --json` prints it; `resume` is null while trading goes on. */
export function deskStatus({ book, flag, policy }: DeskState, now: EpochMillis) {
  const isStopped = flag?.halted === true || book.trading.state !== 'ACTIVE';
  return {
    at: instantText(now),
    trading: book.trading,
    halt: flag,
    resume: isStopped ? resumeOutlook(book, policy, now) : null,
    value: valuation(book, 'account', null),
    foreign: book.foreign ?? null,
    limits: riskReportOf(book, policy, book.session ?? 'none').limits,
  };
}

/** The same for people, a line each: state, what a resumption needs, equity, positions, how much of each limit is used. */
export function statusLines(state: DeskState, now: EpochMillis): readonly string[] {
  const { at, trading, halt, resume, value, foreign, limits } = deskStatus(state, now);
  return [
    `time         ${at} (session ${state.book.session ?? 'none yet'})`,
    `trading      ${halt?.halted === true ? `HALTED by ${halt.by}: ${halt.reason}` : trading.state}`,
    ...(trading.flattening === true && value?.openPositions !== 0
      ? ['flattening   every position is being closed, while the market is open']
      : []),
    ...(resume === null ? [] : resumeLines(trading.coolOffUntil, resume)),
    `equity       ${value?.equity ?? 'not known yet'}`,
    ...(value?.positions ?? []).map(
      (position) =>
        `position     ${position.instrument} ${position.quantity} at ${position.averagePrice}, now ${position.mark}, ${position.layers.length} layers, stops ${position.layers.map(({ stop }) => stop ?? 'none').join(', ')}`,
    ),
    ...(foreign?.cash === undefined ? [] : [`not ours     ${foreign.cash} ${state.book.currency} of cash`]),
    ...(foreign?.positions ?? []).map(({ instrument, quantity }) => `not ours     ${instrument} ${quantity}`),
    ...(foreign?.orders ?? []).map(
      ({ side, remaining, instrument, orderType, price }) =>
        `not ours     order ${side} ${remaining} ${instrument} ${orderType}${price === null ? '' : ` at ${price}`}`,
    ),
    ...limits.map(
      ({ limit, measured, value: allowed }) => `limit        ${limit}: ${measured} of ${allowed}`,
    ),
  ];
}

function resumeLines(coolOffUntil: string | null, { missing, highWater }: ResumeOutlook): readonly string[] {
  const measured = highWater === 'anew' ? 'anew' : 'from the highest equity as before';
  return [
    ...(coolOffUntil === null ? [] : [`cool-off     until ${coolOffUntil}`]),
    ...missing.map((clause) => `resume       not yet: ${clause}`),
    ...(missing.length === 0
      ? [`resume       a person with a reason may; drawdown is then measured ${measured}`]
      : []),
  ];
}
