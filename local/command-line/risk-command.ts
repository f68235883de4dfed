import { basename } from 'node:path';
import type { HypothesisTest } from '#core/analytics/risk/value-at-risk-backtest.ts';
import { figureText, moneyText, percentText } from '#local/report/figure-text.ts';
import { readReturnFile } from '#local/risk/return-file.ts';
import { type RiskReport, riskReport } from '#local/risk/risk-report.ts';
import { type RiskWords, riskRequest } from '#local/risk/risk-request.ts';
import type { TestedValueAtRisk } from '#local/risk/value-at-risk-tests.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

export interface RiskCommandOptions extends RiskWords {
  readonly json?: boolean;
}

/** What the daily returns of an account say of its risk. */
export function riskCommand(file: string, options: RiskCommandOptions): ExitCode {
  const request = riskRequest(options);
  const report = riskReport(readReturnFile(file), request);
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify({ file, ...report }, null, 2)}\n`
      : `${[
          ...valueAtRiskLines(report),
          '',
          ...volatilityLines(report),
          '',
          ...testLines(report),
          '',
          ...stressLines(report),
          '',
          `data        ${basename(file)}: ${report.input.returns} returns, ${report.input.from} to ${report.input.to}; value ${moneyText(report.input.value)}`,
          `data hash   ${report.input.sha256}`,
        ].join('\n')}\n`,
  );
  return EXIT.ok;
}

const line = (label: string, cells: readonly string[]): string =>
  `${label.padEnd(24)}${cells.map((cell) => cell.padStart(15)).join('')}`.trimEnd();

function valueAtRiskLines({ valueAtRisk }: RiskReport): readonly string[] {
  const outside = valueAtRisk.some(
    ({ cornishFisher }) => cornishFisher.figure.kind === 'value' && !cornishFisher.insideDomain,
  );
  return [
    line('loss of one day', ['historical', 'beyond it', 'normal', 'Cornish–Fisher']),
    ...valueAtRisk.map(({ confidence, historical, conditional, normal, cornishFisher }) =>
      line(
        `  at ${percentText(confidence, 1)}`,
        [historical, conditional, normal, cornishFisher.figure].map((figure) =>
          figure.kind === 'value' ? percentText(figure.value) : 'undefined',
        ),
      ),
    ),
    ...(outside
      ? ['  Cornish–Fisher is outside its domain: skewness and kurtosis are too large for the expansion']
      : []),
    ...valueAtRisk.flatMap(({ confidence, historical }) =>
      historical.kind === 'undefined'
        ? [`  undefined at ${percentText(confidence, 1)}: ${historical.reason}`]
        : [],
    ),
  ];
}

function volatilityLines({ volatility }: RiskReport): readonly string[] {
  return [
    line('volatility of one day', ['next day']),
    line('  sample', [percentText(volatility.sample)]),
    line(`  EWMA, λ ${volatility.ewma.decay}`, [percentText(volatility.ewma.next)]),
    ...garchLines('GARCH(1,1)', volatility.garch),
    ...garchLines('GJR-GARCH(1,1)', volatility.gjr),
  ];
}

function garchLines(name: string, fit: RiskReport['volatility']['garch']): readonly string[] {
  if (fit.kind === 'failed') return [`  ${name}: no fit: ${fit.reason}`];
  const { omega, alpha, gamma, beta, degrees } = fit.parameters;
  const parameters = [
    `ω ${omega.toPrecision(4)}`,
    `α ${alpha.toFixed(4)}`,
    ...(fit.model === 'gjr' ? [`γ ${gamma.toFixed(4)}`] : []),
    `β ${beta.toFixed(4)}`,
    ...(degrees === undefined ? [] : [`ν ${degrees.toFixed(1)}`]),
  ];
  return [
    line(`  ${name}`, [percentText(fit.next)]),
    `    ${fit.horizon} days together ${percentText(fit.overHorizon)}; in the long run ${figureText(fit.longRunVariance, (variance) => `${percentText(Math.sqrt(variance))} a day`)}`,
    `    ${parameters.join(', ')}; persistence ${fit.persistence.toFixed(4)}, log-likelihood ${fit.logLikelihood.toFixed(2)}${fit.atBound.length === 0 ? '' : `; at its bound: ${fit.atBound.join(', ')}`}`,
  ];
}

const probabilityText = (test: HypothesisTest): string =>
  test.kind === 'tested' ? `p ${test.probability.toFixed(4)}` : 'undefined';

function testLines({ tests }: RiskReport): readonly string[] {
  return [
    line(`value at risk, ${percentText(tests.confidence, 1)}`, [
      'exceptions',
      'expected',
      'Kupiec',
      'independence',
      'both',
      'Basel',
      'next day',
    ]),
    ...tests.models.map(testLine),
    `  each day by the ${tests.window} days before it; p: probability of as much where the model is right; Basel: the last 250 days`,
  ];
}

function testLine(tested: TestedValueAtRisk): string {
  if (tested.kind === 'undefined') return `  ${tested.model}: undefined: ${tested.reason}`;
  const { backtest, trafficLight, next } = tested;
  return line(`  ${tested.model}`, [
    `${backtest.exceptions} of ${backtest.observations}`,
    backtest.expected.toFixed(1),
    probabilityText(backtest.unconditional),
    probabilityText(backtest.independence),
    probabilityText(backtest.conditional),
    `${trafficLight.zone} (${trafficLight.exceptions})`,
    percentText(next),
  ]);
}

function stressLines({ stress, input }: RiskReport): readonly string[] {
  const follows = Object.entries(stress.sensitivities).map(
    ([factor, by]) => `${factor} ${Number(by.toPrecision(4))}`,
  );
  const cell = (figure: RiskReport['stress']['scenarios'][number]['atClose'] | null) =>
    figure === null ? '' : figure.kind === 'value' ? percentText(figure.value) : 'unknown';
  return [
    line('stress, one session', ['at the close', 'at the low', 'amount']),
    ...stress.scenarios.map(({ name, atClose, atLow }) =>
      line(`  ${name}`, [
        cell(atClose),
        cell(atLow),
        atClose.kind === 'value' ? moneyText(atClose.value * input.value) : atClose.reason,
      ]),
    ),
    `  follows ${follows.join(', ')}${stress.assumption === null ? '' : ` (${stress.assumption})`}`,
  ];
}
