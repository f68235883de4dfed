import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { BrokerBar } from '#core/broker/broker-port.ts';
import { barCloser, silentAt } from '#core/broker/closed-bars.ts';
import { historyObject } from '#core/broker/daily-history.ts';
import {
  HISTORICAL_LIMITS,
  historicalPacer,
  messagePacer,
  refusedHistoryPause,
} from '#core/broker/pacing.ts';
import { instrumentOf } from '#core/market/catalog.ts';

const AAPL = instrumentOf('AAPL');
const OPEN = Date.parse('2018-02-05T14:30:00.000Z');
const MINUTE = 60_000;
const at = (minute: number) => OPEN + minute * MINUTE;
const bar = (minute: number, close = 160): BrokerBar => ({
  time: String(at(minute) / 1_000),
  open: 160,
  high: 161,
  low: 159,
  close,
  volume: 100,
});

describe('closed bars', () => {
  const started = (now: number, ...history: readonly BrokerBar[]) => {
    const closer = barCloser(AAPL, 5, 1_000);
    closer.begin();
    for (const one of history) closer.history(one);
    return { closer, first: closer.historyEnd(now) };
  };

  it('takes what is over from the history and keeps what is in the making', () => {
    const { closer, first } = started(at(12), bar(0), bar(5), bar(10));
    expect(first.map(({ openTime }) => openTime)).toEqual([at(0), at(5)]);
    expect(closer.dueAt).toBe(at(15) + 1_000);
  });

  it('closes a bar when the next begins or when its time and grace are over, never both', () => {
    const { closer } = started(at(2), bar(0));
    expect(closer.update(bar(0, 160.5), at(3))).toEqual([]);
    expect(closer.update(bar(5), at(5) + 500).map(({ close }) => close)).toEqual([160.5]);
    expect(closer.due(at(5) + 2_000)).toEqual([]);
    expect(closer.due(at(10) + 1_000).map(({ openTime }) => openTime)).toEqual([at(5)]);
    expect(closer.update(bar(5, 170), at(10) + 2_000)).toEqual([]);
    expect(closer.dueAt).toBeNull();
  });

  it('believes nothing that an interruption cut in two', () => {
    const { closer } = started(at(2), bar(0));
    closer.interrupt();
    expect(closer.due(at(6))).toEqual([]);
    expect(closer.update(bar(5), at(6))).toEqual([]);
    closer.begin();
    closer.history(bar(0, 161));
    expect(closer.historyEnd(at(6)).map(({ close }) => close)).toEqual([161]);
  });

  it('ends the session’s last bar at the close and drops what is outside any session', () => {
    const early = instrumentOf('AAPL');
    const closer = barCloser(early, 15, 1_000);
    closer.begin();
    for (const one of [
      bar(375),
      bar(390),
      { ...bar(0), time: 'x' },
      { ...bar(0), close: Number.NaN },
      { ...bar(0), close: 0 },
      { ...bar(0), low: -1 },
      { ...bar(0), time: '99999999999' },
      { ...bar(0), time: ' ' },
    ])
      closer.history(one);
    const closed = closer.historyEnd(at(400));
    expect(closed.map(({ closeTime }) => closeTime)).toEqual([at(390)]);
  });

  it.each([
    ['zero, as an empty field reads', { close: 0, low: 0 }],
    ['-1, for no price', { open: -1, high: -1, low: -1, close: -1 }],
    ['a close above the high', { close: 162 }],
  ])('believes no bar with %s', (_, values) => {
    const { closer, first } = started(at(7), { ...bar(0), ...values }, bar(5));
    expect(first).toEqual([]);
    expect(closer.update({ ...bar(5), ...values }, at(8))).toEqual([]);
    expect(closer.due(at(11)).map(({ close }) => close)).toEqual([160]);
  });

  it('keeps unknown volume unknown', () => {
    const { first } = started(at(12), { ...bar(0), volume: null }, { ...bar(5), volume: -1 });
    expect(first.map(({ volume }) => volume)).toEqual([null, null]);
  });
});

describe('silence', () => {
  const silent = (heard: number, now: number) => silentAt(AAPL, heard, now, 15 * MINUTE);
  const TUESDAY = at(24 * 60);
  it('is counted within one session', () => {
    expect(silent(at(5), at(6))).toBe(at(20));
    expect(silent(at(5), at(30))).toBe(at(20));
    expect(silent(at(-600), at(6))).toBe(at(15));
    expect(silent(at(-600), at(-5))).toBe(at(15));
    expect(silent(at(380), at(385))).toBe(TUESDAY + 15 * MINUTE);
    expect(silent(at(380), at(500))).toBe(TUESDAY + 15 * MINUTE);
  });

  it('is not known where no calendar is kept', () => {
    expect(silent(0, Date.parse('2030-01-02T15:00:00Z'))).toBeNull();
    expect(silent(0, Date.parse('1990-01-02T15:00:00Z'))).toBeNull();
    expect(silent(0, Date.parse('2028-12-30T15:00:00Z'))).toBeNull();
  });
});

describe('daily history', () => {
  const day = (time: string, close = 160): BrokerBar => ({
    time,
    open: 160,
    high: 161,
    low: 159,
    close,
    volume: 100,
  });
  it('holds sessions before the asked one, in order, each once, and its digest is that of its bytes', () => {
    const object = historyObject(AAPL, 'ibkr', '2018-02-05', [
      day('20180202'),
      day('20180131', 159),
      day('20180131', 160.5),
      day('20180203'),
      day('20180205'),
      day('19700101'),
      day('rubbish'),
      { ...day('20180201'), open: Number.NaN },
      { ...day('20180130'), low: 0 },
      { ...day('20180129'), open: -1, high: -1, low: -1, close: -1 },
    ]);
    expect(object).toMatchObject({ first: '2018-01-31', last: '2018-02-02' });
    expect(object.history.bars.close).toEqual([160.5, 160]);
    expect(object.reference.sha256).toBe(createHash('sha256').update(object.bytes).digest('hex'));
    expect(object.key).toBe(`history/${object.reference.sha256}.json`);
    expect(historyObject(AAPL, 'ibkr', '2018-02-05', []).first).toBeNull();
  });
});

describe('pacing', () => {
  it('lets cancels overtake and keeps room for them', () => {
    const pacer = messagePacer<string>(3, 1);
    for (const item of ['o1', 'o2', 'o3']) pacer.add('order', item);
    expect(pacer.take(0)).toEqual(['o1', 'o2']);
    pacer.add('cancel', 'c1');
    expect(pacer.take(10)).toEqual(['c1']);
    expect(pacer.nextAt(10)).toBe(1_000);
    expect(pacer.take(1_000)).toEqual(['o3']);
    expect(pacer.nextAt(1_000)).toBeNull();
  });

  it('forgets what waits when told, and sends nothing while the broker complains', () => {
    const pacer = messagePacer<string>(3, 1);
    pacer.hold(0, 500);
    pacer.add('question', 'q');
    expect(pacer.take(0)).toEqual([]);
    expect(pacer.nextAt(0)).toBe(500);
    expect(pacer.clear()).toEqual(['q']);
    expect(pacer.take(600)).toEqual([]);
  });

  it('is not locked up by a clock that is set back', () => {
    const hour = 3_600_000;
    const pacer = messagePacer<string>(3, 1);
    pacer.hold(hour, 1_000);
    pacer.add('cancel', 'c');
    expect(pacer.take(hour)).toEqual([]);
    expect(pacer.nextAt(0)).toBe(0);
    expect(pacer.take(0)).toEqual(['c']);
    const history = historicalPacer();
    const ask = { contract: 'a', identity: 'a' };
    history.sent(ask, hour);
    expect(history.earliest(ask, 0)).toBe(0);
  });

  it('keeps all limits on historical requests', () => {
    const pacer = historicalPacer();
    const ask = (identity: string, contract = 'AAPL') => ({ identity, contract });
    expect(pacer.earliest(ask('a'), 0)).toBe(0);
    pacer.sent(ask('a'), 0);
    expect(pacer.earliest(ask('a'), 1)).toBe(HISTORICAL_LIMITS.identicalMillis);
    for (const identity of ['b', 'c', 'd', 'e']) pacer.sent(ask(identity), 100);
    expect(pacer.earliest(ask('f'), 200)).toBe(HISTORICAL_LIMITS.perContractMillis);
    expect(pacer.earliest(ask('f', 'SPY'), 200)).toBe(200);
    for (let index = 0; index < 35; index++) pacer.sent(ask(`x${index}`, `x${index}`), 300);
    expect(pacer.earliest(ask('f', 'SPY'), 400)).toBeNull();
    pacer.answered();
    expect(pacer.earliest(ask('f', 'SPY'), 400)).toBe(400);
    pacer.reset();
    for (let index = 0; index < 15; index++) pacer.sent(ask(`y${index}`, `y${index}`), 300);
    expect(pacer.earliest(ask('f', 'SPY'), 400)).toBe(HISTORICAL_LIMITS.overallMillis);
  });

  it('asks for what is refused less and less often', () => {
    expect([0, 1, 2, 4, 5, 100].map(refusedHistoryPause)).toEqual([
      20_000, 20_000, 40_000, 160_000, 300_000, 300_000,
    ]);
  });
});
