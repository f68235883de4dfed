import { describe, expect, it } from 'vitest';
import type { Intent } from '#contracts/events/orders.ts';
import { type PlacementContext, planPlacement } from '#core/broker/placement.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import { futureInstrument } from '#core/market/instrument-contracts.ts';
import { Decimal } from '#core/values/decimal.ts';
import { NOW } from '../../../support/order-samples.ts';

const INTENT: Intent = {
  intentId: 'i-1',
  purpose: 'entry',
  instrument: 'AAPL',
  side: 'BUY',
  quantity: '10',
  orderType: 'LMT',
  limitPrice: '160',
  triggerPrice: null,
  timeInForce: 'DAY',
  protectiveStop: '150',
  closes: null,
  positionId: 'i-1',
  strategy: 'flow',
  proposalId: null,
  plan: null,
  initialRisk: null,
  target: null,
  horizonSessions: null,
  referencePrice: '160',
  referenceAt: '2018-02-05T14:59:00.000Z',
  expectedSlippage: null,
  expectedVolume: null,
  probabilityOfProfit: null,
  plannedAt: '2018-02-05T14:59:00.000Z',
  expiresAt: '2018-02-05T15:01:00.000Z',
  session: '2018-02-05',
};
const CONTEXT: PlacementContext = { now: NOW, instrument: instrumentOf('AAPL'), halted: null, layer: null };
const EXIT: Partial<Intent> = {
  purpose: 'exit',
  side: 'SELL',
  closes: 'i-0',
  protectiveStop: null,
  orderType: 'MKT',
  limitPrice: null,
};
const LAYER = { instrument: 'AAPL', side: 'BUY', closable: new Decimal(6) } as const;
const reason = (changes: Partial<Intent>, context: Partial<PlacementContext> = {}): string => {
  const plan = planPlacement({ ...INTENT, ...changes }, { ...CONTEXT, ...context });
  return plan.kind === 'decline' ? plan.reason : 'placed';
};

describe('placement', () => {
  it('opens with a bracket whose stop releases both', () => {
    const plan = planPlacement(INTENT, CONTEXT);
    expect(plan.kind === 'place' && plan.tickets).toEqual([
      expect.objectContaining({
        orderRef: 'i-1',
        role: 'order',
        side: 'BUY',
        limitPrice: '160',
        transmit: false,
        ocaGroup: null,
      }),
      expect.objectContaining({
        orderRef: 'i-1:stop',
        role: 'stop',
        side: 'SELL',
        orderType: 'STP',
        triggerPrice: '150',
        timeInForce: 'GTC',
        transmit: true,
        ocaGroup: 'i-1',
        parentRef: 'i-1',
      }),
    ]);
  });

  it('closes in the group of the layer’s stop and never more than is left', () => {
    const plan = planPlacement({ ...INTENT, ...EXIT }, { ...CONTEXT, layer: LAYER });
    expect(plan.kind === 'place' && plan.tickets).toEqual([
      expect.objectContaining({
        orderRef: 'i-1',
        quantity: '6',
        ocaGroup: 'i-0',
        transmit: true,
        parentRef: null,
      }),
    ]);
    expect(reason(EXIT)).toMatch(/knows no layer/);
    expect(reason({ ...EXIT, closes: null })).toMatch(/name the layer/);
    expect(reason({ ...EXIT, side: 'BUY' }, { layer: LAYER })).toMatch(/would add/);
    expect(reason(EXIT, { layer: { ...LAYER, instrument: 'SPY' } })).toMatch(/is in SPY/);
    expect(reason(EXIT, { layer: { ...LAYER, closable: new Decimal(0) } })).toMatch(/nothing is left/);
    expect(reason({ ...EXIT, protectiveStop: '150' }, { layer: LAYER })).toMatch(
      /carries no protective stop/,
    );
  });

  it('opens nothing when halted, and closes all the same', () => {
    expect(reason({}, { halted: 'stop' })).toBe('trading is halted: stop');
    expect(reason(EXIT, { halted: 'stop', layer: LAYER })).toBe('placed');
  });

  it('names what is wrong with an order', () => {
    expect(reason({ expiresAt: '2018-02-05T15:00:00.000Z' })).toMatch(/expired/);
    for (const intentId of ['a\u0000b', 'a b', 'a~2'])
      expect(reason({ intentId })).toMatch(/printable ASCII/);
    expect(reason({}, { instrument: undefined })).toMatch(/not in the catalog/);
    const oil = futureInstrument({
      underlying: 'CL',
      expiry: '2020-04-21',
      name: 'WTI crude oil, May 2020',
      currency: 'USD',
      tick: '0.01',
      multiplier: '1000',
      sessionTemplate: 'us-equity',
    });
    expect(reason({}, { instrument: oil })).toMatch(/no orders in futures/);
    expect(reason({}, { instrument: instrumentOf('SPX') })).toMatch(/cannot be traded/);
    expect(reason({ quantity: '0' })).toMatch(/not more than zero/);
    expect(reason({ limitPrice: null })).toMatch(/needs a limit price/);
    expect(reason({ orderType: 'MKT' })).toMatch(/takes no limit price/);
    expect(reason({ orderType: 'STP', limitPrice: null })).toMatch(/needs a trigger price/);
    expect(reason({ limitPrice: '160.001' })).toMatch(/off the tick/);
    expect(reason({ limitPrice: '0' })).toMatch(/not more than zero/);
    expect(reason({ protectiveStop: null })).toMatch(/needs a protective stop/);
    expect(reason({ protectiveStop: '150.001' })).toMatch(/off the tick/);
    expect(reason({ protectiveStop: '161' })).toMatch(/wrong side/);
    expect(reason({ side: 'SELL', protectiveStop: '150' })).toMatch(/wrong side/);
    expect(reason({ side: 'SELL', protectiveStop: '170' })).toBe('placed');
  });
});
