import type { BrokerMessage } from '#core/broker/broker-port.ts';
import type { ObjectStore } from '#core/events/object-store.ts';
import { BarService } from './bar-service.ts';
import type { Bridge } from './bridge-parts.ts';
import { HistoryQueue } from './history-queue.ts';
import { SessionPreparation } from './session-preparation.ts';

type MarketDataMessage = Extract<BrokerMessage, { kind: 'bar' | 'bars-end' | 'bar-update' }>;

/** Bars as they close and the histories that a session begins with, which share one queue of historical requests. */
export class MarketDataDesk {
  readonly bars: BarService;
  readonly preparation: SessionPreparation;
  readonly #history: HistoryQueue;

  constructor(bridge: Bridge, objects: ObjectStore) {
    this.#history = new HistoryQueue(bridge.schedule, bridge.outbox);
    this.bars = new BarService(bridge, this.#history);
    this.preparation = new SessionPreparation(bridge, this.#history, objects);
  }

  async observe(message: MarketDataMessage): Promise<void> {
    switch (message.kind) {
      case 'bar':
        if (!this.bars.bar(message.requestId, message.bar))
          this.preparation.bar(message.requestId, message.bar);
        return;
      case 'bars-end':
        if (!this.bars.barsEnd(message.requestId)) await this.preparation.barsEnd(message.requestId);
        return;
      case 'bar-update':
        this.bars.update(message.requestId, message.bar);
    }
  }

  /** @returns false where the notice is about none of its requests */
  async refused(id: number, code: number, message: string): Promise<boolean> {
    return this.bars.refused(id, code, message) || (await this.preparation.refused(id, code, message));
  }

  /** The broker has forgotten every subscription and request. */
  interrupt(): void {
    this.bars.interrupt();
    this.preparation.interrupt();
    this.#history.reset();
  }

  resume(): void {
    this.bars.resume();
    this.preparation.resume();
  }
}
