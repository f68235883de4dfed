import { describe, expect, it } from 'vitest';
import type { BrokerRequest } from '#core/broker/broker-port.ts';
import { HISTORICAL_LIMITS } from '#core/broker/pacing.ts';
import type { TimerClock } from '#core/values/timer-clock.ts';
import { Schedule } from '#ecs/ib-gateway/bridge-context.ts';
import { HistoryQueue } from '#ecs/ib-gateway/history-queue.ts';
import type { Outbox } from '#ecs/ib-gateway/outbox.ts';
import { SteppedClock } from '../../integration/bridge/stepped-clock.ts';

describe('the queue of historical requests', () => {
  const queueOf = () => {
    const clock = new SteppedClock(0);
    const sent: string[] = [];
    const lost: number[] = [];
    const schedule = new Schedule(clock as TimerClock, (work) => void work());
    const send = (_: unknown, request: BrokerRequest) =>
      void sent.push(`${request.kind} ${'requestId' in request ? request.requestId : ''}`);
    const queue = new HistoryQueue(schedule, { send } as unknown as Outbox, async (id) => void lost.push(id));
    const ask = (requestId: number) =>
      queue.ask({
        kind: 'history',
        requestId,
        contract: { symbol: `S${requestId}`, secType: 'STK', exchange: 'SMART', currency: 'USD' },
        barSize: '5 mins',
        duration: '1 D',
        keepUpToDate: true,
      });
    return { queue, ask, sent, lost, advanceTo: (at: number) => clock.advanceTo(at, async () => {}) };
  };

  it('gives what nobody answers up, cancels it, and lets the next one out', async () => {
    const { ask, sent, lost, advanceTo } = queueOf();
    for (let id = 1; id <= HISTORICAL_LIMITS.open + 1; id++) ask(id);
    expect(sent).toHaveLength(HISTORICAL_LIMITS.open);
    await advanceTo(60_000);
    expect(lost).toHaveLength(HISTORICAL_LIMITS.open);
    expect(sent).toContain('cancel-history 1');
    expect(sent).toContain(`history ${HISTORICAL_LIMITS.open + 1}`);
  });

  it('never sends what was withdrawn while it waited, and frees the place of what was withdrawn unanswered', () => {
    const { queue, ask, sent } = queueOf();
    for (let id = 1; id <= HISTORICAL_LIMITS.open + 2; id++) ask(id);
    sent.length = 0;
    queue.withdraw(HISTORICAL_LIMITS.open + 1);
    expect(sent).toEqual([]);
    queue.withdraw(1);
    expect(sent).toEqual(['cancel-history 1', `history ${HISTORICAL_LIMITS.open + 2}`]);
  });
});
