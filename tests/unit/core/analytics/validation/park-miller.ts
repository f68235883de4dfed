/** Park and Miller (1988): a generator that the reference computations in other languages can repeat exactly. */
export function parkMiller(seed: number, count: number): Float64Array {
  let state = seed;
  return Float64Array.from({ length: count }, () => {
    state = (state * 16807) % 2147483647;
    return state / 2147483647;
  });
}

/** Returns of seven trials over 160 periods, the later ones drifting up. */
export const sevenTrials: readonly Float64Array[] = Array.from({ length: 7 }, (_, trial) =>
  parkMiller(100 + trial, 160).map((uniform) => (uniform - 0.5) * 0.02 + 0.0002 * trial),
);
