import {
  InvalidSizingError,
  ROUNDING,
  requireContext,
  requirePositive,
  type SizingContext,
  wholeLots,
} from './position-size.ts';
import { checkedPlan, type LayeringPlan } from './pyramiding-plans.ts';

/** Units entered at a price, with the stop that protects them. */
export interface LayerHeld {
  readonly units: number;
  readonly price: number;
  readonly stop: number;
}

/** A position as its layers, oldest first. */
export interface LayeredPosition {
  readonly direction: 'long' | 'short';
  readonly layers: readonly [LayerHeld, ...LayerHeld[]];
  /** R: distance from the first price to its first stop, in price units. */
  readonly initialRisk: number;
  /** Average true range at entry, in price units; only a plan of current volatility uses it. */
  readonly initialVolatility: number;
}

/** What may never be exceeded, besides the caps of the context. */
export interface LayeringLimits {
  /** Layers in all, whatever the plan says. */
  readonly layers: number;
  /** Share of equity that may be lost, from the price now, if every stop fills at its price. */
  readonly risk: number;
}

/** What to do at this price: the stops of the layers held, and perhaps a layer to add at it. */
export interface LayeringStep {
  /** One for each layer held, in their order; never further from the price than it was. */
  readonly stops: readonly number[];
  readonly add: { readonly units: number; readonly stop: number } | null;
  /** Why nothing is added; null where a layer is. */
  readonly reason: string | null;
}

/**
 * One step of a pyramiding plan, with the semantics of the live one (`core/risk/pyramiding.ts`): a layer is added when
 * the price has moved stepR × R beyond the newest; it is at most sizeFactor × the newest, and what exposure, units,
 * risk and lots leave of that; all stops stand trailR × R behind the newest layer and never move back.
 * @param context its price is the price now, at which a layer would be added
 * @param volatilityNow average true range now, in price units
 * @throws InvalidSizingError naming the input that is out of range
 */
export function layeringStep(
  plan: LayeringPlan,
  position: LayeredPosition,
  context: SizingContext,
  limits: LayeringLimits,
  volatilityNow: number,
): LayeringStep {
  requireStep(plan, position, context, limits, volatilityNow);
  const { layers } = position;
  const sign = position.direction === 'long' ? 1 : -1;
  const newest = layers.at(-1) ?? layers[0];
  const stretch = plan.volatility === 'current' ? volatilityNow / position.initialVolatility : 1;
  const r = position.initialRisk * stretch;
  const trailed = newest.price - sign * plan.trailR * r;
  // A stop at or beyond the price would fill at once: that is an exit, not a stop.
  const usable = layers.length > 1 && trailed > 0 && sign * (context.price - trailed) > 0;
  const stops = layers.map(({ stop }) => (usable ? towards(sign, stop, trailed) : stop));

  const hold = (reason: string): LayeringStep => ({ stops, add: null, reason });
  const most = Math.min(plan.maxLayers, limits.layers);
  if (layers.length >= most) return hold(`${layers.length} of ${most} layers are held`);
  const gain = sign * (context.price - newest.price);
  if (gain < plan.stepR * r - ROUNDING * context.price)
    return hold(`${gain} of ${plan.stepR * r} are gained since the newest layer`);
  if (stops.some((stop) => sign * (context.price - stop) <= 0))
    return hold('a stop stands at or beyond the price');
  const stop = stops.reduce(
    (best, each) => towards(sign, best, each),
    context.price - sign * plan.trailR * r,
  );
  if (stop <= 0) return hold(`its stop would be ${stop}`);
  const { sizeFactor } = plan;
  const asked = Math.min(
    newest.units * sizeFactor,
    (layers[0].units * sizeFactor ** layers.length) / stretch,
  );
  const room = roomFor(position, context, limits, stops, sign * (context.price - stop));
  const units = wholeLots(Math.min(asked, room), context.lot);
  return units > 0
    ? { stops, add: { units, stop }, reason: null }
    : hold(`no lot fits into ${room} units of room`);
}

/** The stop that is nearer to the price. */
const towards = (sign: 1 | -1, stop: number, other: number): number =>
  sign === 1 ? Math.max(stop, other) : Math.min(stop, other);

/** Units that exposure, number of units and risk leave, at the price now. */
function roomFor(
  { layers }: LayeredPosition,
  { equity, price, multiplier, caps }: SizingContext,
  limits: LayeringLimits,
  stops: readonly number[],
  distance: number,
): number {
  const held = layers.reduce((sum, layer) => sum + layer.units, 0);
  const atRisk = layers.reduce(
    (sum, { units }, index) => sum + units * Math.abs(price - (stops[index] ?? price)),
    0,
  );
  return Math.min(
    (equity * caps.exposure) / (price * multiplier) - held,
    caps.units - held,
    ((equity * limits.risk) / multiplier - atRisk) / distance,
  );
}

function requireStep(
  plan: LayeringPlan,
  { layers, initialRisk, initialVolatility }: LayeredPosition,
  context: SizingContext,
  limits: LayeringLimits,
  volatilityNow: number,
): void {
  checkedPlan(plan);
  requireContext(context);
  requirePositive('initial risk', initialRisk);
  if (plan.volatility === 'current') {
    requirePositive('initial volatility', initialVolatility);
    requirePositive('volatility now', volatilityNow);
  }
  if (!(limits.layers >= 0)) throw new InvalidSizingError('limit of layers', limits.layers, 'a number ≥ 0');
  if (!(limits.risk >= 0 && limits.risk <= 1))
    throw new InvalidSizingError('limit of risk', limits.risk, 'a share from 0 to 1');
  for (const [index, { units, price, stop }] of layers.entries()) {
    requirePositive(`units of layer ${index + 1}`, units);
    requirePositive(`price of layer ${index + 1}`, price);
    requirePositive(`stop of layer ${index + 1}`, stop);
  }
}
