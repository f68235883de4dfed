import { exposedInstruments, isForeign, isLive, opens, worstExposure } from '#core/portfolio/account-book.ts';
import { layerAveragePrice, layerQuantity, openLayers } from '#core/portfolio/position.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import {
  exposureLimit,
  type Finding,
  found,
  type GateInput,
  type Limit,
  percent,
  worstPrice,
} from './limit.ts';

const position: Limit = (input) =>
  exposureLimit(
    'position',
    input,
    input.policy.position.maximum,
    exposureOver(input, [input.intent.instrument]),
    'the position would exceed its share of equity in the worst case',
  );

const grossLeverage: Limit = (input) =>
  exposureLimit(
    'gross-leverage',
    input,
    input.policy.grossLeverage,
    exposureOver(input, [...new Set([...exposedInstruments(input.book), input.intent.instrument])]),
    'the account would be leveraged beyond its limit in the worst case',
  );

const sectorLimit: Limit = (input) => {
  const sector = input.instrument?.sector ?? null;
  if (sector === null) return null;
  // An exposed instrument whose sector nobody knows may be of this one.
  const names = [...new Set([...exposedInstruments(input.book), input.intent.instrument])].filter((id) => {
    const other = input.instruments(id);
    return other === null || other.sector === sector;
  });
  return exposureLimit(
    'sector',
    input,
    input.policy.sector,
    exposureOver(input, names),
    `the sector ${sector} would exceed its share of equity`,
  );
};

const cluster: Limit = (input) => {
  const { book, intent, policy } = input;
  const others = exposedInstruments(book).filter((id) => id !== intent.instrument);
  const correlations = others.map((id) => ({ id, value: input.correlation(intent.instrument, id) }));
  const isUnknown = (value: number | null) => value === null || !Number.isFinite(value);
  const unknown = correlations.find(({ id, value }) => isUnknown(value) && !isForeign(book, id));
  if (unknown !== undefined)
    return found(
      'correlated-cluster',
      false,
      percent(policy.cluster.maximum),
      `correlation with ${unknown.id} unknown`,
      'the correlation with what is held cannot be measured',
    );
  // What somebody else holds, and nobody here has prices of, moves with the intent in the worst case.
  const members = correlations.flatMap(({ id, value }) =>
    isUnknown(value) || (value ?? 0) > policy.cluster.correlation ? [id] : [],
  );
  if (members.length === 0) return null;
  return exposureLimit(
    'correlated-cluster',
    input,
    policy.cluster.maximum,
    exposureOver(input, [...members, intent.instrument]),
    `with ${members.join(', ')} (correlation above ${policy.cluster.correlation}) it would exceed the cluster's share of equity`,
  );
};

/** Worst-case exposure over instruments, the intent's own part with the intent in it; null where one has no price. */
function exposureOver({ book, intent, policy }: GateInput, names: readonly string[]): Decimal | null {
  let total = new Decimal(0);
  for (const name of names) {
    const part = worstExposure(
      book,
      name,
      name === intent.instrument ? { intent, worstPrice: worstPrice(intent, policy) } : undefined,
    );
    if (part === null) return null;
    total = total.plus(part);
  }
  return total;
}

const RULE = 'a smaller layer on a winner, stop not lowered';
const broken = (measured: string, explanation: string, value = RULE): Finding =>
  found('pyramiding', false, value, measured, explanation);

/** An addition must belong to an open winner, come one at a time, be smaller than the layer before, and not lower the stop. */
const pyramiding: Limit = (input) => {
  const { book, intent, policy } = input;
  if (intent.purpose !== 'pyramid') return null;
  const layers = openLayers(book.positions[intent.instrument]);
  const newest = layers.at(-1);
  const mark = book.marks[intent.instrument];
  if (newest === undefined || mark === undefined)
    return broken('no open position', 'there is no open position to add to');
  const sign = newest.direction === 'long' ? 1 : -1;
  if (layers.length >= policy.pyramiding.maxLayers)
    return broken(
      String(layers.length + 1),
      'the position has all its layers',
      `at most ${policy.pyramiding.maxLayers} layers`,
    );
  if ((intent.side === 'BUY') !== (sign === 1))
    return broken(intent.side, 'an addition must be on the side of the position');
  const working = Object.values(book.orders).find(
    (order) => isLive(order) && opens(order.intent) && order.intent.instrument === intent.instrument,
  );
  if (working !== undefined)
    return broken(working.intent.intentId, 'a layer of the position is still being bought or sold');
  if (new Decimal(intent.quantity).gte(layerQuantity(newest)))
    return broken(
      `${intent.quantity} on ${decimalText(layerQuantity(newest))}`,
      'each addition must be smaller than the layer before it',
    );
  const wins = layers.every((layer) => {
    const average = layerAveragePrice(layer);
    return average !== null && new Decimal(mark.price).minus(average).times(sign).gt(0);
  });
  if (!wins) return broken(`price ${mark.price}`, 'additions are made to winners only');
  const stop = intent.protectiveStop;
  const ahead = layers.find(
    (layer) => layer.stop !== null && stop !== null && new Decimal(stop).minus(layer.stop).times(sign).lt(0),
  );
  if (ahead !== undefined)
    return broken(`stop ${stop} behind ${ahead.stop}`, 'an addition may not lower the stop');
  return exposureLimit(
    'pyramiding',
    input,
    policy.pyramiding.maximum,
    exposureOver(input, [intent.instrument]),
    'all layers together would exceed their share of equity',
  );
};

/** How much of the account may stand in one instrument, one sector, one cluster, and in all. */
export const exposureLimits: readonly Limit[] = [position, pyramiding, grossLeverage, sectorLimit, cluster];
