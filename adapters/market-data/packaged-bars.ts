import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parse } from 'csv-parse/sync';
import type { BarSeries } from '#core/market/bars.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import { adjustBars, type CorporateAction, type PriceView } from '#core/market/corporate-actions.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { inspectBars, type ObservedBar, type QualityReport } from '#core/market/quality.ts';

/** Instruments whose real daily bars come with the project's npm dependencies. */
export const PACKAGED_INSTRUMENTS = ['AAPL', 'SPX', 'SPX-PROXY'] as const;
export type PackagedInstrument = (typeof PACKAGED_INSTRUMENTS)[number];

/** Where packaged bars come from and what was done to them; to be shown wherever they are used. */
export interface PackagedSource {
  readonly package: string;
  readonly version: string;
  readonly file: string;
  /** SHA-256 of the file, in hexadecimal. */
  readonly sha256: string;
  readonly licence: string;
  readonly notes: readonly string[];
}

export interface PackagedBars {
  readonly series: BarSeries;
  readonly view: PriceView;
  readonly report: QualityReport;
  readonly actions: readonly CorporateAction[];
  readonly source: PackagedSource;
}

/** A data file that should come with an npm package is not there, or is not the file that is known. */
export class PackagedDataError extends Error {
  readonly code = 'PackagedData';
  readonly retryable = false;
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PackagedDataError';
  }
}

const DATA_RIGHTS = "the package's licence covers the file; it proves no right to the exchange's data";

interface FileDescription {
  readonly package: string;
  readonly version: string;
  /** What Node resolves to find the package, and the way from there to the file. */
  readonly resolve: string;
  readonly path: string;
  readonly licence: string;
  readonly notes: readonly string[];
}

const AAPL_FILE: FileDescription = {
  package: '@observablehq/sample-datasets',
  version: '1.0.1',
  resolve: '@observablehq/sample-datasets/aapl.csv',
  path: 'aapl.csv',
  licence: 'ISC',
  notes: [
    'the file is adjusted for the 7-for-1 split of 2014-06-09; the raw store undoes this, and prices are cents again',
    'dividends are as announced, and the adjusted close of the file confirms each amount; but before the split the file takes them off split-adjusted prices undivided, seven times too much, so its adjusted close is not used',
    DATA_RIGHTS,
  ],
};

const SPX_FILE: FileDescription = {
  package: 'vega-datasets',
  version: '3.2.1',
  resolve: 'vega-datasets',
  path: '../data/sp500-2000.csv',
  licence: 'BSD-3-Clause',
  notes: [
    'a price index: dividends are not in it, and the total-return view is the price view',
    'volume is that printed beside the index, of its listing markets, not of a fund',
    DATA_RIGHTS,
  ],
};

function dividend(exDate: string, amount: string): CorporateAction {
  return { kind: 'cash-dividend', instrument: 'AAPL', exDate, amount, currency: 'USD' };
}

/** Apple's corporate actions between the file's first and last date, as announced, per share of the ex-date. */
export const AAPL_ACTIONS: readonly CorporateAction[] = [
  dividend('2013-08-08', '3.05'),
  dividend('2013-11-06', '3.05'),
  dividend('2014-02-06', '3.05'),
  dividend('2014-05-08', '3.29'),
  { kind: 'split', instrument: 'AAPL', exDate: '2014-06-09', newUnits: 7, oldUnits: 1 },
  dividend('2014-08-07', '0.47'),
  dividend('2014-11-06', '0.47'),
  dividend('2015-02-05', '0.47'),
  dividend('2015-05-07', '0.52'),
  dividend('2015-08-06', '0.52'),
  dividend('2015-11-05', '0.52'),
  dividend('2016-02-04', '0.52'),
  dividend('2016-05-05', '0.57'),
  dividend('2016-08-04', '0.57'),
  dividend('2016-11-03', '0.57'),
  dividend('2017-02-09', '0.57'),
  dividend('2017-05-11', '0.63'),
  dividend('2017-08-10', '0.63'),
  dividend('2017-11-10', '0.63'),
  dividend('2018-02-09', '0.63'),
  dividend('2018-05-11', '0.73'),
];

const AAPL_SPLIT_DATE = '2014-06-09';
const AAPL_SPLIT_RATIO = 7;

/**
 * The files carry prices that were published in cents as 32-bit floats divided by later splits (1455.22 stands as
 * 1455.219971). The cent nearest to them is the published price; further away than float noise it is not, and then the
 * file is not the one this was made for.
 */
const FLOAT_NOISE = 0.0005;

function published(text: string | undefined, scale: number, where: string): number {
  const value = text === undefined || text === '' ? Number.NaN : Number(text) * scale;
  const cents = Math.round(value * 100) / 100;
  if (!(Math.abs(value - cents) < FLOAT_NOISE)) {
    throw new PackagedDataError(
      `${where}: ${JSON.stringify(text ?? '')} is not a price in cents; the file is not the known one, install the pinned package again`,
    );
  }
  return cents;
}

function readRows(file: FileDescription): {
  readonly rows: readonly string[][];
  readonly source: PackagedSource;
} {
  let content: Buffer;
  try {
    content = readFileSync(join(dirname(createRequire(import.meta.url).resolve(file.resolve)), file.path));
  } catch (cause) {
    throw new PackagedDataError(
      `${file.path} of ${file.package} ${file.version} can't be read; run npm ci in the project (a bundled function has no packaged data)`,
      { cause },
    );
  }
  return {
    rows: parse(content, { from_line: 2, skip_empty_lines: true }),
    source: {
      package: file.package,
      version: file.version,
      file: file.path.replace('../', ''),
      sha256: createHash('sha256').update(content).digest('hex'),
      licence: file.licence,
      notes: file.notes,
    },
  };
}

/** Columns of both files: date, open, high, low, close, adjusted close, volume. */
function observedBars(rows: readonly string[][], splitDate: string, splitRatio: number): ObservedBar[] {
  return rows.map((row, index) => {
    const date = row[0] ?? '';
    const line = index + 2;
    const scale = date < splitDate ? splitRatio : 1;
    const cell = (column: number) => published(row[column], scale, `line ${line}`);
    return {
      source: line,
      time: date,
      open: cell(1),
      high: cell(2),
      low: cell(3),
      close: cell(4),
      volume: Number(row[6]) / scale,
    };
  });
}

interface RawStore {
  readonly raw: BarSeries;
  readonly report: QualityReport;
  readonly actions: readonly CorporateAction[];
  readonly source: PackagedSource;
}

const stores = new Map<PackagedInstrument, RawStore>();

function storeOf(id: PackagedInstrument): RawStore {
  const known = stores.get(id);
  if (known !== undefined) return known;
  const { rows, source } = readRows(id === 'AAPL' ? AAPL_FILE : SPX_FILE);
  const actions = id === 'AAPL' ? AAPL_ACTIONS : [];
  const bars =
    id === 'AAPL' ? observedBars(rows, AAPL_SPLIT_DATE, AAPL_SPLIT_RATIO) : observedBars(rows, '', 1);
  const { series: raw, report } = inspectBars(instrumentOf(id), { unit: 'session' }, bars, actions);
  const notes = id === 'SPX-PROXY' ? [...source.notes, instrumentOf(id).name] : source.notes;
  const store = { raw, report, actions, source: { ...source, notes } };
  stores.set(id, store);
  return store;
}

/** The columns are handed out as copies: a caller that changes them (look-ahead tests do) must not change the store. */
function copyOf(series: BarSeries): BarSeries {
  return {
    ...series,
    openTime: series.openTime.slice(),
    closeTime: series.closeTime.slice(),
    open: series.open.slice(),
    high: series.high.slice(),
    low: series.low.slice(),
    close: series.close.slice(),
    volume: series.volume.slice(),
  };
}

/** Whether an instrument has packaged bars. */
export function hasPackagedBars(id: InstrumentId): id is PackagedInstrument {
  return (PACKAGED_INSTRUMENTS as readonly string[]).includes(id);
}

/**
 * Real daily bars from the npm packages: AAPL 2013-05-13…2018-05-11, the S&P 500 (`SPX`, and the same prices as
 * `SPX-PROXY`) 2000-01-03…2020-04-17. Read and checked once a process. Raw by default: prices as traded.
 * @throws PackagedDataError where the package is missing or its file is another one
 */
export function packagedBars(id: PackagedInstrument, view: PriceView = 'raw'): PackagedBars {
  const { raw, report, actions, source } = storeOf(id);
  const series = copyOf(adjustBars(raw, actions, view, instrumentOf(id).sessionTemplate));
  return { series, view, report, actions, source };
}
