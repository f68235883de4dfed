import { describe, expect, it } from 'vitest';
import { MARKET_STRESS } from '#core/agents/risk/stress-scenarios.ts';
import {
  atTheLow,
  HISTORICAL_SCENARIOS,
  HYPOTHETICAL_SCENARIOS,
  RISK_FACTORS,
  type Scenario,
} from '#core/analytics/risk/stress-scenarios.ts';
import {
  type BookPosition,
  sensitivitiesOf,
  stressBook,
  worstScenario,
} from '#core/analytics/risk/stress-test.ts';
import { indexReturns, indexSessions } from './reference-returns.ts';

const position = (instrument: string, value: number, sensitivities: BookPosition['sensitivities']) => ({
  instrument,
  value,
  sensitivities,
});
const scenario = (name: string): Scenario => HISTORICAL_SCENARIOS.find((item) => item.name === name)!;
const about = (number: number) => ({ kind: 'value', value: expect.closeTo(number, 9) });

describe('stress on a book', () => {
  it('is value times sensitivity times shock, over all factors and positions', () => {
    const book = [
      position('SPY', 50_000, sensitivitiesOf.equity(1)),
      position('QQQ', -10_000, sensitivitiesOf.equity(1.2)),
      position('IEF', 30_000, sensitivitiesOf.treasury(7.5)),
      position('HYG', 20_000, sensitivitiesOf.highYield(3, 3.5)),
      position('EUR', 5_000, sensitivitiesOf.currency(1)),
      position('BTC-USD', 1_000, sensitivitiesOf.crypto(1)),
    ];
    const [result] = stressBook(book, [scenario('2020-03-16')], 100_000);
    expect(result?.positions.map(({ profit }) => profit)).toEqual([
      about(-6000),
      about(1440),
      about(30_000 * 7.5 * 0.0021),
      about(20_000 * (3 * 0.0021 - 3.5 * 0.0107)),
      about(-5000 * 0.0041),
      about(-99),
    ]);
    const total = -6000 + 1440 + 472.5 + 126 - 749 - 20.5 - 99;
    expect(result?.profit).toEqual(about(total));
    expect(result?.equityFraction).toEqual(about(total / 100_000));
  });
  it('is undefined where a position depends on a factor that had no market, and says which', () => {
    const book = [
      position('SPY', 1000, sensitivitiesOf.equity(1)),
      position('BTC-USD', 1000, sensitivitiesOf.crypto(1)),
    ];
    const [result] = stressBook(book, [scenario('1987-10-19')], 5000);
    expect(result?.positions[0]?.profit).toEqual(about(-205));
    expect(result?.profit).toEqual({
      kind: 'undefined',
      reason: 'of BTC-USD: the bitcoin shock is not known',
    });
    expect(result?.equityFraction.kind).toBe('undefined');
  });
  it('takes a sensitivity of zero as none, and an empty book as safe', () => {
    const book = [position('CASH', 1000, { bitcoin: 0 })];
    expect(stressBook(book, [scenario('1987-10-19')], 1000)[0]?.profit).toEqual(about(0));
    expect(stressBook([], [scenario('1987-10-19')], 1000)[0]?.profit).toEqual(about(0));
  });
  it('finds the worst scenario for a long and for a short book among those with an outcome', () => {
    const scenarios = [...HISTORICAL_SCENARIOS, ...HYPOTHETICAL_SCENARIOS];
    const worst = (book: readonly BookPosition[]) =>
      worstScenario(stressBook(book, scenarios, 1000))?.scenario;
    expect(worst([position('SPY', 1000, sensitivitiesOf.equity(1))])).toBe(
      'equities and credit fall by a crash twice that of 2020',
    );
    expect(worst([position('SPY', -1000, sensitivitiesOf.equity(1))])).toBe(
      'everything rises by a tenth against the short',
    );
    expect(worst([position('BTC-USD', 1000, sensitivitiesOf.crypto(1))])).toBe('bitcoin halves alone');
    expect(worstScenario([])).toBeUndefined();
  });
  it.each([
    [() => stressBook([], [], 0), 'the equity is 0'],
    [() => stressBook([position('A', Number.NaN, {})], [], 1), 'the value of A is NaN'],
    [
      () => stressBook([position('A', 1, { equity: Number.POSITIVE_INFINITY })], [], 1),
      'equity sensitivity of A',
    ],
    [
      () => stressBook([], [{ name: 'odd', shocks: { dollar: Number.NaN } }], 1),
      'the dollar shock of odd is NaN',
    ],
  ])('is refused for what is not finite %#', (act, message) => {
    expect(act).toThrow(
      expect.objectContaining({ code: 'InvalidSample', message: expect.stringContaining(message) }),
    );
  });
});

describe('the scenarios', () => {
  it('have the index moves of the packaged S&P 500, where it reaches', () => {
    let compared = 0;
    for (const { name, shocks } of HISTORICAL_SCENARIOS) {
      const at = indexSessions.indexOf(name.slice(0, 10));
      if (at < 1) continue;
      compared++;
      // rounded to a tenth of a percent
      expect(Math.abs(shocks.equity! - Math.expm1(indexReturns[at - 1]! / 100))).toBeLessThan(0.0005);
    }
    expect(compared).toBe(7);
  });
  it('hold falls of equity with what usually goes with them, and every factor in the hypothetical ones', () => {
    for (const { shocks } of HISTORICAL_SCENARIOS) {
      expect(shocks.equity).toBeLessThan(0);
      expect(shocks.impliedVolatility).toBeGreaterThan(0);
      for (const factor of RISK_FACTORS) expect(Math.abs(shocks[factor] ?? 0)).toBeLessThan(1.2);
    }
    for (const { shocks } of HYPOTHETICAL_SCENARIOS)
      expect(Object.keys(shocks).toSorted()).toEqual([...RISK_FACTORS].toSorted());
  });
  it('are lower inside the session where that is known, all else as it was', () => {
    const crash = HISTORICAL_SCENARIOS.find(({ name }) => name === '2010-05-06 flash crash')!;
    expect(atTheLow(crash).shocks).toEqual({ ...crash.shocks, equity: -0.092 });
    const plain = HISTORICAL_SCENARIOS[0]!;
    expect(atTheLow(plain)).toEqual({ name: plain.name, shocks: plain.shocks });
  });
  it('are the ones that the desk’s agents measure against', () => {
    expect(MARKET_STRESS).toEqual([
      { scenario: '1987-10-19', shock: -0.205 },
      { scenario: '2008-10-15', shock: -0.09 },
      { scenario: '2010-05-06 flash crash', shock: -0.092 },
      { scenario: '2015-08-24', shock: -0.053 },
      { scenario: '2020-03-16', shock: -0.12 },
    ]);
  });
});
