/** Decimal places of a step such as 0.01 or 0.00005, so that rounding leaves no binary dust. */
function places(step: number): number {
  const text = step.toString();
  const exponent = text.indexOf('e-');
  if (exponent >= 0) return Number(text.slice(exponent + 2)) + Math.max(0, exponent - 2);
  const point = text.indexOf('.');
  return point < 0 ? 0 : text.length - point - 1;
}

/** A millionth of a step absorbs binary representation, far below anything a real price differs by. */
const DUST = 1e-6;

/** Powers of ten up to here are exact in a double. */
const EXACT_PLACES = 22;

interface KnownStep {
  readonly step: number;
  readonly places: number;
  readonly scale: number;
}

const known = (step: number): KnownStep => {
  const count = places(step);
  return { step, places: count, scale: 10 ** count };
};

// The place count of a step is read from its text; callers come back with the same tick and lot in turn, millions of times.
let latest = known(1);
let before = latest;

function clean(steps: number, step: number): number {
  if (step !== latest.step) {
    const found = step === before.step ? before : known(step);
    before = latest;
    latest = found;
  }
  const value = steps * step;
  const scaled = value * latest.scale;
  // A quotient of two exact integers is the double nearest to the decimal, which is what the text would give.
  return latest.places <= EXACT_PLACES && Math.abs(scaled) < Number.MAX_SAFE_INTEGER
    ? Math.round(scaled) / latest.scale
    : Number(value.toFixed(Math.min(100, latest.places)));
}

/** The largest multiple of `step` not above `value`. */
export const floorTo = (value: number, step: number): number => clean(Math.floor(value / step + DUST), step);

/** The smallest multiple of `step` not below `value`. */
export const ceilTo = (value: number, step: number): number => clean(Math.ceil(value / step - DUST), step);

/** True where `value` is a multiple of `step` (to a millionth of it). */
export const onGrid = (value: number, step: number): boolean =>
  Math.abs(value / step - Math.round(value / step)) <= DUST;
