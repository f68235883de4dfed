import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { imbalance } from '#core/simulation/account.ts';
import { encodeRequest, REQUESTS, type RequestName } from '#local/paper-gateway/protocol/requests.ts';
import { closeAll, market } from './bench-of-clients.ts';
import { calm, MINUTE } from './market.ts';
import { APPLE, RawClient } from './raw-client.ts';

afterEach(closeAll);

/** Values that sit near the edges of what handlers expect: contracts that exist, order words, dates, sizes. */
const field = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '1',
    '-1',
    '2',
    '3',
    '8',
    '265598',
    'AAPL',
    'STK',
    'SMART',
    'USD',
    'DU0000001',
    'BUY',
    'SELL',
    'MKT',
    'LMT',
    'STP',
    'TRAIL',
    'MOC',
    'DAY',
    'GTC',
    'GTD',
    'OPG',
    '100',
    '99.5',
    '1e308',
    '-1e308',
    'Infinity',
    '0.005',
    '20180205 09:31:00 US/Eastern',
    '1 D',
    '999999 Y',
    '1 day',
    '1 min',
    'TRADES',
    '2147483647',
    '1.7976931348623157E308',
    '\u20ac',
  ),
  fc.string({ maxLength: 8 }).map((value) => value.replaceAll('\0', '')),
);
const names = (Object.keys(REQUESTS) as RequestName[]).filter((name) => name !== 'startApi');
const request = fc
  .tuple(fc.constantFrom(...names), fc.array(field, { maxLength: 130 }))
  .map(([name, fields]) => (_next: number) => [String(REQUESTS[name].id), ...fields]);

/** Mostly the first, now and then the second. */
const mostly = <T, U>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<U>): fc.Arbitrary<T | U> =>
  fc.oneof({ weight: 24, arbitrary: usual }, { weight: 1, arbitrary: odd });
const price = mostly(
  fc.integer({ min: 9_000, max: 11_000 }).map((cents) => cents / 100),
  fc.oneof(fc.constant(null), fc.double({ noNaN: true })),
);

/** A placeOrder whose fields are each of their kind, so that the broker itself is reached. */
const order = fc
  .record({
    /** Relative to the next id: mostly fresh, sometimes one already used. */
    orderId: fc.constantFrom(1, 1, 1, 2, 0, -3),
    parentId: mostly(fc.constant(0), fc.constantFrom(-1, 7)),
    action: mostly(fc.constantFrom('BUY', 'SELL'), fc.constant('SSHORT')),
    totalQuantity: mostly(fc.integer({ min: 1, max: 500 }), fc.double({ noNaN: true })),
    orderType: mostly(
      fc.constantFrom('MKT', 'LMT', 'STP', 'STP LMT', 'TRAIL', 'MOC'),
      fc.constantFrom('PEG MID', 'mkt'),
    ),
    limitPrice: price,
    auxPrice: price,
    trailStopPrice: price,
    trailingPercent: price,
    timeInForce: mostly(
      fc.constantFrom('DAY', 'GTC', ''),
      fc.constantFrom('GTD', 'IOC', 'FOK', 'OPG', 'XYZ'),
    ),
    goodTillDate: field,
    ocaGroup: fc.constantFrom('', 'group'),
    ocaType: fc.integer({ min: 0, max: 4 }),
    transmit: mostly(fc.constant(true), fc.constant(false)),
    whatIf: mostly(fc.constant(false), fc.constant(true)),
    orderRef: field,
  })
  .map((fields) => (next: number) => {
    const named = {
      orderId: next + fields.orderId,
      parentId: fields.parentId === 0 ? 0 : next + fields.parentId,
    };
    return encodeRequest('placeOrder', { ...fields, ...named, contract: APPLE }, 193);
  });

it('answers whatever well-framed requests it gets, and its books stay balanced', async () => {
  const { gateway, clock } = await market(
    Array.from({ length: 390 }, (_, minute) => calm(100 + (minute % 5))),
  );
  const client = new RawClient(gateway.port);
  await client.start(1);
  let asked = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(request, order), { minLength: 1, maxLength: 20 }), async (batch) => {
      for (const write of batch) {
        client.fields(...write(gateway.state().highestOrderId.get(1) ?? 0));
        await new Promise((resolve) => setImmediate(resolve));
      }
      asked += 1;
      client.send('reqManagedAccounts', {});
      await client.next(() => client.heard.filter(([id]) => id === '15').length > asked);
      client.heard.splice(0, client.heard.length, ...client.heard.filter(([id]) => id === '15'));
      clock.advance(MINUTE);
      expect(imbalance(gateway.state().books).isZero()).toBe(true);
    }),
    { numRuns: 100 },
  );
  expect(gateway.state().orders.size).toBeGreaterThan(10);
  expect(gateway.state().executions.size).toBeGreaterThan(10);
  client.socket.destroy();
});
