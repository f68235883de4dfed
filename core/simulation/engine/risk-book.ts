import type { Intent } from '#contracts/events/orders.ts';
import type { DeskEvent, EventData } from '#contracts/registry.ts';
import type { Session } from '#core/market/calendar.ts';
import { type AccountBook, EMPTY_BOOK, isLive } from '#core/portfolio/account-book.ts';
import { fold, type LedgerEventType } from '#core/portfolio/ledger.ts';
import { layerQuantity, openLayers } from '#core/portfolio/position.ts';
import { instantText } from '#core/values/clock.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import { StrategyError } from './errors.ts';
import type { Feed } from './feed.ts';
import type { EngineOrder } from './order.ts';
import { decimalOf } from './order-intents.ts';

/** What an order of the engine is to the book: an intent's own order, or a stop or target at the side of a layer. */
export interface Place {
  readonly role: 'order' | 'stop' | 'target';
  /** The layer that it opens or closes, by the intent that opened it. */
  readonly layer: string;
  readonly intentId: string;
}

/** Digits of cash: the engine's floats are exact to the cent, and far below it they are dust. */
const CASH_PLACES = 6;

/** The desk's account book over the orders of a simulation: the live ledger's fold, told what the engine did. */
export class RiskBook {
  book: AccountBook;
  readonly #places = new Map<number, Place>();
  readonly #openers = new Map<string, EngineOrder>();
  readonly #stops = new Map<string, EngineOrder>();
  #live: EngineOrder[] = [];
  #executions = 0;
  #session = '';

  constructor(currency: string, cash: number) {
    this.book = { ...EMPTY_BOOK, account: 'simulation', currency, cash: decimalOf(cash) };
  }

  /** Turns the day figures; nothing, and false, where the session is that of the bar before. */
  beginSession(at: number, { date, open, close }: Session, instruments: readonly string[]): boolean {
    if (date <= this.#session) return false;
    this.#session = date;
    this.#fold('SessionPrepared', at, {
      session: date,
      open: instantText(open),
      close: instantText(close),
      instruments: [...instruments],
    });
    return true;
  }

  /** A person lets trading go on. */
  resume(event: DeskEvent<'TradingResumed'>): void {
    this.book = fold(this.book, event).book;
  }

  closeBar(feed: Feed, minutes: number): void {
    const { series, instrument, closed } = feed;
    const at = closed - 1;
    const column = (values: Float64Array) => decimalOf(values[at] as number);
    const volume = series.volume[at] as number;
    this.#fold('BarClosed', series.closeTime[at] as number, {
      instrument: instrument.id,
      session: this.#session,
      minutes,
      openTime: instantText(series.openTime[at] as number),
      closeTime: instantText(series.closeTime[at] as number),
      open: column(series.open),
      high: column(series.high),
      low: column(series.low),
      close: column(series.close),
      volume: Number.isNaN(volume) ? null : decimalOf(volume),
      source: 'simulation',
      modelled: false,
    });
  }

  /** The engine keeps cash with interest and dividends; the book takes its figure. */
  bookCash(cash: number): void {
    this.book = { ...this.book, cash: decimalText(new Decimal(cash).toDecimalPlaces(CASH_PLACES)) };
  }

  track(order: EngineOrder, intent: Intent): void {
    const layer = intent.closes ?? intent.intentId;
    this.#places.set(order.id, { role: 'order', layer, intentId: intent.intentId });
    if (intent.closes === null) this.#openers.set(layer, order);
    order.closing = intent.closes !== null;
    this.#live.push(order);
  }

  attach(order: EngineOrder, layer: string, role: 'stop' | 'target'): void {
    this.#places.set(order.id, { role, layer, intentId: layer });
    order.closing = true;
    if (role === 'stop') this.#stops.set(layer, order);
  }

  placeOf(order: EngineOrder): Place | null {
    return this.#places.get(order.id) ?? null;
  }

  /** The layer that an order opens; null where it opens none. */
  layerOpenedBy(order: EngineOrder): string | null {
    const place = this.placeOf(order);
    return place !== null && place.role === 'order' && place.layer === place.intentId ? place.layer : null;
  }

  openerOf(layer: string): EngineOrder {
    const order = this.#openers.get(layer);
    if (order === undefined) throw new StrategyError(`no order of the simulation opened the layer ${layer}`);
    return order;
  }

  stopOf(layer: string): EngineOrder | null {
    return this.#stops.get(layer) ?? null;
  }

  fill(order: EngineOrder, instrument: string, quantity: number, price: number, at: number): void {
    const place = this.placeOf(order);
    if (place === null) this.#close(instrument, order.side, new Decimal(quantity), price, at);
    else
      this.#execute(
        instrument,
        place.intentId,
        place.role === 'order' ? 'order' : 'stop',
        order.side,
        decimalOf(quantity),
        price,
        at,
      );
  }

  closeAll(instrument: string, price: number, at: number): void {
    const long = openLayers(this.book.positions[instrument])[0]?.direction !== 'short';
    this.#close(instrument, long ? 'sell' : 'buy', null, price, at);
  }

  /** What nobody of the desk has ordered (a liquidation, a delisting) closes layers, oldest first. */
  #close(instrument: string, side: 'buy' | 'sell', units: Decimal | null, price: number, at: number): void {
    let left = units;
    for (const layer of openLayers(this.book.positions[instrument])) {
      const held = layerQuantity(layer);
      const part = left === null ? held : Decimal.min(left, held);
      if (part.lte(0)) break;
      this.#execute(instrument, layer.intentId, 'stop', side, decimalText(part), price, at);
      left = left === null ? null : left.minus(part);
    }
  }

  #execute(
    instrument: string,
    intentId: string,
    role: 'order' | 'stop',
    side: 'buy' | 'sell',
    quantity: string,
    price: number,
    at: number,
  ): void {
    this.#fold('OrderFilled', at, {
      instrument,
      intentId,
      orderRef: intentId,
      role,
      orderId: 0,
      permId: 0,
      execId: `E${++this.#executions}`,
      side: side === 'buy' ? 'BUY' : 'SELL',
      quantity,
      price: decimalOf(price),
      cumulativeQuantity: quantity,
      averagePrice: decimalOf(price),
      executedAt: instantText(at),
      corrects: null,
    });
  }

  moveStop(layer: string, instrument: string, stopPrice: string, at: number): void {
    this.#fold('StopMoved', at, {
      intentId: layer,
      orderRef: `${layer}:stop`,
      role: 'stop',
      instrument,
      stopPrice,
    });
  }

  /** Lets go of what is reserved for orders that have ended. */
  settle(at: number): void {
    const ended = this.#live.filter((order) => !order.alive);
    if (ended.length === 0) return;
    this.#live = this.#live.filter((order) => order.alive);
    for (const order of ended) this.#end(order, at);
  }

  /** The engine is about to cancel every working order. */
  cancelWorking(at: number): void {
    for (const order of this.#live) this.#end(order, at);
    this.#live = [];
  }

  #end(order: EngineOrder, at: number): void {
    const place = this.placeOf(order);
    const record = this.book.orders[place?.intentId ?? ''];
    if (place === null || record === undefined || !isLive(record)) return;
    this.#fold('OrderCancelled', at, {
      intentId: place.intentId,
      orderRef: place.intentId,
      role: 'order',
      instrument: record.intent.instrument,
      filledQuantity: decimalOf(order.filled),
      reason: order.reason === '' ? 'the order ended' : order.reason,
    });
  }

  #fold<T extends LedgerEventType>(type: T, at: number, data: EventData<T>): void {
    const event = {
      metadata: {
        id: `${type}@${at}`,
        type,
        version: 1,
        occurredAt: instantText(at),
        correlationId: 'simulation',
        causationId: null,
        sender: 'simulation',
        recipients: [],
        sequence: 0,
        urgency: 'normal',
        requiresResponse: false,
        ttlSeconds: null,
      },
      data,
    } as DeskEvent<LedgerEventType>;
    this.book = fold(this.book, event).book;
  }
}
