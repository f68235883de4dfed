import { expect, it } from 'vitest';
import { runBrokerChaos } from '../chaos/broker/chaos.ts';

/** A short run of `npm run chaos:broker`, to see in the gate that the bridge still loses and doubles nothing. */
it('trading while bridge, gateway and cloud are killed loses nothing, doubles nothing and ends equal to the cent', async () => {
  const { verdict, kills, deaths } = await runBrokerChaos({ seed: 5, orders: 60, kills: 6 });
  expect({ ...verdict, deaths }).toMatchObject({
    lost: [],
    doubled: [],
    misattributed: [],
    chainFaults: [],
    differences: [],
    open: [],
    unprotected: [],
    deaths: [],
  });
  expect(verdict.intents).toBe(60);
  expect(kills.bridge + kills.gateway + kills.host).toBeGreaterThanOrEqual(6);
}, 240_000);
