import { contractOf } from '#core/broker/contracts.ts';
import type { Instrument } from '#core/market/instrument.ts';
import type { Bridge } from './bridge-parts.ts';

/** Names the order in the broker's log; no intent can have it. */
const REFERENCE = 'preflight';
/** Far below any market, and on every tick: only permission is asked for. */
const LIMIT = '1';

/**
 * Asks of each link, once it may trade, whether the gateway takes orders at all: a what-if order, which the broker values
 * and never works. A gateway that is read-only says so with 321 now and not to the first order of the day.
 */
export class Preflight {
  readonly #bridge: Bridge;
  readonly #instrument: Instrument | undefined;
  #orderId: number | null = null;
  #asked = false;

  constructor(bridge: Bridge, catalog: readonly Instrument[]) {
    this.#bridge = bridge;
    this.#instrument = catalog.find(
      (instrument) =>
        instrument.tradable && instrument.assetClass === 'equity' && contractOf(instrument) !== null,
    );
  }

  /** Asks, once a link. Nothing waits for the answer. */
  ask(): void {
    const { link, outbox } = this.#bridge;
    const instrument = this.#instrument;
    const contract = instrument === undefined ? null : contractOf(instrument);
    if (this.#asked || instrument === undefined || contract === null || link.account === null) return;
    this.#asked = true;
    this.#orderId = link.nextOrderId();
    outbox.send('question', {
      kind: 'what-if',
      ticket: {
        orderId: this.#orderId,
        contract,
        account: link.account,
        orderRef: REFERENCE,
        side: 'BUY',
        quantity: instrument.lot,
        orderType: 'LMT',
        limitPrice: LIMIT,
        triggerPrice: null,
        timeInForce: 'DAY',
        goodTillDate: null,
        parentId: null,
        ocaGroup: null,
        transmit: true,
      },
    });
  }

  /** The broker has valued the order. */
  answered(orderId: number): void {
    if (orderId !== this.#orderId) return;
    this.#orderId = null;
    this.#bridge.log('info', 'the gateway takes orders', {});
  }

  /** A notice about the order. Whether it means that no order may go out is for whoever reads the link's notices. */
  refused(orderId: number, code: number, message: string): boolean {
    if (orderId !== this.#orderId) return false;
    this.#bridge.log('warn', 'the broker remarks on the what-if order', { code, message });
    return true;
  }

  /** The link is over: the next one is asked anew. */
  end(): void {
    this.#orderId = null;
    this.#asked = false;
  }
}
