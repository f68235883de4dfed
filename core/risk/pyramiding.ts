import type { Intent } from '#contracts/events/orders.ts';
import type { EventData } from '#contracts/registry.ts';
import { sessionAt } from '#core/market/calendar.ts';
import { findInstrument } from '#core/market/catalog.ts';
import type { Instrument } from '#core/market/instrument.ts';
import { type EpochMillis, instantText, parseInstant } from '#core/values/clock.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import { memoizeByIdentity } from '#core/values/memo.ts';
import type { RiskPolicy } from './policy.ts';

type Portfolio = EventData<'PortfolioRevalued'>;
type Position = Portfolio['positions'][number];
type Layer = Position['layers'][number];

export interface PyramidingClock {
  readonly now: EpochMillis;
  /** The session's date in New York. */
  readonly session: string;
  readonly sessionClose: EpochMillis;
}

export interface PyramidingOptions extends PyramidingClock {
  /** Tick and lot of an instrument; undefined for one that the catalog does not have: nothing is planned in it. */
  instrument(id: string): Instrument | undefined;
  /** Units expected to trade in the coming interval; undefined or not finite where unknown: then nothing is added. */
  expectedVolume?(id: string): number | undefined;
}

/** What a revaluation is planned on now; null outside the session. Only of what was revalued is the volume known. */
export function pyramidingOptions(
  { instrument, volume }: Portfolio,
  now: EpochMillis,
): PyramidingOptions | null {
  const session = sessionAt('us-equity', now);
  if (session === null) return null;
  return {
    now,
    session: session.date,
    sessionClose: session.close,
    instrument: findInstrument,
    expectedVolume: (id) => (id === instrument && volume !== null ? Number(volume) : undefined),
  };
}

/** The resting stop of one layer to be raised (long) or lowered (short): always towards the price. */
export interface StopMove {
  readonly intentId: string;
  readonly instrument: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

export interface PyramidingPlanned {
  readonly intents: readonly Intent[];
  readonly stopMoves: readonly StopMove[];
}

const MINUTE = 60_000;
const INTENT_LIFETIME = 5 * MINUTE;
/** How far beyond the mark an addition may trade, as a fraction: its limit, and the price the cap is measured at. */
const LIMIT_FRACTION = new Decimal('0.002');

/**
 * Layers to add to winners and stops to raise, from the portfolio as revalued now.
 *
 * A layer is added when the mark has moved the plan's stepR × initial risk beyond the last layer's price, smaller than
 * the one before by the plan's factor, as long as the position with it, at the worst price, stays within the policy's cap.
 * Every stop is then kept trailR × initial risk behind the newest layer's price, and never moves away from the price. No
 * layer is planned while an entry or addition of the instrument is pending, in REDUCING or HALTED, outside the session or
 * in its last minutes; stops are raised in any state. Intent ids are `<positionId>-L<n>-<day>`, so planning
 * twice in a session plans one, and what is planned again in a later one is another order.
 */
export function planPyramiding(
  portfolio: Portfolio,
  policy: RiskPolicy,
  options: PyramidingOptions,
): PyramidingPlanned {
  const intents: Intent[] = [];
  const stopMoves: StopMove[] = [];
  for (const position of portfolio.positions) {
    const instrument = options.instrument(position.instrument);
    if (instrument === undefined || hasNothingToPlan(position, options)) continue;
    const situation = situationOf(position, instrument);
    if (situation === null) continue;
    stopMoves.push(...trailStops(situation));
    const intent = nextLayer(portfolio, policy, situation, options, intents);
    if (intent !== null) intents.push(intent);
  }
  return { intents, stopMoves };
}

/**
 * Whether {@link planPyramiding} could plan anything under some policy: false is certain, true is not. Most revaluations
 * need no policy read, because no position has moved a step or has a stop to raise.
 */
export function mayPyramid(portfolio: Portfolio, options: PyramidingOptions): boolean {
  return portfolio.positions.some((position) => {
    const instrument = options.instrument(position.instrument);
    const situation = instrument === undefined ? null : situationOf(position, instrument);
    return (
      situation !== null && (trailStops(situation).length > 0 || hasMovedAStep(portfolio, situation, options))
    );
  });
}

interface Situation {
  readonly position: Position;
  readonly instrument: Instrument;
  readonly sign: 1 | -1;
  readonly layers: readonly [Layer, ...Layer[]];
  readonly newest: Layer;
  readonly initialRisk: Decimal;
  readonly plan: NonNullable<Position['plan']>;
  readonly mark: Decimal;
}

/** Null where the position is flat or its plan is unknown: nothing is derived from what is not there. */
function situationOf(position: Position, instrument: Instrument): Situation | null {
  const quantity = new Decimal(position.quantity);
  const [first, ...rest] = heldLayers(position.layers);
  if (quantity.isZero() || first === undefined || position.plan === null || position.initialRisk === null)
    return null;
  const initialRisk = new Decimal(position.initialRisk);
  const mark = new Decimal(position.mark);
  if (initialRisk.lte(0) || mark.lte(0)) return null;
  return {
    position,
    instrument,
    sign: quantity.isNegative() ? -1 : 1,
    layers: [first, ...rest],
    newest: rest.at(-1) ?? first,
    initialRisk,
    plan: position.plan,
    mark,
  };
}

/** A single layer keeps its stop, and where no volume is known nothing is added: so it is of most positions at a bar. */
const hasNothingToPlan = ({ instrument, layers }: Position, { expectedVolume }: PyramidingOptions): boolean =>
  expectedVolume?.(instrument) === undefined && heldLayers(layers).length < 2;

/** Layers that hold something, oldest first. They stay the same from bar to bar. */
const heldLayers = memoizeByIdentity((layers: readonly Layer[]): readonly Layer[] =>
  layers
    .filter((layer) => !new Decimal(layer.quantity).isZero())
    .sort((a, b) => parseInstant(a.openedAt) - parseInstant(b.openedAt) || layerNumber(a) - layerNumber(b)),
);

/** 1 for the entry, n for an addition; additions of earlier versions have no day in their names. */
function layerNumber(layer: Layer): number {
  const match = /-L(\d+)(?:-[0-9a-z]+)?$/.exec(layer.intentId);
  return layer.intentId === layer.positionId || match === null ? 1 : Number(match[1]);
}

const DAY = 24 * 60 * MINUTE;

/**
 * The name of an addition: its position, its number and the session, in days since 1970 in base 36 because a broker's order
 * reference is short. One that did not fill, or was stopped out alone, has spent its name: under it the broker's records have
 * an order that is over.
 */
const additionName = (positionId: string, number: number, session: string): string =>
  `${positionId}-L${number}-${(Date.parse(session) / DAY).toString(36)}`;

const inR = (initialRisk: Decimal, r: number): Decimal => initialRisk.times(r.toPrecision(10));

function onTick(instrument: Instrument, value: Decimal, towards: 'up' | 'down'): Decimal {
  const tick = new Decimal(instrument.tick);
  const mode = towards === 'up' ? Decimal.ROUND_CEIL : Decimal.ROUND_FLOOR;
  return value.div(tick).toDecimalPlaces(0, mode).times(tick);
}

/** Only with two layers or more: the first layer alone keeps the stop it was entered with. */
function trailStops(situation: Situation): StopMove[] {
  const { layers, newest, sign, plan, initialRisk, instrument, mark, position } = situation;
  if (layers.length < 2) return [];
  const distance = inR(initialRisk, plan.trailR).times(sign);
  const to = onTick(instrument, new Decimal(newest.averagePrice).minus(distance), sign === 1 ? 'down' : 'up');
  // A stop at or beyond the mark would fill at once: that is an exit, not a stop.
  if (to.lte(0) || mark.minus(to).times(sign).lte(0)) return [];
  return layers.flatMap((layer) => {
    if (layer.stop === null || to.minus(layer.stop).times(sign).lte(0)) return [];
    return [
      {
        intentId: layer.intentId,
        instrument: position.instrument,
        from: layer.stop,
        to: decimalText(to),
        reason: `${plan.trailR} R behind the newest layer at ${newest.averagePrice} (R is ${decimalText(initialRisk)})`,
      },
    ];
  });
}

/** What has to hold for another layer whatever the policy says. */
function hasMovedAStep(
  portfolio: Portfolio,
  { position, instrument, sign, layers, newest, plan, initialRisk, mark }: Situation,
  options: PyramidingOptions,
): boolean {
  const volume = options.expectedVolume?.(position.instrument);
  const gain = mark.minus(newest.averagePrice).times(sign);
  return (
    portfolio.tradingState === 'ACTIVE' &&
    position.pending.length === 0 &&
    instrument.tradable &&
    plan.stepR > 0 &&
    gain.gte(inR(initialRisk, plan.stepR)) &&
    layers.every((layer) => layer.stop !== null) &&
    volume !== undefined &&
    volume > 0
  );
}

function nextLayer(
  portfolio: Portfolio,
  policy: RiskPolicy,
  situation: Situation,
  options: PyramidingOptions,
  planned: readonly Intent[],
): Intent | null {
  const { position, instrument, sign, layers, newest, plan, initialRisk, mark } = situation;
  const number = Math.max(layers.length, ...layers.map(layerNumber)) + 1;
  if (options.now >= options.sessionClose - policy.closingMinutes * MINUTE) return null;
  if (number > Math.min(plan.maxLayers, policy.pyramiding.maxLayers)) return null;
  const volume = options.expectedVolume?.(position.instrument);
  if (volume === undefined || !hasMovedAStep(portfolio, situation, options)) return null;

  const worst = mark.times(sign === 1 ? LIMIT_FRACTION.plus(1) : new Decimal(1).minus(LIMIT_FRACTION));
  const limitPrice = onTick(instrument, worst, sign === 1 ? 'down' : 'up');
  const quantity = layerQuantity(portfolio, policy, situation, volume, planned);
  const stop = onTick(
    instrument,
    mark.minus(inR(initialRisk, plan.trailR).times(sign)),
    sign === 1 ? 'down' : 'up',
  );
  if (quantity.lte(0) || limitPrice.lte(0) || stop.lte(0)) return null;
  return {
    intentId: additionName(position.layers[0]?.positionId ?? newest.positionId, number, options.session),
    purpose: 'pyramid',
    instrument: position.instrument,
    side: sign === 1 ? 'BUY' : 'SELL',
    quantity: decimalText(quantity),
    orderType: 'LMT',
    limitPrice: decimalText(limitPrice),
    triggerPrice: null,
    timeInForce: 'DAY',
    protectiveStop: decimalText(strictest(stop, layers, sign)),
    closes: null,
    positionId: newest.positionId,
    strategy: 'pyramiding',
    proposalId: null,
    plan,
    initialRisk: decimalText(initialRisk),
    target: position.target,
    horizonSessions: null,
    referencePrice: decimalText(mark),
    referenceAt: position.markedAt,
    expectedSlippage: null,
    expectedVolume: volume,
    probabilityOfProfit: null,
    plannedAt: instantText(options.now),
    expiresAt: instantText(options.now + INTENT_LIFETIME),
    session: options.session,
  };
}

/** The new layer's stop is never behind one that stands already. */
function strictest(stop: Decimal, layers: readonly Layer[], sign: 1 | -1): Decimal {
  return layers.reduce(
    (best, layer) =>
      layer.stop !== null && new Decimal(layer.stop).minus(best).times(sign).gt(0)
        ? new Decimal(layer.stop)
        : best,
    stop,
  );
}

/** Whole lots: the plan's share of the newest layer, strictly less than it, within every cap; 0 where nothing fits. */
function layerQuantity(
  portfolio: Portfolio,
  policy: RiskPolicy,
  { position, instrument, newest, plan, mark }: Situation,
  volume: number,
  planned: readonly Intent[],
): Decimal {
  const equity = new Decimal(portfolio.equity);
  if (equity.lte(0)) return new Decimal(0);
  const worst = mark.times(LIMIT_FRACTION.plus(1)).times(instrument.multiplier);
  const held = new Decimal(position.quantity).abs().times(worst);
  const cap = equity.times(Math.min(policy.pyramiding.maximum, policy.position.maximum).toPrecision(10));
  const reserved = planned.reduce(
    (sum, intent) => sum.plus(new Decimal(intent.quantity).times(intent.limitPrice ?? intent.referencePrice)),
    new Decimal(0),
  );
  const gross = equity
    .times(policy.grossLeverage.toPrecision(10))
    .minus(portfolio.grossExposure)
    .minus(reserved);
  const previous = new Decimal(newest.quantity).abs();
  const lot = new Decimal(instrument.lot);
  const units = Decimal.min(
    previous.times(Math.min(1, plan.sizeFactor).toPrecision(10)),
    previous.minus(lot),
    cap.minus(held).div(worst),
    gross.div(worst),
    new Decimal(policy.orderValue).div(worst),
    new Decimal((volume * policy.participation).toPrecision(10)),
  );
  return units.lte(0) ? new Decimal(0) : units.div(lot).toDecimalPlaces(0, Decimal.ROUND_FLOOR).times(lot);
}
