import { barFiles } from '#adapters/market-data/bar-cells.ts';
import { loadCorporateActions } from '#adapters/market-data/corporate-action-file.ts';
import { contentsOf, type FileContents } from '#adapters/market-data/file-contents.ts';
import { streamFile } from '#adapters/market-data/file-format.ts';
import type { FileFindings, MarketStream } from '#adapters/market-data/market-file.ts';
import { quoteFiles, tradeFiles } from '#adapters/market-data/tick-cells.ts';
import type { BarSeries } from '#core/market/bars.ts';
import type { CorporateAction } from '#core/market/corporate-actions.ts';
import type { Instrument } from '#core/market/instrument.ts';
import type { QualityReport } from '#core/market/quality.ts';
import type { QuoteReport, TickReport } from '#core/market/tick-quality.ts';
import type { Trade } from '#core/market/ticks.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { millisOf } from '#core/values/nanoseconds.ts';
import type { CheckParameters } from './check-parameters.ts';

/** From the first to the last of what was accepted; null where nothing was. */
export type Range = { readonly from: EpochMillis; readonly to: EpochMillis } | null;

interface Checked {
  readonly instrument: Instrument;
  readonly range: Range;
  readonly actions: readonly CorporateAction[];
}

/** What became of a file, by the kind of data in it. */
export type CheckedFile = Checked &
  (
    | {
        readonly contents: Extract<FileContents, { kind: 'bars' }>;
        readonly report: QualityReport & FileFindings;
      }
    | {
        readonly contents: Extract<FileContents, { kind: 'quotes' }>;
        readonly report: QuoteReport & FileFindings;
      }
    | {
        readonly contents: Extract<FileContents, { kind: 'trades' }>;
        readonly report: TickReport<Trade> & FileFindings;
      }
  );

/** How many rows have been read, now and then. */
export type Progress = (rows: number) => void;

/** Passes a file of bars, quotes or trades through its inspector, in memory that does not grow with it. @throws MarketFileError */
export async function checkFile(
  file: string,
  parameters: CheckParameters,
  progress: Progress,
): Promise<CheckedFile> {
  const { instrument, interval, timeZone, ambiguousTime, stamp, delimiter } = parameters;
  const actions =
    parameters.actions === undefined ? [] : await loadCorporateActions(parameters.actions, instrument);
  const contents = await contentsOf(file, {
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(interval === undefined ? {} : { interval }),
  });
  const options = {
    instrument,
    actions,
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(ambiguousTime === undefined ? {} : { ambiguousTime }),
    ...(stamp === undefined ? {} : { stamp }),
    ...(delimiter === undefined ? {} : { delimiter }),
  };
  switch (contents.kind) {
    case 'bars': {
      const barOptions = { ...options, interval: contents.interval };
      const { report, range } = await drained(
        streamFile(file, barFiles(barOptions), barOptions),
        rangeOfBars,
        progress,
      );
      return { instrument, actions, contents, report, range };
    }
    case 'quotes': {
      const { report } = await drained(streamFile(file, quoteFiles(options), options), () => null, progress);
      return { instrument, actions, contents, report, range: rangeOfTicks(report) };
    }
    case 'trades': {
      const { report } = await drained(streamFile(file, tradeFiles(options), options), () => null, progress);
      return { instrument, actions, contents, report, range: rangeOfTicks(report) };
    }
  }
}

const rangeOfBars = ({ length, openTime, closeTime }: BarSeries): Range =>
  length === 0 ? null : { from: openTime[0] as number, to: closeTime[length - 1] as number };

const rangeOfTicks = ({ first, last }: Pick<TickReport<Trade>, 'first' | 'last'>): Range =>
  first === null || last === null ? null : { from: millisOf(first), to: millisOf(last) };

/** Reads a stream to its end, a batch at a time. */
async function drained<Series extends { readonly length: number }, Report>(
  stream: MarketStream<Series, Report>,
  rangeOf: (series: Series) => Range,
  progress: Progress,
): Promise<{ readonly report: Report & FileFindings; readonly range: Range }> {
  let first: EpochMillis | undefined;
  let last: EpochMillis | undefined;
  let rows = 0;
  for (;;) {
    const step = await stream.next();
    if (step.done) {
      const range = first === undefined || last === undefined ? null : { from: first, to: last };
      return { report: step.value, range };
    }
    const batch = rangeOf(step.value);
    first ??= batch?.from;
    last = batch?.to ?? last;
    rows += step.value.length;
    progress(rows);
  }
}
