import type { PerformanceSummary, TailRow } from '#core/analytics/performance/performance-summary.ts';
import type { Figure } from '#core/analytics/series.ts';
import { countText, daysText, moneyText, percentText, ratioText, roundMoneyText } from './figure-text.ts';
import { type Content, html, type Markup } from './markup.ts';
import { table } from './table.ts';
import type { NamedSummary, TearSheet } from './tear-sheet-input.ts';

/** A figure, or why there is none. */
function cell(figure: Figure, text: (value: number) => string): Markup {
  return figure.kind === 'value'
    ? html`${text(figure.value)}`
    : html`<span class="undefined">undefined: ${figure.reason}</span>`;
}

const dayText = (day: { readonly date: string; readonly return: number } | null): Content =>
  day === null
    ? html`<span class="undefined">undefined: there are no returns</span>`
    : html`${percentText(day.return)} <small>${day.date}</small>`;

type Row = readonly [string, (summary: PerformanceSummary) => Content];

const RETURN_ROWS: readonly Row[] = [
  ['Total return', ({ returns }) => cell(returns.total, percentText)],
  ['Growth a year (CAGR)', ({ returns }) => cell(returns.annual, percentText)],
  ['Volatility a year', ({ returns }) => cell(returns.volatility, percentText)],
  ['Best day', ({ returns }) => dayText(returns.bestDay)],
  ['Worst day', ({ returns }) => dayText(returns.worstDay)],
  ['Days above zero', ({ returns }) => cell(returns.positiveDays, percentText)],
  ['Skewness', ({ returns }) => cell(returns.skewness, ratioText)],
  ['Excess kurtosis', ({ returns }) => cell(returns.excessKurtosis, ratioText)],
];

const RISK_ROWS: readonly Row[] = [
  ['Sharpe ratio', ({ ratios }) => cell(ratios.sharpe, ratioText)],
  ['Sortino ratio', ({ ratios }) => cell(ratios.sortino, ratioText)],
  ['Calmar ratio', ({ ratios }) => cell(ratios.calmar, ratioText)],
  ['Omega ratio', ({ ratios }) => cell(ratios.omega, ratioText)],
  ['Tail ratio', ({ ratios }) => cell(ratios.tailRatio, ratioText)],
  ['Maximum drawdown', ({ drawdown }) => cell(drawdown.maximum, (depth) => percentText(-depth))],
  [
    'Longest drawdown',
    ({ drawdown }) => (drawdown.longest === null ? 'none' : `${countText(drawdown.longest.days)} days`),
  ],
  ['Days beyond the limit', ({ drawdown }) => cell(drawdown.beyondLimit, percentText)],
  ['Ulcer index', ({ drawdown }) => cell(drawdown.ulcer, percentText)],
];

function compared(caption: string, rows: readonly Row[], named: readonly NamedSummary[]): Markup {
  return table(
    caption,
    [{ heading: 'figure', words: true, unseen: true }, ...named.map(({ name }) => ({ heading: name }))],
    rows.map(([label, of]) => [label, ...named.map(({ summary }) => of(summary))]),
  );
}

const listed = (caption: string, rows: readonly (readonly [string, Content])[]): Markup =>
  table(
    caption,
    [
      { heading: 'figure', words: true, unseen: true },
      { heading: 'value', unseen: true },
    ],
    rows,
  );

/** Value at risk of a day, all four ways. */
function tailTable({ result }: TearSheet): Markup {
  const flagged = ({ cornishFisher, cornishFisherInsideDomain }: TailRow): Content =>
    cornishFisher.kind === 'value' && !cornishFisherInsideDomain
      ? html`${percentText(cornishFisher.value)} <abbr title="outside the domain of the expansion: not to be relied on">*</abbr>`
      : cell(cornishFisher, percentText);
  return table(
    'Loss of one day (value at risk)',
    [
      { heading: 'confidence', words: true },
      { heading: 'historical' },
      { heading: 'CVaR' },
      { heading: 'normal' },
      { heading: 'Cornish–Fisher' },
    ],
    result.summary.tail.map((row) => [
      percentText(row.confidence, 1),
      cell(row.historical, percentText),
      cell(row.conditional, percentText),
      cell(row.normal, percentText),
      flagged(row),
    ]),
  );
}

/** Nothing where the marks alone are known. */
function tradeRows({
  trades,
  exposure,
  turnover,
}: PerformanceSummary): readonly (readonly [string, Content])[] {
  return [
    ...(trades === null
      ? []
      : ([
          ['Trades closed, open', `${countText(trades.closed)}, ${countText(trades.open)}`],
          ['Won', cell(trades.winRate, percentText)],
          ['Profit factor', cell(trades.profitFactor, ratioText)],
          ['Mean profit of a trade', cell(trades.expectancy, moneyText)],
          ['Mean win over mean loss', cell(trades.payoff, ratioText)],
        ] as const)),
    ...(exposure === null
      ? []
      : ([
          ['Average exposure, gross', cell(exposure.averageGross, percentText)],
          ['Average exposure, net', cell(exposure.averageNet, percentText)],
          ['Highest exposure, gross', cell(exposure.highestGross, percentText)],
          ['Time in the market', cell(exposure.timeInMarket, percentText)],
        ] as const)),
    ...(trades === null
      ? []
      : ([['Turnover a year', cell(turnover, (times) => `${ratioText(times)} ×`)]] as const)),
  ];
}

function costRows({ costs }: PerformanceSummary): readonly (readonly [string, Content])[] {
  if (costs === null) return [];
  return [
    ['Commission', moneyText(costs.commission)],
    ['Spread and slippage', moneyText(costs.spreadAndSlippage)],
    ['Impact', moneyText(costs.impact)],
    ['Borrowed shares', moneyText(costs.borrow)],
    ['Interest', moneyText(costs.interest)],
    ['All costs', moneyText(costs.total)],
    ['Of the profit before costs', cell(costs.ofGrossProfit, percentText)],
    ['Of the mean equity, a year', cell(costs.annualDrag, percentText)],
  ];
}

function capacityRows({ capacity }: PerformanceSummary): readonly (readonly [string, Content])[] {
  if (capacity === null) return [];
  return [
    ['Days to leave a position, median', cell(capacity.medianDays, daysText)],
    ['Days to leave a position, longest', cell(capacity.longestDays, daysText)],
    ['Capital that leaves each in a day', cell(capacity.participationCapital, roundMoneyText)],
    ['Impact a year, of the equity', cell(capacity.annualImpact, (drag) => percentText(drag, 4))],
    ['Capital at which it is half of the growth', cell(capacity.impactCapital, roundMoneyText)],
  ];
}

function relativeRows({ relative }: PerformanceSummary): readonly (readonly [string, Content])[] {
  if (relative === null) return [];
  return [
    ['Beta', cell(relative.beta, ratioText)],
    ['Alpha a year', cell(relative.alpha, percentText)],
    ['Correlation', cell(relative.correlation, ratioText)],
    ['Tracking error a year', cell(relative.trackingError, percentText)],
    ['Information ratio', cell(relative.informationRatio, ratioText)],
    ['Capture of days it rose', cell(relative.upCapture, percentText)],
    ['Capture of days it fell', cell(relative.downCapture, percentText)],
  ];
}

/** All figures in tables, the benchmark beside the result where it has the figure too. */
export function figureTables(sheet: TearSheet): Markup {
  const { result, benchmark } = sheet;
  const { summary } = result;
  const named = benchmark === null ? [result] : [result, benchmark];
  const money = summary.currency === null ? '' : `, ${summary.currency}`;
  const lists = [
    [`Against ${benchmark?.name ?? ''}`, relativeRows(summary)],
    ['Trades and exposure', tradeRows(summary)],
    [`Costs${money}`, costRows(summary)],
    [`Capacity${money}, at 10 % of the volume`, capacityRows(summary)],
  ] as const;
  const riskFree = summary.ratios.riskFree;
  return html`<div class="cards">${compared('Returns', RETURN_ROWS, named)}${compared('Risk and drawdown', RISK_ROWS, named)}${lists.flatMap(([caption, rows]) => (rows.length === 0 ? [] : [listed(caption, rows)]))}${tailTable(sheet)}</div><p class="note">Daily simple returns; ratios a year by the actual spacing of the days, above a risk-free rate of ${percentText(riskFree)}. Drawdowns on all marks. A star: outside the domain of the Cornish–Fisher expansion, not to be relied on.</p>`;
}
