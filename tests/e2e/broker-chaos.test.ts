import { describe, expect, it } from 'vitest';
import { runBrokerChaos } from '../chaos/broker/chaos.ts';

/** A short run of what `npm run chaos:broker` does at length. */
describe('trading while processes are killed and the link misbehaves', () => {
  it('ends with broker, journal and ledger agreeing on every order, execution and cent', async () => {
    const { verdict, kills } = await runBrokerChaos({ seed: 4, orders: 60, kills: 6 });

    expect(kills.bridge + kills.gateway + kills.host).toBeGreaterThanOrEqual(6);
    expect(verdict.intents).toBe(60);
    expect(verdict.executions).toBeGreaterThan(20);
    expect(verdict).toMatchObject({
      lost: [],
      doubled: [],
      misattributed: [],
      chainFaults: [],
      differences: [],
      open: [],
    });
  }, 180_000);
});
