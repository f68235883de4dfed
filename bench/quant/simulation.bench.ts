/** SMA 20/50 cross on one-minute bars: the engine through its public function against a hand-written loop of the same work. */
import { instrumentOf } from '#core/market/catalog.ts';
import { fixedUsStocks } from '#core/simulation/engine/commission-columns.ts';
import { simulate } from '#core/simulation/engine/simulate.ts';
import { smaCross } from '#core/simulation/strategies/sma-cross.ts';
import { handWrittenLoop } from './hand-written-loop.ts';
import { minuteBars } from './minute-bars.ts';

const instrument = instrumentOf('BTC-USD');
const CASH = 1_000_000;
/** A fiftieth in the market, so that 20,000 round trips at full costs don't eat the account. */
const FRACTION = 0.02;
const commission = fixedUsStocks();
const say = (name: string, value: string) => console.log(JSON.stringify({ name, value }));

function secondsOf(work: () => void): number {
  const begun = performance.now();
  work();
  return (performance.now() - begun) / 1000;
}

const million = minuteBars(1_000_000);
const engine = (bars: typeof million) =>
  simulate(smaCross(20, 50, FRACTION), [{ instrument, bars }], { cash: CASH, commission });
const loop = () =>
  handWrittenLoop(million, 20, 50, CASH, FRACTION, Number(instrument.tick), Number(instrument.lot));
const result = engine(million);
const resident = () => {
  globalThis.gc?.();
  return process.memoryUsage().rss / 1e6;
};
say('resident memory with bars and result of 10⁶ (< 300 MB)', `${resident().toFixed(0)} MB`);
const byHand = loop();
// The fastest of some runs: the machine is never alone. In turn, so that both find the machine and its memory as the other leaves them.
let engineSeconds = Number.POSITIVE_INFINITY;
let loopSeconds = Number.POSITIVE_INFINITY;
for (let round = 0; round < 8; round++) {
  engineSeconds = Math.min(
    engineSeconds,
    secondsOf(() => engine(million)),
  );
  loopSeconds = Math.min(loopSeconds, secondsOf(loop));
}
say('orders: engine, hand-written loop', `${result.orders.length}, ${byHand.orders.length}`);
say(
  'final equity: engine, hand-written loop',
  `${result.marks.equity.at(-1)?.toFixed(2)}, ${byHand.equity.at(-1)?.toFixed(2)}`,
);
say('SMA cross, 10⁶ bars, warm (≥ 5 M bars/s)', `${(1 / engineSeconds).toFixed(2)} M bars/s`);
say('hand-written loop of the same work', `${(1 / loopSeconds).toFixed(2)} M bars/s`);
say('engine / hand-written loop (≥ 25 %)', `${((100 * loopSeconds) / engineSeconds).toFixed(0)} %`);
/** Each size plays as many bars in a round: of many short runs the fastest is one in which nothing was collected. */
const PLAYED = 10_000_000;
const ROUNDS = 5;
const sizes = [100_000, 1_000_000, 10_000_000].map((count) => ({ count, bars: minuteBars(count) }));
for (const { bars } of sizes) engine(bars);
const rounds = Array.from({ length: ROUNDS }, () =>
  sizes.map(({ count, bars }) => {
    const seconds = secondsOf(() => {
      for (let played = 0; played < PLAYED; played += count) engine(bars);
    });
    return (seconds / PLAYED) * 1e9;
  }),
);
const costs = sizes.map(
  (_, size) => rounds.map((round) => round[size] as number).sort((a, b) => a - b)[ROUNDS >> 1] as number,
);
say('nanoseconds a bar at 10⁵, 10⁶, 10⁷ bars', costs.map((cost) => cost.toFixed(0)).join(', '));
say(
  'largest deviation from their mean (± 20 %)',
  `${(100 * Math.max(...costs.map((cost) => Math.abs((cost * costs.length) / costs.reduce((a, b) => a + b) - 1)))).toFixed(0)} %`,
);
