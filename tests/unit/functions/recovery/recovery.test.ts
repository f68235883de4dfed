import type { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ExecutionAlreadyExists, type SFNClient, type StartExecutionCommand } from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { stateKeys } from '#core/events/state-keys.ts';
import { sessionOn } from '#core/market/calendar.ts';
import { replayCycle } from '#functions/recovery/replay/replay.ts';
import { scanForLostCycles } from '#functions/recovery/scan/scan.ts';
import { at, entryOf, NOW, SESSION } from '../../../support/desk-events.ts';
import { type MemoryDesk, memoryDesk } from '../../../support/memory-desk.ts';

const snapshot = { uri: 'snapshots/x', sha256: '0'.repeat(64), bytes: 1 };
const requested = (cycleId: string, kind: 'decision' | 'pre-market' = 'decision') =>
  entryOf(
    'CycleRequested',
    { cycleId, session: SESSION, kind, snapshot, trigger: 'schedule', scheduledAt: at(60) },
    { correlationId: cycleId, key: '1' },
  );
const ended = (cycleId: string, iteration: 1 | 2 = 1) =>
  entryOf(
    'PlanCompleted',
    {
      cycleId,
      session: SESSION,
      kind: 'decision',
      snapshot,
      iteration,
      planned: [],
      declined: [],
      agentVersion: 'x',
    },
    { correlationId: cycleId, key: String(iteration), occurredAt: NOW + 1 },
  );
async function deskWith(...cycles: readonly string[]): Promise<MemoryDesk> {
  const desk = memoryDesk('recovery');
  await desk.put(stateKeys.session(SESSION), { session: SESSION, cycles });
  for (const cycleId of cycles) await desk.store.commit({ entries: [requested(cycleId)] });
  desk.time = NOW + 5 * 60_000 + 1;
  return desk;
}
function machine(fails?: Error) {
  const started: unknown[] = [];
  const send = async (command: StartExecutionCommand) => {
    if (fails !== undefined) throw fails;
    started.push(command.input);
    return {};
  };
  return { started, client: { send } as unknown as SFNClient };
}
const SCHEDULED = { scheduledTime: '2018-01-23T15:35:00Z' };

describe('the scan for lost cycles', () => {
  it('starts the recovery of what should have ended, under a name that can start only once', async () => {
    const desk = await deskWith('cycle:1', 'cycle:2', 'cycle:3');
    await desk.store.commit({ entries: [ended('cycle:3')] });
    const { client, started } = machine();
    expect(await scanForLostCycles(desk, client, 'arn')(SCHEDULED)).toEqual({ started: ['cycle:2'] });
    expect(started).toEqual([{ stateMachineArn: 'arn', name: 'cycle-2', input: '{"cycleId":"cycle:2"}' }]);
  });

  it('knows an end of the second attempt', async () => {
    const desk = await deskWith('cycle:2', 'cycle:3');
    await desk.store.commit({ entries: [ended('cycle:3', 2)] });
    expect(await scanForLostCycles(desk, machine().client, 'arn')(SCHEDULED)).toEqual({
      started: ['cycle:2'],
    });
  });

  it('leaves alone what is young, and days without sessions or cycles', async () => {
    const desk = await deskWith('cycle:1');
    const { client } = machine();
    const scan = (scheduledTime: string, one = desk) =>
      scanForLostCycles(one, client, 'arn')({ scheduledTime });
    desk.time -= 1;
    expect(await scan(SCHEDULED.scheduledTime)).toEqual({ started: [] });
    expect(await scan('2018-01-20T15:00:00Z')).toEqual({ started: [] });
    expect(await scan('2018-01-24T15:00:00Z')).toEqual({ started: [] });
    // A cycle whose request is not journaled cannot be overdue.
    const bare = memoryDesk('recovery');
    await bare.put(stateKeys.session(SESSION), { session: SESSION, cycles: ['cycle:9'] });
    expect(await scan(SCHEDULED.scheduledTime, bare)).toEqual({ started: [] });
  });

  it('counts a recovery that ran and did not help, and passes on other faults', async () => {
    const desk = await deskWith('cycle:1');
    const exists = machine(new ExecutionAlreadyExists({ $metadata: {}, message: 'exists' }));
    expect(await scanForLostCycles(desk, exists.client, 'arn')(SCHEDULED)).toEqual({ started: [] });
    expect(desk.lines.join()).toContain('CycleNotRecovered');
    await expect(
      scanForLostCycles(desk, machine(new Error('down')).client, 'arn')(SCHEDULED),
    ).rejects.toThrow('down');
  });

  it('tells how long the quietest instrument has had no price while the market is open, and nothing outside', async () => {
    const desk = await deskWith('cycle:1');
    const scan = scanForLostCycles(desk, machine().client, 'arn');
    const minutes = () =>
      desk.lines.flatMap((line) => {
        const { PriceAgeMinutes } = JSON.parse(line) as { readonly PriceAgeMinutes?: number };
        return PriceAgeMinutes === undefined ? [] : [PriceAgeMinutes];
      });
    await scan(SCHEDULED);
    const sinceTheOpen = (desk.time - sessionOn('us-equity', SESSION)!.open) / 60_000;
    expect(minutes()).toEqual([sinceTheOpen]);
    desk.time = sessionOn('us-equity', SESSION)!.close + 60_000;
    await scan(SCHEDULED);
    expect(minutes()).toHaveLength(1);
  });
});

describe('the replay of a cycle', () => {
  function bus(fail = false) {
    const details: string[] = [];
    const send = async (command: PutEventsCommand) => {
      const entries = command.input.Entries ?? [];
      details.push(...entries.map(({ DetailType }) => DetailType ?? ''));
      return { Entries: entries.map(() => (fail ? { ErrorCode: 'InternalFailure' } : {})) };
    };
    return { details, client: { send } as unknown as EventBridgeClient };
  }

  it('puts its events on the bus again in the order they happened, and says that it began', async () => {
    const desk = await deskWith('cycle:1');
    const later = entryOf(
      'AnalysisAbstained',
      {
        cycleId: 'cycle:1',
        session: SESSION,
        kind: 'decision',
        snapshot,
        agent: 'news',
        agentVersion: 'x',
        reason: 'no source',
      },
      { correlationId: 'cycle:1', occurredAt: NOW + 5 },
    );
    await desk.store.commit({ entries: [later] });
    const { client, details } = bus();
    const replay = replayCycle(desk, client, 'bus');

    expect(await replay({ cycleId: 'cycle:1', attempt: 1 })).toEqual({ outcome: 'replayed' });
    expect(details).toEqual(['CycleRequested.v1', 'AnalysisAbstained.v1']);
    expect(desk.said('RecoveryStarted')).toMatchObject([
      { data: { cycleId: 'cycle:1', lastEvent: 'CycleRequested#1' } },
    ]);
    await desk.store.commit({ entries: [ended('cycle:1')] });
    expect(await replay({ cycleId: 'cycle:1', attempt: 2 })).toEqual({ outcome: 'finished' });
    expect(desk.said('RecoveryFinished')).toMatchObject([
      { data: { outcome: 'recovered', detail: 'the cycle ended after 1 replays' } },
    ]);
  });

  it('has nothing to do for a cycle that has ended, a pre-market one with its view', async () => {
    const desk = memoryDesk('recovery');
    const view = entryOf(
      'MarketViewPublished',
      {
        cycleId: 'c',
        session: SESSION,
        kind: 'pre-market',
        snapshot,
        instruments: [],
        rejected: [],
        answered: [],
        abstained: [],
        missing: [],
        regime: null,
        inputs: [],
        agentVersion: 'x',
      },
      { correlationId: 'c', key: '1' },
    );
    await desk.store.commit({ entries: [requested('c', 'pre-market'), view] });
    expect(await replayCycle(desk, bus().client, 'bus')({ cycleId: 'c', attempt: 1 })).toEqual({
      outcome: 'finished',
    });
    expect(desk.said('RecoveryFinished')).toMatchObject([{ data: { outcome: 'nothing-to-do' } }]);
  });

  it('fails where the bus does not take an event, so that it is tried again', async () => {
    const desk = await deskWith('cycle:1');
    await expect(
      replayCycle(desk, bus(true).client, 'bus')({ cycleId: 'cycle:1', attempt: 3 }),
    ).rejects.toThrow('the bus did not take the event');
    await expect(replayCycle(desk, bus().client, 'bus')({ cycleId: 'cycle:1' })).rejects.toThrow('attempt');
  });
});
