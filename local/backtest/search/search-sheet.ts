import { reportCurves } from '#core/analytics/performance/report-curves.ts';
import { summarisePerformance } from '#core/analytics/performance/summary.ts';
import type { Figure } from '#core/analytics/series.ts';
import { chained, curveFrom } from '#core/simulation/validation/search-verdict.ts';
import { wholeBars } from '#core/simulation/validation/search-windows.ts';
import { costModelOf } from '#local/backtest/backtest-report.ts';
import { strategyFactoryNamed } from '#local/backtest/named-strategy.ts';
import { figureText, percentText } from '#local/report/figure-text.ts';
import { tearSheet } from '#local/report/tear-sheet.ts';
import {
  buyAndHoldFactory,
  type PlannedSearch,
  played,
  type SearchReport,
  type WindowReport,
} from './search.ts';

/**
 * A tear sheet of what the search chose, over the bars it was not chosen on, with buy-and-hold beside it; the header has the
 * number of trials and what they leave of the result. Null where a window has nothing that could be chosen.
 * @throws whatever the simulation of a chosen strategy throws
 */
export async function searchSheet(
  { request, data, windows }: PlannedSearch,
  report: SearchReport,
  commit: string | null,
): Promise<string | null> {
  const make = await strategyFactoryNamed(request.strategy);
  const tried = windows.flatMap((window, index) => {
    const best = report.results[index]?.best;
    if (best === undefined) return [];
    const bars = wholeBars(data.instruments, window);
    return [
      {
        chosen: curveFrom(played(make, best.parameters, bars, request), window.testFrom),
        held: curveFrom(played(buyAndHoldFactory, {}, bars, request), window.testFrom),
      },
    ];
  });
  if (tried.length < windows.length) return null;
  const marks = chained(tried.map(({ chosen }) => chosen));
  const held = chained(tried.map(({ held: curve }) => curve));
  const verdicts = report.results.map(({ verdict }) => verdict);
  return tearSheet({
    subject: 'Out of sample, on simulated money: each choice over bars it was not chosen on',
    result: { name: `${report.strategy}, chosen`, summary: summarisePerformance({ marks }, held) },
    benchmark: { name: 'buy-and-hold', summary: summarisePerformance({ marks: held }, undefined) },
    curves: reportCurves({ marks }, held),
    trades: null,
    incidents: report.results.map(windowLine),
    provenance: {
      sources: report.data.sources,
      sha256: report.data.sha256,
      commit,
      parameters: {
        search: report.method,
        ...Object.fromEntries(report.ranges.map(({ name, values }) => [name, `of ${values.join(', ')}`])),
        cash: report.input.cash,
        seed: report.input.seed,
      },
      costModel: costModelOf(report.input),
      trials: report.trials,
      deflatedSharpe: worst(
        verdicts.map(({ deflated }) => deflated),
        Math.min,
      ),
      overfitting: worst(
        verdicts.map(({ overfitting }) => overfitting.probability),
        Math.max,
      ),
    },
  });
}

/** Of several windows the figure that speaks most against the result; undefined where one of them is. */
function worst(figures: readonly Figure[], of: (left: number, right: number) => number): Figure {
  return figures.reduce((found, figure) => {
    if (found.kind === 'undefined' || figure.kind === 'undefined')
      return found.kind === 'undefined' ? found : figure;
    return { kind: 'value', value: of(found.value, figure.value) };
  });
}

function windowLine({ train, test, verdict, best }: WindowReport): string {
  const parameters = Object.entries(best?.parameters ?? {}).map(([name, value]) => `${name} ${value}`);
  return `chosen on ${train[0]} to ${train[1]}, tried on ${test[0]} to ${test[1]}: ${parameters.join(', ')}; deflated Sharpe ratio ${figureText(verdict.deflated, percentText)}, probability of overfitting ${figureText(verdict.overfitting.probability, percentText)}`;
}
