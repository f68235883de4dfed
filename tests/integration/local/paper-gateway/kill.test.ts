import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { imbalance } from '#core/simulation/account.ts';
import { seededRandom } from '#core/values/random.ts';
import { fileStore } from '#local/paper-gateway/broker/store.ts';
import { OPEN } from './market.ts';
import { APPLE, RawClient } from './raw-client.ts';

const directory = mkdtempSync(join(tmpdir(), 'paper-gateway-kill-'));
const running: ChildProcess[] = [];
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(directory, { recursive: true });
});

async function start(at: number): Promise<{ child: ChildProcess; port: number }> {
  const program = fileURLToPath(new URL('gateway-process.ts', import.meta.url));
  const child = spawn(process.execPath, [program, directory, String(at)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(child);
  const [line] = (await once(child.stdout as NonNullable<typeof child.stdout>, 'data')) as [Buffer];
  return { child, port: Number(line.toString()) };
}

describe('a gateway killed at random moments', () => {
  it('has every order it acknowledged and every fill it reported, and its books balance', async () => {
    const random = seededRandom(20180205);
    const acknowledged = new Set<string>();
    const reported = new Map<string, string>();
    let at = OPEN;
    for (let round = 0; round < 4; round += 1) {
      const { child, port } = await start(at);
      const client = new RawClient(port);
      let orderId = await client.start(1);
      const deadline = 30 + random.integer(200);
      for (let sent = 0; sent < deadline; sent += 1) {
        const side = random.integer(2) === 0 ? 'BUY' : 'SELL';
        client.send('placeOrder', {
          orderId,
          contract: APPLE,
          action: side,
          totalQuantity: 1 + random.integer(50),
          orderType: 'MKT',
          orderRef: `r${round}-${orderId}`,
          timeInForce: 'DAY',
          transmit: true,
        });
        orderId += 1;
        if (sent % 10 === 0)
          await client.next((fields) => fields[0] === '3' && fields[1] === String(orderId - 1));
      }
      child.kill('SIGKILL');
      await Promise.all([once(child, 'exit'), client.closed]);
      for (const fields of client.heard) {
        if (fields[0] === '3') acknowledged.add(fields[6] as string);
        if (fields[0] === '11') reported.set(fields[14] as string, fields[19] as string);
      }
      at += 20 * 60_000;
      const store = fileStore(directory);
      const state = store.load();
      store.close();
      if (state === null) throw new Error('no state was saved');
      const missing = [...acknowledged].filter((permId) => !state.orders.has(Number(permId)));
      expect(missing).toEqual([]);
      const lost = [...reported].filter(
        ([execId, shares]) => String(state.executions.get(execId)?.quantity) !== shares,
      );
      expect(lost).toEqual([]);
      expect(imbalance(state.books).isZero()).toBe(true);
      let position = 0;
      for (const { action, quantity } of state.executions.values())
        position += action === 'BUY' ? quantity : -quantity;
      expect(state.books.positions.get('AAPL')?.quantity.toNumber() ?? 0).toBe(position);
    }
    expect(acknowledged.size).toBeGreaterThan(30);
    expect(reported.size).toBeGreaterThan(0);
  });
});
