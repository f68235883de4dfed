import type { BarSeries } from '#core/market/bars.ts';
import { barInspector, type QualityReport } from '#core/market/quality.ts';
import {
  type BarColumn,
  BarFileError,
  type BarFileOptions,
  barFromCells,
  cellText,
  type MalformedLine,
  malformedText,
} from './bar-cells.ts';

/** What became of a file: lines that are no bars, and what the inspector thinks of those that are. */
export interface BarFileReport extends QualityReport {
  readonly file: string;
  /** SHA-256 of the file, in hexadecimal. */
  readonly sha256: string;
  readonly malformed: readonly MalformedLine[];
}

export interface LoadedBars {
  readonly series: BarSeries;
  readonly report: BarFileReport;
}

/** Batches of accepted bars, in order; the report at the end is the generator's return value. */
export type BarStream = AsyncGenerator<BarSeries, BarFileReport, undefined>;

const DEFAULT_LARGEST_FINDINGS = 100_000;
export const DEFAULT_BATCH_SIZE = 65_536;

/** Gathers lines into bars and findings, the same way for every kind of file. */
export interface BarIntake {
  line(number: number, cell: (column: BarColumn) => unknown): void;
  malformed(line: number, column: string, value: string, expected: string): void;
  /** A batch, where one is full. */
  batch(): BarSeries | undefined;
  finish(sha256: string): { readonly series: BarSeries; readonly report: BarFileReport };
}

/** An intake for one file. `columnName` gives the file's own name of a column, for errors. */
export function barIntake(
  file: string,
  options: BarFileOptions,
  columnName: (column: BarColumn) => string,
): BarIntake {
  const inspector = barInspector(options.instrument, options.interval, options.actions);
  const malformed: MalformedLine[] = [];
  const largest = options.largestFindings ?? DEFAULT_LARGEST_FINDINGS;
  const batchSize = options.batchSize ?? DEFAULT_BATCH_SIZE;
  let waiting = 0;

  const note = (finding: MalformedLine) => {
    malformed.push(finding);
    if (malformed.length > largest) {
      throw new BarFileError(
        file,
        `more than ${largest} lines are malformed, the first: ${malformedText(malformed[0] as MalformedLine)}; is this the file that was meant?`,
      );
    }
  };

  return {
    line(number, cell) {
      const result = barFromCells(number, cell, options);
      if ('source' in result) {
        inspector.observe(result);
        waiting++;
        return;
      }
      const value = cellText(cell(result.column));
      note({ file, line: number, column: columnName(result.column), value, expected: result.expected });
    },
    malformed(line, column, value, expected) {
      note({ file, line, column, value, expected });
    },
    batch() {
      if (waiting < batchSize) return undefined;
      waiting = 0;
      const series = inspector.take();
      return series.length > 0 ? series : undefined;
    },
    finish(sha256) {
      const { series, report } = inspector.finish();
      return { series, report: { ...report, file, sha256, malformed } };
    },
  };
}

/** The whole of a stream as one series, for files that fit in memory. */
export async function collectBars(stream: BarStream): Promise<LoadedBars> {
  let last: BarSeries | undefined;
  for (;;) {
    const step = await stream.next();
    if (step.done) {
      if (last === undefined) throw new BarFileError(step.value.file, 'the stream gave no series');
      return { series: last, report: step.value };
    }
    if (last !== undefined) throw new BarFileError(last.instrument, 'the stream gave more than one batch');
    last = step.value;
  }
}
