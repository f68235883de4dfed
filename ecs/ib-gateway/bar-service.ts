import { barProblem } from '#core/broker/believable-bar.ts';
import type { BrokerBar } from '#core/broker/broker-port.ts';
import {
  type BarCloser,
  barClosed,
  barCloser,
  type ClosedBar,
  closedBarKey,
  silentAt,
} from '#core/broker/closed-bars.ts';
import { contractOf } from '#core/broker/contracts.ts';
import { refusedHistoryPause } from '#core/broker/pacing.ts';
import { correlations } from '#core/events/state-keys.ts';
import type { Instrument } from '#core/market/instrument.ts';
import { type EpochMillis, instantText } from '#core/values/clock.ts';
import type { Timer } from '#core/values/timer-clock.ts';
import type { Bridge } from './bridge-parts.ts';
import type { HistoryQueue } from './history-queue.ts';

interface Subscription {
  readonly instrument: Instrument;
  readonly closer: BarCloser;
  request: number | null;
  /** When the broker last said something of it; null while it has not answered the request in use. */
  heard: EpochMillis | null;
  timer: Timer | null;
  /** How often in a row it was refused. */
  refusals: number;
  /** Close times that the journal has of the session in progress, so that a restart says nothing twice. */
  readonly journaled: Set<string>;
}

/** Journals each intraday bar of the session's instruments once, when it is closed. */
export class BarService {
  readonly #bridge: Bridge;
  readonly #queue: HistoryQueue;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #byRequest = new Map<number, Subscription>();
  #session: string | null = null;
  /** Goes off when the next instrument may have been silent for too long. */
  #silence: Timer | null = null;

  constructor(bridge: Bridge, queue: HistoryQueue) {
    this.#bridge = bridge;
    this.#queue = queue;
  }

  /** The instruments to watch from now on and the session whose bars count. */
  async watch(session: string, instruments: readonly Instrument[]): Promise<void> {
    const wanted = new Set(instruments.map((instrument) => instrument.id));
    for (const [id, subscription] of this.#subscriptions) {
      if (wanted.has(id)) continue;
      this.#unsubscribe(subscription);
      this.#subscriptions.delete(id);
    }
    const { minutes, grace } = this.#bridge.settings.bars;
    for (const instrument of instruments) {
      if (this.#subscriptions.has(instrument.id)) continue;
      this.#subscriptions.set(instrument.id, {
        instrument,
        closer: barCloser(instrument, minutes, grace),
        request: null,
        heard: null,
        timer: null,
        refusals: 0,
        journaled: new Set(),
      });
    }
    if (session !== this.#session) {
      this.#session = session;
      await this.#readJournal(session);
    }
  }

  /** Subscribes what is not subscribed; called only while the bridge may ask questions, since nothing is kept for later. */
  resume(): void {
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.request === null) this.#subscribe(subscription);
    }
    this.#watchSilence();
  }

  /** The gateway's data is lost: what is in the making cannot be believed, and every subscription begins anew. */
  interrupt(): void {
    for (const subscription of this.#subscriptions.values()) {
      subscription.request = null;
      subscription.heard = null;
      subscription.timer?.cancel();
      subscription.closer.interrupt();
    }
    this.#byRequest.clear();
    this.#silence?.cancel();
    this.#silence = null;
  }

  bar(requestId: number, bar: BrokerBar): boolean {
    const subscription = this.#byRequest.get(requestId);
    if (subscription === undefined) return false;
    if (this.#believes(subscription, bar)) subscription.closer.history(bar);
    return true;
  }

  barsEnd(requestId: number): boolean {
    const subscription = this.#byRequest.get(requestId);
    if (subscription === undefined) return false;
    const now = this.#bridge.schedule.now();
    subscription.refusals = 0;
    subscription.heard = now;
    this.#emit(subscription, subscription.closer.historyEnd(now));
    this.#watchSilence();
    return true;
  }

  update(requestId: number, bar: BrokerBar): void {
    const subscription = this.#byRequest.get(requestId);
    if (subscription === undefined || !this.#believes(subscription, bar)) return;
    subscription.heard = this.#bridge.schedule.now();
    this.#emit(subscription, subscription.closer.update(bar, this.#bridge.schedule.now()));
  }

  /** The broker refuses or ends a subscription; it is asked for again later. @returns false where it is none of these */
  refused(requestId: number, code: number | null, message: string): boolean {
    const subscription = this.#byRequest.get(requestId);
    if (subscription === undefined) return false;
    this.#bridge.log('warn', 'a bar subscription was refused', {
      instrument: subscription.instrument.id,
      code,
      message,
    });
    this.#byRequest.delete(requestId);
    subscription.heard = null;
    subscription.closer.interrupt();
    subscription.refusals += 1;
    subscription.timer?.cancel();
    subscription.timer = this.#bridge.schedule.after(refusedHistoryPause(subscription.refusals), () => {
      subscription.request = null;
      if (this.#bridge.mayAsk()) this.#subscribe(subscription);
    });
    return true;
  }

  /** What is not believed is said: its instrument will look silent. */
  #believes({ instrument }: Subscription, bar: BrokerBar): boolean {
    const problem = barProblem(instrument, bar);
    if (problem === null) return true;
    const details = { instrument: instrument.id, time: bar.time, problem };
    this.#bridge.log('warn', 'a bar that cannot be believed was left out', details);
    return false;
  }

  #subscribe(subscription: Subscription): void {
    const contract = contractOf(subscription.instrument);
    if (contract === null) return;
    const requestId = this.#bridge.link.nextRequestId();
    subscription.request = requestId;
    subscription.heard = null;
    subscription.closer.begin();
    this.#byRequest.set(requestId, subscription);
    this.#queue.ask({
      kind: 'history',
      requestId,
      contract,
      barSize: this.#bridge.settings.bars.minutes === 15 ? '15 mins' : '5 mins',
      duration: '1 D',
      keepUpToDate: true,
    });
  }

  #unsubscribe(subscription: Subscription): void {
    subscription.timer?.cancel();
    if (subscription.request === null) return;
    this.#byRequest.delete(subscription.request);
    this.#queue.withdraw(subscription.request);
  }

  #emit(subscription: Subscription, bars: readonly ClosedBar[]): void {
    for (const bar of bars) this.#journal(subscription, bar);
    subscription.timer?.cancel();
    const due = subscription.closer.dueAt;
    subscription.timer =
      due === null
        ? null
        : this.#bridge.schedule.at(due, () =>
            this.#emit(subscription, subscription.closer.due(this.#bridge.schedule.now())),
          );
  }

  /**
   * Subscribes anew what has been silent for too long in its own session. It is not left to the bars of others to notice:
   * the broker's history service may forget all subscriptions at a time and say nothing.
   */
  #watchSilence(): void {
    this.#silence?.cancel();
    this.#silence = null;
    if (!this.#bridge.mayAsk()) return;
    const { schedule, settings } = this.#bridge;
    const now = schedule.now();
    const dues: EpochMillis[] = [];
    for (const subscription of this.#subscriptions.values()) {
      const { instrument, heard } = subscription;
      if (heard === null) continue;
      const due = silentAt(instrument, heard, now, STALE_BARS * settings.bars.minutes * 60_000);
      if (due !== null && due <= now) this.#renew(subscription, heard);
      else if (due !== null) dues.push(due);
    }
    if (dues.length > 0) this.#silence = schedule.at(Math.min(...dues), () => this.#watchSilence());
  }

  #renew(subscription: Subscription, heard: EpochMillis): void {
    this.#bridge.log('warn', 'an instrument is silent in its session; subscribing anew', {
      instrument: subscription.instrument.id,
      heard: instantText(heard),
    });
    this.#bridge.metric('BrokerInstrumentStale', 1);
    this.#unsubscribe(subscription);
    this.#subscribe(subscription);
  }

  #journal(subscription: Subscription, bar: ClosedBar): void {
    const { settings, writer } = this.#bridge;
    const { instrument } = subscription;
    const key = closedBarKey(instrument.id, bar);
    if (bar.session !== this.#session || subscription.journaled.has(key)) return;
    const { source, modelled } = settings.marketData;
    writer.defer(barClosed(instrument.id, bar, { minutes: settings.bars.minutes, source, modelled }));
    subscription.journaled.add(key);
  }

  async #readJournal(session: string): Promise<void> {
    const entries = await this.#bridge.writer.journal(correlations.session(session), ['BarClosed']);
    for (const subscription of this.#subscriptions.values()) subscription.journaled.clear();
    for (const { sortKey } of entries) {
      const key = sortKey.slice('BarClosed#'.length);
      this.#subscriptions.get(key.slice(0, key.lastIndexOf('@')))?.journaled.add(key);
    }
  }
}

/** Bars of its session that may be missed before an instrument counts as silent. */
const STALE_BARS = 3;
