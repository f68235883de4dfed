/** Indicators over a million one-minute bars: whole columns, and bar by bar as a stream gets them. */
import { bollinger } from '#core/indicators/bands.ts';
import { adx } from '#core/indicators/directional-movement.ts';
import { macd, Rsi, rsi } from '#core/indicators/momentum.ts';
import { ema, sma } from '#core/indicators/moving-averages.ts';
import { stochastic } from '#core/indicators/oscillators.ts';
import { atr } from '#core/indicators/true-range.ts';
import { minuteBars } from './minute-bars.ts';

const BARS = 1_000_000;
const bars = minuteBars(BARS);
const say = (name: string, value: string) => console.log(JSON.stringify({ name, value }));

/** The fastest of some runs, in milliseconds: the machine is never alone. */
function fastest(work: () => unknown, runs = 9): number {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const begun = performance.now();
    work();
    best = Math.min(best, performance.now() - begun);
  }
  return best;
}

/** The least that any indicator does: reads the column and writes another. */
function copied(): Float64Array {
  const result = new Float64Array(BARS);
  for (let i = 0; i < BARS; i++) result[i] = (bars.close[i] as number) * 0.5;
  return result;
}

function streamed(): number {
  const indicator = new Rsi(14);
  let last = Number.NaN;
  for (let i = 0; i < BARS; i++) last = indicator.update(bars.close[i] as number);
  return last;
}

const floor = fastest(copied);
say('one pass that reads a column and writes one', `${floor.toFixed(1)} ms`);
const line = (name: string, millis: number) =>
  say(name, `${millis.toFixed(1)} ms, ${(millis / floor).toFixed(1)} passes`);
line(
  'RSI(14) over 10⁶ bars (< 25 ms)',
  fastest(() => rsi(bars.close, 14)),
);
line('RSI(14) bar by bar', fastest(streamed));
line(
  'SMA(50)',
  fastest(() => sma(bars.close, 50)),
);
line(
  'EMA(50)',
  fastest(() => ema(bars.close, 50)),
);
line(
  'MACD(12, 26, 9)',
  fastest(() => macd(bars.close)),
);
line(
  'ATR(14)',
  fastest(() => atr(bars, 14)),
);
line(
  'ADX(14)',
  fastest(() => adx(bars, 14)),
);
line(
  'Bollinger(20, 2)',
  fastest(() => bollinger(bars.close, 20)),
);
line(
  'Stochastic(14, 3, 3)',
  fastest(() => stochastic(bars, 14, 3, 3)),
);
