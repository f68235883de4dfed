/**
 * The whole desk over twenty years and ten instruments in one process, one decision cycle a session. The S&P 500's bars are
 * real; the nine others are seeded series that move with it, under the names of sector funds because the desk knows those:
 * their prices say nothing of the funds. `DESK_BENCH_FROM=2016-01-04` shortens it.
 */
import { packagedBars } from '#adapters/market-data/packaged-bars.ts';
import type { BarSeries } from '#core/market/bars.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import type { DeskInstrument } from '#core/simulation/desk/desk-feed.ts';
import { runDesk } from '#core/simulation/desk/run-desk.ts';
import { seededRandom, seedOf } from '#core/values/random.ts';

const FROM = process.env['DESK_BENCH_FROM'] ?? '2000-01-03';
const TO = '2020-04-17';
const PROXIES = ['XLB', 'XLE', 'XLF', 'XLI', 'XLK', 'XLP', 'XLU', 'XLV', 'XLY'] as const;
const say = (name: string, value: string) => console.log(JSON.stringify({ name, value }));

const index = packagedBars('SPX-PROXY', 'split-adjusted').series;

/** A series that takes a part of each of the index's moves and adds moves of its own. */
function proxy(id: string): DeskInstrument {
  const random = seededRandom(seedOf('desk-bench', id));
  const beta = 0.6 + random.next() * 0.8;
  const column = () => new Float64Array(index.length);
  const [open, high, low, close, volume] = [column(), column(), column(), column(), column()];
  const tick = (price: number) => Math.max(0.01, Math.round(price * 100) / 100);
  let last = 40;
  for (let i = 0; i < index.length; i++) {
    const before = i === 0 ? index.open[0]! : index.close[i - 1]!;
    const move = (price: number) => beta * Math.log(price / before);
    const own = 0.006 * random.normal();
    open[i] = tick(last * Math.exp(move(index.open[i]!)));
    close[i] = tick(last * Math.exp(move(index.close[i]!) + own));
    const ends = [open[i]!, close[i]!];
    high[i] = Math.max(...ends, tick(last * Math.exp(move(index.high[i]!) + Math.max(own, 0))));
    low[i] = Math.min(...ends, tick(last * Math.exp(move(index.low[i]!) + Math.min(own, 0))));
    volume[i] = Math.round(5e6 * Math.exp(0.3 * random.normal()));
    last = close[i]!;
  }
  const daily: BarSeries = { ...index, instrument: id, open, high, low, close, volume };
  return { instrument: instrumentOf(id), daily };
}

const instruments = [{ instrument: instrumentOf('SPX-PROXY'), daily: index }, ...PROXIES.map(proxy)];
say('instruments', `SPX-PROXY (real bars of the S&P 500) and seeded series named ${PROXIES.join(', ')}`);
const begun = performance.now();
const run = runDesk({
  instruments,
  from: FROM,
  to: TO,
  seed: 'desk-bench',
  cash: 1_000_000,
  barMinutes: 15,
  cycles: ['10:00'],
});
const seconds = (performance.now() - begun) / 1000;
say(
  `${run.sessions} sessions of ${instruments.length} instruments, ${run.cycles} cycles (20 years < 60 s)`,
  `${seconds.toFixed(1)} s`,
);
say('a session', `${((seconds / run.sessions) * 1000).toFixed(1)} ms`);
say(
  'orders authorized, fills, round trips',
  `${run.authorized}, ${run.result.fills.length}, ${run.result.trades.length}`,
);
say('final equity of 1,000,000', (run.result.marks.equity.at(-1) ?? 0).toFixed(2));
say(
  'incidents',
  run.result.incidents
    .map(({ kind, time }) => `${new Date(time).toISOString().slice(0, 10)} ${kind}`)
    .join(', ') || 'none',
);
say('memory', `${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB`);
