import { describe, expect, it } from 'vitest';
import { orderPlanned } from '#contracts/events/orders.ts';
import { findInstrument } from '#core/market/catalog.ts';
import { DEFAULT_RISK_POLICY } from '#core/risk/policy.ts';
import { type PyramidingOptions, planPyramiding } from '#core/risk/pyramiding.ts';
import { longPosition, newYorkSession, portfolio } from '../../../support/agent-context.ts';

const session = newYorkSession('2018-01-23');
const options = (changes: Partial<PyramidingOptions> = {}): PyramidingOptions => ({
  now: session.open + 60 * 60_000,
  session: session.date,
  sessionClose: session.close,
  instrument: findInstrument,
  expectedVolume: () => 1_000_000,
  ...changes,
});

/** 500 AAPL from 170 with R = 5, marked where the test wants it. */
const winner = (mark: string, changes: Parameters<typeof longPosition>[3] = {}) =>
  portfolio({
    grossExposure: '85000',
    positions: [longPosition('AAPL', '500', '170', { mark, ...changes })],
  });

const [entry] = longPosition('AAPL', '500', '170').layers;
if (entry === undefined) throw new Error('the position has no layer');
const second = {
  ...entry,
  intentId: `${entry.intentId}-L2`,
  quantity: '300',
  averagePrice: '172.6',
  stop: '167.5',
  openedAt: '2018-01-22T16:00:00.000Z',
};

describe('planPyramiding', () => {
  it('adds a smaller layer to a winner, one step beyond the last', () => {
    const { intents, stopMoves } = planPyramiding(winner('172.5'), DEFAULT_RISK_POLICY, options());

    expect(intents).toHaveLength(1);
    expect(orderPlanned.safeParse({ intent: intents[0] }).success).toBe(true);
    expect(intents[0]).toMatchObject({
      intentId: `${entry.positionId}-L2-djm`,
      positionId: entry.positionId,
      purpose: 'pyramid',
      side: 'BUY',
      quantity: '300',
      limitPrice: '172.84',
      protectiveStop: '167.5',
    });
    expect(stopMoves).toEqual([]);
  });

  it('names an addition by its session: one that did not fill has spent its name', () => {
    const nextDay = newYorkSession('2018-01-24');
    const on = (changes: Partial<PyramidingOptions> = {}) =>
      planPyramiding(winner('172.5'), DEFAULT_RISK_POLICY, options(changes)).intents[0]?.intentId;
    expect(on({ now: session.open + 90 * 60_000 })).toBe(on());
    expect(on({ now: nextDay.open + 60 * 60_000, session: nextDay.date, sessionClose: nextDay.close })).toBe(
      `${entry.positionId}-L2-djn`,
    );
  });

  it.each(['L2', 'L2-djm'])('numbers an addition after the last that is held, %s', (name) => {
    const last = { ...second, intentId: `${entry.intentId}-${name}` };
    const { intents } = planPyramiding(
      winner('190', { quantity: '300', layers: [last] }),
      DEFAULT_RISK_POLICY,
      options(),
    );
    expect(intents[0]?.intentId).toBe(`${entry.positionId}-L3-djm`);
  });

  it('adds nothing before the step, nor to a loser', () => {
    expect(planPyramiding(winner('172.49'), DEFAULT_RISK_POLICY, options()).intents).toEqual([]);
    expect(planPyramiding(winner('160'), DEFAULT_RISK_POLICY, options()).intents).toEqual([]);
  });

  it('raises every stop behind the newest layer and never lowers one', () => {
    const tight = { ...second, stop: '170' };
    const both = winner('173', { quantity: '800', layers: [entry, tight] });

    const { stopMoves } = planPyramiding(both, DEFAULT_RISK_POLICY, options());

    expect(stopMoves).toMatchObject([{ intentId: entry.intentId, from: '165', to: '167.6' }]);
  });

  it('raises no stop up to the mark', () => {
    const fallen = winner('167', { quantity: '800', layers: [entry, second] });

    expect(planPyramiding(fallen, DEFAULT_RISK_POLICY, options()).stopMoves).toEqual([]);
  });

  it.each([
    ['an order is pending', winner('173', { pending: ['x'] }), options()],
    ['trading is reduced', { ...winner('173'), tradingState: 'REDUCING' as const }, options()],
    ['trading is halted', { ...winner('173'), tradingState: 'HALTED' as const }, options()],
    ['the session is nearly over', winner('173'), options({ now: session.close - 4 * 60_000 })],
    ['the volume is unknown', winner('173'), options({ expectedVolume: () => undefined })],
    ['the plan is unknown', winner('173', { plan: null }), options()],
    ['the risk is unknown', winner('173', { initialRisk: null }), options()],
    ['a layer has no stop', winner('173', { layers: [{ ...entry, stop: null }] }), options()],
    ['the instrument is unknown', winner('173'), options({ instrument: () => undefined })],
    ['the account is worth nothing', { ...winner('173'), equity: '0' }, options()],
  ])('adds nothing when %s', (_name, account, given) => {
    expect(planPyramiding(account, DEFAULT_RISK_POLICY, given).intents).toEqual([]);
  });

  it('keeps the whole position within the cap at the worst price', () => {
    // 1,720 units at 172.5 × 1.002 are 297,297: the cap of 300,000 leaves room for 15 units.
    const large = winner('172.5', {
      quantity: '1720',
      layers: [{ ...entry, quantity: '1720' }],
    });

    const { intents } = planPyramiding({ ...large, grossExposure: '296700' }, DEFAULT_RISK_POLICY, options());

    expect(intents[0]?.quantity).toBe('15');
  });

  it('stops at the last layer of the plan', () => {
    const third = {
      ...second,
      intentId: `${entry.intentId}-L3`,
      quantity: '180',
      averagePrice: '175.2',
      openedAt: '2018-01-22T17:00:00.000Z',
    };
    const full = winner('190', { quantity: '980', layers: [third, entry, second] });

    expect(planPyramiding(full, DEFAULT_RISK_POLICY, options()).intents).toEqual([]);
  });
});
