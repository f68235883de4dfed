import { basename } from 'node:path';
import { loadHighsSolver } from '#adapters/highs/highs-solver.ts';
import { type PortfolioReport, portfolioReport } from '#local/portfolio/portfolio-report.ts';
import { type PortfolioWords, portfolioRequest } from '#local/portfolio/portfolio-request.ts';
import { figureText, percentText } from '#local/report/figure-text.ts';
import { readReturnTable } from '#local/tables/return-table.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

export interface PortfolioCommandOptions extends PortfolioWords {
  readonly json?: boolean;
}

/** Weights from a file of prices or returns by one method. */
export async function portfolioCommand(file: string, options: PortfolioCommandOptions): Promise<ExitCode> {
  const request = portfolioRequest(options);
  const table = readReturnTable(file, request.content);
  const solver = request.method === 'cvar' ? await loadHighsSolver() : null;
  const report = portfolioReport(table, request, solver);
  process.stdout.write(
    options.json === true ? `${JSON.stringify({ file, ...report }, null, 2)}\n` : `${textOf(file, report)}\n`,
  );
  return EXIT.ok;
}

function textOf(file: string, report: PortfolioReport): string {
  const { input, covariance, riskShares, objective, binding, annualExpectedReturns } = report;
  const names = Object.keys(report.weights);
  const width = Math.max(10, ...names.map((name) => name.length));
  const line = (cells: readonly string[]) =>
    `${(cells[0] ?? '').padEnd(width)}${cells
      .slice(1)
      .map((cell) => ` ${cell.padStart(12)}`)
      .join('')}`.trimEnd();
  const expected = annualExpectedReturns === null ? [] : ['expected'];
  return [
    line(['', 'weight', 'of the risk', 'volatility', ...expected]),
    ...names.map((name) =>
      line([
        name,
        percentText(report.weights[name]!),
        riskShares.kind === 'value' ? percentText(riskShares.shares[name]!) : 'undefined',
        percentText(report.annualVolatilities[name]!),
        ...(annualExpectedReturns === null ? [] : [percentText(annualExpectedReturns[name]!)]),
      ]),
    ),
    line(['cash', percentText(report.cash)]),
    '',
    `method      ${report.method}; ${objective.quantity} ${objective.value.toPrecision(6)} of one period`,
    `volatility  ${percentText(report.annualVolatility)} a year`,
    `expected    ${figureText(report.annualExpectedReturn, (one) => `${percentText(one)} a year`)}`,
    `binding     ${binding.length === 0 ? 'no limit' : binding.join(', ')}`,
    `covariance  ${covariance.estimator}${covariance.shrinkage === null ? '' : `, ${percentText(covariance.shrinkage)} of it constant correlation`}; condition number ${figureText(covariance.conditionNumber, (one) => one.toPrecision(3))}${covariance.ridge === 0 ? '' : `; ridge ${covariance.ridge.toPrecision(3)}`}`,
    ...(riskShares.kind === 'undefined' ? [`risk        undefined: ${riskShares.reason}`] : []),
    `data        ${basename(file)}: ${input.returns} returns, ${input.from} to ${input.to}, ${input.periodsPerYear.toFixed(1)} a year`,
    `data hash   ${input.sha256}`,
  ].join('\n');
}
