import { describe, expect, it } from 'vitest';
import { EVENTS } from '#contracts/registry.ts';
import { type AccountBook, EMPTY_BOOK } from '#core/portfolio/account-book.ts';
import { valuation } from '#core/portfolio/valuation.ts';
import { reduceOnly, trip } from '#core/risk/breakers.ts';
import { flattenIntents } from '#core/risk/flatten.ts';
import { decideResume } from '#core/risk/gate.ts';
import { DEFAULT_RISK_POLICY, parseRiskPolicy } from '#core/risk/policy.ts';
import { riskReportOf } from '#core/risk/report.ts';
import { parseInstant } from '#core/values/clock.ts';
import {
  barClosed,
  bookOf,
  deskEvent,
  exitOf,
  folded,
  holding,
  intentOf,
  NOW,
  SESSION,
  withOrder,
} from '../../../support/desk-events.ts';

/** 1000 AAPL at 100 are all of the account, so that the price is the equity over 1000. */
const invested = () => holding(bookOf(), intentOf({ quantity: '1000' }));
function fallTo(price: string, book: AccountBook = invested(), minutes = 75) {
  const fallen = folded(book, barClosed(price, minutes));
  const value = valuation(fallen, 'bar', 'AAPL');
  if (value === null) throw new Error('the book has no value');
  return trip(fallen, value, DEFAULT_RISK_POLICY, NOW);
}
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
    const halted = folded(
      invested(),
      deskEvent('TradingHalted', {
        limit: 'operator',
        limitValue: 'n/a',
        measured: 'n/a',
        reason: 'a strange market',
        by: 'ana',
        flatten: false,
        layers: [],
      }),
    );
    const tripped = fallTo('95', halted);

    expect(types(tripped)).toEqual(['TradingHalted']);
    expect(tripped.book.trading.coolOffUntil).not.toBeNull();
    expect(types(fallTo('94', tripped.book, 90))).toEqual([]);
  });

  it('treats an account that is worth nothing as wholly lost', () => {
    expect(types(fallTo('0.01', bookOf({ ...invested(), cash: '-10', highWater: '100000' })))).toEqual([
      'TradingHalted',
    ]);
  });
});

describe('resuming', () => {
  const resumed = (book: AccountBook) =>
    folded(book, deskEvent('TradingResumed', { by: 'ana', reason: 'the cause was found' }));

  it('measures anew after a drawdown halt, so that the same fall does not halt again', () => {
    const anew = resumed(fallTo('95').book);

    expect(anew.trading).toMatchObject({ state: 'ACTIVE', coolOffUntil: null, warned: false });
    expect(anew.highWater).toBe('95000');
    expect(types(fallTo('95', anew, 90))).toEqual([]);
  });

  it('keeps the high after any other stop: no second drawdown is bought by resuming early', () => {
    const anew = resumed(fallTo('96').book);

    expect(anew.highWater).toBe('100000');
    expect(types(fallTo('96', anew, 90))).toEqual(['TradingReducing']);
    expect(types(fallTo('95', anew, 90))).toEqual(['TradingHalted']);
  });

  it('lets disabled strategies trade again', () => {
    const disabled = { flow: { since: '2018-01-23T15:00:00.000Z', reason: 'it kept re-entering' } };
    expect(resumed(bookOf({ disabled })).disabled).toEqual({});
    expect(
      folded(
        bookOf({ disabled }),
        deskEvent('SessionPrepared', {
          session: '2018-01-24',
          open: '2018-01-24T14:30:00.000Z',
          close: '2018-01-24T21:00:00.000Z',
          instruments: [],
        }),
      ).disabled,
    ).toEqual(disabled);
  });

  it('is refused until the cool-off has passed', () => {
    const { book } = fallTo('95');
    expect(decideResume(book, 'ana', 'the cause was found', NOW + 24 * 3_600_000 - 1).kind).toBe('refused');
    expect(decideResume(book, 'ana', 'the cause was found', NOW + 24 * 3_600_000).kind).toBe('resumed');
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
      NOW,
    );

    expect(intents).toMatchObject([
      { purpose: 'flatten', side: 'SELL', quantity: '50', orderType: 'MKT', closes: 'I-1', session: SESSION },
      { purpose: 'flatten', side: 'BUY', quantity: '20', orderType: 'MKT', closes: 'I-2' },
    ]);
    for (const intent of intents) expect(EVENTS.OrderPlanned.data.safeParse({ intent }).success).toBe(true);
  });

  it('names one order a layer and minute: the same again in the minute, another in the next and on the next day', () => {
    const id = (now: number) => flattenIntents([layer], now)[0]?.intentId;

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
