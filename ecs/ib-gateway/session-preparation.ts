import type { DeskEvent } from '#contracts/registry.ts';
import type { BrokerBar } from '#core/broker/broker-port.ts';
import { contractOf } from '#core/broker/contracts.ts';
import { historyObject } from '#core/broker/daily-history.ts';
import { declined } from '#core/broker/declined-command.ts';
import { BRIDGE } from '#core/broker/order-facts.ts';
import { refusedHistoryPause } from '#core/broker/pacing.ts';
import { type JournalEntry, journalEntry } from '#core/events/new-event.ts';
import type { ObjectStore } from '#core/events/object-store.ts';
import { correlations } from '#core/events/state-keys.ts';
import type { Instrument } from '#core/market/instrument.ts';
import type { Timer } from '#core/values/timer-clock.ts';
import type { Bridge } from './bridge-parts.ts';
import type { HistoryQueue } from './history-queue.ts';

interface Ask {
  readonly instrument: Instrument;
  readonly bars: BrokerBar[];
}

/** With the pauses between them some twenty minutes: longer than the broker's history is usually away. */
const ATTEMPTS = 8;

/** Fetches the daily history that a session's decisions stand on, instrument by instrument. */
export class SessionPreparation {
  readonly #bridge: Bridge;
  readonly #queue: HistoryQueue;
  readonly #objects: ObjectStore;
  #prepared: DeskEvent<'SessionPrepared'> | null = null;
  /** What the journal does not have yet, by instrument. */
  readonly #remaining = new Map<string, Instrument>();
  readonly #asks = new Map<number, Ask>();
  readonly #refusals = new Map<string, number>();
  /** Instruments that were refused and are to be asked for again, with the timer of it. */
  readonly #pauses = new Map<string, Timer>();

  constructor(bridge: Bridge, queue: HistoryQueue, objects: ObjectStore) {
    this.#bridge = bridge;
    this.#queue = queue;
    this.#objects = objects;
  }

  /** Takes a session's preparation on, less what the journal has already. What an earlier session still lacks is let go. */
  async begin(event: DeskEvent<'SessionPrepared'>, instruments: readonly Instrument[]): Promise<void> {
    const present = await this.#bridge.writer.journal(correlations.session(event.data.session), [
      'DailyHistoryObserved',
    ]);
    if (event.data.session !== this.#prepared?.data.session) {
      for (const requestId of this.#asks.keys()) this.#queue.withdraw(requestId);
      this.interrupt();
      this.#remaining.clear();
      this.#refusals.clear();
    }
    this.#prepared = event;
    const known = new Set(present.map(({ sortKey }) => sortKey.slice('DailyHistoryObserved#'.length)));
    for (const instrument of instruments)
      if (!known.has(instrument.id)) this.#remaining.set(instrument.id, instrument);
  }

  /** Asks for everything that is still missing; called whenever the bridge may ask questions. */
  resume(): void {
    const asked = new Set([...this.#asks.values()].map(({ instrument }) => instrument.id));
    for (const instrument of this.#remaining.values())
      if (!asked.has(instrument.id) && !this.#pauses.has(instrument.id)) this.#ask(instrument);
  }

  interrupt(): void {
    this.#asks.clear();
    for (const timer of this.#pauses.values()) timer.cancel();
    this.#pauses.clear();
  }

  bar(requestId: number, bar: BrokerBar): void {
    this.#asks.get(requestId)?.bars.push(bar);
  }

  async barsEnd(requestId: number): Promise<void> {
    const ask = this.#asks.get(requestId);
    const prepared = this.#prepared;
    if (ask === undefined || prepared === null) return;
    const { session } = prepared.data;
    const { instrument, bars } = ask;
    const { source } = this.#bridge.settings.marketData;
    const object = historyObject(instrument, source, session, bars);
    if (object.doubted.length > 0) {
      const details = { instrument: instrument.id, days: object.doubted };
      this.#bridge.log('warn', 'days that cannot be believed were left out of a history', details);
    }
    // Journaled, it would stand where the last good history stands, and nobody would ask again.
    if (object.first === null) {
      await this.refused(requestId, null, `none of its ${bars.length} days can be used`);
      return;
    }
    this.#asks.delete(requestId);
    await this.#objects.put(object.key, object.bytes);
    await this.#settle(
      instrument,
      journalEntry<'DailyHistoryObserved'>({
        type: 'DailyHistoryObserved',
        key: instrument.id,
        correlationId: correlations.session(session),
        causationId: prepared.metadata.id,
        sender: BRIDGE,
        occurredAt: this.#bridge.schedule.now(),
        data: {
          instrument: instrument.id,
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
    const prepared = this.#prepared;
    if (ask === undefined || prepared === null) return false;
    this.#asks.delete(requestId);
    const { instrument } = ask;
    const refusals = (this.#refusals.get(instrument.id) ?? 0) + 1;
    this.#refusals.set(instrument.id, refusals);
    const hopeless = code === 200 || (code === 162 && /no data/i.test(message));
    if (!hopeless && refusals < ATTEMPTS) {
      const pause = this.#bridge.schedule.after(refusedHistoryPause(refusals), () => {
        this.#pauses.delete(instrument.id);
        if (this.#bridge.mayAsk()) this.resume();
      });
      this.#pauses.set(instrument.id, pause);
      return true;
    }
    const reason = `the broker gave no daily history of ${instrument.id}${code === null ? '' : ` (${code})`}: ${message}`;
    await this.#settle(
      instrument,
      declined(prepared, `history:${instrument.id}`, reason, this.#bridge.schedule.now(), instrument.id),
    );
    return true;
  }

  #ask(instrument: Instrument): void {
    const contract = contractOf(instrument);
    if (contract === null) return;
    const requestId = this.#bridge.link.nextRequestId();
    this.#asks.set(requestId, { instrument, bars: [] });
    this.#queue.ask({
      kind: 'history',
      requestId,
      contract,
      barSize: '1 day',
      duration: this.#bridge.settings.marketData.historyDuration,
      keepUpToDate: false,
    });
  }

  async #settle(instrument: Instrument, entry: JournalEntry): Promise<void> {
    await this.#bridge.writer.append({ entries: [entry] });
    this.#remaining.delete(instrument.id);
  }
}
