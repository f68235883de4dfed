import type { EventData } from '#contracts/registry.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import { memoizeByIdentity } from '#core/values/memo.ts';
import { type AccountBook, isLive, type Mark, opens } from './account-book.ts';
import {
  layerAveragePrice,
  layerQuantity,
  layerRealized,
  layerUnrealized,
  openLayers,
  type Position,
  positionAveragePrice,
  positionQuantity,
} from './position.ts';

const realizedByLayer = memoizeByIdentity((positions: AccountBook['positions']) =>
  Object.values(positions).flatMap(({ layers }) => Object.values(layers).map(layerRealized)),
);

/** Realised P&L before fees: what left the book, plus the layers still in it. */
export const realizedTotal = ({ positions, realized }: AccountBook): Decimal =>
  realizedByLayer(positions).reduce((total, part) => total.plus(part), new Decimal(realized));

type PositionValue = EventData<'PortfolioRevalued'>['positions'][number];

/** A position at a mark, as it is announced, without the orders that wait. */
interface MarkedPosition {
  readonly value: Decimal;
  readonly gain: Decimal;
  readonly told: Omit<PositionValue, 'pending'>;
}

/** What an announcement says of a position whatever its mark is. */
const unmarked = memoizeByIdentity((position: Position) => ({
  quantity: decimalText(positionQuantity(position)),
  averagePrice: textOf(positionAveragePrice(position)),
  layers: openLayers(position).map((layer) => ({
    intentId: layer.intentId,
    positionId: layer.positionId,
    quantity: decimalText(layer.direction === 'long' ? layerQuantity(layer) : layerQuantity(layer).neg()),
    averagePrice: decimalText(layerAveragePrice(layer) ?? new Decimal(0)),
    stop: layer.stop,
    openedAt: layer.openedAt,
  })),
}));

const textOf = (value: Decimal | null): string | null => (value === null ? null : decimalText(value));

/** The last mark of each position: a bar changes that of one, and the value of all is announced. */
const lastMarked = memoizeByIdentity((_: Position) => ({
  mark: null as Mark | null,
  at: null as MarkedPosition | null,
}));

function marked(position: Position, mark: Mark): MarkedPosition {
  const last = lastMarked(position);
  if (last.at !== null && last.mark === mark) return last.at;
  const price = new Decimal(mark.price);
  const value = positionQuantity(position).times(price);
  const gain = Object.values(position.layers).reduce(
    (total, layer) => total.plus(layerUnrealized(layer, price)),
    new Decimal(0),
  );
  const { quantity, averagePrice, layers } = unmarked(position);
  last.mark = mark;
  last.at = {
    value,
    gain,
    told: {
      instrument: position.instrument,
      quantity,
      averagePrice: averagePrice ?? decimalText(price),
      mark: mark.price,
      markedAt: mark.at,
      marketValue: decimalText(value),
      unrealized: decimalText(gain),
      layers,
      plan: position.plan,
      initialRisk: position.initialRisk,
      target: position.target,
    },
  };
  return last.at;
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
  if (book.cash === null || book.session === null) return null;
  let total = new Decimal(book.cash);
  let unrealized = new Decimal(0);
  let gross = new Decimal(0);
  const positions: PositionValue[] = [];
  for (const name of Object.keys(book.positions).sort()) {
    const position = book.positions[name];
    const mark = book.marks[name];
    if (position === undefined || positionQuantity(position).isZero()) continue;
    if (mark === undefined) return null;
    const { value, gain, told } = marked(position, mark);
    total = total.plus(value);
    unrealized = unrealized.plus(gain);
    gross = gross.plus(value.abs());
    positions.push({
      ...told,
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
  if (total.gte(highWater)) return 0;
  return Math.max(0, Number(highWater.minus(total).div(highWater).toSignificantDigits(10)));
}
