import { describe, expect, it } from 'vitest';
import { Decimal } from '#core/values/decimal.ts';
import { volatileStore } from '#local/paper-gateway/broker/store.ts';
import {
  dateText,
  midnightBefore,
  parseRequestInstant,
  utcText,
  zonedText,
} from '#local/paper-gateway/calendar-text.ts';
import { Desk } from '#local/paper-gateway/desk.ts';
import { parseDuration } from '#local/paper-gateway/history.ts';
import { HistoricalPacing, SlidingWindow } from '#local/paper-gateway/pacing.ts';
import { memoryTape, UnplayableTapeError } from '#local/paper-gateway/tape.ts';
import { calm, stock } from '../../../integration/local/paper-gateway/market.ts';

const AT = Date.UTC(2018, 1, 5, 14, 31);

describe('instants on the wire', () => {
  it.each([
    ['20180205-14:31:00', AT],
    ['20180205 09:31:00 US/Eastern', AT],
    ['20180205 09:31:00 America/New_York', AT],
    ['20180205 14:31:00 UTC', AT],
    ['20180205 09:31:00', AT],
    ['20180205', Date.UTC(2018, 1, 6, 4, 59, 59)],
    ['', Number.NaN],
    ['tomorrow', Number.NaN],
    ['20181305-00:00:00', Number.NaN],
    ['20180205 09:31:00 Mars/Base', Number.NaN],
  ])('%j is %d', (written, expected) => {
    expect(parseRequestInstant(written, 'America/New_York')).toBe(expected);
  });

  it('are written in the zone of the instrument, over the change to summer time too', () => {
    expect(zonedText(AT, 'America/New_York')).toBe('20180205 09:31:00 US/Eastern');
    expect(zonedText(Date.UTC(2018, 6, 5, 13, 31), 'America/New_York')).toBe('20180705 09:31:00 US/Eastern');
    expect(dateText(Date.UTC(2018, 1, 6, 3), 'America/New_York')).toBe('20180205');
    expect(utcText(AT)).toBe('20180205-14:31:00');
    expect(midnightBefore(AT)).toBe(Date.UTC(2018, 1, 5, 5));
  });
});

it.each([
  ['30 S', { kind: 'span', millis: 30_000 }],
  ['5 D', { kind: 'sessions', count: 5 }],
  ['1 W', { kind: 'span', millis: 604_800_000 }],
  ['0 D', null],
  ['1 H', null],
  ['D', null],
])('a duration of %s', (written, expected) => {
  expect(parseDuration(written)).toEqual(expected);
});

describe('pacing', () => {
  it('counts in a sliding window', () => {
    const window = new SlidingWindow(1_000);
    expect([0, 500, 999, 1_000, 1_500, 5_000].map((at) => window.add(at))).toEqual([1, 2, 3, 3, 3, 1]);
  });

  it('of history: no repeat within 15 s, five a contract in 2 s, sixty in ten minutes with BID_ASK twice', () => {
    const request = (identity: string, more = {}) => ({
      identity,
      contract: identity,
      whatToShow: 'TRADES',
      ...more,
    });
    const repeated = new HistoricalPacing();
    expect([0, 14_999, 30_000].map((at) => repeated.note(at, request('a')))).toEqual([
      null,
      'identical request within 15 seconds',
      null,
    ]);
    const burst = new HistoricalPacing();
    const answers = Array.from({ length: 6 }, (_, index) =>
      burst.note(index, request(`b${index}`, { contract: 'AAPL' })),
    );
    expect(answers).toEqual([null, null, null, null, null, 'six requests for one contract in 2 seconds']);
    const many = new HistoricalPacing();
    const refused = Array.from({ length: 31 }, (_, index) =>
      many.note(index * 3_000, request(`c${index}`, { whatToShow: 'BID_ASK' })),
    );
    expect(refused.indexOf('60 requests in 10 minutes')).toBe(30);
  });
});

describe('a tape', () => {
  const desk = (...instruments: Parameters<typeof memoryTape>[0]) =>
    new Desk({
      tape: memoryTape(instruments),
      store: volatileStore,
      account: 'DU1',
      initialCash: new Decimal(1),
    });
  const apple = stock({ instrument: 'AAPL', conId: 1, sessions: [[calm(100)]] });

  it.each([
    ['the same instrument twice', [apple, { ...apple, contract: { ...apple.contract, conId: 2 } }]],
    ['the same conId twice', [apple, { ...apple, instrument: 'MSFT' }]],
    ['a tick of zero', [{ ...apple, tick: '0' }]],
    ['a tradable future, of which the costs are unknown', [{ ...apple, assetClass: 'future' as const }]],
    [
      'a currency that is not the account\u2019s',
      [{ ...apple, contract: { ...apple.contract, currency: 'EUR' } }],
    ],
  ])('with %s is refused', (_what, instruments) => {
    expect(() => desk(...instruments)).toThrow(UnplayableTapeError);
  });

  it('with an index to watch is played', () => {
    expect(
      desk({ ...apple, assetClass: 'index', tradable: false }).settings.instruments.get('AAPL')?.tradable,
    ).toBe(false);
  });
});
