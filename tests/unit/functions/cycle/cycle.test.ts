import { describe, expect, it } from 'vitest';
import { cycleSnapshot } from '#contracts/snapshot.ts';
import { stateKeys } from '#core/events/state-keys.ts';
import { sessionOn } from '#core/market/calendar.ts';
import { withBar } from '#core/portfolio/market-record.ts';
import { DEFAULT_RISK_POLICY } from '#core/risk/policy.ts';
import { instantText } from '#core/values/clock.ts';
import { scheduledTask } from '#functions/cycle/schedule.ts';
import { getContent } from '#functions/runtime/content.ts';
import { barClosed, bookOf, CLOSE, holding, OPEN, SESSION } from '../../../support/desk-events.ts';
import { deskInForce, type MemoryDesk, memoryDesk } from '../../../support/memory-desk.ts';

const run = (desk: MemoryDesk, task: string, at: number | string) =>
  scheduledTask(desk)({ task, scheduledTime: typeof at === 'string' ? at : instantText(at) });

describe('the schedule', () => {
  it('prepares a session and puts the default policy in force, once', async () => {
    const desk = memoryDesk('cycle');
    for (let time = 0; time < 2; time++) await run(desk, 'prepare', '2018-01-23T11:00:00Z');

    expect(desk.said('SessionPrepared')).toMatchObject([
      {
        data: {
          session: SESSION,
          open: instantText(OPEN),
          close: instantText(CLOSE),
          instruments: ['AAPL', 'XLK'],
        },
      },
    ]);
    expect(desk.said('PolicyChanged')).toMatchObject([{ data: { version: 1, by: 'deployment' } }]);
    expect(await desk.get(stateKeys.policy)).toEqual(DEFAULT_RISK_POLICY);
  });

  it('announces the week, with the session that ends early', async () => {
    const desk = memoryDesk('cycle');
    await run(desk, 'weekly', '2017-11-20T10:30:00Z');
    const [week] = desk.said('WeekPrepared');
    expect(week?.data.week).toBe('2017-11-20');
    expect(week?.data.sessions.map(({ session, earlyClose }) => [session, earlyClose])).toEqual([
      ['2017-11-20', false],
      ['2017-11-21', false],
      ['2017-11-22', false],
      ['2017-11-24', true],
    ]);
  });

  it.each(['prepare', 'pre-market', 'decision', 'close'])('does nothing on a holiday: %s', async (task) => {
    const desk = await deskInForce('cycle');
    expect((await run(desk, task, '2018-01-15T15:00:00Z')).outcome).toBe('skipped: no session on this date');
    expect(desk.store.all()).toEqual([]);
  });

  it('decides strictly inside the session, and on a half day until its early close', async () => {
    const desk = await deskInForce('cycle');
    const half = sessionOn('us-equity', '2017-11-24');
    const outcomes = [];
    for (const at of [OPEN, OPEN + 1, CLOSE - 1, CLOSE, (half?.close ?? 0) - 1, half?.close ?? 0])
      outcomes.push((await run(desk, 'decision', at)).outcome);
    expect(outcomes.map((outcome) => outcome.split(':')[0])).toEqual([
      'skipped',
      'cycle',
      'cycle',
      'skipped',
      'cycle',
      'skipped',
    ]);
  });

  it('refuses a task it does not know, and a time that is none', async () => {
    const desk = memoryDesk('cycle');
    await expect(run(desk, 'lunch', OPEN)).rejects.toThrow('task');
    await expect(run(desk, 'close', 'noon')).rejects.toThrow('scheduledTime');
  });
});

describe('opening a cycle', () => {
  it('freezes what the cycle may look at, once', async () => {
    const desk = await deskInForce('cycle');
    await desk.put(stateKeys.book, holding(bookOf()));
    await desk.put(stateKeys.halt, { halted: true, by: 'ana', reason: 'r', at: '' });
    await desk.put(stateKeys.intraday('AAPL'), withBar(null, barClosed('101', 30).data));
    await desk.put(
      stateKeys.intraday('XLK'),
      withBar(null, barClosed('9', 30, { session: '2018-01-22' }).data),
    );
    await desk.put(stateKeys.learning, {
      lesson: { calibration: [{ agent: 'flow', weight: 0.4, observations: 9, brier: null, hitRate: 0.5 }] },
    });
    const at = OPEN + 45 * 60_000;

    expect(await run(desk, 'decision', at)).toEqual({ outcome: 'cycle:2018-01-23:1015' });
    expect(await run(desk, 'decision', at)).toEqual({ outcome: 'opened before' });
    expect(await desk.get(stateKeys.session(SESSION))).toEqual({
      session: SESSION,
      cycles: ['cycle:2018-01-23:1015'],
    });

    const [requested] = desk.said('CycleRequested');
    if (requested === undefined) throw new Error('no cycle was asked for');
    expect(desk.said('CycleRequested')).toHaveLength(1);
    expect(cycleSnapshot.parse(await getContent(desk.objects, requested.data.snapshot))).toMatchObject({
      kind: 'decision',
      haltFlag: true,
      tradingState: 'ACTIVE',
      account: { openPositions: 1 },
      instruments: [
        { instrument: 'AAPL', daily: null, intraday: { bars: { close: [101] } } },
        { instrument: 'XLK', intraday: null },
      ],
      calibration: [{ agent: 'flow', weight: 0.4, observations: 9, brier: null }],
    });
  });

  it('opens none without a policy, and gives up after losing every race', async () => {
    await expect(run(memoryDesk('cycle'), 'pre-market', OPEN)).rejects.toThrow(
      'the risk policy cannot be used',
    );
    const desk = await deskInForce('cycle');
    const losing = {
      ...desk,
      store: { ...desk.store, commit: async () => ({ kind: 'conflict' as const, keys: [] }) },
    };
    await expect(run(losing, 'pre-market', OPEN)).rejects.toThrow(
      'the record of session 2018-01-23 changed 5 times',
    );
    const late = {
      ...desk,
      store: {
        ...desk.store,
        commit: async () => ({ kind: 'duplicate' as const, of: 'entry' as const, ids: [] }),
      },
    };
    expect(await run(late, 'pre-market', OPEN)).toEqual({ outcome: 'opened before' });
  });
});

describe('the end of a session', () => {
  it('is announced with its figures and cycles, once, and with nulls where they are unknown', async () => {
    const desk = await deskInForce('cycle');
    await desk.put(stateKeys.book, holding(bookOf()));
    await desk.put(stateKeys.session(SESSION), { session: SESSION, cycles: ['cycle:1'] });
    for (let time = 0; time < 2; time++) await run(desk, 'close', CLOSE + 30 * 60_000);
    expect(desk.said('SessionClosed')).toMatchObject([
      {
        data: {
          session: SESSION,
          equity: '100000',
          realized: '0',
          fees: '0',
          openPositions: 1,
          cycles: ['cycle:1'],
        },
      },
    ]);

    const empty = memoryDesk('cycle');
    await run(empty, 'close', CLOSE);
    expect(empty.said('SessionClosed')[0]?.data).toMatchObject({
      equity: null,
      realized: null,
      openPositions: 0,
      cycles: [],
    });
  });
});
