import { cellText } from './cell-values.ts';
import {
  type FileFindings,
  type FileKind,
  type FileOptions,
  type MalformedLine,
  MarketFileError,
  type MarketStream,
  malformedText,
} from './market-file.ts';

const DEFAULT_LARGEST_FINDINGS = 100_000;
const DEFAULT_BATCH_SIZE = 65_536;

/** Gathers lines into rows and findings, the same way for every kind of file. */
export interface FileIntake<Column extends string, Series, Report> {
  line(number: number, cell: (column: Column) => unknown): void;
  malformed(line: number, column: string, value: string, expected: string): void;
  /** A batch, where one is full. */
  batch(): Series | undefined;
  finish(sha256: string): { readonly series: Series; readonly report: Report & FileFindings };
}

/** An intake for one file. `columnName` gives the file's own name of a column, for errors. */
export function fileIntake<Column extends string, Row, Series extends { readonly length: number }, Report>(
  file: string,
  kind: FileKind<Column, Row, Series, Report>,
  options: FileOptions<Column>,
  columnName: (column: Column) => string,
): FileIntake<Column, Series, Report> {
  const inspector = kind.inspector();
  const malformed: MalformedLine[] = [];
  const largest = options.largestFindings ?? DEFAULT_LARGEST_FINDINGS;
  const batchSize = options.batchSize ?? DEFAULT_BATCH_SIZE;
  let waiting = 0;

  const note = (finding: MalformedLine) => {
    malformed.push(finding);
    if (malformed.length > largest) {
      throw new MarketFileError(
        file,
        `more than ${largest} lines are malformed, the first: ${malformedText(malformed[0] as MalformedLine)}; is this the file that was meant?`,
      );
    }
  };

  return {
    line(number, cell) {
      const result = kind.read(number, cell);
      if (!('source' in result)) {
        const { column, expected } = result;
        note({ file, line: number, column: columnName(column), value: cellText(cell(column)), expected });
        return;
      }
      inspector.observe(result);
      waiting++;
      if (inspector.quarantined > largest) {
        throw new MarketFileError(
          file,
          `more than ${largest} rows up to line ${number} can't be believed; is this the file that was meant, and is a split missing?`,
        );
      }
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

/** A whole file as one series, for files that fit in memory. */
export interface Loaded<Series, Report> {
  readonly series: Series;
  readonly report: Report & FileFindings;
}

/** The one batch of a stream whose batches are without bound. */
export async function collect<Series, Report>(
  stream: MarketStream<Series, Report>,
): Promise<Loaded<Series, Report>> {
  let last: Series | undefined;
  for (;;) {
    const step = await stream.next();
    if (step.done) {
      if (last === undefined) throw new MarketFileError(step.value.file, 'the stream gave no series');
      return { series: last, report: step.value };
    }
    if (last !== undefined)
      throw new RangeError('the stream gave more than one batch; give it no batch size');
    last = step.value;
  }
}

/** Options for reading a file whole. */
export function whole<Options extends FileOptions<string>>(options: Options): Options {
  return { ...options, batchSize: Number.POSITIVE_INFINITY };
}
