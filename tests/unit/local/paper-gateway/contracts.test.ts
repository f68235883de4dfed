import { describe, expect, it } from 'vitest';
import { resolve } from '#local/paper-gateway/requests/context.ts';
import { calm, tapeOf } from '../../../integration/local/paper-gateway/market.ts';
import { APPLE } from '../../../integration/local/paper-gateway/raw-client.ts';
import { Broker, codes } from './broker-support.ts';

const tape = tapeOf([calm(100)]);
const nothing = { ...APPLE, conId: 0, symbol: '', secType: '', exchange: '', currency: '' };

describe('a contract', () => {
  it.each([
    ['its conId alone', { conId: 265598 }],
    ['its symbol alone', { symbol: 'AAPL' }],
    ['its local symbol alone', { localSymbol: 'AAPL' }],
    ['all that its details say', { ...APPLE, exchange: 'NASDAQ', localSymbol: 'AAPL', tradingClass: 'NMS' }],
  ])('is found by %s', (_what, wanted) => {
    expect(resolve(tape, { ...nothing, ...wanted })?.instrument).toBe('AAPL');
  });

  it.each([
    ['says nothing', {}],
    ['has another symbol beside its conId', { conId: 265598, symbol: 'MSFT' }],
    ['has another type beside its conId', { conId: 265598, secType: 'OPT' }],
    ['has another currency beside its conId', { conId: 265598, currency: 'EUR' }],
    ['names an exchange that there is not', { symbol: 'AAPL', exchange: 'NOWHERE' }],
  ])('that %s is not found', (_what, wanted) => {
    expect(resolve(tape, { ...nothing, ...wanted })).toBeNull();
  });
});

it('an order without an exchange is 321 and leaves no trace', () => {
  const broker = new Broker();
  const events = broker.place(1, { exchange: '' });
  expect(codes(events)).toEqual([321]);
  expect(JSON.stringify(events)).toContain('Missing order exchange');
  expect(broker.state.orders.size).toBe(0);
});
