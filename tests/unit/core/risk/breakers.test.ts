import { describe, expect, it } from 'vitest';
import { EVENTS } from '#contracts/registry.ts';
import { type AccountBook, EMPTY_BOOK } from '#core/portfolio/account-book.ts';
import { reduceOnly } from '#core/risk/breakers.ts';
import { flattenIntents } from '#core/risk/flatten.ts';
import { DEFAULT_RISK_POLICY, parseRiskPolicy } from '#core/risk/policy.ts';
import { riskReportOf } from '#core/risk/report.ts';
import { parseInstant } from '#core/values/clock.ts';
import {
  barClosed,
  bookOf,
  exitOf,
  folded,
  holding,
  intentOf,
  NOW,
  SESSION,
  withOrder,
} from '../../../support/desk-events.ts';
import { byHand, fallTo, invested } from '../../../support/drawdown.ts';

const HOUR = 3_600_000;
/** Hours from the test's time to the ends of the cool-offs. */
const coolOffs = (books: readonly AccountBook[]) =>
  books.map(({ trading }) => (parseInstant(trading.coolOffUntil ?? '') - NOW) / HOUR);
const types = ({ events }: ReturnType<typeof fallTo>) => events.map(({ type }) => type);

describe('the drawdown breaker', () => {
  it('does nothing just above each step, and acts exactly on it', () => {
    expect(types(fallTo('97.01'))).toEqual([]);
    expect(types(fallTo('97'))).toEqual(['DrawdownWarned']);
    expect(types(fallTo('96.01'))).toEqual(['DrawdownWarned']);
    expect(types(fallTo('96'))).toEqual(['TradingReducing']);
    expect(types(fallTo('95.01'))).toEqual(['TradingReducing']);
    expect(types(fallTo('95'))).toEqual(['TradingHalted']);
  });

  it('names limit, value and measurement, and at the limit every layer to be closed', () => {
    const { book, events } = fallTo('95');
    const [halted] = events;

    expect(EVENTS.TradingHalted.data.safeParse(halted?.data).success).toBe(true);
    expect(halted?.data).toMatchObject({
      limit: 'drawdown',
      limitValue: '5.00 %',
      measured: '5.00 %',
      flatten: true,
      layers: [{ intentId: 'I-1', instrument: 'AAPL', quantity: '1000', mark: '95' }],
    });
    expect(book.trading).toMatchObject({ state: 'HALTED', warned: true });
    expect(parseInstant(book.trading.coolOffUntil ?? '')).toBe(NOW + 24 * 3_600_000);
  });

  it('latches: a recovery, a restart and a new session change nothing, and it trips once', () => {
    const kept = JSON.parse(JSON.stringify(fallTo('95').book)) as AccountBook;
    const recovered = fallTo('120', kept, 90);

    expect(recovered.events).toEqual([]);
    expect(recovered.book.trading).toEqual(kept.trading);
    expect(fallTo('80', kept, 90).events).toEqual([]);
    expect(fallTo('100', kept, 90).book.trading.state).toBe('HALTED');
  });

  it('goes from reduce-only to halted, never back', () => {
    const reducing = fallTo('96').book;
    expect(reducing.trading.state).toBe('REDUCING');

    expect(types(fallTo('95.5', reducing, 90))).toEqual([]);
    expect(fallTo('110', reducing, 90).book.trading.state).toBe('REDUCING');
    expect(types(fallTo('95', reducing, 90))).toEqual(['TradingHalted']);
  });

  it('measures from the highest equity ever marked, not from the start', () => {
    const high = fallTo('110', invested(), 75).book;

    expect(high.highWater).toBe('110000');
    expect(types(fallTo('106.71', high, 90))).toEqual([]);
    expect(types(fallTo('104.5', high, 90))).toEqual(['TradingHalted']);
  });

  it('warns once a fall, and again after a new high', () => {
    const warned = fallTo('97').book;
    expect(types(fallTo('96.5', warned, 90))).toEqual([]);

    const anew = fallTo('101', warned, 90).book;
    expect(anew.trading.warned).toBe(false);
    expect(types(fallTo('97.9', anew, 105))).toEqual(['DrawdownWarned']);
  });

  it("still cancels, flattens and cools off when somebody's own halt came first", () => {
    const tripped = fallTo('95', byHand(invested()));

    expect(types(tripped)).toEqual(['TradingHalted']);
    expect(tripped.book.trading.coolOffUntil).not.toBeNull();
    expect(types(fallTo('94', tripped.book, 90))).toEqual([]);
  });

  it('begins the cool-off at each step anew, once', () => {
    const reducing = fallTo('96').book;
    const later = fallTo('95.5', reducing, 90, NOW + HOUR).book;
    const halted = fallTo('95', later, 105, NOW + 2 * HOUR).book;
    const lower = fallTo('94', halted, 120, NOW + 3 * HOUR).book;

    expect(coolOffs([reducing, later, halted, lower])).toEqual([24, 24, 26, 26]);
    expect([reducing, halted].map(({ trading }) => trading.drawdownStep)).toEqual(['reduce', 'halt']);
  });

  it("begins it under somebody's own halt too, which stays, and flattens at the limit after both", () => {
    const reduced = fallTo('96', byHand(invested()));
    expect(types(reduced)).toEqual(['TradingReducing']);
    expect(reduced.book.trading).toMatchObject({ state: 'HALTED', drawdownStep: 'reduce' });
    expect(coolOffs([reduced.book])).toEqual([24]);
    expect(types(fallTo('95', reduced.book, 90))).toEqual(['TradingHalted']);

    const haltedAfter = byHand(fallTo('96').book);
    expect(haltedAfter.trading).toMatchObject({ state: 'HALTED', drawdownStep: 'reduce' });
    expect(coolOffs([haltedAfter])).toEqual([24]);
    expect(types(fallTo('95', haltedAfter, 90))).toEqual(['TradingHalted']);
  });

  it('begins it under reduce-only of another cause, and for a book of before there was one', () => {
    const cause = reduceOnly(invested(), new Error('an execution of nobody'), NOW).book;
    expect(types(fallTo('96', cause))).toEqual(['TradingReducing']);

    const { drawdownStep: _, ...trading } = { ...fallTo('96').book.trading, coolOffUntil: null };
    expect(coolOffs([fallTo('95.9', { ...invested(), trading }, 90).book])).toEqual([24]);
    const { drawdownStep: __, ...earlier } = fallTo('95').book.trading;
    expect(types(fallTo('94', { ...invested(), trading: earlier, highWater: '100000' }, 90))).toEqual([]);
  });

  it('ends a fall at a new high, without letting trading go on: the next one cools off anew', () => {
    const high = fallTo('101', fallTo('96').book, 90).book;
    expect(high.trading).toMatchObject({ state: 'REDUCING', coolOffUntil: null, warned: false });

    const again = fallTo('96.9', high, 105, NOW + HOUR);
    expect(types(again)).toEqual(['TradingReducing']);
    expect(coolOffs([again.book])).toEqual([25]);
  });

  it('treats an account that is worth nothing as wholly lost', () => {
    expect(types(fallTo('0.01', bookOf({ ...invested(), cash: '-10', highWater: '100000' })))).toEqual([
      'TradingHalted',
    ]);
  });
});

describe('what the book cannot explain', () => {
  it('takes the desk to reduce-only, and only from active', () => {
    const reduced = reduceOnly(bookOf(), new Error('an execution of nobody'), NOW);

    expect(reduced.book.trading).toMatchObject({ state: 'REDUCING', reason: 'an execution of nobody' });
    expect(EVENTS.TradingReducing.data.safeParse(reduced.data).success).toBe(true);
    expect(reduceOnly(reduced.book, new Error('another'), NOW)).toEqual({ book: reduced.book, data: null });
  });
});

describe('flattenIntents', () => {
  const layer = {
    intentId: 'I-1',
    positionId: 'I-1',
    instrument: 'AAPL',
    quantity: '50',
    averagePrice: '100',
    stop: '95',
    openedAt: '2018-01-23T15:00:00.000Z',
    mark: '94',
  };

  it('closes every open layer at the market, on the other side', () => {
    const intents = flattenIntents(
      [layer, { ...layer, intentId: 'I-2', quantity: '-20' }, { ...layer, intentId: 'I-3', quantity: '0' }],
      'drawdown-breaker',
      NOW,
    );

    expect(intents).toMatchObject([
      { purpose: 'flatten', side: 'SELL', quantity: '50', orderType: 'MKT', closes: 'I-1', session: SESSION },
      { purpose: 'flatten', side: 'BUY', quantity: '20', orderType: 'MKT', closes: 'I-2' },
    ]);
    for (const intent of intents) expect(EVENTS.OrderPlanned.data.safeParse({ intent }).success).toBe(true);
  });

  it('names one order a layer and minute: the same again in the minute, another in the next and on the next day', () => {
    const id = (now: number) => flattenIntents([layer], 'operator', now)[0]?.intentId;

    expect(id(NOW + 59_999)).toBe(id(NOW));
    expect(new Set([id(NOW), id(NOW + 60_000), id(NOW + 86_400_000)]).size).toBe(3);
    expect(id(NOW)?.length).toBeLessThanOrEqual(10);
  });
});

describe('riskReportOf', () => {
  it('says how much of every limit is used', () => {
    const book = folded(holding(bookOf()), barClosed('99', 75));
    const report = riskReportOf(book, DEFAULT_RISK_POLICY, SESSION);
    const used = Object.fromEntries(report.limits.map(({ limit, used: part }) => [limit, part]));

    expect(EVENTS.RiskReported.data.safeParse(report).success).toBe(true);
    expect(report).toMatchObject({ equity: '99950', drawdown: 0.0005 });
    expect(used).toEqual({
      drawdown: 0.01,
      'daily-loss': 0.025,
      'gross-leverage': expect.closeTo(0.04952476, 8),
      'position AAPL': expect.closeTo(0.1650825, 7),
      'orders-per-day': 0,
    });
  });

  it('says unknown, not zero, where it cannot measure', () => {
    const report = riskReportOf(
      { ...EMPTY_BOOK, ...withOrder(EMPTY_BOOK, intentOf()) },
      DEFAULT_RISK_POLICY,
      SESSION,
    );

    expect(report).toMatchObject({ equity: null, drawdown: null });
    for (const { limit, measured, used } of report.limits)
      if (limit !== 'orders-per-day') expect([measured, used], limit).toEqual(['unknown', null]);
    expect(
      riskReportOf(bookOf({ ...holding(bookOf()), marks: {} }), DEFAULT_RISK_POLICY, SESSION).limits[2]
        ?.measured,
    ).toBe('unknown');
  });
});

describe('parseRiskPolicy', () => {
  const invalid = (changes: object) => {
    try {
      parseRiskPolicy({ ...DEFAULT_RISK_POLICY, ...changes });
    } catch (error) {
      return (error as Error).message;
    }
    return 'valid';
  };

  it('takes the defaults, and nothing that is not a whole policy', () => {
    expect(parseRiskPolicy(DEFAULT_RISK_POLICY)).toEqual(DEFAULT_RISK_POLICY);
    expect(() => parseRiskPolicy(undefined)).toThrow('policy');
    expect(invalid({ unheardOf: 1 })).toContain('unheardOf');
  });

  it.each([
    ['a limit above 1', { dailyLoss: 1.01 }, 'dailyLoss'],
    ['NaN', { participation: Number.NaN }, 'participation'],
    ['zero', { sector: 0 }, 'sector'],
    ['money that is no number', { orderValue: '1e6' }, 'orderValue'],
    [
      'a position above the hard ceiling',
      { position: { ...DEFAULT_RISK_POLICY.position, maximum: 0.31 } },
      'hard ceiling of 0.3',
    ],
    [
      'a drawdown above the hard ceiling',
      { drawdown: { ...DEFAULT_RISK_POLICY.drawdown, halt: 0.06 } },
      'drawdown.halt is 0.06',
    ],
    [
      'a base size above the maximum',
      { position: { ...DEFAULT_RISK_POLICY.position, maximum: 0.05 } },
      'position.base 0.1',
    ],
    [
      'drawdown steps out of order',
      { drawdown: { ...DEFAULT_RISK_POLICY.drawdown, warn: 0.04 } },
      'must rise',
    ],
  ])('refuses %s, naming it', (_, changes, words) => {
    expect(invalid(changes)).toContain(words);
  });

  it('lists every problem at once', () => {
    const message = invalid({ participation: 0.3, grossLeverage: 3 });
    expect(message).toContain('participation is 0.3');
    expect(message).toContain('grossLeverage is 3');
  });
});

it('an exit is no exposure: the report of a book that only closes counts the position alone', () => {
  const book = withOrder(holding(bookOf()), exitOf('I-1', '50'));
  expect(riskReportOf(book, DEFAULT_RISK_POLICY, SESSION).limits[3]?.measured).toBe('5.00 %');
});
