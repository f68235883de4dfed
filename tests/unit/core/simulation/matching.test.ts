import { describe, expect, it } from 'vitest';
import {
  type Arrival,
  barLiquidity,
  type MatchPhase,
  matchOrder,
  matchResult,
} from '#core/simulation/matching.ts';
import type { FillModel, MatchableOrder, MatchBar } from '#core/simulation/orders.ts';

/** Costs of exactly half a tick: the arithmetic of the rules stays visible. */
const FRICTIONLESS: FillModel = {
  tick: 0.01,
  lot: 1,
  maximumParticipation: 0.1,
  spread: 0,
  slippage: 0,
  impact: 0,
  assumedVolume: Number.NaN,
};

const order = (terms: Partial<MatchableOrder>): MatchableOrder => ({
  side: 'buy',
  type: 'MKT',
  timeInForce: 'DAY',
  limitPrice: Number.NaN,
  stopPrice: Number.NaN,
  trailAmount: Number.NaN,
  trailPercent: Number.NaN,
  triggered: false,
  ...terms,
});

const bar = (
  open: number,
  high: number,
  low: number,
  close: number,
  more: Partial<MatchBar> = {},
): MatchBar => ({
  open,
  high,
  low,
  close,
  volume: 10_000,
  sessionStart: false,
  sessionEnd: false,
  ...more,
});

function offer(
  subject: MatchableOrder,
  on: MatchBar,
  phase: MatchPhase,
  options: { wanted?: number; arrival?: Arrival; model?: FillModel } = {},
) {
  const model = options.model ?? FRICTIONLESS;
  const out = matchResult();
  matchOrder(
    subject,
    options.wanted ?? 100,
    on,
    phase,
    options.arrival ?? 'open',
    barLiquidity(on, model),
    model,
    out,
  );
  return out;
}

describe('a market order', () => {
  it('takes the open, half a tick of spread against it at least', () => {
    expect(offer(order({}), bar(100, 101, 99, 100), 'open')).toMatchObject({
      quantity: 100,
      price: 100.01,
      liquidity: 'removed',
    });
    expect(offer(order({ side: 'sell' }), bar(100, 101, 99, 100), 'open').price).toBe(99.99);
  });

  it('pays spread, slippage and impact that grows with the square root of its share of the volume', () => {
    const model: FillModel = { ...FRICTIONLESS, spread: 0.0002, slippage: 0.0001, impact: 1 };
    const wide = bar(100, 102, 98, 100);
    const volatility = Math.log(102 / 98) / Math.sqrt(4 * Math.LN2);
    const expected = (share: number) => 100 + 0.01 + 0.01 + 100 * volatility * Math.sqrt(share);
    expect(offer(order({}), wide, 'open', { wanted: 100, model }).price).toBeCloseTo(expected(0.01), 1);
    expect(offer(order({}), wide, 'open', { wanted: 400, model }).price).toBeCloseTo(expected(0.04), 1);
  });

  it('takes at most a tenth of the volume, in whole lots, and leaves the rest working', () => {
    const on = bar(100, 101, 99, 100, { volume: 999 });
    expect(offer(order({}), on, 'open', { wanted: 500 })).toMatchObject({ quantity: 99, cancelRest: false });
    expect(offer(order({}), on, 'open', { wanted: 500, model: { ...FRICTIONLESS, lot: 10 } }).quantity).toBe(
      90,
    );
  });

  it('does not fill where the volume is unknown, unless the model says what to assume', () => {
    const dark = bar(100, 101, 99, 100, { volume: Number.NaN });
    expect(offer(order({}), dark, 'open').quantity).toBe(0);
    expect(offer(order({}), dark, 'open', { model: { ...FRICTIONLESS, assumedVolume: 500 } }).quantity).toBe(
      50,
    );
  });

  it('shares one bar with every other order, and pays the impact of all of them', () => {
    const on = bar(100, 102, 98, 100, { volume: 1_000 });
    const model: FillModel = { ...FRICTIONLESS, impact: 1 };
    const from = barLiquidity(on, model);
    const first = matchResult();
    const second = matchResult();
    matchOrder(order({}), 60, on, 'open', 'open', from, model, first);
    matchOrder(order({}), 60, on, 'open', 'open', from, model, second);
    expect([first.quantity, second.quantity]).toEqual([60, 40]);
    expect(second.price).toBeGreaterThan(first.price);
  });
});

describe('a limit order', () => {
  it('gets the better price when the market gaps through it', () => {
    expect(offer(order({ type: 'LMT', limitPrice: 100 }), bar(98, 99, 97, 98), 'open').price).toBe(98.01);
    expect(
      offer(order({ side: 'sell', type: 'LMT', limitPrice: 100 }), bar(102, 103, 101, 102), 'open').price,
    ).toBe(101.99);
  });

  it('never pays more than its limit, whatever the impact', () => {
    const model: FillModel = { ...FRICTIONLESS, impact: 50 };
    expect(
      offer(order({ type: 'LMT', limitPrice: 100.05 }), bar(100, 104, 96, 100), 'open', { model }).price,
    ).toBe(100.05);
  });

  it('fills at its limit when the market trades through it, not when it only touches', () => {
    const subject = order({ type: 'LMT', limitPrice: 99 });
    expect(offer(subject, bar(100, 101, 99, 100), 'limits').quantity).toBe(0);
    expect(offer(subject, bar(100, 101, 98.99, 100), 'limits')).toMatchObject({
      quantity: 100,
      price: 99,
      liquidity: 'added',
    });
  });

  it('rests when the quote at the open is a tick beyond it', () => {
    expect(offer(order({ type: 'LMT', limitPrice: 100 }), bar(100, 101, 99, 100), 'open').quantity).toBe(0);
  });
});

describe('a stop order', () => {
  const stop = () => order({ side: 'sell', type: 'STP', stopPrice: 98 });

  it('fills at the worse of its price and the open', () => {
    expect(offer(stop(), bar(95, 96, 94, 95), 'open').price).toBe(94.99);
    expect(offer(stop(), bar(100, 101, 97, 99), 'stops').price).toBe(97.99);
  });

  it('is elected by a touch and stays elected when the volume does not suffice', () => {
    const subject = stop();
    expect(offer(subject, bar(100, 101, 98, 99, { volume: 0 }), 'stops').quantity).toBe(0);
    expect(subject.triggered).toBe(true);
    expect(offer(subject, bar(99, 99, 99, 99), 'open')).toMatchObject({ quantity: 100, price: 98.99 });
  });

  it('leaves alone what the market does not reach', () => {
    const subject = stop();
    expect(offer(subject, bar(100, 101, 98.01, 99), 'stops').quantity).toBe(0);
    expect(subject.triggered).toBe(false);
  });

  it('bought short covers above: the mirror image', () => {
    const cover = order({ side: 'buy', type: 'STP', stopPrice: 102 });
    expect(offer({ ...cover }, bar(105, 106, 104, 105), 'open').price).toBe(105.01);
    expect(offer({ ...cover }, bar(100, 102, 99, 100), 'stops').price).toBe(102.01);
  });

  it('arriving inside the bar is not filled at an open it never saw', () => {
    const late = order({ side: 'sell', type: 'STP', stopPrice: 100.5 });
    const on = bar(100, 101, 99, 100);
    expect(offer(late, on, 'open', { arrival: 'inside' }).quantity).toBe(0);
    expect(offer(late, on, 'stops', { arrival: 'inside' }).price).toBe(100.49);
  });
});

describe('a stop limit order', () => {
  const subject = (limitPrice: number) => order({ side: 'sell', type: 'STP LMT', stopPrice: 98, limitPrice });

  it('elected by a gap below its limit rests instead of selling there', () => {
    const stopLimit = subject(97.5);
    expect(offer(stopLimit, bar(95, 96, 94, 95), 'open').quantity).toBe(0);
    expect(stopLimit.triggered).toBe(true);
    expect(offer(stopLimit, bar(95, 97.51, 94, 95), 'limits')).toMatchObject({ quantity: 100, price: 97.5 });
  });

  it('elected inside the bar sells near the stop when its limit allows', () => {
    expect(offer(subject(97.5), bar(100, 101, 97, 97), 'stops').price).toBe(97.99);
  });

  it('elected inside the bar with no room keeps working when the path proves nothing', () => {
    const tight = subject(98);
    expect(offer(tight, bar(100, 101, 97, 97.5), 'stops').quantity).toBe(0);
    expect(tight.triggered).toBe(true);
    expect(offer(subject(98), bar(100, 101, 97, 99), 'stops')).toMatchObject({ quantity: 100, price: 98 });
  });
});

describe('a trailing stop', () => {
  it('follows the high and sells when a later bar falls to it', () => {
    const trail = order({ side: 'sell', type: 'TRAIL', trailAmount: 2 });
    expect(offer(trail, bar(100, 101, 99, 101), 'open').quantity).toBe(0);
    expect(trail.stopPrice).toBe(98);
    offer(trail, bar(100, 105, 99, 105), 'stops');
    expect(trail.stopPrice).toBe(103);
    expect(offer(trail, bar(104, 104, 102, 103), 'stops').price).toBe(102.99);
  });

  it('never moves away from the market', () => {
    const trail = order({ side: 'sell', type: 'TRAIL', trailAmount: 2, stopPrice: 98 });
    offer(trail, bar(99, 99.5, 98.5, 99), 'stops');
    expect(trail.stopPrice).toBe(98);
  });

  it('sells inside the bar that raised it when the close lies beyond the raised trigger', () => {
    const trail = order({ side: 'sell', type: 'TRAIL', trailAmount: 2, stopPrice: 98 });
    expect(offer(trail, bar(100, 110, 99, 101), 'stops').price).toBe(107.99);
  });

  it('trails by a percentage, downwards for a buy', () => {
    const trail = order({ type: 'TRAIL', trailPercent: 10 });
    offer(trail, bar(100, 101, 99, 100), 'open');
    expect(trail.stopPrice).toBe(110);
    offer(trail, bar(95, 96, 90, 91), 'stops');
    expect(trail.stopPrice).toBe(99);
  });
});

describe('opening and closing orders', () => {
  const last = bar(100, 101, 99, 100.5, { sessionEnd: true });
  const first = bar(100, 101, 99, 100.5, { sessionStart: true });

  it('trade in the first bar only, and what is left is cancelled', () => {
    expect(offer(order({ type: 'MOO', timeInForce: 'OPG' }), last, 'open')).toMatchObject({
      quantity: 0,
      cancelRest: false,
    });
    expect(offer(order({ type: 'MOO', timeInForce: 'OPG' }), first, 'open', { wanted: 5_000 })).toMatchObject(
      { quantity: 1_000, cancelRest: true },
    );
    expect(offer(order({ type: 'LOO', timeInForce: 'OPG', limitPrice: 99 }), first, 'open')).toMatchObject({
      quantity: 0,
      cancelRest: true,
    });
  });

  it('trade at the close of the last bar only', () => {
    expect(offer(order({ type: 'MOC' }), first, 'close').quantity).toBe(0);
    expect(offer(order({ type: 'MOC' }), last, 'open').quantity).toBe(0);
    expect(offer(order({ type: 'MOC' }), last, 'close')).toMatchObject({
      quantity: 100,
      price: 100.51,
      cancelRest: true,
    });
    expect(offer(order({ type: 'LOC', limitPrice: 100.5 }), last, 'close')).toMatchObject({
      quantity: 0,
      cancelRest: true,
    });
    expect(offer(order({ type: 'LOC', limitPrice: 100.51 }), last, 'close').quantity).toBe(100);
  });
});

describe('immediate orders', () => {
  it('IOC takes what there is and cancels the rest', () => {
    expect(
      offer(order({ timeInForce: 'IOC' }), bar(100, 101, 99, 100), 'open', { wanted: 2_000 }),
    ).toMatchObject({ quantity: 1_000, cancelRest: true });
    expect(
      offer(order({ type: 'LMT', limitPrice: 90, timeInForce: 'IOC' }), bar(100, 101, 89, 100), 'open'),
    ).toMatchObject({ quantity: 0, cancelRest: true });
  });

  it('FOK takes all or nothing', () => {
    expect(
      offer(order({ timeInForce: 'FOK' }), bar(100, 101, 99, 100), 'open', { wanted: 1_001 }),
    ).toMatchObject({ quantity: 0, cancelRest: true });
    expect(
      offer(order({ timeInForce: 'FOK' }), bar(100, 101, 99, 100), 'open', { wanted: 1_000 }).quantity,
    ).toBe(1_000);
  });
});
