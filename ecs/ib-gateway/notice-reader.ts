import type { SessionInput } from '#core/broker/bridge-session.ts';
import { classifyLinkNotice, isRemark } from '#core/broker/broker-codes.ts';
import type { Bridge } from './bridge-parts.ts';

/** Who a notice may be for: it takes it and says so, or leaves it. */
export type Addressee = (id: number, code: number, message: string) => boolean | Promise<boolean>;

export interface NoticeOwner {
  /** Asked one after the other. */
  readonly addressees: readonly Addressee[];
  readonly step: (input: SessionInput) => Promise<void>;
  /** The gateway has forgotten every subscription. */
  readonly subscriptionsLost: () => void;
  readonly clientIdInUse: () => void;
}

/** Reads the broker's errors and remarks: which order or question they name, and what they mean for the whole link. */
export class NoticeReader {
  readonly #bridge: Bridge;
  readonly #owner: NoticeOwner;

  constructor(bridge: Bridge, owner: NoticeOwner) {
    this.#bridge = bridge;
    this.#owner = owner;
  }

  async read(id: number, code: number, message: string): Promise<void> {
    const meaning = classifyLinkNotice(code, message);
    if (id > 0) {
      await this.#deliver(id, code, message);
      // Told of an order, it still is of the whole link.
      if (meaning !== 'read-only') return;
    }
    const { step } = this.#owner;
    switch (meaning) {
      case 'upstream-lost':
        return step({ kind: 'upstream-lost', reason: `the gateway lost the broker (${code})` });
      case 'upstream-restored-data-lost':
        await step({
          kind: 'upstream-restored',
          reason: `the gateway is back, subscriptions lost (${code})`,
        });
        return this.#owner.subscriptionsLost();
      case 'upstream-restored':
        return step({ kind: 'upstream-restored', reason: `the gateway is back (${code})` });
      case 'client-id-in-use':
        this.#owner.clientIdInUse();
        return step({
          kind: 'link-ended',
          reason: `client id ${this.#bridge.settings.clientId} is still in use (${code})`,
        });
      case 'read-only':
        return step({ kind: 'trading-disabled', reason: `the gateway is read-only (${code}): ${message}` });
      case 'pacing':
        this.#bridge.outbox.slowDown();
        return;
      case 'socket-port-reset':
        return step({ kind: 'link-ended', reason: message });
      case 'routine':
        this.#bridge.log('info', 'the gateway says', { code, message });
        return;
    }
  }

  async #deliver(id: number, code: number, message: string): Promise<void> {
    for (const takes of this.#owner.addressees) if (await takes(id, code, message)) return;
    // The data farms come and go.
    if (isRemark(code)) return;
    this.#bridge.log('warn', 'the broker remarks', { id, code, message });
  }
}
