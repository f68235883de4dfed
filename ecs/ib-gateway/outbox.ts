import type { BrokerLink, BrokerRequest } from '#core/broker/broker-port.ts';
import { type MessagePacer, messagePacer, type Priority } from '#core/broker/pacing.ts';
import type { Timer } from '#core/values/timer-clock.ts';
import type { BridgeLog, Schedule } from './bridge-context.ts';

interface Outgoing {
  readonly request: BrokerRequest;
  /** Asked again at the last moment: what was right when it was queued may not be any more. */
  readonly allowed: () => boolean;
  /** Told when its turn has come, whether it was allowed or not. */
  readonly turned: () => void;
}

const PACING_PENALTY_MS = 1_000;

/** The way to the broker: paced below its limit, cancels first, and nothing kept for a later link. */
export class Outbox {
  readonly #schedule: Schedule;
  readonly #log: BridgeLog;
  readonly #onFault: (reason: string) => void;
  readonly #pacer: MessagePacer<Outgoing>;
  #link: BrokerLink | null = null;
  #timer: Timer | null = null;

  constructor(
    limits: { readonly messagesPerSecond: number; readonly messagesForCancels: number },
    schedule: Schedule,
    log: BridgeLog,
    onFault: (reason: string) => void,
  ) {
    this.#pacer = messagePacer(limits.messagesPerSecond, limits.messagesForCancels);
    this.#schedule = schedule;
    this.#log = log;
    this.#onFault = onFault;
  }

  attach(link: BrokerLink): void {
    this.#link = link;
  }

  /** What has not gone out never will: after the next link it is reconciliation's to say what has to be sent again. */
  detach(): void {
    this.#link = null;
    this.#timer?.cancel();
    this.#timer = null;
    const dropped = this.#pacer.clear();
    if (dropped.length > 0)
      this.#log('warn', 'requests were dropped with the link', { count: dropped.length });
  }

  send(
    priority: Priority,
    request: BrokerRequest,
    allowed: () => boolean = () => true,
    turned: () => void = () => {},
  ): void {
    if (this.#link === null) return;
    this.#pacer.add(priority, { request, allowed, turned });
    this.#flush();
  }

  /** The broker complained about the rate. */
  slowDown(): void {
    this.#pacer.hold(this.#schedule.now(), PACING_PENALTY_MS);
  }

  #flush(): void {
    const link = this.#link;
    if (link === null) return;
    for (const { request, allowed, turned } of this.#pacer.take(this.#schedule.now())) {
      turned();
      if (!allowed()) {
        this.#log('warn', 'a request was not sent: what allowed it has changed', { kind: request.kind });
        continue;
      }
      try {
        link.send(request);
      } catch (fault) {
        this.#onFault(fault instanceof Error ? fault.message : String(fault));
        return;
      }
    }
    this.#timer?.cancel();
    const next = this.#pacer.nextAt(this.#schedule.now());
    this.#timer = next === null ? null : this.#schedule.at(next, () => this.#flush());
  }
}
