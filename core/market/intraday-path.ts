import { type Random, seededRandom, seedOf } from '#core/values/random.ts';
import { type BarSeries, barAt } from './bars.ts';
import { type Session, sessionAt, sessionMinutes } from './calendar.ts';
import type { Instrument } from './instrument.ts';
import { minuteVolumes, POINTS_PER_MINUTE, sessionShape } from './session-activity.ts';

/** What is known of a session: its real bar. */
export interface SessionPrices {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** NaN where unknown: the minutes' volumes are then unknown too. */
  readonly volume: number;
}

/** A session bar no path can honour. */
export class ImpossibleSessionBarError extends Error {
  readonly code = 'ImpossibleSessionBar';
  readonly retryable = false;
  constructor(instrument: string, date: string, problem: string) {
    super(`${instrument} ${date}: ${problem}; check the bars with core/market/quality.ts first`);
    this.name = 'ImpossibleSessionBarError';
  }
}

/** Pairs of times for the high and the low among which one is drawn by its likelihood. */
const CANDIDATES = 8;

/** A tick as a fraction of whole numbers, so that multiples of it are the nearest floats to their decimals. */
function tickFraction(tick: string): { readonly numerator: number; readonly denominator: number } {
  const match = /^(\d{1,9})(?:\.(\d{1,9}))?$/.exec(tick);
  const denominator = 10 ** (match?.[2]?.length ?? 0);
  const numerator = Math.round(Number(tick) * denominator);
  if (match === null || numerator <= 0) {
    throw new RangeError(`not a tick: ${JSON.stringify(tick)}; expected a positive decimal such as "0.01"`);
  }
  return { numerator, denominator };
}

interface Anchor {
  readonly point: number;
  readonly price: number;
}

/**
 * Where the path must pass, in order. The open and the close are the ends. High and low, unless the ends touch them
 * already, fall at points drawn from the arcsine law (extremes lie near the ends of a session), the pair chosen among
 * candidates by the Brownian likelihood of its legs: a close near the high makes a late high the likelier.
 */
function anchorsOf(day: SessionPrices, clock: Float64Array, random: Random): Anchor[] {
  const last = clock.length - 1;
  const ends: [Anchor, Anchor] = [
    { point: 0, price: day.open },
    { point: last, price: day.close },
  ];
  const free: number[] = [];
  if (day.high > Math.max(day.open, day.close)) free.push(day.high);
  if (day.low < Math.min(day.open, day.close)) free.push(day.low);
  if (free.length === 0) return ends;
  const drawPoint = () => {
    const share = Math.sin((Math.PI / 2) * random.next()) ** 2;
    return 1 + Math.min(last - 2, Math.floor(share * (last - 1)));
  };
  // Parkinson (1980): the variance of a driftless Brownian day from its range.
  const variance = (day.high - day.low) ** 2 / (4 * Math.LN2);
  const candidates: Anchor[][] = [];
  const likelihoods: number[] = [];
  let total = 0;
  for (let candidate = 0; candidate < CANDIDATES; candidate++) {
    const points = free.map(drawPoint);
    if (points.length === 2 && points[0] === points[1]) {
      points[1] = (points[0] as number) < last - 1 ? (points[0] as number) + 1 : (points[0] as number) - 1;
    }
    const middle = free.map((price, index) => ({ point: points[index] as number, price }));
    middle.sort((a, b) => a.point - b.point);
    const anchors = [ends[0], ...middle, ends[1]];
    let exponent = 0;
    for (let leg = 1; leg < anchors.length; leg++) {
      const from = anchors[leg - 1] as Anchor;
      const to = anchors[leg] as Anchor;
      const time = (clock[to.point] as number) - (clock[from.point] as number);
      exponent += (to.price - from.price) ** 2 / (2 * variance * time);
    }
    const likelihood = Math.exp(-Math.min(exponent, 600));
    candidates.push(anchors);
    likelihoods.push(likelihood);
    total += likelihood;
  }
  let draw = random.next() * total;
  for (let candidate = 0; candidate < CANDIDATES - 1; candidate++) {
    draw -= likelihoods[candidate] as number;
    if (draw < 0) return candidates[candidate] as Anchor[];
  }
  return candidates[CANDIDATES - 1] as Anchor[];
}

/** Folds a value into [low, high] by reflection, as if the bounds were mirrors; values inside stay as they are. */
function fold(value: number, low: number, high: number): number {
  if (value >= low && value <= high) return value;
  const width = high - low;
  let offset = (value - low) % (2 * width);
  if (offset < 0) offset += 2 * width;
  return low + (offset <= width ? offset : 2 * width - offset);
}

/**
 * Prices between the anchors: Brownian bridges in business time, folded into the day's range and not yet on the tick. NaN at
 * the anchors.
 */
function walk(
  day: SessionPrices,
  anchors: readonly Anchor[],
  clock: Float64Array,
  random: Random,
): Float64Array {
  const prices = new Float64Array(clock.length).fill(Number.NaN);
  const deviation = (day.high - day.low) / Math.sqrt(4 * Math.LN2);
  for (let leg = 1; leg < anchors.length; leg++) {
    const from = anchors[leg - 1] as Anchor;
    const to = anchors[leg] as Anchor;
    const end = clock[to.point] as number;
    let time = clock[from.point] as number;
    let price = from.price;
    for (let point = from.point + 1; point < to.point; point++) {
      const next = clock[point] as number;
      const step = next - time;
      const left = end - time;
      price +=
        ((to.price - price) * step) / left +
        deviation * Math.sqrt((step * (left - step)) / left) * random.normal();
      prices[point] = fold(price, day.low, day.high);
      time = next;
    }
  }
  return prices;
}

function checkDay(instrument: Instrument, session: Session, day: SessionPrices): void {
  const fail = (problem: string) => new ImpossibleSessionBarError(instrument.id, session.date, problem);
  for (const name of ['open', 'high', 'low', 'close'] as const) {
    if (!Number.isFinite(day[name])) throw fail(`${name} is ${day[name]}`);
  }
  if (day.low > Math.min(day.open, day.close) || day.high < Math.max(day.open, day.close)) {
    throw fail(`low ${day.low} ≤ open ${day.open}, close ${day.close} ≤ high ${day.high} does not hold`);
  }
  if (day.volume < 0 || day.volume === Number.POSITIVE_INFINITY) throw fail(`volume is ${day.volume}`);
}

/**
 * One-minute bars for a session of which only the daily bar is known. **This is a model of the day, not the market**:
 * whatever rests on it must say so.
 *
 * Exact: the first open, the highest high, the lowest low, the last close and the sum of volumes are those of `day`, to
 * the bit. High and low are met at seeded times. Every other price is on the instrument's tick inside [low, high]
 * (where `day` itself is off the tick, only the prices that touch it are). Volumes are whole units, U-shaped over the
 * session; a fraction in the day's volume stands in the last minute, and a minute may have none: its prices are quotes.
 * In between, a Brownian bridge whose variance follows the range (Parkinson) and whose clock follows the U.
 *
 * Deterministic: the same seed, instrument, session and day give the same bytes. The path of one session does not
 * depend on any other.
 *
 * @param barMinutes minutes of a bar: the minutes of the same path put together, as `aggregateBars` does it
 * @throws ImpossibleSessionBarError unless L ≤ O, C ≤ H, all finite, volume not negative
 */
export function intradayPath(
  instrument: Instrument,
  session: Session,
  day: SessionPrices,
  seed: number | string,
  barMinutes = 1,
): BarSeries {
  checkDay(instrument, session, day);
  const shape = sessionShape(sessionMinutes(session));
  const random = seededRandom(seedOf('intraday-path', seed, instrument.id, session.date));
  const anchors = anchorsOf(day, shape.clock, random);
  const prices = walk(day, anchors, shape.clock, random);
  const path = { prices, anchors, onTick: ontoTick(instrument.tick, day) };
  return barsOf(instrument, session, path, minuteVolumes(day.volume, shape, random), barMinutes);
}

/** Takes a price to the nearest on the tick, inside the day's range. It never changes the order of two prices. */
function ontoTick(tick: string, { high, low }: SessionPrices): (price: number) => number {
  const { numerator, denominator } = tickFraction(tick);
  const perTick = denominator / numerator;
  return (price) => Math.min(high, Math.max(low, (Math.round(price * perTick) * numerator) / denominator));
}

interface Path {
  /** NaN at the anchors. */
  readonly prices: Float64Array;
  /** What the day itself says, met to the bit, on the tick or off it. */
  readonly anchors: readonly Anchor[];
  readonly onTick: (price: number) => number;
}

/** Puts the points of a path and the volumes of its minutes together into bars, counted from the session's open. */
function barsOf(
  { id }: Instrument,
  session: Session,
  path: Path,
  volumes: Float64Array,
  barMinutes: number,
): BarSeries {
  const minutes = volumes.length;
  const length = Math.ceil(minutes / barMinutes);
  const column = () => new Float64Array(length);
  const bars = {
    instrument: id,
    interval: { unit: 'minute', count: barMinutes } as const,
    length,
    openTime: column(),
    closeTime: column(),
    open: column(),
    high: column(),
    low: column(),
    close: column(),
    volume: column(),
  };
  for (let bar = 0; bar < length; bar++) {
    const from = bar * barMinutes;
    const to = Math.min(from + barMinutes, minutes);
    let volume = volumes[from] as number;
    for (let minute = from + 1; minute < to; minute++) volume += volumes[minute] as number;
    bars.openTime[bar] = session.open + from * 60_000;
    bars.closeTime[bar] = session.open + to * 60_000;
    bars.volume[bar] = volume;
    setPrices(bars, bar, path, from * POINTS_PER_MINUTE, to * POINTS_PER_MINUTE - 1);
  }
  return bars;
}

/**
 * Prices of one bar from its points, both ends among them. Rounding to the tick keeps the order of prices, so that the
 * highest point is the highest price and only what a bar shows need be rounded.
 */
function setPrices(
  { open, high, low, close }: Pick<BarSeries, 'open' | 'high' | 'low' | 'close'>,
  bar: number,
  { prices, anchors, onTick }: Path,
  first: number,
  last: number,
): void {
  let highest = Number.NEGATIVE_INFINITY;
  let lowest = Number.POSITIVE_INFINITY;
  for (let point = first; point <= last; point++) {
    const price = prices[point] as number;
    if (price > highest) highest = price;
    if (price < lowest) lowest = price;
  }
  open[bar] = onTick(prices[first] as number);
  high[bar] = onTick(highest);
  low[bar] = onTick(lowest);
  close[bar] = onTick(prices[last] as number);
  for (const { point, price } of anchors) {
    if (point < first || point > last) continue;
    if (point === first) open[bar] = price;
    if (point === last) close[bar] = price;
    high[bar] = Math.max(high[bar] as number, price);
    low[bar] = Math.min(low[bar] as number, price);
  }
}

/**
 * {@link intradayPath} for every session bar of a series, one after the other, as they are asked for: years of minutes
 * need not stand in memory. The same model, the same caution.
 * @throws RangeError where the series has no session bars
 */
export function* intradayPaths(
  instrument: Instrument,
  sessions: BarSeries,
  seed: number | string,
): Generator<BarSeries, void, undefined> {
  if (sessions.interval.unit !== 'session') {
    throw new RangeError(
      `the bars of ${sessions.instrument} are not session bars; a path is made of a session's bar`,
    );
  }
  for (let i = 0; i < sessions.length; i++) {
    const day = barAt(sessions, i);
    const session = sessionAt(instrument.sessionTemplate, day.openTime);
    if (session === null) {
      throw new ImpossibleSessionBarError(
        instrument.id,
        new Date(day.openTime).toISOString(),
        'no session opens then',
      );
    }
    yield intradayPath(instrument, session, day, seed);
  }
}
