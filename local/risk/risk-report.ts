import { momentsOf } from '#core/analytics/performance/moments.ts';
import {
  type Confidence,
  cornishFisherValueAtRisk,
  historicalConditionalValueAtRisk,
  historicalValueAtRisk,
  normalValueAtRisk,
} from '#core/analytics/performance/tail-risk.ts';
import { DAILY_DECAY, ewmaVariance } from '#core/analytics/risk/ewma.ts';
import { fitGarch } from '#core/analytics/risk/garch.ts';
import type { GarchModel } from '#core/analytics/risk/garch-coordinates.ts';
import { forecastGarchVariance } from '#core/analytics/risk/garch-forecast.ts';
import {
  atTheLow,
  HISTORICAL_SCENARIOS,
  type HistoricalScenario,
} from '#core/analytics/risk/stress-scenarios.ts';
import { type Sensitivities, stressBook } from '#core/analytics/risk/stress-test.ts';
import { newYorkDate } from '#core/market/calendar.ts';
import type { ReturnFile } from './return-file.ts';
import type { RiskRequest } from './risk-request.ts';
import { testedValuesAtRisk } from './value-at-risk-tests.ts';

/** What the returns of an account say of its risk, ready for JSON. Losses and deviations are positive fractions of one day. */
export type RiskReport = ReturnType<typeof riskReport>;

const CONFIDENCES: readonly Confidence[] = [0.95, 0.975, 0.99];

/** @throws InvalidSampleError for returns that no figure can be made of */
export function riskReport(file: ReturnFile, request: RiskRequest) {
  const { returns, time, sha256 } = file;
  const { sensitivities, assumption } = sensitivitiesOf(file, request);
  return {
    input: {
      sha256,
      from: newYorkDate(time[0]!),
      to: newYorkDate(time.at(-1)!),
      returns: returns.length,
      value: file.value,
    },
    valueAtRisk: CONFIDENCES.map((confidence) => ({
      confidence,
      historical: historicalValueAtRisk(returns, confidence),
      conditional: historicalConditionalValueAtRisk(returns, confidence),
      normal: normalValueAtRisk(returns, confidence),
      cornishFisher: cornishFisherValueAtRisk(returns, confidence),
    })),
    volatility: {
      sample: momentsOf(returns).deviation,
      ewma: { decay: DAILY_DECAY, next: Math.sqrt(ewmaVariance(returns).at(-1)!) },
      garch: garchReport(returns, 'garch', request),
      gjr: garchReport(returns, 'gjr', request),
    },
    tests: {
      confidence: request.confidence,
      window: request.window,
      models: testedValuesAtRisk(returns, request.confidence, request.window),
    },
    stress: {
      sensitivities,
      assumption,
      scenarios: HISTORICAL_SCENARIOS.map((scenario) => stressed(scenario, sensitivities, file.value)),
    },
  };
}

function garchReport(returns: Float64Array, model: GarchModel, { innovations, horizon }: RiskRequest) {
  const fit = fitGarch(returns, model, innovations);
  if (fit.kind === 'failed') return fit;
  const { variance: _, iterations: __, nextVariance, ...rest } = fit;
  const forecast = forecastGarchVariance(fit.parameters, nextVariance, horizon);
  return {
    ...rest,
    next: Math.sqrt(nextVariance),
    horizon,
    /** Of each day, and of all days of the horizon together. */
    days: Array.from(forecast, Math.sqrt),
    overHorizon: Math.sqrt(forecast.reduce((sum, day) => sum + day, 0)),
  };
}

/** What the position follows, and where that was not said, why it is taken to. */
function sensitivitiesOf(
  { beta }: ReturnFile,
  { sensitivities }: RiskRequest,
): { readonly sensitivities: Sensitivities; readonly assumption: string | null } {
  if (sensitivities !== null) return { sensitivities, assumption: null };
  if (beta?.kind === 'value')
    return { sensitivities: { equity: beta.value }, assumption: 'beta to the benchmark of the file' };
  return {
    sensitivities: { equity: 1 },
    assumption:
      beta === null
        ? 'moves as the S&P 500: the file has no benchmark and no --sensitivities are given'
        : `moves as the S&P 500: no beta, ${beta.reason}`,
  };
}

function stressed(scenario: HistoricalScenario, sensitivities: Sensitivities, value: number) {
  const position = { instrument: 'the account', value, sensitivities };
  const [close, low] = stressBook([position], [scenario, atTheLow(scenario)], value);
  return {
    name: scenario.name,
    atClose: close!.equityFraction,
    /** At the low inside the session; null where the day is not remembered for it. */
    atLow: scenario.equityLow === undefined ? null : low!.equityFraction,
  };
}
