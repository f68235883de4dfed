import { basename } from 'node:path';
import { reportCurves } from '#core/analytics/performance/report-curves.ts';
import { summarisePerformance } from '#core/analytics/performance/summary.ts';
import { ConfigurationError } from '#local/day/errors.ts';
import { readEquityFile } from '#local/metrics/equity-file.ts';
import { commitOfProgram } from '#local/report/commit.ts';
import { writeReport } from '#local/report/report-file.ts';
import { tearSheet } from '#local/report/tear-sheet.ts';
import type { NamedSummary } from '#local/report/tear-sheet-input.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { performanceTable } from './performance-table.ts';

export interface MetricsCommandOptions {
  readonly riskFree?: string;
  readonly report?: string;
  readonly json?: boolean;
}

/** Measures the marks of an account from a file, against a benchmark where the file has one. */
export function metricsCommand(file: string, options: MetricsCommandOptions): ExitCode {
  const riskFree = rateOf(options.riskFree);
  const { marks, benchmark, sha256 } = readEquityFile(file);
  const market = benchmark ?? undefined;
  const summary = summarisePerformance({ marks }, market, { riskFree });
  const result: NamedSummary = { name: basename(file), summary };
  const against: NamedSummary | null =
    market === undefined
      ? null
      : { name: 'benchmark', summary: summarisePerformance({ marks: market }, undefined, { riskFree }) };
  if (options.report !== undefined) {
    const page = tearSheet({
      subject: 'Marks of an account, measured as they are',
      result,
      benchmark: against,
      curves: reportCurves({ marks }, market, { riskFree }),
      trades: null,
      incidents: [],
      provenance: {
        sources: [`${basename(file)}: ${marks.time.length} marks`],
        sha256,
        commit: commitOfProgram(),
        parameters: { 'risk-free': riskFree },
        costModel: null,
        trials: null,
      },
    });
    writeReport(options.report, page);
    process.stderr.write(`report: ${options.report}\n`);
  }
  const report = {
    file,
    sha256,
    performance: summary,
    benchmark: against === null ? null : against.summary,
  };
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify(report, null, 2)}\n`
      : `${performanceTable(against === null ? [result] : [result, against])}\n\n${[
          `span        ${summary.span.from ?? ''} to ${summary.span.to ?? ''}, ${marks.time.length} marks`,
          `conventions daily returns, Sharpe above ${riskFree * 100} % a year; docs/analytics.md`,
          `data hash   ${sha256}`,
        ].join('\n')}\n`,
  );
  return EXIT.ok;
}

function rateOf(text: string | undefined): number {
  const rate = text === undefined ? 0 : Number(text);
  if (text?.trim() === '' || !Number.isFinite(rate) || rate <= -1)
    throw new ConfigurationError(
      `--risk-free ${JSON.stringify(text)} is not a yearly rate; write a fraction such as 0.02`,
    );
  return rate;
}
