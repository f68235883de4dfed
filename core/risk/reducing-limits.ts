import { isLive, remaining } from '#core/portfolio/account-book.ts';
import { layerQuantity } from '#core/portfolio/position.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import { found, type Limit } from './limit.ts';

/** A layer may never be closed further than it is held, by however many orders at once, nor be turned round. */
const reduceOnly: Limit = ({ book, intent }) => {
  const layer = book.positions[intent.instrument]?.layers[intent.closes ?? ''];
  if (layer === undefined)
    return found(
      'reduce-only',
      false,
      'an open layer',
      String(intent.closes),
      'the layer that the order would close is not held',
    );
  const rightSide = (layer.direction === 'long') === (intent.side === 'SELL');
  const closing = Object.values(book.orders)
    .filter((order) => isLive(order) && order.intent.closes === intent.closes)
    .reduce((total, order) => total.plus(remaining(order)), new Decimal(0));
  const free = layerQuantity(layer).minus(closing);
  return found(
    'reduce-only',
    rightSide && free.gte(intent.quantity),
    `at most ${decimalText(Decimal.max(0, free))} units, on the other side`,
    `${intent.side} ${intent.quantity}`,
    'an order that reduces may not turn or exceed the layer it closes',
  );
};

const inSession: Limit = ({ session }) =>
  found(
    'session',
    session !== null,
    'regular hours',
    session === null ? 'closed' : 'open',
    'the market of the instrument is closed; the resting stop stays at the broker',
  );

/** For what closes a layer. Kill switch, trading state and loss limits are not among them: reductions always pass. */
export const reducingLimits: readonly Limit[] = [reduceOnly, inSession];
