import { type AccountBook, isLive, remaining } from '#core/portfolio/account-book.ts';
import { type Layer, layerQuantity, openLayers } from '#core/portfolio/position.ts';
import { Decimal } from '#core/values/decimal.ts';

/** What an exit closes of one layer. */
export interface ExitPart {
  readonly layer: Layer;
  /** Units, above zero. */
  readonly quantity: number;
}

/** Layers of an exit, oldest first, each with what is free of it; one part where more is asked for than is free. */
export function exitParts(book: AccountBook, instrument: string, quantity: number): readonly ExitPart[] {
  const layers = openLayers(book.positions[instrument]);
  const parts: ExitPart[] = [];
  let wanted = new Decimal(quantity);
  for (const layer of layers) {
    const closing = Object.values(book.orders)
      .filter((order) => isLive(order) && order.intent.closes === layer.intentId)
      .reduce((total, order) => total.plus(remaining(order)), new Decimal(0));
    const part = Decimal.min(wanted, layerQuantity(layer).minus(closing));
    if (part.lte(0)) continue;
    parts.push({ layer, quantity: part.toNumber() });
    wanted = wanted.minus(part);
  }
  const [first] = layers;
  return wanted.isZero() || first === undefined ? parts : [{ layer: first, quantity }];
}
