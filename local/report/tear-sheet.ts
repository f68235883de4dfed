import type { PerformanceSummary } from '#core/analytics/performance/performance-summary.ts';
import type { Figure } from '#core/analytics/series.ts';
import {
  type ChartNames,
  equityChart,
  exposureChart,
  rollingBetaChart,
  rollingSharpeChart,
  underwaterChart,
} from './curve-charts.ts';
import { figureTables } from './figure-tables.ts';
import { countText, figureText, moneyText, percentText, ratioText } from './figure-text.ts';
import { distributionChart } from './histogram.ts';
import { type Content, html, type Markup, trusted } from './markup.ts';
import { crisisTable, drawdownTable, monthlyTable, tradeTable } from './period-tables.ts';
import { STYLE } from './style.ts';
import type { Provenance, TearSheet } from './tear-sheet-input.ts';

/** The headline figures: label, figure, how it is written. */
const HEADLINES: readonly (readonly [
  string,
  (summary: PerformanceSummary) => Figure,
  (value: number) => string,
])[] = [
  ['Total return', ({ returns }) => returns.total, percentText],
  ['Growth a year', ({ returns }) => returns.annual, percentText],
  ['Volatility a year', ({ returns }) => returns.volatility, percentText],
  ['Sharpe ratio', ({ ratios }) => ratios.sharpe, ratioText],
  ['Maximum drawdown', ({ drawdown }) => drawdown.maximum, (depth) => percentText(-depth)],
  ['Final equity', ({ equity }) => equity.final, moneyText],
];

function headlines({ result, benchmark }: TearSheet): Markup {
  const tiles = HEADLINES.map(([label, of, text]) => {
    const figure = of(result.summary);
    const own =
      figure.kind === 'value'
        ? html`<strong>${text(figure.value)}</strong>`
        : html`<span class="undefined">undefined: ${figure.reason}</span>`;
    const beside =
      benchmark === null
        ? null
        : html`<small>${benchmark.name} ${figureText(of(benchmark.summary), text)}</small>`;
    return html`<li><span>${label}</span>${own}${beside}</li>`;
  });
  return html`<ul class="tiles">${tiles}</ul>`;
}

/** Headlines, or in their place the banner that says why there are none. */
function opening(sheet: TearSheet): Markup {
  const { plausibility } = sheet.result.summary;
  switch (plausibility.kind) {
    case 'plausible':
      return headlines(sheet);
    case 'implausible': {
      const causes = plausibility.causes.map(({ text }) => html`<li>${text}</li>`);
      return html`<div class="banner" role="alert"><h2>IMPLAUSIBLE</h2><p>This result is more likely an error of the data or of the simulation than a strategy, so it has no headline. Look for the cause before anything is believed:</p><ul>${causes}</ul></div>`;
    }
  }
}

function trialText({ trials, deflatedSharpe, overfitting }: Provenance): string {
  if (trials === null) return 'not known: whoever made the marks has to say how many variants were tried';
  const missing = trials > 1 ? 'not computed' : 'not needed for one trial';
  const dsr = deflatedSharpe === undefined ? missing : figureText(deflatedSharpe, percentText);
  const pbo = overfitting === undefined ? missing : figureText(overfitting, percentText);
  return `${countText(trials)}; deflated Sharpe ratio: ${dsr}; probability of overfitting: ${pbo}`;
}

function provenance(sheet: TearSheet): Markup {
  const { sources, sha256, commit, parameters, costModel } = sheet.provenance;
  const given = Object.entries(parameters).map(([name, value]) => `${name} ${String(value)}`);
  const entries: readonly (readonly [string, Content])[] = [
    ['Data', sources.map((source) => html`<div>${source}</div>`)],
    ['SHA-256 of the data', html`<code>${sha256}</code>`],
    ['Commit', commit === null ? 'not known' : html`<code>${commit}</code>`],
    ['Parameters', given.length === 0 ? 'none' : given.join(', ')],
    ['Costs', costModel ?? 'not known: the marks are taken as they are'],
    ['Trials', trialText(sheet.provenance)],
  ];
  return html`<dl class="provenance">${entries.map(([term, text]) => html`<div><dt>${term}</dt><dd>${text}</dd></div>`)}</dl>`;
}

function spanText({ span }: PerformanceSummary): string {
  if (span.from === null || span.to === null) return 'no marks';
  return `${span.from} to ${span.to}, ${countText(span.days)} days, ${span.years.toFixed(1)} years`;
}

const section = (heading: string, ...parts: readonly (Markup | null)[]): Markup =>
  html`<section><h2>${heading}</h2>${parts.flatMap((part) => part ?? [])}</section>`;

/**
 * A result as one HTML page that needs nothing but itself: styles and drawings are in it, there is no script, nothing is
 * loaded. The same result gives the same bytes.
 */
export function tearSheet(sheet: TearSheet): string {
  const { result, benchmark, curves, incidents } = sheet;
  const { summary } = result;
  const names: ChartNames = { own: result.name, market: benchmark?.name ?? null };
  const { window } = summary.rolling;
  const tail95 = summary.tail.find(({ confidence }) => confidence === 0.95);
  const drawn = summary.span.days >= 2;
  const title = `${result.name}, ${spanText(summary)}`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<header><p class="subject">${sheet.subject}</p><h1>${result.name}</h1><p class="span">${spanText(summary)}</p>${opening(sheet)}${provenance(sheet)}</header>
<main>
${drawn ? section('Curves', equityChart(curves, names), underwaterChart(curves, names, summary.drawdown.limit), exposureChart(curves)) : section('Curves', html`<p class="note">There are fewer than two days to draw.</p>`)}
${section('Figures', figureTables(sheet))}
${section('Months', monthlyTable(sheet), distributionChart(curves.returns, tail95?.historical ?? { kind: 'undefined', reason: 'it was not measured' }))}
${section('Rolling', html`<div class="pair">${rollingSharpeChart(curves, names, window)}${rollingBetaChart(curves, names, window)}</div>`)}
${section('Crises and drawdowns', crisisTable(sheet), drawdownTable(sheet))}
${section('Trades', tradeTable(sheet))}
${incidents.length === 0 ? null : section('On the way', html`<ul>${incidents.map((text) => html`<li>${text}</li>`)}</ul>`)}
</main>
<footer><p>Research on past prices. What was earned in a simulation was not earned. Conventions and sources of all figures: docs/analytics.md; how fills, costs and gaps are simulated: docs/simulation.md.</p></footer>
</body>
</html>
`.markup;
}
