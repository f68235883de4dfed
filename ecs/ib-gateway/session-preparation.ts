import type { DeskEvent } from '#contracts/registry.ts';
import type { BrokerBar } from '#core/broker/broker-port.ts';
import { contractOf } from '#core/broker/contracts.ts';
import { historyObject } from '#core/broker/daily-history.ts';
import { declined } from '#core/broker/declined-command.ts';
import { BRIDGE } from '#core/broker/order-facts.ts';
import { type JournalEntry, journalEntry } from '#core/events/new-event.ts';
import type { ObjectStore } from '#core/events/object-store.ts';
import { correlations } from '#core/events/state-keys.ts';
import type { Instrument } from '#core/market/instrument.ts';
import type { Timer } from '#core/values/timer-clock.ts';
import type { Bridge } from './bridge-parts.ts';
import type { HistoryQueue } from './history-queue.ts';

interface Job {
  readonly event: DeskEvent<'SessionPrepared'>;
  readonly remaining: Map<string, Instrument>;
}

interface Ask {
  readonly job: Job;
  readonly instrument: Instrument;
  readonly bars: BrokerBar[];
}

const RETRY_MS = 20_000;
const ATTEMPTS = 5;

/** Fetches the daily history that a session's decisions stand on, instrument by instrument. */
export class SessionPreparation {
  readonly #bridge: Bridge;
  readonly #queue: HistoryQueue;
  readonly #objects: ObjectStore;
  readonly #asks = new Map<number, Ask>();
  readonly #attempts = new Map<string, number>();
  readonly #timers = new Set<Timer>();
  #jobs: Job[] = [];

  constructor(bridge: Bridge, queue: HistoryQueue, objects: ObjectStore) {
    this.#bridge = bridge;
    this.#queue = queue;
    this.#objects = objects;
  }

  /** Takes a session's preparation on, less what the journal has already. */
  async begin(event: DeskEvent<'SessionPrepared'>, instruments: readonly Instrument[]): Promise<void> {
    const present = await this.#bridge.writer.journal(correlations.session(event.data.session), [
      'DailyHistoryObserved',
    ]);
    const known = new Set(present.map(({ sortKey }) => sortKey.slice('DailyHistoryObserved#'.length)));
    const remaining = new Map(
      instruments.filter(({ id }) => !known.has(id)).map((instrument) => [instrument.id, instrument]),
    );
    if (remaining.size > 0) this.#jobs.push({ event, remaining });
  }

  /** Asks for everything that is still missing; called whenever the bridge may ask questions. */
  resume(): void {
    for (const job of this.#jobs) {
      for (const instrument of job.remaining.values()) {
        const asked = [...this.#asks.values()].some(
          (ask) => ask.job === job && ask.instrument === instrument,
        );
        if (!asked) this.#ask(job, instrument);
      }
    }
  }

  interrupt(): void {
    this.#asks.clear();
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  bar(requestId: number, bar: BrokerBar): void {
    this.#asks.get(requestId)?.bars.push(bar);
  }

  async barsEnd(requestId: number): Promise<void> {
    const ask = this.#asks.get(requestId);
    if (ask === undefined) return;
    this.#asks.delete(requestId);
    const { session } = ask.job.event.data;
    const { source } = this.#bridge.settings.marketData;
    const object = historyObject(ask.instrument, source, session, ask.bars);
    await this.#objects.put(object.key, object.bytes);
    await this.#journal(
      ask,
      journalEntry<'DailyHistoryObserved'>({
        type: 'DailyHistoryObserved',
        key: ask.instrument.id,
        correlationId: correlations.session(session),
        causationId: ask.job.event.metadata.id,
        sender: BRIDGE,
        occurredAt: this.#bridge.schedule.now(),
        data: {
          instrument: ask.instrument.id,
          session,
          history: object.reference,
          bars: object.history.bars.openTime.length,
          first: object.first,
          last: object.last,
          source,
        },
      }),
    );
  }

  /** The broker refuses a request: again after a pause, and declined when that has not helped. @returns false where it is none of these */
  async refused(requestId: number, code: number | null, message: string): Promise<boolean> {
    const ask = this.#asks.get(requestId);
    if (ask === undefined) return false;
    this.#asks.delete(requestId);
    const { instrument, job } = ask;
    const key = `${job.event.data.session}:${instrument.id}`;
    const attempts = (this.#attempts.get(key) ?? 0) + 1;
    this.#attempts.set(key, attempts);
    const hopeless = code === 200 || (code === 162 && /no data/i.test(message));
    if (!hopeless && attempts < ATTEMPTS) {
      const timer = this.#bridge.schedule.after(RETRY_MS, () => {
        this.#timers.delete(timer);
        if (job.remaining.has(instrument.id)) this.#ask(job, instrument);
      });
      this.#timers.add(timer);
      return true;
    }
    const reason = `the broker gave no daily history of ${instrument.id}${code === null ? '' : ` (${code})`}: ${message}`;
    await this.#journal(
      ask,
      declined(job.event, `history:${instrument.id}`, reason, this.#bridge.schedule.now(), instrument.id),
    );
    return true;
  }

  #ask(job: Job, instrument: Instrument): void {
    const contract = contractOf(instrument);
    if (contract === null) return;
    const requestId = this.#bridge.link.nextRequestId();
    this.#asks.set(requestId, { job, instrument, bars: [] });
    this.#queue.ask({
      kind: 'history',
      requestId,
      contract,
      barSize: '1 day',
      duration: this.#bridge.settings.marketData.historyDuration,
      keepUpToDate: false,
    });
  }

  async #journal({ job, instrument }: Ask, entry: JournalEntry): Promise<void> {
    await this.#bridge.writer.append({ entries: [entry] });
    job.remaining.delete(instrument.id);
    if (job.remaining.size === 0) this.#jobs = this.#jobs.filter((other) => other !== job);
  }
}
