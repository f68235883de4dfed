/** A file of trades and one of bars through the streaming readers: speed, and memory that does not grow with the file. */
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { streamBars } from '#adapters/market-data/load-bars.ts';
import { streamTrades } from '#adapters/market-data/load-ticks.ts';
import { instrumentOf } from '#core/market/catalog.ts';

const say = (name: string, value: string) => console.log(JSON.stringify({ name, value }));
const instrument = instrumentOf('BTC-USD');
const folder = mkdtempSync(join(tmpdir(), 'abc-market-data-'));

/** Writes `lines` lines piece by piece: the file must not pass through this process's memory whole either. */
function written(name: string, header: string, lines: number, line: (index: number) => string): string {
  const file = join(folder, name);
  const handle = openSync(file, 'w');
  writeSync(handle, `${header}\n`);
  const piece = 10_000;
  for (let from = 0; from < lines; from += piece) {
    const to = Math.min(lines, from + piece);
    writeSync(handle, Array.from({ length: to - from }, (_, i) => `${line(from + i)}\n`).join(''));
  }
  closeSync(handle);
  return file;
}

const START = 1_451_606_400_000; // 2016-01-01
const tape = (lines: number) =>
  written(`trades-${lines}.csv`, 'time,price,size', lines, (i) => {
    const nanos = `${START + i * 7}${String((i * 7919) % 1_000_000).padStart(6, '0')}`;
    return `${nanos},${(40_000 + 500 * Math.sin(i / 999)).toFixed(2)},${((i % 97) + 1) / 100}`;
  });
const minutes = (lines: number) =>
  written(`bars-${lines}.csv`, 'time,open,high,low,close,volume', lines, (i) => {
    const price = 40_000 + 500 * Math.sin(i / 999);
    return `${new Date(START + i * 60_000).toISOString()},${price.toFixed(2)},${(price + 9).toFixed(2)},${(price - 9).toFixed(2)},${(price + 1).toFixed(2)},${i % 977}`;
  });

interface Pass {
  readonly seconds: number;
  readonly rows: number;
  /** Largest of the live heap and buffers while reading, in megabytes, the collector having run. */
  readonly live: number;
}

async function pass(batches: AsyncIterable<{ readonly length: number }>): Promise<Pass> {
  const begun = performance.now();
  let [rows, live, measuring] = [0, 0, 0];
  for await (const batch of batches) {
    rows += batch.length;
    const measured = performance.now();
    globalThis.gc?.();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    live = Math.max(live, (heapUsed + arrayBuffers) / 1e6);
    measuring += performance.now() - measured;
  }
  return { seconds: (performance.now() - begun - measuring) / 1_000, rows, live };
}

async function compare(
  name: string,
  write: (lines: number) => string,
  read: (file: string) => AsyncIterable<{ readonly length: number }>,
  small: number,
  large: number,
): Promise<void> {
  const files = [write(small), write(large)] as const;
  await pass(read(files[0]));
  const [first, second] = [await pass(read(files[0])), await pass(read(files[1]))];
  const size = statSync(files[1]).size / 1e6;
  say(
    `${name}: ${second.rows} rows, ${size.toFixed(0)} MB`,
    `${(second.rows / second.seconds / 1e6).toFixed(2)} M rows/s`,
  );
  say(
    `${name}: live memory of ${first.rows} rows and of ${second.rows}`,
    `${first.live.toFixed(1)} MB, ${second.live.toFixed(1)} MB`,
  );
  say(`${name}: memory for ${large / small} times the file (flat: 1)`, (second.live / first.live).toFixed(2));
  for (const file of files) rmSync(file);
}

try {
  await compare('trades from CSV', tape, (file) => streamTrades(file, { instrument }), 200_000, 4_000_000);
  const interval = { unit: 'minute', count: 1 } as const;
  await compare(
    'minute bars from CSV',
    minutes,
    (file) => streamBars(file, { instrument, interval }),
    150_000,
    3_000_000,
  );
} finally {
  rmSync(folder, { recursive: true });
}
