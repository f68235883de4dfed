import { describe, expect, it } from 'vitest';
import type { Intent } from '#contracts/events/orders.ts';
import { EVENTS } from '#contracts/registry.ts';
import type { AccountBook } from '#core/portfolio/account-book.ts';
import { decide, decideStopMove, refuseUnreadable } from '#core/risk/gate.ts';
import type { GateInput } from '#core/risk/limit.ts';
import { findings } from '#core/risk/limits.ts';
import { DEFAULT_RISK_POLICY, type RiskPolicy } from '#core/risk/policy.ts';
import { instantText } from '#core/values/clock.ts';
import {
  at,
  barClosed,
  bookOf,
  CLOSE,
  deskEvent,
  exitOf,
  folded,
  gateInput,
  holding,
  intentOf,
  NOW,
  orderFilled,
  withOrder,
} from '../../../support/desk-events.ts';

type Changes = Partial<GateInput>;
const policy = (changes: Partial<RiskPolicy>): RiskPolicy => ({ ...DEFAULT_RISK_POLICY, ...changes });
const passes = (limit: string, changes: Changes) =>
  findings(gateInput(changes)).find((finding) => finding.limit === limit)?.passed;
const traces = (number: number, changes: Partial<AccountBook['authorized'][number]> = {}) =>
  Array.from({ length: number }, (_, index) => ({
    intentId: `T-${index}`,
    instrument: 'XLK',
    side: 'BUY' as const,
    quantity: '1',
    price: '1',
    strategy: 'other',
    opening: true,
    at: instantText(NOW - 3_600_000),
    ...changes,
  }));
const marked = (price: string, minutes = 60) =>
  bookOf({ marks: folded(bookOf({ marks: {} }), barClosed(price, minutes)).marks });
/** 50 AAPL bought at 100, which now stand at 102 (a winner), with a stop at 95. */
const winner = () => folded(holding(bookOf()), barClosed('102', 75));
const addition = (changes: Partial<Intent> = {}) =>
  intentOf({
    intentId: 'I-1-L2',
    purpose: 'pyramid',
    positionId: 'I-1',
    quantity: '30',
    limitPrice: '102.20',
    referencePrice: '102.00',
    protectiveStop: '97.00',
    strategy: 'pyramiding',
    probabilityOfProfit: null,
    ...changes,
  });
const later = NOW + 15 * 60_000;
const adding = (changes: Partial<Intent> = {}, more: Changes = {}): Changes => ({
  book: winner(),
  now: later,
  intent: addition({ expiresAt: instantText(later + 60_000), ...changes }),
  ...more,
});
/** Holds 100 units at 100 of another instrument. */
const alsoHolding = (instrument: string) =>
  folded(
    holding(bookOf(), intentOf({ intentId: 'I-2', instrument, quantity: '100' })),
    barClosed('100', 60, { instrument }),
  );

/** Somebody else holds units of something the desk has no prices of, worth this much in all. */
const withForeign = (instrument: string, value: string) =>
  folded(
    bookOf(),
    deskEvent('ForeignHoldingsObserved', {
      account: 'DU1',
      positions: [{ instrument, quantity: '-1', price: value }],
      orders: [],
    }),
  );

/** Every limit on an opening order: a measurement just inside passes, just outside or unknown does not. */
const limits: readonly (readonly [limit: string, inside: readonly Changes[], outside: readonly Changes[]])[] =
  [
    [
      'expiry',
      [{ intent: intentOf({ expiresAt: instantText(NOW + 1) }) }],
      [{ intent: intentOf({ expiresAt: instantText(NOW) }) }],
    ],
    ['instrument', [{}], [{ instrument: null }]],
    [
      'quantity',
      [{ intent: intentOf({ quantity: '1' }) }],
      [{ intent: intentOf({ quantity: '0' }) }, { intent: intentOf({ quantity: '0.5' }) }],
    ],
    [
      'tick',
      [{ intent: intentOf({ limitPrice: '100.01' }) }],
      [
        { intent: intentOf({ limitPrice: '100.001' }) },
        { intent: intentOf({ protectiveStop: '95.005' }) },
        { intent: intentOf({ limitPrice: '0' }) },
      ],
    ],
    [
      'order-type',
      [
        {},
        { intent: intentOf({ orderType: 'MKT', limitPrice: null }) },
        { intent: intentOf({ orderType: 'STP', limitPrice: null, triggerPrice: '101' }) },
      ],
      [
        { intent: intentOf({ limitPrice: null }) },
        { intent: intentOf({ orderType: 'STP', limitPrice: null }) },
        { intent: intentOf({ orderType: 'STP LMT' }) },
      ],
    ],
    ['duplicate-intent', [{}], [{ book: withOrder(bookOf(), intentOf()) }]],
    [
      'kill-switch',
      [{}, { haltFlag: { halted: false, by: 'ana', reason: 'over' } }],
      [{ haltFlag: { halted: true, by: 'ana', reason: 'a strange market' } }],
    ],
    [
      'trading-state',
      [{}],
      (['REDUCING', 'HALTED'] as const).map((state) => ({
        book: bookOf({ trading: { ...bookOf().trading, state } }),
      })),
    ],
    [
      'restricted',
      [{ policy: policy({ restricted: ['XLK'] }) }],
      [{ policy: policy({ restricted: ['AAPL'] }) }],
    ],
    [
      'instrument-halt',
      [{ policy: policy({ halted: ['XLK'] }) }],
      [{ policy: policy({ halted: ['AAPL'] }) }],
    ],
    ['tradable', [{}], [{ intent: intentOf({ instrument: 'SPX' }) }, { instrument: null }]],
    [
      'currency',
      [{}],
      [
        { intent: intentOf({ instrument: 'USD.JPY' }) },
        { book: bookOf({ currency: 'EUR' }) },
        { instrument: null },
      ],
    ],
    ['session', [{}], [{ session: null }]],
    ['closing-window', [{ now: CLOSE - 5 * 60_000 - 1 }], [{ now: CLOSE - 5 * 60_000 }, { session: null }]],
    [
      'short-sale',
      [{}, { policy: policy({ shortSelling: true }), intent: intentOf({ side: 'SELL' }) }],
      [
        { intent: intentOf({ side: 'SELL' }) },
        { intent: intentOf({ intentId: 'I-2', side: 'SELL', quantity: '10' }), book: holding(bookOf()) },
      ],
    ],
    [
      'single-entry',
      [{}, { book: alsoHolding('XLK') }],
      [
        { book: holding(bookOf()), intent: intentOf({ intentId: 'I-2' }) },
        { book: withOrder(bookOf(), intentOf()), intent: intentOf({ intentId: 'I-2' }) },
      ],
    ],
    [
      'price-age',
      [{ now: NOW + 30 * 60_000 }],
      [{ now: NOW + 30 * 60_000 + 1 }, { book: bookOf({ marks: {} }) }, { now: NOW - 1 }],
    ],
    [
      'price-collar',
      [{ intent: intentOf({ limitPrice: '105' }) }, { intent: intentOf({ referencePrice: '95' }) }],
      [
        { intent: intentOf({ limitPrice: '105.01' }) },
        { intent: intentOf({ referencePrice: '94.99' }) },
        { intent: intentOf({ orderType: 'STP', limitPrice: null, triggerPrice: '105.01' }) },
        { book: bookOf({ marks: {} }) },
      ],
    ],
    [
      'price-window',
      // The bar of 45 minutes stands exactly 900 seconds before the one of 60; the one of 30 is out of the window.
      [
        {
          book: folded(marked('95.5', 45), barClosed('100', 60)),
          intent: intentOf({ limitPrice: '100.20' }),
        },
        { book: folded(marked('50', 30), barClosed('100', 45), barClosed('100', 60)) },
      ],
      [
        {
          book: folded(marked('95.4', 45), barClosed('100', 60)),
          intent: intentOf({ limitPrice: '100.20' }),
        },
      ],
    ],
    [
      'protective-stop',
      [
        { intent: intentOf({ protectiveStop: '99.99' }) },
        { intent: intentOf({ side: 'SELL', protectiveStop: '100.01' }) },
      ],
      [
        { intent: intentOf({ protectiveStop: null }) },
        { intent: intentOf({ protectiveStop: '100' }) },
        { intent: intentOf({ side: 'SELL', protectiveStop: '100' }) },
        { intent: intentOf({ side: 'SELL', protectiveStop: '95' }) },
        { book: bookOf({ marks: {} }) },
      ],
    ],
    [
      'slippage',
      [{ intent: intentOf({ expectedSlippage: 0.001 }) }],
      [
        { intent: intentOf({ expectedSlippage: 0.0011 }) },
        { intent: intentOf({ expectedSlippage: null }) },
        { intent: intentOf({ expectedSlippage: Number.NaN }) },
      ],
    ],
    [
      'participation',
      [{ intent: intentOf({ expectedVolume: 500 }) }],
      [499.9, 0, null, Number.NaN, Number.POSITIVE_INFINITY].map((expectedVolume) => ({
        intent: intentOf({ expectedVolume }),
      })),
    ],
    [
      'order-value',
      [{ policy: policy({ orderValue: '5010' }) }],
      [
        { policy: policy({ orderValue: '5009.99' }) },
        {
          policy: policy({ orderValue: '5499.99' }),
          intent: intentOf({ orderType: 'MKT', limitPrice: null }),
        },
        {
          policy: policy({ orderValue: '5554.99' }),
          intent: intentOf({ orderType: 'STP', limitPrice: null, triggerPrice: '101' }),
        },
      ],
    ],
    [
      'orders-per-day',
      [{ book: bookOf({ authorized: traces(49) }) }],
      [{ book: bookOf({ authorized: traces(50) }) }],
    ],
    [
      'message-rate',
      [
        { book: bookOf({ authorized: traces(39, { at: instantText(NOW - 999) }) }) },
        { book: bookOf({ authorized: traces(40, { at: instantText(NOW - 1000) }) }) },
      ],
      [{ book: bookOf({ authorized: traces(40, { at: instantText(NOW - 999) }) }) }],
    ],
    [
      'duplicate-order',
      [
        {
          book: bookOf({
            authorized: traces(1, {
              instrument: 'AAPL',
              quantity: '50',
              price: '100.2',
              at: instantText(NOW - 30_000),
            }),
          }),
        },
        {
          book: bookOf({
            authorized: traces(1, {
              instrument: 'AAPL',
              quantity: '51',
              price: '100.2',
              at: instantText(NOW),
            }),
          }),
        },
        {
          book: bookOf({
            authorized: traces(1, {
              instrument: 'AAPL',
              quantity: '50',
              price: '100.2',
              side: 'SELL',
              at: instantText(NOW),
            }),
          }),
        },
      ],
      [
        {
          book: bookOf({
            authorized: traces(1, {
              instrument: 'AAPL',
              quantity: '50.0',
              price: '100.20',
              at: instantText(NOW - 29_999),
            }),
          }),
        },
      ],
    ],
    [
      'repeated-execution',
      [
        { book: bookOf({ authorized: traces(4, { strategy: 'flow', at: instantText(NOW) }) }) },
        { book: bookOf({ authorized: traces(5, { strategy: 'flow', at: instantText(NOW - 600_000) }) }) },
        { book: bookOf({ disabled: { ml: { since: at(0), reason: 'it kept re-entering' } } }) },
      ],
      [
        { book: bookOf({ authorized: traces(5, { strategy: 'flow', at: instantText(NOW - 599_999) }) }) },
        { book: bookOf({ disabled: { flow: { since: at(0), reason: 'it kept re-entering' } } }) },
      ],
    ],
    [
      'probability-of-profit',
      [{ intent: intentOf({ probabilityOfProfit: 0.6 }) }],
      [
        { intent: intentOf({ probabilityOfProfit: 0.599 }) },
        { intent: intentOf({ probabilityOfProfit: null }) },
        { intent: intentOf({ probabilityOfProfit: Number.NaN }) },
      ],
    ],
    [
      'daily-loss',
      [{ book: bookOf({ sessionEquity: '102040.81' }) }],
      [
        { book: bookOf({ sessionEquity: '102040.82' }) },
        { book: bookOf({ sessionEquity: null }) },
        { book: bookOf({ cash: null }) },
      ],
    ],
    [
      'drawdown',
      [{ book: bookOf({ highWater: '104166.66' }) }],
      [
        { book: bookOf({ highWater: '104166.67' }) },
        { book: bookOf({ highWater: null }) },
        { book: bookOf({ cash: null }) },
        { book: bookOf({ highWater: '0' }) },
      ],
    ],
    [
      'position',
      [{ intent: intentOf({ quantity: '299' }) }],
      [
        { intent: intentOf({ quantity: '300' }) },
        { book: bookOf({ cash: null }) },
        { book: bookOf({ cash: '0' }) },
      ],
    ],
    [
      'gross-leverage',
      [{ intent: intentOf({ quantity: '898' }), book: alsoHolding('XLK') }],
      [
        { intent: intentOf({ quantity: '899' }), book: alsoHolding('XLK') },
        { book: { ...alsoHolding('XLK'), marks: bookOf().marks } },
      ],
    ],
    [
      'sector',
      [
        { intent: intentOf({ quantity: '249' }) },
        { intent: intentOf({ quantity: '149' }), book: alsoHolding('XLK') },
      ],
      [
        { intent: intentOf({ quantity: '250' }) },
        { intent: intentOf({ quantity: '150' }), book: alsoHolding('XLK') },
        { intent: intentOf({ quantity: '150' }), book: alsoHolding('UNKNOWN') },
      ],
    ],
    [
      'correlated-cluster',
      [
        { intent: intentOf({ quantity: '399' }), book: alsoHolding('XLK'), correlation: () => 0.81 },
        { book: withForeign('STK:XYZ', '1000'), correlation: () => null },
      ],
      [
        { intent: intentOf({ quantity: '400' }), book: alsoHolding('XLK'), correlation: () => 0.81 },
        { book: alsoHolding('XLK'), correlation: () => null },
        { book: withForeign('STK:XYZ', '275000'), correlation: () => null },
        { book: alsoHolding('XLK'), correlation: () => Number.NaN },
      ],
    ],
    [
      'pyramiding',
      [adding(), adding({ quantity: '49' }), adding({ protectiveStop: '95' })],
      [
        adding({ quantity: '50' }),
        adding({ protectiveStop: '94.99' }),
        adding({ side: 'SELL', protectiveStop: '110' }),
        adding({}, { policy: policy({ pyramiding: { maximum: 0.3, maxLayers: 1 } }) }),
        adding({}, { policy: policy({ pyramiding: { maximum: 0.08, maxLayers: 4 } }) }),
        adding({}, { book: folded(holding(bookOf()), barClosed('100', 75)) }),
        adding({}, { book: folded(bookOf(), barClosed('102', 75)) }),
        adding({}, { book: withOrder(winner(), intentOf({ intentId: 'I-9' })) }),
      ],
    ],
  ];

describe('every limit of the gate', () => {
  for (const [limit, inside, outside] of limits) {
    it(`${limit}: passes just inside`, () => {
      for (const changes of inside) expect(passes(limit, changes), JSON.stringify(changes.intent)).toBe(true);
    });
    it(`${limit}: refuses just outside, and where it is unknown`, () => {
      for (const changes of outside)
        expect(passes(limit, changes), JSON.stringify(changes.intent)).toBe(false);
    });
  }

  it('is in the table above: none goes untested', () => {
    const checked = findings(
      gateInput({ ...adding(), book: alsoHolding('XLK'), correlation: () => 0.9 }),
    ).concat(findings(gateInput()));

    expect(new Set(checked.map(({ limit }) => limit))).toEqual(new Set(limits.map(([limit]) => limit)));
  });

  it('does not ask for a cluster where the correlation is at the threshold, nor for a sector where there is none', () => {
    expect(
      passes('correlated-cluster', { book: alsoHolding('XLK'), correlation: () => 0.8 }),
    ).toBeUndefined();
    expect(passes('sector', { intent: intentOf({ instrument: 'SPX-PROXY' }) })).toBeUndefined();
  });

  it('measures a short addition the other way round', () => {
    const short = policy({ shortSelling: true });
    const entry = intentOf({ side: 'SELL', protectiveStop: '105', limitPrice: '99.80' });
    const book = folded(holding(bookOf(), entry), barClosed('98', 75));
    const more = (changes: Partial<Intent>) =>
      passes(
        'pyramiding',
        adding(
          { side: 'SELL', limitPrice: '97.80', referencePrice: '98', protectiveStop: '103', ...changes },
          { book, policy: short },
        ),
      );

    expect(more({})).toBe(true);
    expect(more({ protectiveStop: '105.01' })).toBe(false);
    expect(more({ side: 'BUY' })).toBe(false);
  });
});

describe('decide', () => {
  it('authorizes an intent that passes everything, reserving its worst case and saying what was checked', () => {
    const decision = decide(gateInput(), 'cycle:1');

    expect(decision.kind).toBe('authorized');
    expect(EVENTS.OrderAuthorized.data.safeParse(decision.data).success).toBe(true);
    expect(decision.data).toMatchObject({ policyVersion: 1, reserved: '5010' });
    expect(decision.book.orders['I-1']).toMatchObject({
      correlationId: 'cycle:1',
      status: 'authorized',
      filled: '0',
      fillable: '50',
      worstPrice: '100.2',
    });
    expect(decision.book.authorized).toEqual([
      {
        intentId: 'I-1',
        instrument: 'AAPL',
        side: 'BUY',
        quantity: '50',
        price: '100.20',
        strategy: 'flow',
        opening: true,
        at: instantText(NOW),
      },
    ]);
  });

  it('names the limit, its value, the measurement and the intent in a refusal, and changes nothing', () => {
    const input = gateInput({ intent: intentOf({ quantity: '300' }) });
    const decision = decide(input, 'cycle:1');

    expect(decision).toMatchObject({
      kind: 'refused',
      data: {
        limit: 'position',
        limitValue: 'at most 30.00 % of equity',
        measured: '30.06 %',
        intent: { intentId: 'I-1' },
        policyVersion: 1,
      },
    });
    expect(decision.book).toBe(input.book);
    expect(EVENTS.OrderRefused.data.safeParse(decision.data).success).toBe(true);
  });

  it('refuses what it cannot evaluate', () => {
    const decision = decide(
      gateInput({
        correlation: () => {
          throw new Error('no history');
        },
        book: alsoHolding('XLK'),
      }),
      'cycle:1',
    );

    expect(decision).toMatchObject({ kind: 'refused', data: { limit: 'evaluation', measured: 'failed' } });
    expect(JSON.stringify(decision.data)).toContain('no history');
  });

  it('says what was unreadable where not even the policy could be read', () => {
    const data = refuseUnreadable(intentOf(), 'policy', 'there is no risk policy in force');

    expect(EVENTS.OrderRefused.data.safeParse(data).success).toBe(true);
    expect(data).toMatchObject({ limit: 'policy', measured: 'unreadable', policyVersion: null });
  });

  it('disables a strategy that keeps re-entering until trading is resumed by a person', () => {
    const book = bookOf({ authorized: traces(5, { strategy: 'flow', at: instantText(NOW) }) });
    const refused = decide(gateInput({ book }), 'cycle:1');
    const muchLater = { ...refused.book, authorized: [] };

    expect(refused.kind).toBe('refused');
    expect(refused.book.disabled).toMatchObject({ flow: { since: instantText(NOW) } });
    expect(passes('repeated-execution', { book: muchLater })).toBe(false);
    expect(passes('repeated-execution', { book: muchLater, intent: intentOf({ strategy: 'ml' }) })).toBe(
      true,
    );
    // Refused once more, it stays disabled since the first time.
    expect(decide(gateInput({ book: muchLater, now: NOW + 1000 }), 'cycle:1').book).toBe(muchLater);
  });
});

describe('reductions', () => {
  const held = () => holding(bookOf());
  const reduce = (changes: Changes = {}) =>
    decide(gateInput({ book: held(), intent: exitOf('I-1', '50'), ...changes }), 'cycle:1');

  it.each(['ACTIVE', 'REDUCING', 'HALTED'] as const)(
    'pass while %s, whatever was lost and with the kill switch on',
    (state) => {
      const book = {
        ...held(),
        trading: { ...held().trading, state },
        sessionEquity: '200000',
        highWater: '900000',
      };
      const decision = reduce({ book, haltFlag: { halted: true, by: 'ana', reason: 'a strange market' } });

      expect(decision).toMatchObject({ kind: 'authorized', data: { reserved: '0' } });
    },
  );

  it('pass in a restricted or halted instrument, after the last order of the day and in the last minutes', () => {
    expect(
      reduce({
        policy: policy({ restricted: ['AAPL'], halted: ['AAPL'], ordersPerDay: 1 }),
        book: { ...held(), authorized: traces(50) },
        now: CLOSE - 1,
        intent: exitOf('I-1', '50', { expiresAt: instantText(CLOSE) }),
      }).kind,
    ).toBe('authorized');
  });

  it.each([
    ['more than the layer holds', { intent: exitOf('I-1', '51') }],
    ['on the side that would add', { intent: exitOf('I-1', '50', { side: 'BUY' }) }],
    ['of a layer that is not held', { intent: exitOf('I-7', '1') }],
    ['of nothing named', { intent: exitOf('I-1', '1', { closes: null }) }],
  ] as const)('are refused %s', (_, changes) => {
    expect(reduce(changes)).toMatchObject({ kind: 'refused', data: { limit: 'reduce-only' } });
  });

  it('never close a layer twice: what is being closed is not free', () => {
    const once = reduce({ intent: exitOf('I-1', '30', { intentId: 'X-1' }) });
    expect(once.kind).toBe('authorized');

    const again = (quantity: string) =>
      reduce({ book: once.book, intent: exitOf('I-1', quantity, { intentId: 'X-2' }) }).kind;
    expect(again('21')).toBe('refused');
    expect(again('20')).toBe('authorized');
  });

  it('wait for the market to be open: the resting stop is at the broker', () => {
    expect(reduce({ session: null })).toMatchObject({ kind: 'refused', data: { limit: 'session' } });
  });

  it('free again what an ended close has left open', () => {
    const closing = reduce({ intent: exitOf('I-1', '50', { intentId: 'X-1' }) }).book;
    const order = closing.orders['X-1'];
    if (order === undefined) throw new Error('the close is not in the book');
    const declined = {
      ...closing,
      orders: { ...closing.orders, 'X-1': { ...order, status: 'declined' as const } },
    };

    expect(reduce({ book: declined, intent: exitOf('I-1', '50', { intentId: 'X-2' }) }).kind).toBe(
      'authorized',
    );
  });
});

describe('decideStopMove', () => {
  const request = {
    requestId: 'r',
    intentId: 'I-1',
    instrument: 'AAPL',
    from: '95',
    to: '96',
    reason: 'trail',
  };

  it('lets a stop move towards the price only', () => {
    const book = holding(bookOf());

    expect(decideStopMove(book, request).kind).toBe('authorized');
    expect(decideStopMove(book, { ...request, to: '95' })).toMatchObject({
      kind: 'refused',
      data: { limit: 'stop-direction' },
    });
    expect(decideStopMove(book, { ...request, to: '94' }).kind).toBe('refused');
    expect(decideStopMove(book, { ...request, to: '0' }).kind).toBe('refused');
  });

  it('moves the stop of a short down', () => {
    const book = holding(bookOf(), intentOf({ side: 'SELL', protectiveStop: '105' }));

    expect(decideStopMove(book, { ...request, to: '104' }).kind).toBe('authorized');
    expect(decideStopMove(book, { ...request, to: '106' }).kind).toBe('refused');
  });

  it('moves none of a layer that is not held', () => {
    expect(decideStopMove(bookOf(), request).kind).toBe('refused');
    const closed = folded(
      holding(bookOf()),
      orderFilled({ intentId: 'I-1', execId: 's', role: 'stop', side: 'SELL', quantity: '50', price: '95' }),
    );
    expect(decideStopMove(closed, request).kind).toBe('refused');
  });
});
