import { afterEach, describe, expect, it } from 'vitest';
import {
  encodeRequest,
  type RequestFields,
  type RequestName,
} from '#local/paper-gateway/protocol/requests.ts';
import { closeAll, market } from '../../integration/local/paper-gateway/bench-of-clients.ts';
import { calm, MINUTE } from '../../integration/local/paper-gateway/market.ts';
import { APPLE, RawClient } from '../../integration/local/paper-gateway/raw-client.ts';

afterEach(closeAll);

/**
 * One session, both directions, byte for byte (fields joined by `|`). A change of a transcript is a change of what
 * every TWS client sees: look at each line before accepting it with `vitest -u`.
 */
async function transcript(version: number): Promise<string> {
  const { gateway, clock } = await market([calm(100), calm(101), calm(102), calm(103)]);
  const client = new RawClient(gateway.port, version);
  const lines: string[] = [];
  let written = 0;
  const settle = async (): Promise<void> => {
    const answers = client.heard.filter(([id]) => id === '49').length;
    client.send('reqCurrentTime', {});
    await client.next(() => client.heard.filter(([id]) => id === '49').length > answers);
    for (; written < client.heard.length; written += 1)
      lines.push(`S> ${(client.heard[written] as string[]).join('|')}`);
  };
  const ask = async <K extends RequestName>(name: K, fields: Partial<RequestFields<K>>): Promise<void> => {
    lines.push(`C> ${encodeRequest(name, fields, version).join('|')}`);
    client.send(name, fields);
    await settle();
  };
  const minute = async (): Promise<void> => {
    lines.push('-- a minute passes');
    clock.advance(MINUTE);
    await settle();
  };
  try {
    client.hello();
    client.send('startApi', { clientId: 88 });
    await settle();
    await ask('reqContractDetails', { reqId: 1, contract: APPLE });
    await ask('reqMktData', { reqId: 2, contract: APPLE, snapshot: true });
    await ask('reqPositions', {});
    const order = { contract: APPLE, account: 'DU0000001', timeInForce: 'GTC', transmit: true };
    await ask('placeOrder', {
      ...order,
      orderId: 1,
      action: 'BUY',
      totalQuantity: 10,
      orderType: 'MKT',
      orderRef: 'entry',
      transmit: false,
    });
    await ask('placeOrder', {
      ...order,
      orderId: 2,
      parentId: 1,
      action: 'SELL',
      totalQuantity: 10,
      orderType: 'STP',
      auxPrice: 95,
      orderRef: 'stop',
    });
    await ask('placeOrder', {
      ...order,
      orderId: 3,
      action: 'BUY',
      totalQuantity: 5,
      orderType: 'LMT',
      limitPrice: 90,
      orderRef: 'rest',
    });
    await minute();
    await ask('placeOrder', {
      ...order,
      orderId: 4,
      action: 'SELL',
      totalQuantity: 100,
      orderType: 'MKT',
      whatIf: true,
    });
    await ask('cancelOrder', { orderId: 3 });
    await ask('cancelOrder', { orderId: 99 });
    await ask('reqExecutions', { reqId: 3 });
    await ask('reqAllOpenOrders', {});
    await ask('reqCompletedOrders', {});
    await ask('reqAccountSummary', { reqId: 4, group: 'All', tags: 'NetLiquidation,BuyingPower' });
    await ask('reqPnl', { reqId: 5, account: 'DU0000001' });
    await ask('reqHistoricalData', {
      reqId: 6,
      contract: APPLE,
      barSize: '1 min',
      duration: '1 D',
      whatToShow: 'TRADES',
      useRth: true,
      formatDate: 2,
      keepUpToDate: true,
    });
    await minute();
    await ask('reqGlobalCancel', {});
    return `${lines.join('\n')}\n`;
  } finally {
    client.socket.destroy();
  }
}

describe('a session on the wire', () => {
  it.each([176, 178, 187, 193])('at server version %i is as recorded', async (version) => {
    await expect(await transcript(version)).toMatchFileSnapshot(`./transcript-${version}.txt`);
  });
});
