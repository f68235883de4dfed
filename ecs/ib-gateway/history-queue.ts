import type { BrokerRequest } from '#core/broker/broker-port.ts';
import { contractKey } from '#core/broker/contracts.ts';
import { type HistoricalAsk, type HistoricalPacer, historicalPacer } from '#core/broker/pacing.ts';
import type { Timer } from '#core/values/timer-clock.ts';
import type { Schedule } from './bridge-context.ts';
import type { Outbox } from './outbox.ts';

type HistoryRequest = Extract<BrokerRequest, { kind: 'history' }>;

/** Requests for historical bars, in order and within the broker's limits. */
export class HistoryQueue {
  readonly #schedule: Schedule;
  readonly #outbox: Outbox;
  readonly #pacer: HistoricalPacer = historicalPacer();
  readonly #open = new Set<number>();
  #waiting: HistoryRequest[] = [];
  #timer: Timer | null = null;

  constructor(schedule: Schedule, outbox: Outbox) {
    this.#schedule = schedule;
    this.#outbox = outbox;
  }

  ask(request: HistoryRequest): void {
    this.#waiting.push(request);
    this.#flush();
  }

  /** A request was answered or refused. */
  answered(requestId: number): void {
    if (!this.#open.delete(requestId)) return;
    this.#pacer.answered();
    this.#flush();
  }

  /** The link is gone: what waited belongs to it. */
  reset(): void {
    this.#waiting = [];
    this.#open.clear();
    this.#pacer.reset();
    this.#timer?.cancel();
    this.#timer = null;
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
      this.#open.add(request.requestId);
      this.#outbox.send('question', request);
    }
  }
}

function askOf(request: HistoryRequest): HistoricalAsk {
  const contract = `${contractKey(request.contract)}:${request.contract.exchange}`;
  return { contract, identity: `${contract}:${request.barSize}:${request.duration}:${request.keepUpToDate}` };
}
