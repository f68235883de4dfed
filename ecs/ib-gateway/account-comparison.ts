import type { EventData } from '#contracts/registry.ts';
import type { ToldContract } from '#core/broker/broker-port.ts';
import { strangeName } from '#core/broker/contracts.ts';
import { cashDifference, positionDifferences } from '#core/broker/reconciliation.ts';
import { newYorkDate } from '#core/market/calendar.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import { type Bridge, reportDifference } from './bridge-parts.ts';
import type { ExpectedAccount } from './expected-account.ts';
import type { ForeignHoldingsWatch } from './foreign-holdings.ts';

export interface SeenPosition {
  /** The catalog's id; null for what it does not have. */
  readonly instrument: string | null;
  readonly contract: ToldContract;
  readonly quantity: string;
  readonly averageCost: string;
}

/** An account as the broker told it. */
export interface SeenAccount {
  readonly positions: readonly SeenPosition[];
  /** Null where the broker told no usable amount. */
  readonly cash: { readonly amount: Decimal; readonly currency: string } | null;
}

type ForeignPosition = EventData<'ForeignHoldingsObserved'>['positions'][number];

/** What the account has beyond (below zero: short of) what the book accounts for. */
interface Beyond {
  readonly positions: readonly ForeignPosition[];
  readonly cash: Decimal;
}

/** Whether the observations before, for long enough, showed the same. */
type Confirm = (signature: string) => boolean;

const toldTo = ({ foreign }: ExpectedAccount): Beyond => ({
  positions: foreign?.positions ?? [],
  cash: new Decimal(foreign?.cash ?? 0),
});

/** The book follows the journal within seconds: a difference that was there so long ago, and is the same, is one. */
export const CONFIRMATION_MS = 10_000;

/**
 * A book that lacks what the journal has is waited for so long: the ledger's queue gives a batch that failed to the ledger again
 * after minutes. What is missing then does not come by itself.
 */
const BEHIND_AT_MOST_MS = 15 * 60_000;

/**
 * Compares what the account holds with the desk's book. The book follows the journal at a distance, so a difference counts
 * when all observations of some seconds show the same one; until then the one that was known counts on. While the book
 * lacks executions that the journal has, nothing is compared.
 */
export class AccountComparison {
  readonly #bridge: Bridge;
  readonly #foreign: ForeignHoldingsWatch;
  /** When each difference of the last observation was first seen, without a break. */
  #suspects: ReadonlyMap<string, EpochMillis> = new Map();
  /** What the account has beyond the book, confirmed: here, or before the first look what the book was told. */
  #beyond: Beyond | null = null;
  #cashReported = '';
  /** Since when the book has lacked executions that the journal has; null while it lacks none. */
  #behindSince: EpochMillis | null = null;

  constructor(bridge: Bridge, foreign: ForeignHoldingsWatch) {
    this.#bridge = bridge;
    this.#foreign = foreign;
  }

  /** @returns whether something is suspected, or awaited, that has to be looked at once more */
  async compare(seen: SeenAccount): Promise<boolean> {
    const expected = await this.#bridge.expectedAccount();
    if (expected === null) return false;
    if (this.#isBehind(expected)) return true;
    const known = this.#beyond ?? toldTo(expected);
    const before = this.#suspects;
    const suspects = new Map<string, EpochMillis>();
    const now = this.#bridge.schedule.now();
    const confirm = (signature: string): boolean => {
      const since = before.get(signature) ?? now;
      suspects.set(signature, since);
      return now - since >= CONFIRMATION_MS;
    };
    const positions = await this.#positions(expected, seen, { known: known.positions, confirm });
    const cash = await this.#money(expected, seen.cash, { known: known.cash, confirm });
    this.#suspects = suspects;
    this.#beyond = { positions, cash };
    await this.#foreign.holdings(positions, cash);
    return [...suspects.keys()].some((signature) => !before.has(signature));
  }

  /** Another bridge may have told the book otherwise meanwhile. */
  beginTenure(): void {
    this.#suspects = new Map();
    this.#beyond = null;
    this.#cashReported = '';
    this.#behindSince = null;
  }

  /** Against a book that lacks executions of the desk's own orders, these would look like somebody else's. */
  #isBehind({ awaits }: ExpectedAccount): boolean {
    const { ledger, schedule, log } = this.#bridge;
    const missing: string[] = [];
    for (const { intentId, closes, fills } of ledger.heldRecords())
      for (const { execId } of fills) if (awaits(closes ?? intentId, execId)) missing.push(execId);
    const now = schedule.now();
    this.#behindSince = missing.length === 0 ? null : (this.#behindSince ?? now);
    if (this.#behindSince === null) return false;
    log('warn', 'the desk’s book lacks executions that were journaled', { executions: missing });
    return now - this.#behindSince < BEHIND_AT_MOST_MS;
  }

  async #positions(
    expected: ExpectedAccount,
    seen: SeenAccount,
    { known, confirm }: { readonly known: Beyond['positions']; readonly confirm: Confirm },
  ): Promise<Beyond['positions']> {
    const beyond: ForeignPosition[] = [];
    const positions = new Map(
      seen.positions.map((each) => [each.instrument ?? strangeName(each.contract, expected.currency), each]),
    );
    const observed = new Map([...positions].map(([name, { quantity }]) => [name, quantity]));
    for (const found of positionDifferences(expected.positions, observed)) {
      const quantity = decimalText(new Decimal(found.observed).minus(found.expected));
      const before = known.find(({ instrument }) => instrument === found.instrument);
      const confirmed = confirm(`${found.instrument}:${found.expected}:${found.observed}`);
      if (!confirmed && before?.quantity !== quantity) {
        if (before !== undefined) beyond.push(before);
        continue;
      }
      const position = positions.get(found.instrument);
      beyond.push({
        instrument: found.instrument,
        quantity,
        price: position === undefined ? null : costOf(position, expected.currency),
      });
      await reportDifference(this.#bridge, {
        subject: 'position',
        key: found.instrument,
        expected: found.expected,
        observed: found.observed,
        explanation: 'the position at the broker is not the one in the desk’s book; nothing was repaired',
      });
    }
    return beyond;
  }

  async #money(
    expected: ExpectedAccount,
    seen: SeenAccount['cash'],
    { known, confirm }: { readonly known: Decimal; readonly confirm: Confirm },
  ): Promise<Decimal> {
    if (seen === null) return known;
    if (seen.currency !== expected.currency) {
      await reportDifference(this.#bridge, {
        subject: 'account',
        key: 'currency',
        expected: expected.currency,
        observed: seen.currency,
        explanation:
          'the account is kept in another currency than the desk’s book; its money is not compared',
      });
      return known;
    }
    const difference = cashDifference(expected.cash, seen.amount, this.#bridge.settings.cashTolerance);
    if (difference === null) return new Decimal(0);
    if (!confirm(`cash:${decimalText(difference)}`) && !difference.eq(known)) return known;
    await this.#reportMoney(expected, seen.amount, difference);
    return difference;
  }

  /** Once a day for each amount: cash itself changes with every execution. */
  async #reportMoney(expected: ExpectedAccount, seen: Decimal, difference: Decimal): Promise<void> {
    const report = `${newYorkDate(this.#bridge.schedule.now())} ${decimalText(difference)}`;
    if (report === this.#cashReported) return;
    await reportDifference(this.#bridge, {
      subject: 'account',
      key: 'cash',
      expected: expected.cash,
      observed: decimalText(seen),
      explanation: `the account has ${decimalText(difference.abs())} ${expected.currency} ${difference.isPositive() ? 'more' : 'less'} than the desk’s book: money that no order of the desk moved, such as a dividend, interest, a fee, a deposit or a trade by hand; nothing was repaired, enter what it was (abc cash)`,
    });
    this.#cashReported = report;
  }
}

/**
 * What a unit cost; null where that is not known, which the broker tells as zero (after a transfer from another one, say),
 * or is in another currency: what that is worth nobody here knows.
 */
function costOf({ contract, averageCost }: SeenPosition, currency: string): string | null {
  const cost = new Decimal(averageCost).abs();
  return contract.currency === currency && !cost.isZero() ? decimalText(cost) : null;
}
