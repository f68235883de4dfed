import { describe, expect, it } from 'vitest';
import type { EventData } from '#contracts/registry.ts';
import { cashDifference } from '#core/broker/reconciliation.ts';
import { soundEquity } from '#core/portfolio/account-book.ts';
import { findings } from '#core/risk/limits.ts';
import { DEFAULT_RISK_POLICY } from '#core/risk/policy.ts';
import { Decimal } from '#core/values/decimal.ts';
import { statusLines } from '#local/command-line/desk-status.ts';
import { bookOf, deskEvent, folded, gateInput, intentOf, NOW } from '../../../support/desk-events.ts';

type Positions = EventData<'ForeignHoldingsObserved'>['positions'];
const beyond = (cash: string | undefined, positions: Positions = []) =>
  folded(
    bookOf(),
    deskEvent('ForeignHoldingsObserved', {
      account: 'DU1',
      positions,
      orders: [],
      ...(cash === undefined ? {} : { cash }),
    }),
  );
const units = (quantity: string, price: string | null, instrument = 'ZZZ'): Positions => [
  { instrument, quantity, price },
];

describe('the equity that limits count on', () => {
  it.each([
    ['nothing beyond the book', beyond(undefined), '100000'],
    ['money missing', beyond('-20000'), '80000'],
    ['money that nobody has entered', beyond('20000'), '100000'],
    ['units bought by hand, worth what was paid', beyond('-20000', units('100', '200')), '100000'],
    ['units bought by hand, worth less by now', beyond('-20000', units('100', '150')), '95000'],
    ['units bought by hand without a price', beyond('-20000', units('100', null)), '80000'],
    ['units at the desk’s own mark', beyond('-20000', units('100', '200', 'AAPL')), '90000'],
    ['units sold short by hand', beyond('20000', units('-100', '200')), '100000'],
    ['units sold short that cost more by now', beyond('20000', units('-100', '250')), '95000'],
  ])('with %s', (_, book, expected) => {
    expect(soundEquity(book)?.toString()).toBe(expected);
  });

  it('is unknown where units are owed at a price that is', () => {
    expect(soundEquity(beyond('20000', units('-100', null)))).toBeNull();
  });

  it('is what shares of equity are measured on; what the desk has lost is measured on its book', () => {
    const of = (cash: string, limit: string, quantity = '290') =>
      findings(gateInput({ book: beyond(cash), intent: intentOf({ quantity }) })).find(
        (finding) => finding.limit === limit,
      )?.passed;
    expect(of('0', 'position')).toBe(true);
    expect(of('-10000', 'position')).toBe(false);
    for (const limit of ['daily-loss', 'drawdown']) expect(of('-10000', limit)).toBe(true);
  });

  it('is not that of the book once the difference is gone', () => {
    const gone = deskEvent('ForeignHoldingsObserved', { account: 'DU1', positions: [], orders: [] });
    expect(folded(beyond('-20000'), gone).foreign).toBeUndefined();
  });
});

describe('a status', () => {
  it('shows money that is not the desk’s', () => {
    const lines = statusLines({ book: beyond('-12.5'), flag: null, policy: DEFAULT_RISK_POLICY }, NOW);
    expect(lines).toContain('not ours     -12.5 USD of cash');
  });
});

describe('cash compared', () => {
  it.each([
    ['the same', '100', '100', null],
    ['a rounding', '100.005', '100.01', null],
    ['the tolerance', '100', '99', null],
    ['a cent beyond it', '100', '98.99', '-1.01'],
    ['more', '100.004', '150', '50'],
  ])('%s', (_, book, account, expected) => {
    expect(cashDifference(book, new Decimal(account), 1)?.toString() ?? null).toBe(expected);
  });
});
