import type { EventData } from '#contracts/registry.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import { type AccountBook, equity, isLive, opens } from './account-book.ts';
import {
  layerAveragePrice,
  layerQuantity,
  layerRealized,
  layerUnrealized,
  openLayers,
  positionAveragePrice,
  positionQuantity,
} from './position.ts';

/** Realised P&L before fees: what left the book, plus the layers still in it. */
export function realizedTotal(book: AccountBook): Decimal {
  return Object.values(book.positions)
    .flatMap((position) => Object.values(position.layers))
    .reduce((total, layer) => total.plus(layerRealized(layer)), new Decimal(book.realized));
}

/**
 * The book's value as the event that announces it. Null while equity is unknown (no cash yet, or a held instrument
 * without a mark): an unknown value is not announced as a number.
 */
export function valuation(
  book: AccountBook,
  cause: EventData<'PortfolioRevalued'>['cause'],
  instrument: string | null,
): EventData<'PortfolioRevalued'> | null {
  const total = equity(book);
  if (total === null || book.cash === null || book.session === null) return null;
  let unrealized = new Decimal(0);
  let gross = new Decimal(0);
  const positions: EventData<'PortfolioRevalued'>['positions'] = [];
  for (const name of Object.keys(book.positions).sort()) {
    const position = book.positions[name];
    const mark = book.marks[name];
    const held = positionQuantity(position);
    if (position === undefined || mark === undefined || held.isZero()) continue;
    const price = new Decimal(mark.price);
    const average = positionAveragePrice(position) ?? price;
    const value = held.times(price);
    const gain = Object.values(position.layers).reduce(
      (total, layer) => total.plus(layerUnrealized(layer, price)),
      new Decimal(0),
    );
    unrealized = unrealized.plus(gain);
    gross = gross.plus(value.abs());
    positions.push({
      instrument: name,
      quantity: decimalText(held),
      averagePrice: decimalText(average),
      mark: mark.price,
      markedAt: mark.at,
      marketValue: decimalText(value),
      unrealized: decimalText(gain),
      layers: openLayers(position).map((layer) => ({
        intentId: layer.intentId,
        positionId: layer.positionId,
        quantity: decimalText(layer.direction === 'long' ? layerQuantity(layer) : layerQuantity(layer).neg()),
        averagePrice: decimalText(layerAveragePrice(layer) ?? new Decimal(0)),
        stop: layer.stop,
        openedAt: layer.openedAt,
      })),
      plan: position.plan,
      initialRisk: position.initialRisk,
      target: position.target,
      pending: Object.values(book.orders)
        .filter((order) => isLive(order) && opens(order.intent) && order.intent.instrument === name)
        .map((order) => order.intent.intentId)
        .sort(),
    });
  }
  const highWater = book.highWater === null ? total : Decimal.max(book.highWater, total);
  return {
    session: book.session,
    cause,
    instrument,
    equity: decimalText(total),
    cash: book.cash,
    realized: decimalText(realizedTotal(book)),
    unrealized: decimalText(unrealized),
    fees: book.fees,
    highWater: decimalText(highWater),
    drawdown: drawdown(total, highWater),
    dayPnl: decimalText(book.sessionEquity === null ? new Decimal(0) : total.minus(book.sessionEquity)),
    grossExposure: decimalText(gross),
    tradingState: book.trading.state,
    openPositions: positions.length,
    positions,
    volume: instrument === null ? null : (book.marks[instrument]?.volume ?? null),
  };
}

/** Fraction below the high-water mark, 0…1, to ten significant digits. */
export function drawdown(total: Decimal, highWater: Decimal): number {
  if (highWater.lte(0)) return 1;
  return Math.max(0, Number(highWater.minus(total).div(highWater).toSignificantDigits(10)));
}
