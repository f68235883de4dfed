import { describe, expect, it } from 'vitest';
import { correlations, stateKeys } from '#core/events/state-keys.ts';
import { sessionsBetween } from '#core/market/calendar.ts';
import type { AccountBook } from '#core/portfolio/account-book.ts';
import { valuation } from '#core/portfolio/valuation.ts';
import { instantText } from '#core/values/clock.ts';
import { keepLedger } from '#functions/portfolio/ledger.ts';
import { followBreaker } from '#functions/risk/breakers/break.ts';
import { passGate } from '#functions/risk/gate/gate.ts';
import { pyramid } from '#functions/risk/pyramiding/pyramid.ts';
import { riskReport } from '#functions/risk/report/report.ts';
import { putContent } from '#functions/runtime/content.ts';
import {
  at,
  barClosed,
  bookOf,
  CLOSE,
  deskEvent,
  folded,
  holding,
  intentOf,
  NOW,
  withOrder,
} from '../../../support/desk-events.ts';
import { arrival, deskInForce, memoryDesk } from '../../../support/memory-desk.ts';

const revalued = (book: AccountBook) => {
  const value = valuation(book, 'bar', 'AAPL');
  if (value === null) throw new Error('the book has no value');
  return deskEvent('PortfolioRevalued', value);
};
const halted = (flatten: boolean) =>
  deskEvent('TradingHalted', {
    limit: 'drawdown',
    limitValue: '5 %',
    measured: '5 %',
    reason: 'the limit',
    by: 'drawdown-breaker',
    flatten,
    layers: [
      {
        intentId: 'I-1',
        positionId: 'I-1',
        instrument: 'AAPL',
        quantity: '50',
        averagePrice: '100',
        stop: '95',
        openedAt: at(1),
        mark: '95',
      },
    ],
  });

/** A halt by hand that gives up what is held. */
const byHand = deskEvent('TradingHalted', { ...halted(true).data, limit: 'kill-switch', by: 'ana' });

/** The switch is thrown in the commit that says so. */
async function haltedDesk() {
  const desk = memoryDesk('breakers');
  await desk.put(stateKeys.halt, { halted: true, by: 'ana', reason: 'r', at: at(0) });
  return desk;
}

describe('what follows a tripped breaker', () => {
  it('cancels what works and closes every layer, once', async () => {
    const desk = await haltedDesk();
    const event = arrival(halted(true));
    await followBreaker(desk, [event]);
    await followBreaker(desk, [event]);

    expect(desk.said('CancelPlanned')).toMatchObject([
      { metadata: { urgency: 'critical' }, data: { intentId: null, includeStops: false } },
    ]);
    expect(desk.said('OrderPlanned')).toMatchObject([
      { data: { intent: { purpose: 'flatten', closes: 'I-1', quantity: '50' } } },
    ]);
  });

  it('leaves alone what a person has let go on since: a halt out of the dead letters closes nothing', async () => {
    const desk = await deskInForce('breakers');
    await desk.put(stateKeys.book, holding(bookOf()));
    await desk.put(stateKeys.halt, { halted: false, by: 'ana', reason: 'the cause was found', at: at(90) });
    await followBreaker(desk, [arrival(halted(true))]);
    expect(desk.store.all()).toEqual([]);

    await keepLedger({ ...desk, name: 'portfolio' }, [arrival(halted(true)), arrival(byHand)]);
    expect(((await desk.get(stateKeys.book)) as AccountBook).trading).toEqual(bookOf().trading);
  });

  it("cancels but keeps the positions under their stops after an operator's halt or a reduction", async () => {
    const desk = await haltedDesk();
    await followBreaker(desk, [
      arrival(halted(false)),
      arrival(
        deskEvent('TradingReducing', {
          limit: 'drawdown',
          limitValue: '4 %',
          measured: '4 %',
          reason: 'the step',
        }),
      ),
    ]);
    expect(desk.said('CancelPlanned')).toHaveLength(2);
    expect(desk.said('OrderPlanned')).toEqual([]);
  });

  it.each([
    ['a drawdown halt', { coolOffUntil: instantText(NOW + 1) }],
    ['a halt by hand that flattens', { coolOffUntil: null, flattening: true }],
  ])(
    'plans again while positions are left after %s; the gate lets no layer be closed twice',
    async (_, asked) => {
      const desk = await deskInForce('breakers');
      const book = holding(
        bookOf({ trading: { state: 'HALTED', since: at(0), reason: 'r', warned: true, ...asked } }),
      );
      await desk.put(stateKeys.book, book);
      await desk.put(stateKeys.halt, { halted: true, by: 'ana', reason: 'r', at: at(0) });
      await followBreaker(desk, [arrival(revalued(book))]);
      desk.time += 60_000;
      await followBreaker(desk, [arrival(revalued(book))]);
      const planned = desk.said('OrderPlanned');
      expect(planned).toHaveLength(2);

      await passGate(
        desk,
        planned.map((event) => arrival(event)),
      );
      expect(desk.said('OrderAuthorized')).toHaveLength(1);
      expect(desk.said('OrderRefused')).toMatchObject([{ data: { limit: 'reduce-only' } }]);
    },
  );

  it('cancels also where the revaluation of the halt has been followed first', async () => {
    const desk = await deskInForce('breakers');
    const falling = { ...holding(bookOf()), highWater: '200000' };
    await desk.put(stateKeys.book, falling);
    await keepLedger({ ...desk, name: 'portfolio' }, [arrival(barClosed('90', 75))]);
    for (const event of desk.said('PortfolioRevalued', 'TradingHalted'))
      await followBreaker(desk, [arrival(event)]);
    expect(desk.said('TradingHalted')).toHaveLength(1);
    expect(desk.said('CancelPlanned')).toHaveLength(1);
    expect(desk.said('OrderPlanned')).toMatchObject([{ data: { intent: { purpose: 'flatten' } } }]);
  });

  it('plans nothing on a revaluation where nobody flattens', async () => {
    const desk = memoryDesk('breakers');
    await followBreaker(desk, [arrival(revalued(holding(bookOf())))]);
    await desk.put(
      stateKeys.book,
      bookOf({ trading: { state: 'HALTED', since: at(0), reason: 'r', coolOffUntil: null, warned: false } }),
    );
    await followBreaker(desk, [arrival(revalued(holding(bookOf())))]);
    expect(desk.store.all()).toEqual([]);
  });
});

describe('pyramiding', () => {
  /** 50 AAPL from 100 with R = 5, now at 103: more than half an R. */
  const winner = () => folded(holding(bookOf()), barClosed('103', 75));
  /** The same with 30 more, added at 103. */
  const ofTwoLayers = () => {
    const second = intentOf({
      intentId: 'I-1-L2',
      purpose: 'pyramid',
      positionId: 'I-1',
      quantity: '30',
      referencePrice: '103.00',
    });
    return holding(withOrder(winner(), second), second);
  };
  async function deskPyramiding(withHistory: boolean) {
    const desk = await deskInForce('pyramiding');
    desk.time = NOW + 15 * 60_000;
    await desk.put(stateKeys.book, winner());
    if (withHistory) {
      const sessions = sessionsBetween('us-equity', '2017-11-01', '2018-01-22');
      const closes = sessions.map((_, index) => 100 + Math.sin(index));
      const history = await putContent(desk.objects, 'history', {
        version: 1,
        instrument: 'AAPL',
        source: 'test',
        bars: {
          openTime: sessions.map(({ open }) => open),
          closeTime: sessions.map(({ close }) => close),
          open: closes,
          high: closes,
          low: closes,
          close: closes,
          volume: closes.map(() => 25_000_000),
        },
      });
      await desk.put(stateKeys.daily('AAPL'), { session: '2018-01-23', history });
    }
    return desk;
  }

  it('plans a smaller layer with its expected cost, which the gate lets pass', async () => {
    const desk = await deskPyramiding(true);
    const event = arrival(revalued(winner()));
    await pyramid(desk, [event]);
    await pyramid(desk, [event]);
    const planned = desk.said('OrderPlanned');

    expect(planned).toMatchObject([
      { data: { intent: { intentId: 'I-1-L2-djm', purpose: 'pyramid', quantity: '30' } } },
    ]);
    expect(planned[0]?.data.intent.expectedSlippage).toBeGreaterThan(0);
    await passGate(
      desk,
      planned.map((one) => arrival(one)),
    );
    expect(desk.said('OrderRefused')).toEqual([]);
    expect(desk.said('OrderAuthorized')).toMatchObject([{ data: { intent: { intentId: 'I-1-L2-djm' } } }]);
  });

  it('does not invent a cost: without a history the gate refuses', async () => {
    const desk = await deskPyramiding(false);
    await pyramid(desk, [arrival(revalued(winner()))]);
    await passGate(
      desk,
      desk.said('OrderPlanned').map((one) => arrival(one)),
    );
    expect(desk.said('OrderRefused')).toMatchObject([{ data: { limit: 'slippage', measured: 'unknown' } }]);
  });

  it('asks for a refused layer once a session, and again in the next', async () => {
    const desk = await deskPyramiding(false);
    const planned = () => desk.said('OrderPlanned');
    const onBar = async (session: string) => {
      const before = planned().length;
      const event = deskEvent('PortfolioRevalued', revalued(winner()).data, {
        correlationId: correlations.session(session),
      });
      await pyramid(desk, [arrival(event)]);
      await passGate(
        desk,
        planned()
          .slice(before)
          .map((one) => arrival(one)),
      );
    };
    await onBar('2018-01-23');
    desk.time += 15 * 60_000;
    await onBar('2018-01-23');
    expect([planned().length, desk.said('OrderRefused').length]).toEqual([1, 1]);
    expect(await desk.get(stateKeys.book)).toMatchObject({ disabled: {} });

    desk.time += 24 * 60 * 60_000;
    await onBar('2018-01-24');
    expect(desk.said('OrderRefused').map(({ data }) => data.intent.intentId)).toEqual([
      'I-1-L2-djm',
      'I-1-L2-djn',
    ]);
  });

  it('raises the stops of a position of two layers', async () => {
    const desk = await deskPyramiding(true);
    await pyramid(desk, [arrival(revalued(ofTwoLayers()))]);
    expect(desk.said('StopMovePlanned').map(({ data }) => [data.intentId, data.from, data.to])).toEqual([
      ['I-1', '95.00', '98'],
      ['I-1-L2', '95.00', '98'],
    ]);
  });

  it('raises the stops of a position though the history of what it would add to cannot be read', async () => {
    const desk = await deskPyramiding(true);
    const history = { uri: 'history/gone', sha256: '0'.repeat(64), bytes: 1 };
    await desk.put(stateKeys.daily('AAPL'), { session: '2018-01-23', history });
    const won = folded(ofTwoLayers(), barClosed('106', 90));
    await pyramid(desk, [arrival(revalued(won))]);
    expect(desk.said('StopMovePlanned').map(({ data }) => [data.intentId, data.to])).toEqual([
      ['I-1', '98'],
      ['I-1-L2', '98'],
    ]);
    expect(desk.said('OrderPlanned')).toMatchObject([{ data: { intent: { expectedSlippage: null } } }]);
  });

  it('plans nothing outside the session or without a policy', async () => {
    const desk = await deskPyramiding(true);
    desk.time = CLOSE;
    await pyramid(desk, [arrival(revalued(winner()))]);
    await pyramid(memoryDesk('pyramiding'), [arrival(revalued(winner()))]);
    expect(desk.store.all()).toEqual([]);
  });
});

describe('the risk report', () => {
  it('is made on every day with a session, once', async () => {
    const desk = await deskInForce('risk-report');
    await desk.put(stateKeys.book, holding(bookOf()));
    const report = (time: string) => riskReport(desk)({ scheduledTime: time });

    expect(await report('2018-01-23T17:00:00Z')).toEqual({ outcome: 'said' });
    expect(await report('2018-01-23T17:00:00Z')).toEqual({ outcome: 'said before' });
    expect(await report('2018-01-20T17:00:00Z')).toMatchObject({
      outcome: 'skipped: no session on this date',
    });
    expect(desk.said('RiskReported')).toMatchObject([{ data: { equity: '100000' } }]);
    await expect(riskReport(memoryDesk())({ scheduledTime: '2018-01-23T17:00:00Z' })).rejects.toThrow(
      'the risk policy cannot be used',
    );
  });
});
