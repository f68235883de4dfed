import { describe, expect, it } from 'vitest';
import type { SizingContext } from '#core/analytics/sizing/position-size.ts';
import {
  diminishingPlan,
  type LayeringPlan,
  TURTLE_PLAN,
  turtleUnit,
  volatilityScaledPlan,
} from '#core/analytics/sizing/pyramiding-plans.ts';
import {
  type LayeredPosition,
  type LayerHeld,
  layeringStep,
} from '#core/analytics/sizing/pyramiding-step.ts';
import { findInstrument } from '#core/market/catalog.ts';
import { DEFAULT_RISK_POLICY } from '#core/risk/policy.ts';
import { planPyramiding } from '#core/risk/pyramiding.ts';
import { longPosition, newYorkSession, portfolio } from '../../../../support/agent-context.ts';

const CONTEXT: SizingContext = {
  equity: 1_000_000,
  price: 100,
  multiplier: 1,
  lot: 1,
  caps: { exposure: 3, units: Infinity },
};
const WIDE = { layers: 5, risk: 1 };
const positionOf = (
  layers: LayeredPosition['layers'],
  change: Partial<LayeredPosition> = {},
): LayeredPosition => ({
  direction: 'long',
  layers,
  initialRisk: 4,
  initialVolatility: 2,
  ...change,
});
const layer = (units: number, price: number, stop: number): LayerHeld => ({ units, price, stop });
const stepAt = (
  price: number,
  plan: LayeringPlan,
  position: LayeredPosition,
  change: { context?: Partial<SizingContext>; limits?: object; volatility?: number } = {},
) =>
  layeringStep(
    plan,
    position,
    { ...CONTEXT, price, ...change.context },
    { ...WIDE, ...change.limits },
    change.volatility ?? 2,
  );

describe('Turtle units', () => {
  it('are those of the published rules', () => {
    // Faith (2003): heating oil, N 0.0141, 42,000 dollars a point, account of 1,000,000: 16.88, so 16 contracts
    const oil = { ...CONTEXT, price: 0.6, multiplier: 42_000 };
    expect(turtleUnit(oil, 0.0141)).toMatchObject({ size: { units: 16 }, initialRisk: 0.0282 });
  });
  it('are added at every half N and carry the stops of the published example', () => {
    // Faith (2003): crude oil, N 1.20, breakout at 28.30; stops 25.90, 26.50, 27.10, 27.70
    const oil = { multiplier: 1_000, caps: { exposure: 10, units: Infinity } };
    const first = layer(8, 28.3, 25.9);
    let position = positionOf([first], { initialRisk: 2.4, initialVolatility: 1.2 });
    const entries: number[] = [28.3];
    const stops: number[] = [25.9];
    for (let tick = 2_831; tick <= 3_200; tick++) {
      const price = tick / 100;
      const step = stepAt(price, TURTLE_PLAN, position, { context: oil });
      if (step.add === null) continue;
      expect(step.add.units).toBe(8);
      const held = position.layers.map((each, index) => ({ ...each, stop: step.stops[index] ?? each.stop }));
      position = { ...position, layers: [held[0] ?? first, ...held.slice(1), { ...step.add, price }] };
      entries.push(price);
      stops.push(step.add.stop);
      const raised = stepAt(price, TURTLE_PLAN, position, { context: oil }).stops;
      for (const stop of raised) expect(stop).toBeCloseTo(step.add.stop, 10);
    }
    expect(entries).toEqual([28.3, 28.9, 29.5, 30.1].map((price) => expect.closeTo(price, 10)));
    expect(stops).toEqual([25.9, 26.5, 27.1, 27.7].map((price) => expect.closeTo(price, 10)));
  });
});

describe('a step of a plan', () => {
  const plan = diminishingPlan(4, 0.5, 0.6);
  const one = positionOf([layer(500, 100, 96)]);
  it('adds a smaller layer a step further on, and says why it does not', () => {
    expect(stepAt(102, plan, one)).toEqual({ stops: [96], add: { units: 300, stop: 98 }, reason: null });
    expect(stepAt(101.99, plan, one)).toMatchObject({
      add: null,
      reason: expect.stringContaining('gained since the newest'),
    });
    expect(stepAt(102, plan, one, { limits: { layers: 1 } })).toMatchObject({
      reason: '1 of 1 layers are held',
    });
    expect(stepAt(102, plan, one, { context: { lot: 400 } })).toMatchObject({
      reason: expect.stringContaining('no lot fits'),
    });
  });
  it('raises all stops behind the newest layer and lowers none', () => {
    const two = positionOf([layer(500, 100, 96), layer(300, 102, 99)]);
    expect(stepAt(103, plan, two).stops).toEqual([98, 99]);
    // at the price where the stop would fill at once it stays
    expect(stepAt(98, plan, two).stops).toEqual([96, 99]);
  });
  it('of a short position mirrors that of a long one', () => {
    const short = positionOf([layer(500, 100, 104)], { direction: 'short' });
    expect(stepAt(98, plan, short)).toEqual({ stops: [104], add: { units: 300, stop: 102 }, reason: null });
    const two = positionOf([layer(500, 100, 104), layer(300, 98, 102)], { direction: 'short' });
    expect(stepAt(97, plan, two).stops).toEqual([102, 102]);
  });
  it('follows volatility with size, step and stop where the plan says so', () => {
    const scaled = volatilityScaledPlan(4, 0.5, 0.8);
    expect(stepAt(102, scaled, one, { volatility: 4 })).toMatchObject({ add: null });
    // R is 8 at twice the volatility: the step is 4, the layer 500 × 0.8 / 2, its stop 8 behind but not below 96
    expect(stepAt(104, scaled, one, { volatility: 4 })).toMatchObject({ add: { units: 200, stop: 96 } });
    // in a calm it does not grow beyond the factor
    expect(stepAt(102, scaled, one, { volatility: 1 })).toMatchObject({ add: { units: 400, stop: 100 } });
  });
  it('is cut by exposure, units and risk', () => {
    // 60,000 / 102 leaves 88 units; 550 units in all leave 50
    expect(stepAt(102, plan, one, { context: { caps: { exposure: 0.06, units: Infinity } } })).toMatchObject({
      add: { units: 88 },
    });
    expect(stepAt(102, plan, one, { context: { caps: { exposure: 3, units: 550 } } })).toMatchObject({
      add: { units: 50 },
    });
    // 500 × 6 of 3,500 are at risk already; 500 over 4 leaves 125
    expect(stepAt(102, plan, one, { limits: { risk: 0.0035 } })).toMatchObject({ add: { units: 125 } });
    expect(stepAt(102, plan, one, { context: { equity: -1 } })).toMatchObject({ add: null });
  });
  it('adds nothing beyond a stop that the price has passed, nor with a stop below zero', () => {
    const passed = positionOf([layer(500, 100, 103)]);
    expect(stepAt(102, plan, passed)).toMatchObject({
      add: null,
      reason: expect.stringContaining('at or beyond the price'),
    });
    const cheap = positionOf([layer(500, 1, 0.5)], { direction: 'long', initialRisk: 0.5 });
    const loose = diminishingPlan(4, 0.5, 0.6, 10);
    expect(stepAt(1.3, loose, cheap).add).toEqual({ units: 300, stop: 0.5 });
    const open = positionOf([layer(500, 1, 5)], { direction: 'short', initialRisk: 0.5 });
    expect(stepAt(0.7, loose, open).add).toEqual({ units: 300, stop: 5 });
  });
  it('decides as the live plan does', () => {
    const session = newYorkSession('2018-01-23');
    const live = (mark: string) =>
      planPyramiding(
        portfolio({ grossExposure: '85000', positions: [longPosition('AAPL', '500', '170', { mark })] }),
        DEFAULT_RISK_POLICY,
        {
          now: session.open + 3_600_000,
          session: session.date,
          sessionClose: session.close,
          instrument: findInstrument,
          expectedVolume: () => 1e6,
        },
      ).intents[0];
    const [held] = longPosition('AAPL', '500', '170').layers;
    const desk: LayeringPlan = {
      ...(longPosition('AAPL', '500', '170').plan ?? TURTLE_PLAN),
      volatility: 'initial',
    };
    const position = positionOf([layer(500, 170, Number(held?.stop))], { initialRisk: 5 });
    for (const mark of ['172.49', '172.5', '174', '180.02']) {
      const [there, here] = [live(mark), stepAt(Number(mark), desk, position).add];
      expect(here === null).toBe(there === undefined);
      if (here === null || there === undefined) continue;
      expect(here.units).toBe(Number(there.quantity));
      expect(here.stop).toBeCloseTo(Number(there.protectiveStop), 2);
    }
  });
});

describe('plans and positions that are none', () => {
  it('are refused, naming what is wrong', () => {
    expect(() => diminishingPlan(6, 0.5, 0.6)).toThrow(
      'number of layers is 6: give a whole number from 1 to 5',
    );
    expect(() => diminishingPlan(3, 0, 0.6)).toThrow('step in R is 0');
    expect(() => diminishingPlan(3, 0.5, 1.1)).toThrow('size factor is 1.1');
    expect(() => volatilityScaledPlan(3, 0.5, 1, Number.NaN)).toThrow('trailing distance in R is NaN');
    expect(() => turtleUnit(CONTEXT, 0)).toThrow('N is 0');
    const one = positionOf([layer(500, 100, 96)]);
    const step =
      (position: LayeredPosition, change = {}) =>
      () =>
        stepAt(102, TURTLE_PLAN, position, change);
    expect(step({ ...one, initialRisk: Number.NaN })).toThrow('initial risk is NaN');
    expect(step(positionOf([layer(500, 100, 96), layer(0, 1, 1)]))).toThrow('units of layer 2 is 0');
    expect(step(positionOf([layer(500, -100, 96)]))).toThrow('price of layer 1 is -100');
    expect(step(positionOf([layer(500, 100, Number.NaN)]))).toThrow('stop of layer 1 is NaN');
    expect(step(one, { limits: { risk: 2 } })).toThrow('limit of risk is 2');
    expect(step(one, { limits: { layers: Number.NaN } })).toThrow('limit of layers is NaN');
    expect(step(one, { context: { price: Number.NaN } })).toThrow('price is NaN');
    const scaled = () => stepAt(102, volatilityScaledPlan(3, 0.5), one, { volatility: Number.NaN });
    expect(scaled).toThrow('volatility now is NaN');
    expect(() => stepAt(102, volatilityScaledPlan(3, 0.5), { ...one, initialVolatility: 0 })).toThrow(
      'initial volatility is 0',
    );
  });
});
