import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, it } from 'vitest';
import { imbalance } from '#core/simulation/account.ts';
import { advance } from '#local/paper-gateway/broker/broker.ts';
import { fileStore, STORE_FILE } from '#local/paper-gateway/broker/store.ts';
import { Broker, SETTINGS } from './broker-support.ts';

const directory = mkdtempSync(join(tmpdir(), 'paper-gateway-store-'));
afterAll(() => rmSync(directory, { recursive: true }));

it('a state that an older gateway wrote still loads, and its executions can be corrected', () => {
  const broker = new Broker();
  broker.place(1, { quantity: 10 });
  broker.bar([100, 100, 100, 100]);
  const store = fileStore(directory);
  const { state } = broker;
  store.save(state, {
    orders: new Set(state.orders.keys()),
    executions: new Set(state.executions.keys()),
    account: true,
  });
  store.close();
  const database = new DatabaseSync(join(directory, STORE_FILE));
  database.exec("UPDATE account SET body = json_remove(body, '$.dayOpening')");
  database.close();

  const again = fileStore(directory);
  const old = again.load();
  again.close();
  if (old === null) throw new Error('no state');
  expect(old.dayOpening).toBeNull();
  const [execId = ''] = old.executions.keys();
  advance(old, SETTINGS, broker.at, { input: 'correct', execId, price: 101.01 });
  expect(imbalance(old.books).isZero()).toBe(true);
  expect(old.books.cash.minus(state.books.cash).toFixed(2)).toBe('-10.00');
  advance(old, SETTINGS, broker.at, { input: 'newDay', midnight: broker.at });
  expect(old.dayOpening?.get('AAPL')).toMatchObject({ value: '1000' });
});
