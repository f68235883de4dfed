import type { BrokerRequest } from '#core/broker/broker-port.ts';
import { contractKey } from '#core/broker/contracts.ts';
import { type HistoricalAsk, type HistoricalPacer, historicalPacer } from '#core/broker/pacing.ts';
import type { Timer } from '#core/values/timer-clock.ts';
import type { Schedule } from './bridge-context.ts';
import type { Outbox } from './outbox.ts';

type HistoryRequest = Extract<BrokerRequest, { kind: 'history' }>;

/** A request of which nothing has come by then was lost on the way: by a pacing limit, or while the broker was away. */
const ANSWER_DEADLINE_MS = 60_000;

/** Requests for historical bars, in order and within the broker's limits. Each is answered, refused or given up. */
export class HistoryQueue {
  readonly #schedule: Schedule;
  readonly #outbox: Outbox;
  readonly #unanswered: (requestId: number) => Promise<void>;
  readonly #pacer: HistoricalPacer = historicalPacer();
  /** What has gone out, with the timer of its deadline. */
  readonly #open = new Map<number, Timer>();
  #waiting: HistoryRequest[] = [];
  #timer: Timer | null = null;

  /** @param unanswered told of a request that is given up */
  constructor(schedule: Schedule, outbox: Outbox, unanswered: (requestId: number) => Promise<void>) {
    this.#schedule = schedule;
    this.#outbox = outbox;
    this.#unanswered = unanswered;
  }

  ask(request: HistoryRequest): void {
    this.#waiting.push(request);
    this.#flush();
  }

  /** A request was answered or refused. */
  answered(requestId: number): void {
    const deadline = this.#open.get(requestId);
    if (deadline === undefined) return;
    deadline.cancel();
    this.#open.delete(requestId);
    this.#pacer.answered();
    this.#flush();
  }

  /** No answer is wanted any more. What has not gone out never will: nobody would cancel it later. */
  withdraw(requestId: number): void {
    const waiting = this.#waiting.length;
    this.#waiting = this.#waiting.filter((request) => request.requestId !== requestId);
    if (this.#waiting.length < waiting) return;
    this.#outbox.send('question', { kind: 'cancel-history', requestId });
    this.answered(requestId);
  }

  /** The link is gone: what waited belongs to it. */
  reset(): void {
    this.#waiting = [];
    for (const deadline of this.#open.values()) deadline.cancel();
    this.#open.clear();
    this.#pacer.reset();
    this.#timer?.cancel();
    this.#timer = null;
  }

  #giveUp(requestId: number): Promise<void> {
    this.withdraw(requestId);
    return this.#unanswered(requestId);
  }

  #flush(): void {
    this.#timer?.cancel();
    this.#timer = null;
    for (let request = this.#waiting[0]; request !== undefined; request = this.#waiting[0]) {
      const now = this.#schedule.now();
      const ask = askOf(request);
      const at = this.#pacer.earliest(ask, now);
      if (at === null) return;
      if (at > now) {
        this.#timer = this.#schedule.at(at, () => this.#flush());
        return;
      }
      this.#waiting.shift();
      this.#pacer.sent(ask, now);
      const { requestId } = request;
      this.#open.set(
        requestId,
        this.#schedule.after(ANSWER_DEADLINE_MS, () => this.#giveUp(requestId)),
      );
      this.#outbox.send('question', request);
    }
  }
}

function askOf(request: HistoryRequest): HistoricalAsk {
  const contract = `${contractKey(request.contract)}:${request.contract.exchange}`;
  return { contract, identity: `${contract}:${request.barSize}:${request.duration}:${request.keepUpToDate}` };
}
