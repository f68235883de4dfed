import type { BarInterval } from '#core/market/bars.ts';
import { BAR_COLUMNS } from './bar-cells.ts';
import { dateCell, instantCell } from './cell-values.ts';
import { type FileHead, fileHead } from './file-head.ts';
import { type ColumnRules, MarketFileError, placesOf } from './market-file.ts';
import { QUOTE_COLUMNS, TRADE_COLUMNS } from './tick-cells.ts';

/** What a file seems to hold, by the names of its columns and the times of its first rows. */
export type FileContents =
  | { readonly kind: 'bars'; readonly interval: BarInterval }
  | { readonly kind: 'quotes' }
  | { readonly kind: 'trades' };

const LOOKED_AT = 200;
const NANOS_PER_DAY = 86_400_000_000_000n;

function has<Column extends string>(
  names: readonly string[],
  rules: ColumnRules<Column>,
  columns: readonly Column[],
): boolean {
  return columns.every((column) => placesOf(names, rules[column].names).length > 0);
}

/**
 * What a file holds: bars where there are open, high, low and close, quotes where there are bid and ask, trades where
 * there are price and size. Bars are of sessions where every time is a date, else as long as the least time between them.
 * `interval` is taken as given.
 * @throws MarketFileError where it can't be told
 */
export async function contentsOf(
  file: string,
  options: { readonly delimiter?: string; readonly interval?: BarInterval } = {},
): Promise<FileContents> {
  const head = await fileHead(file, LOOKED_AT, options.delimiter);
  if (has(head.names, BAR_COLUMNS, ['open', 'high', 'low', 'close']))
    return { kind: 'bars', interval: options.interval ?? intervalOf(file, head) };
  if (has(head.names, QUOTE_COLUMNS, ['bid', 'ask'])) return { kind: 'quotes' };
  if (has(head.names, TRADE_COLUMNS, ['price', 'size'])) return { kind: 'trades' };
  throw new MarketFileError(
    file,
    `its columns ${JSON.stringify(head.names.join(', '))} are neither those of bars (time, open, high, low, close, volume) nor of quotes (time, bid, ask) nor of trades (time, price, size); name them so`,
  );
}

function intervalOf(file: string, { names, rows }: FileHead): BarInterval {
  const [place] = placesOf(names, BAR_COLUMNS.time.names);
  const times = place === undefined ? [] : rows.map((row) => row[place]);
  if (times.length === 0 || times.every((time) => typeof dateCell(time) === 'string'))
    return { unit: 'session' };
  // Only the distances count, so any zone will do for times without one.
  const instants = times
    .map((time) => instantCell(time, { timeZone: 'UTC' }))
    .filter((instant) => typeof instant === 'bigint')
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  // More dates than instants: daily bars with some bad cells among them.
  if (instants.length <= times.length / 2) return { unit: 'session' };
  let least: bigint | undefined;
  for (let i = 1; i < instants.length; i++) {
    const distance = (instants[i] as bigint) - (instants[i - 1] as bigint);
    if (distance > 0n && (least === undefined || distance < least)) least = distance;
  }
  if (least !== undefined && least % NANOS_PER_DAY === 0n) return { unit: 'session' };
  if (least === undefined || least % 60_000_000_000n !== 0n) {
    throw new MarketFileError(
      file,
      'the times of its first rows do not tell how long a bar is; say so, as session or a whole number of minutes',
    );
  }
  return { unit: 'minute', count: Number(least / 60_000_000_000n) };
}
