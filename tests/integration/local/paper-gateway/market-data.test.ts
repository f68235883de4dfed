import { type ContractDetails, EventName, SecType } from '@stoqey/ib';
import { afterEach, describe, expect, it } from 'vitest';
import { memoryTape } from '#local/paper-gateway/tape.ts';
import { closeAll, market } from './bench-of-clients.ts';
import { AAPL, type TwsClient } from './client.ts';
import { calm, MINUTE, type Minute, OPEN, stock } from './market.ts';

afterEach(closeAll);

const rising: readonly Minute[] = Array.from(
  { length: 10 },
  (_, index): Minute => [100 + index, 101.5 + index, 99.5 + index, 101 + index, 1_000 + index],
);
const history = (client: TwsClient, reqId: number) =>
  client.all(EventName.historicalData).filter(([id]) => id === reqId);
const ask = (
  client: TwsClient,
  reqId: number,
  barSize: string,
  duration: string,
  more: { end?: string; keep?: boolean; format?: number; what?: string } = {},
) =>
  client.api.reqHistoricalData(
    reqId,
    AAPL,
    more.end ?? '',
    duration,
    barSize as never,
    (more.what ?? 'TRADES') as never,
    1,
    more.format ?? 2,
    more.keep ?? false,
  );

describe('market data', () => {
  it('shows nothing of a bar before it has closed, and the session so far after that', async () => {
    const { clock, connect } = await market(rising);
    const { client } = await connect();
    clock.advance(MINUTE - 1);
    client.api.reqMktData(1, AAPL, '', false, false);
    await client.settled();
    expect(client.all(EventName.tickPrice).map(([, type, value]) => [type, value])).toEqual([[9, 100]]);
    clock.advance(1 + MINUTE);
    await client.settled();
    const latest = (type: number) =>
      client
        .all(EventName.tickPrice)
        .filter((tick) => tick[1] === type)
        .at(-1)?.[2];
    expect([4, 14, 6, 7].map(latest)).toEqual([102, 100, 102.5, 99.5]);
    expect(latest(1)).toBeLessThan(102);
    expect(latest(2)).toBeGreaterThan(102);
    const sizes = client
      .all(EventName.tickSize)
      .filter(([, type]) => type === 8)
      .map(([, , size]) => size);
    expect(sizes.at(-1)).toBe(2_001);
    client.api.cancelMktData(1);
    await client.settled();
    const before = client.all(EventName.tickPrice).length;
    clock.advance(MINUTE);
    await client.settled();
    expect(client.all(EventName.tickPrice)).toHaveLength(before);
  });

  it('comes as one picture on request, and with delayed tick types when asked for', async () => {
    const { clock, connect } = await market(rising);
    const { client } = await connect();
    clock.advance(MINUTE);
    client.api.reqMarketDataType(3);
    client.api.reqMktData(1, AAPL, '', true, false);
    await client.next(EventName.tickSnapshotEnd);
    expect(client.all(EventName.marketDataType)).toEqual([[1, 3]]);
    expect(client.all(EventName.tickPrice).map(([, type]) => type)).toContain(68);
  });

  it('is refused for an unknown contract, a repeated id and the hundred-and-first line', async () => {
    const { connect } = await market(rising);
    const { client } = await connect();
    client.api.reqMktData(1, { ...AAPL, symbol: 'ZZZZ' }, '', false, false);
    await client.next(EventName.error, (_error, code, reqId) => code === 200 && reqId === 1);
    for (let line = 2; line <= 101; line += 1) client.api.reqMktData(line, AAPL, '', false, false);
    client.api.reqMktData(2, AAPL, '', false, false);
    await client.next(EventName.error, (_error, code, reqId) => code === 322 && reqId === 2);
    client.api.reqMktData(102, AAPL, '', false, false);
    await client.next(EventName.error, (_error, code, reqId) => code === 101 && reqId === 102);
    client.api.cancelMktData(500);
    await client.next(EventName.error, (_error, code, reqId) => code === 300 && reqId === 500);
  });

  it('in five-second bars comes when the minute has closed, and adds up to that minute', async () => {
    const { clock, connect } = await market(rising);
    const { client } = await connect();
    // The size is ignored: a client may say 0.
    client.api.reqRealTimeBars(1, AAPL, 0, 'TRADES' as never, true);
    client.api.reqRealTimeBars(1, AAPL, 5, 'TRADES' as never, true);
    await client.next(EventName.error, (_error, code, reqId) => code === 322 && reqId === 1);
    client.api.reqRealTimeBars(2, AAPL, 5, 'BID' as never, true);
    await client.next(EventName.error, (_error, code, reqId) => code === 420 && reqId === 2);
    client.api.reqRealTimeBars(3, { ...AAPL, symbol: 'NOPE' }, 5, 'TRADES' as never, true);
    await client.next(EventName.error, (_error, code, reqId) => code === 200 && reqId === 3);

    clock.advance(MINUTE - 1);
    client.api.reqCurrentTime();
    await client.next(EventName.currentTime);
    expect(client.all(EventName.realtimeBar)).toEqual([]);

    clock.advance(1);
    await client.until(() => client.all(EventName.realtimeBar).length === 12);
    const bars = client.all(EventName.realtimeBar) as readonly (readonly number[])[];
    const column = (index: number) => bars.map((bar) => bar[index] as number);
    expect(column(1)).toEqual(Array.from({ length: 12 }, (_, slice) => OPEN / 1000 + 5 * slice));
    expect(column(2)[0]).toBe(100);
    expect(Math.max(...column(3))).toBe(101.5);
    expect(Math.min(...column(4))).toBe(99.5);
    expect(column(5)[11]).toBe(101);
    expect(column(6).reduce((sum, volume) => sum + volume, 0)).toBe(1_000);

    client.api.cancelRealTimeBars(1);
    client.api.cancelRealTimeBars(1);
    await client.next(EventName.error, (_error, code, reqId) => code === 300 && reqId === 1);
    clock.advance(MINUTE);
    client.api.reqPositions();
    await client.next(EventName.positionEnd);
    expect(client.all(EventName.realtimeBar)).toHaveLength(12);
  });
});

describe('historical data', () => {
  it('gives daily bars that have closed, dated by session', async () => {
    const { connect } = await market(rising);
    const { client } = await connect();
    ask(client, 1, '1 day', '2 D');
    await client.next(EventName.historicalData, (_reqId, date) => String(date).startsWith('finished'));
    expect(
      history(client, 1)
        .map(([, date, , , , close]) => [date, close])
        .slice(0, 2),
    ).toEqual([
      ['20180203', 99],
      ['20180204', 100],
    ]);
    expect(history(client, 1)).toHaveLength(3);
  });

  it('makes intraday bars of closed minutes', async () => {
    const { clock, connect } = await market(rising);
    const { client } = await connect();
    clock.advance(7.5 * MINUTE);
    ask(client, 1, '5 mins', '1 D');
    await client.until(() => history(client, 1).length === 3);
    expect(
      history(client, 1)
        .slice(0, 2)
        .map((bar) => bar.slice(1, 7)),
    ).toEqual([
      [String(OPEN / 1000), 100, 105.5, 99.5, 105, 5_010],
      [String((OPEN + 5 * MINUTE) / 1000), 105, 107.5, 104.5, 107, 2_011],
    ]);
    ask(client, 2, '1 min', '120 S', { format: 1 });
    await client.until(() => history(client, 2).length > 0);
    expect(history(client, 2)[0]?.[1]).toBe('20180205 09:36:00 US/Eastern');
  });

  it('is kept up to date at each minute, the forming bar included, until cancelled', async () => {
    const { clock, connect } = await market(rising);
    const { client } = await connect();
    ask(client, 1, '5 mins', '1 D', { keep: true });
    await client.until(() => history(client, 1).length === 1);
    clock.advance(2 * MINUTE);
    await client.settled();
    const updates = () => client.all(EventName.historicalDataUpdate).map((update) => update.slice(1, 7));
    expect(updates()).toEqual([
      [String(OPEN / 1000), 100, 101.5, 99.5, 101, 1_000],
      [String(OPEN / 1000), 100, 102.5, 99.5, 102, 2_001],
    ]);
    client.api.cancelHistoricalData(1);
    await client.settled();
    clock.advance(MINUTE);
    await client.settled();
    expect(updates()).toHaveLength(2);
    client.api.cancelHistoricalData(1);
    await client.next(EventName.error, (_error, code, reqId) => code === 366 && reqId === 1);
  });

  it('tells bars of crypto by the name that the broker has for them, and by no other', async () => {
    const apple = stock({ instrument: 'AAPL', conId: 265598, sessions: [rising] });
    const contract = { ...apple.contract, secType: 'CRYPTO' };
    const { connect } = await market(rising, { tape: memoryTape([{ ...apple, contract }]) });
    const { client } = await connect();
    for (const [index, what] of ['TRADES', 'AGGTRADES'].entries())
      client.api.reqHistoricalData(
        index + 1,
        { ...AAPL, secType: SecType.CRYPTO },
        '',
        '2 D',
        '1 day' as never,
        what as never,
        1,
        2,
        false,
      );
    await client.next(EventName.error, (_error, code, reqId) => code === 10299 && reqId === 1);
    await client.next(
      EventName.historicalData,
      (reqId, date) => reqId === 2 && String(date).startsWith('finished'),
    );
  });

  it.each([
    ['a bar size that is not on the tape', '5 secs', '1 D', {}, 321],
    ['a duration without a unit', '1 day', '5', {}, 321],
    ['bids and asks', '1 day', '5 D', { what: 'BID_ASK' }, 162],
    ['an end date that is none', '1 day', '5 D', { end: 'yesterday' }, 321],
    ['a date before the tape', '1 day', '5 D', { end: '19700101-00:00:00' }, 162],
    ['an end date with updates', '1 min', '1 D', { end: '20180205-15:00:00', keep: true }, 321],
  ])('refuses %s', async (_what, barSize, duration, more, code) => {
    const { connect } = await market(rising);
    const { client } = await connect();
    ask(client, 1, barSize, duration, more);
    await client.next(EventName.error, (_error, heard, reqId) => heard === code && reqId === 1);
  });
});

describe('reference data', () => {
  it('answers contract details with hours, tick and size, the market rule, symbols and the first instant', async () => {
    const { connect } = await market(rising);
    const { client } = await connect();
    client.api.reqContractDetails(1, AAPL);
    client.api.reqContractDetails(2, { conId: 265598 });
    client.api.reqMatchingSymbols(3, 'aap');
    client.api.reqHeadTimestamp(4, AAPL, 'TRADES' as never, true, 1);
    await client.next(EventName.headTimestamp);
    const [details] = client.all(EventName.contractDetails).map(([, each]) => each as ContractDetails);
    expect(details).toMatchObject({
      minTick: 0.01,
      longName: 'AAPL INC',
      timeZoneId: 'US/Eastern',
      minSize: 1,
      orderTypes: expect.stringContaining('STP LMT'),
    });
    expect(details?.contract).toMatchObject({ conId: 265598, secType: SecType.STK, primaryExch: 'NASDAQ' });
    expect(details?.liquidHours?.startsWith('20180205:0930-20180205:0940;20180206:CLOSED')).toBe(true);
    expect(client.all(EventName.contractDetails)).toHaveLength(2);
    expect(client.all(EventName.headTimestamp)).toEqual([[4, '20180203-14:30:00']]);
    const rule = Number(details?.marketRuleIds?.split(',')[0]);
    client.api.reqMarketRule(rule);
    const [, increments] = (await client.next(EventName.marketRule)) as [number, unknown];
    expect(increments).toEqual([{ lowEdge: 0, increment: 0.01 }]);
    expect(JSON.stringify(client.all(EventName.symbolSamples))).toContain('265598');
  });

  it('tells the time of the clock it was given', async () => {
    const { clock, connect } = await market(rising);
    const { client } = await connect();
    clock.advance(MINUTE);
    await client.settled();
    expect(client.all(EventName.currentTime)).toEqual([[(OPEN + MINUTE) / 1000]]);
  });
});

describe('several instruments', () => {
  it('that close together are played in their order, each in a timer of its own', async () => {
    const tape = memoryTape([
      stock({ instrument: 'AAPL', conId: 1, sessions: [[calm(100), calm(100)]] }),
      stock({ instrument: 'MSFT', conId: 2, sessions: [[calm(50), calm(50)]] }),
    ]);
    const { clock, connect } = await market([], { tape });
    const { client } = await connect();
    client.api.reqMktData(1, { ...AAPL, symbol: 'MSFT' }, '', false, false);
    client.api.reqMktData(2, AAPL, '', false, false);
    await client.settled();
    clock.advance(2 * MINUTE);
    await client.settled();
    const lasts = client
      .all(EventName.tickPrice)
      .filter(([, type]) => type === 4)
      .map(([reqId]) => reqId);
    expect(lasts).toEqual([2, 1, 2, 1]);
  });
});
