import { type DeskEvent, parseEventOf } from '#contracts/registry.ts';
import { isRemark } from '#core/broker/broker-codes.ts';
import type { BrokerMessage } from '#core/broker/broker-port.ts';
import { contractOf } from '#core/broker/contracts.ts';
import { declined } from '#core/broker/declined-command.ts';
import type { ObjectStore } from '#core/events/object-store.ts';
import { correlations } from '#core/events/state-keys.ts';
import { newYorkDate } from '#core/market/calendar.ts';
import type { Instrument } from '#core/market/instrument.ts';
import { BarService } from './bar-service.ts';
import type { Bridge } from './bridge-parts.ts';
import { HistoryQueue } from './history-queue.ts';
import { SessionPreparation } from './session-preparation.ts';

type MarketDataMessage = Extract<BrokerMessage, { kind: 'bar' | 'bars-end' | 'bar-update' }>;

/** Bars as they close and the histories that a session begins with, which share one queue of historical requests. */
export class MarketDataDesk {
  readonly #bridge: Bridge;
  readonly #bars: BarService;
  readonly #preparation: SessionPreparation;
  readonly #history: HistoryQueue;
  #session: string | null = null;

  constructor(bridge: Bridge, objects: ObjectStore) {
    this.#bridge = bridge;
    this.#history = new HistoryQueue(bridge.schedule, bridge.outbox, async (requestId) => {
      await this.#refuse(requestId, null, 'no answer in time');
    });
    this.#bars = new BarService(bridge, this.#history);
    this.#preparation = new SessionPreparation(bridge, this.#history, objects);
  }

  /**
   * Takes a session on; {@link resume} asks for what it needs. A queue may deliver a command late, from its dead letters for
   * instance: one of an earlier session must not take the place of the one that is watched, whose bars would be lost, nor
   * put an older history over a newer one.
   */
  async prepare(event: DeskEvent<'SessionPrepared'>): Promise<void> {
    const { session } = event.data;
    if (this.#session !== null && session < this.#session) {
      const details = { session, watched: this.#session };
      this.#bridge.log('warn', 'a session before the one that is watched is not prepared', details);
      return;
    }
    this.#session = session;
    const instruments = await this.#watchable(event);
    await this.#preparation.begin(event, instruments);
    await this.#bars.watch(session, instruments);
  }

  /**
   * Goes on with today's session where it has been prepared already. Its command is said once and is done with as soon as
   * it has been taken on, and what was asked for it was the last bridge's: without this a bridge that starts in the middle
   * of a session would see no price in it.
   */
  async resumeSession(): Promise<void> {
    const today = correlations.session(newYorkDate(this.#bridge.schedule.now()));
    const [prepared] = await this.#bridge.writer.journal(today, ['SessionPrepared']);
    if (prepared === undefined) return;
    await this.prepare(parseEventOf(['SessionPrepared'], JSON.parse(prepared.canonical)));
  }

  /** The instruments of a session that the bridge can watch; the others are declined by name. */
  async #watchable(event: DeskEvent<'SessionPrepared'>): Promise<readonly Instrument[]> {
    const { lines } = this.#bridge.settings.marketData;
    const instruments: Instrument[] = [];
    for (const id of event.data.instruments) {
      const instrument = this.#bridge.instrument(id);
      const known = instrument !== undefined && contractOf(instrument) !== null;
      if (known && instruments.length < lines) {
        instruments.push(instrument);
        continue;
      }
      const reason = known
        ? `all ${lines} market data lines are taken; raise MARKET_DATA_LINES where the account is entitled to more`
        : `the bridge has no contract for the instrument ${id}`;
      const entry = declined(event, `history:${id}`, reason, this.#bridge.schedule.now(), id);
      await this.#bridge.writer.append({ entries: [entry] });
    }
    return instruments;
  }

  async observe(message: MarketDataMessage): Promise<void> {
    switch (message.kind) {
      case 'bar':
        if (!this.#bars.bar(message.requestId, message.bar))
          this.#preparation.bar(message.requestId, message.bar);
        return;
      case 'bars-end':
        this.#history.answered(message.requestId);
        if (!this.#bars.barsEnd(message.requestId)) await this.#preparation.barsEnd(message.requestId);
        return;
      case 'bar-update':
        this.#bars.update(message.requestId, message.bar);
    }
  }

  /** @returns false where the notice is about none of its requests */
  async refused(id: number, code: number, message: string): Promise<boolean> {
    if (isRemark(code)) return false;
    this.#history.answered(id);
    return this.#refuse(id, code, message);
  }

  /** The link is gone, and with it every subscription and request. */
  interrupt(): void {
    this.#bars.interrupt();
    this.#preparation.interrupt();
    this.#history.reset();
  }

  /** The broker is back and has forgotten everything: asked for anew at once, whether the bridge may trade now or not. */
  restart(): void {
    this.interrupt();
    if (this.#bridge.mayAsk()) this.resume();
  }

  resume(): void {
    this.#bars.resume();
    this.#preparation.resume();
  }

  /** @param code the broker's; null where it did not even answer */
  async #refuse(id: number, code: number | null, message: string): Promise<boolean> {
    return this.#bars.refused(id, code, message) || (await this.#preparation.refused(id, code, message));
  }
}
