import { describe, expect, test } from 'vitest';
import { packagedBars } from '#adapters/market-data/packaged-bars.ts';
import { sliceBars } from '#core/market/bars.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import type { SimulatedInstrument } from '#core/simulation/engine/options.ts';
import { BUILT_IN_STRATEGIES, builtInStrategy } from '#core/simulation/strategies/catalog.ts';
import { detectLookAhead, type StrategyOnBars } from '#core/simulation/validation/look-ahead.ts';

const index: SimulatedInstrument = {
  instrument: instrumentOf('SPX-PROXY'),
  bars: sliceBars(packagedBars('SPX-PROXY').series, 3_400, 4_000),
};
const apple = packagedBars('AAPL');
const share: SimulatedInstrument = {
  instrument: instrumentOf('AAPL'),
  bars: sliceBars(apple.series, 0, 600),
  actions: apple.actions,
};
const OPTIONS = { cash: 100_000 };

/** Holds the index on the days for which `signal` of the bar number is true. */
const holding =
  (signal: (bars: SimulatedInstrument['bars'], bar: number) => boolean): StrategyOnBars =>
  ([one = index]) => ({
    name: 'holding',
    parameters: {},
    start: () => (context) => {
      const wanted = signal(one.bars, context.index);
      const held = context.position(0);
      if (wanted && held === 0 && context.workingOrders(0) === 0)
        context.submit({ side: 'buy', quantity: 10, type: 'MKT' });
      if (!wanted && held > 0 && context.workingOrders(0) === 0)
        context.submit({ side: 'sell', quantity: held, type: 'MKT' });
    },
  });
const at = (column: Float64Array, bar: number) => column[bar] ?? Number.NaN;

test.each(BUILT_IN_STRATEGIES)('%s does not look ahead', (name) => {
  const parameters = name === 'momentum-rotation' ? { lookback: 20, every: 5 } : {};
  expect(detectLookAhead(() => builtInStrategy(name, parameters), [index, share], OPTIONS)).toEqual({
    kind: 'clean',
    runs: 32,
  });
});

test('a strategy that reads columns up to its own bar is clean', () => {
  const yesterday = holding(({ close }, bar) => at(close, bar) > at(close, bar - 1));
  expect(detectLookAhead(yesterday, [index], OPTIONS)).toEqual({ kind: 'clean', runs: 32 });
});

describe('a strategy that peeks is caught', () => {
  test('at the close of tomorrow: in the last bar before a cut', () => {
    const tomorrow = holding(({ close }, bar) => at(close, bar + 1) > at(close, bar));
    const verdict = detectLookAhead(tomorrow, [index], OPTIONS);
    if (verdict.kind !== 'looks-ahead') throw new Error('the strategy was not caught');
    expect(verdict.bar).toBe(verdict.cut);
    expect(verdict.time).toBe(at(index.bars.closeTime, verdict.bar));
    expect(verdict.what).toMatch(/submit .*MKT|nothing; with another future submit/);
  });

  test('by a level that is computed over the whole history: where it first acts on it', () => {
    const whole = holding(
      ({ close }, bar) => at(close, bar) > close.reduce((sum, one) => sum + one, 0) / 600,
    );
    const verdict = detectLookAhead(whole, [index], OPTIONS, { cuts: 2, seed: 9 });
    expect(verdict).toMatchObject({ kind: 'looks-ahead', what: expect.stringContaining('submit') });
    if (verdict.kind === 'looks-ahead') expect(verdict.bar).toBeLessThan(verdict.cut);
  });

  test('by changing a resting order to what will trade', () => {
    const limits: StrategyOnBars = ([one = index]) => ({
      name: 'limits',
      parameters: {},
      start: () => {
        let id = 0;
        return (context) => {
          if (context.index === 0)
            id = context.submit({ side: 'buy', quantity: 1, type: 'LMT', limitPrice: 1 });
          else context.modify(id, { limitPrice: 1 + (one.bars.low[context.index + 1] ?? 0) / 2 });
        };
      },
    });
    const verdict = detectLookAhead(limits, [index], OPTIONS, { cuts: 3 });
    expect(verdict).toMatchObject({ kind: 'looks-ahead', what: expect.stringContaining('modify') });
  });

  test('by withdrawing what would lose', () => {
    const withdrawing: StrategyOnBars = ([one = index]) => ({
      name: 'withdrawing',
      parameters: {},
      start: () => {
        let id: number | undefined;
        return (context) => {
          if (id !== undefined && at(one.bars.close, context.index + 1) < at(one.bars.close, context.index))
            context.cancel(id);
          id = context.submit({ side: 'buy', quantity: 1, type: 'LMT', limitPrice: 1 });
        };
      },
    });
    expect(detectLookAhead(withdrawing, [index], OPTIONS)).toMatchObject({
      kind: 'looks-ahead',
      what: expect.stringContaining('cancel'),
    });
  });
});

test('the same seed gives the same verdict; too few bars are a fault', () => {
  const tomorrow = holding(({ close }, bar) => at(close, bar + 1) > at(close, bar));
  const verdict = detectLookAhead(tomorrow, [index], OPTIONS, { seed: 4 });
  expect(detectLookAhead(tomorrow, [index], OPTIONS, { seed: 4 })).toEqual(verdict);
  const short = { ...index, bars: sliceBars(index.bars, 0, 2) };
  expect(() => detectLookAhead(tomorrow, [short], OPTIONS)).toThrow("2 bars can't be cut");
});
