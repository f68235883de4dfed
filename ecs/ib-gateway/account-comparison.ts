import type { EventData } from '#contracts/registry.ts';
import { cashDifference, positionDifferences } from '#core/broker/reconciliation.ts';
import { newYorkDate } from '#core/market/calendar.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import { type Bridge, reportDifference } from './bridge-parts.ts';
import type { ExpectedAccount } from './expected-account.ts';
import type { ForeignHoldingsWatch } from './foreign-holdings.ts';

/** An account as the broker told it. */
export interface SeenAccount {
  readonly positions: ReadonlyMap<string, { readonly quantity: string; readonly averageCost: string }>;
  /** Null where the broker told no usable amount. */
  readonly cash: { readonly amount: Decimal; readonly currency: string } | null;
}

/**
 * Compares what the account holds with the desk's book. The book follows the journal at a distance, so a difference counts
 * when two observations in a row show the same one.
 */
export class AccountComparison {
  readonly #bridge: Bridge;
  readonly #foreign: ForeignHoldingsWatch;
  #suspects: ReadonlySet<string> = new Set();
  /** What the account has beyond the book, confirmed; kept while another figure is only suspected. */
  #cash = new Decimal(0);
  #cashReported = '';

  constructor(bridge: Bridge, foreign: ForeignHoldingsWatch) {
    this.#bridge = bridge;
    this.#foreign = foreign;
  }

  /** @returns whether something is suspected that has to be looked at once more */
  async compare(seen: SeenAccount): Promise<boolean> {
    const expected = await this.#bridge.expectedAccount();
    if (expected === null) return false;
    const before = this.#suspects;
    const suspects = new Set<string>();
    const confirm = (signature: string): boolean => {
      suspects.add(signature);
      return before.has(signature);
    };
    const positions = await this.#positions(expected, seen, confirm);
    await this.#money(expected, seen.cash, confirm);
    this.#suspects = suspects;
    await this.#foreign.holdings(positions, this.#cash);
    return [...suspects].some((signature) => !before.has(signature));
  }

  async #positions(
    expected: ExpectedAccount,
    seen: SeenAccount,
    confirm: (signature: string) => boolean,
  ): Promise<EventData<'ForeignHoldingsObserved'>['positions']> {
    const confirmed: EventData<'ForeignHoldingsObserved'>['positions'] = [];
    const observed = new Map([...seen.positions].map(([name, { quantity }]) => [name, quantity]));
    for (const found of positionDifferences(expected.positions, observed)) {
      if (!confirm(`${found.instrument}:${found.expected}:${found.observed}`)) continue;
      const cost = seen.positions.get(found.instrument)?.averageCost;
      confirmed.push({
        instrument: found.instrument,
        quantity: decimalText(new Decimal(found.observed).minus(found.expected)),
        price: cost === undefined ? null : decimalText(new Decimal(cost).abs()),
      });
      await reportDifference(this.#bridge, {
        subject: 'position',
        key: found.instrument,
        expected: found.expected,
        observed: found.observed,
        explanation: 'the position at the broker is not the one in the desk’s book; nothing was repaired',
      });
    }
    return confirmed;
  }

  async #money(
    expected: ExpectedAccount,
    seen: SeenAccount['cash'],
    confirm: (signature: string) => boolean,
  ): Promise<void> {
    if (seen === null) return;
    if (seen.currency !== expected.currency) {
      await reportDifference(this.#bridge, {
        subject: 'account',
        key: 'currency',
        expected: expected.currency,
        observed: seen.currency,
        explanation:
          'the account is kept in another currency than the desk’s book; its money is not compared',
      });
      return;
    }
    const difference = cashDifference(expected.cash, seen.amount, this.#bridge.settings.cashTolerance);
    if (difference !== null && !confirm(`cash:${decimalText(difference)}`)) return;
    this.#cash = difference ?? new Decimal(0);
    if (difference !== null) await this.#reportMoney(expected, seen.amount, difference);
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
