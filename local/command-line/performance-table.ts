import type { PerformanceSummary } from '#core/analytics/performance/performance-summary.ts';
import type { Figure } from '#core/analytics/series.ts';
import { countText, moneyText, percentText, ratioText } from '#local/report/figure-text.ts';
import type { NamedSummary } from '#local/report/tear-sheet-input.ts';

interface Row {
  readonly label: string;
  /** Text, or the figure that {@link text} writes; null where the result does not have it. */
  readonly of: (summary: PerformanceSummary) => Figure | string | null;
  readonly text: (value: number) => string;
}

const row = (label: string, of: Row['of'], text: Row['text'] = moneyText): Row => ({ label, of, text });

const ROWS: readonly Row[] = [
  row('final equity', ({ equity }) => equity.final),
  row('total return', ({ returns }) => returns.total, percentText),
  row('return a year', ({ returns }) => returns.annual, percentText),
  row('volatility a year', ({ returns }) => returns.volatility, percentText),
  row('Sharpe ratio', ({ ratios }) => ratios.sharpe, ratioText),
  row('Sortino ratio', ({ ratios }) => ratios.sortino, ratioText),
  row('Calmar ratio', ({ ratios }) => ratios.calmar, ratioText),
  row('maximum drawdown', ({ drawdown }) => drawdown.maximum, percentText),
  row('longest drawdown', ({ drawdown: { longest } }) =>
    longest === null ? 'none' : `${countText(longest.days)} days`,
  ),
  row('days beyond 5 % down', ({ drawdown }) => drawdown.beyondLimit, percentText),
  row('CVaR 95 % of a day', ({ tail }) => tail[0]?.conditional ?? null, percentText),
  row('trades closed, open', ({ trades }) => (trades === null ? null : `${trades.closed}, ${trades.open}`)),
  row('trades won', ({ trades }) => trades?.winRate ?? null, percentText),
  row('profit factor', ({ trades }) => trades?.profitFactor ?? null, ratioText),
  row('time in the market', ({ exposure }) => exposure?.timeInMarket ?? null, percentText),
  row('turnover a year', ({ turnover, trades }) => (trades === null ? null : turnover), ratioText),
  row('commission', ({ costs }) => (costs === null ? null : moneyText(costs.commission))),
  row('spread and slippage', ({ costs }) => (costs === null ? null : moneyText(costs.spreadAndSlippage))),
  row('impact', ({ costs }) => (costs === null ? null : moneyText(costs.impact))),
  row('borrowed shares', ({ costs }) => (costs === null ? null : moneyText(costs.borrow))),
  row('interest', ({ costs }) => (costs === null ? null : moneyText(costs.interest))),
  row('costs of gross profit', ({ costs }) => costs?.ofGrossProfit ?? null, percentText),
  row('beta', ({ relative }) => relative?.beta ?? null, ratioText),
  row('alpha a year', ({ relative }) => relative?.alpha ?? null, percentText),
  row('information ratio', ({ relative }) => relative?.informationRatio ?? null, ratioText),
];

function cellOf({ of, text }: Row, summary: PerformanceSummary): string | null {
  const found = of(summary);
  if (found === null || typeof found === 'string') return found;
  return found.kind === 'value' ? text(found.value) : 'undefined';
}

/**
 * Figures of one or two results beside each other, for a terminal. What is implausible comes first, the reasons of what is
 * undefined last.
 */
export function performanceTable(named: readonly NamedSummary[]): string {
  const rows = ROWS.map((each) => ({
    each,
    cells: named.map(({ summary }) => cellOf(each, summary)),
  })).filter(({ cells }) => cells.some((cell) => cell !== null));
  const table = [
    ['', ...named.map(({ name }) => name)],
    ...rows.map(({ each, cells }) => [each.label, ...cells.map((cell) => cell ?? '')]),
  ];
  const widths = named.map((_, column) =>
    Math.max(14, ...table.map((cells) => (cells[column + 1] ?? '').length)),
  );
  const lines = table.map(([label = '', ...cells]) =>
    [label.padEnd(22), ...cells.map((cell, column) => cell.padStart(widths[column] ?? 0))]
      .join('  ')
      .trimEnd(),
  );
  const reasons = rows.flatMap(({ each }) => named.flatMap((one) => reasonOf(each, one)));
  return [...named.flatMap(implausible), ...lines, ...(reasons.length === 0 ? [] : ['', ...reasons])].join(
    '\n',
  );
}

function reasonOf({ label, of }: Row, { name, summary }: NamedSummary): readonly string[] {
  const found = of(summary);
  return found !== null && typeof found === 'object' && found.kind === 'undefined'
    ? [`undefined   ${label} of ${name}: ${found.reason}`]
    : [];
}

function implausible({ name, summary: { plausibility } }: NamedSummary): readonly string[] {
  switch (plausibility.kind) {
    case 'plausible':
      return [];
    case 'implausible':
      return [
        `IMPLAUSIBLE: ${name} is more likely an error of the data or of the simulation than a strategy`,
        ...plausibility.causes.map(({ text }) => `  ${text}`),
        '',
      ];
  }
}
