import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import {
  type BridgeSession,
  INITIAL_SESSION,
  type SessionInput,
  stepSession,
} from '#core/broker/bridge-session.ts';

const INPUTS: readonly SessionInput[] = [
  { kind: 'connect' },
  { kind: 'connected' },
  { kind: 'greeted' },
  { kind: 'reconciled' },
  { kind: 'maintenance-ended' },
  ...(
    [
      'link-ended',
      'upstream-lost',
      'upstream-restored',
      'trading-disabled',
      'maintenance-started',
      'lease-lost',
      'stop',
    ] as const
  ).map((kind) => ({ kind, reason: 'test' })),
];

/** Every change of state that any sequence of inputs can bring about. */
function transitions(): ReadonlySet<string> {
  const found = new Set([`[*] --> ${INITIAL_SESSION.state}`]);
  const seen = new Set<string>();
  const waiting: BridgeSession[] = [INITIAL_SESSION];
  for (let session = waiting.pop(); session !== undefined; session = waiting.pop()) {
    const key = JSON.stringify(session);
    if (seen.has(key)) continue;
    seen.add(key);
    for (const input of INPUTS) {
      const next = { ...stepSession(session, input).session, failures: 0 };
      if (next.state !== session.state) found.add(`${session.state} --> ${next.state}`);
      waiting.push(next);
    }
  }
  return found;
}

it('the states drawn in the documentation are those of the code', () => {
  const page = readFileSync(resolve(import.meta.dirname, '../../../../docs/broker-bridge.md'), 'utf8');
  const drawn = [...page.matchAll(/^ {2}(\S+ --> [A-Z]+)/gm)].map(([, edge]) => edge);
  expect(drawn.sort()).toEqual([...transitions()].sort());
});
