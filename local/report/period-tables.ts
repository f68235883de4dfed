import type { CrisisReturn } from '#core/analytics/performance/crisis-windows.ts';
import type { DatedDrawdown } from '#core/analytics/performance/performance-summary.ts';
import { newYorkDate } from '#core/market/new-york-time.ts';
import type { Trade } from '#core/simulation/simulation-result.ts';
import { countText, moneyText, percentText } from './figure-text.ts';
import { type Content, html, type Markup } from './markup.ts';
import { MONTH_NAMES } from './scale.ts';
import { table } from './table.ts';
import type { TearSheet } from './tear-sheet-input.ts';

/** The moves that have the full colour. */
const FULL_MONTH = 0.08;
const FULL_YEAR = 0.25;
const STRONGEST = 0.55;

/** One period: colour by sign and size, the number always beside it. */
function heatCell(move: number | undefined, full: number): Markup {
  if (move === undefined) return html`<td></td>`;
  const strength = Math.min(Math.abs(move) / full, 1) * STRONGEST;
  const side = move < 0 ? 'loss' : 'gain';
  const fine = percentText(move, 1).replace(' %', '');
  const short = percentText(move, 0).replace(' %', '');
  return html`<td class="heat ${side}" style="--strength:${strength.toFixed(3)}"><span class="fine">${fine}</span><span class="short">${short}</span></td>`;
}

/** Returns by month and year, in percent, as a table that is coloured. */
export function monthlyTable({ result }: TearSheet): Markup {
  const months = new Map(result.summary.months.map(({ period, return: move }) => [period, move]));
  const rows = result.summary.years.map(({ period: year, return: move }) => {
    const cells = MONTH_NAMES.map((_, index) =>
      heatCell(months.get(`${year}-${String(index + 1).padStart(2, '0')}`), FULL_MONTH),
    );
    return html`<tr><th scope="row">${year}</th>${cells}${heatCell(move, FULL_YEAR)}</tr>`;
  });
  const head = MONTH_NAMES.map(
    (name) =>
      html`<th scope="col"><span class="fine">${name}</span><span class="short">${name.slice(0, 1)}</span></th>`,
  );
  return html`<div class="wide" role="region" aria-label="Returns by month" tabindex="0"><table class="months"><caption>Returns by month and year, in percent</caption><thead><tr><th scope="col"><span class="fine">year</span></th>${head}<th scope="col"><span class="fine">year</span><span class="short">Y</span></th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

const drawdownRow = (
  { depth, peak, trough, recovery, days }: DatedDrawdown,
  index: number,
): readonly Content[] => [
  String(index + 1),
  percentText(-depth),
  countText(days),
  peak,
  trough,
  recovery ?? html`<em>not yet</em>`,
];

/** The deepest drawdowns, deepest first. */
export function drawdownTable({ result }: TearSheet): Markup {
  const { worst } = result.summary.drawdown;
  if (worst.length === 0) return html`<p class="note">Equity never fell.</p>`;
  return table(
    'Deepest drawdowns',
    [
      { heading: 'rank', words: true, unseen: true },
      { heading: 'depth' },
      { heading: 'days', spare: true },
      { heading: 'peak' },
      { heading: 'trough' },
      { heading: 'recovered' },
    ],
    worst.map(drawdownRow),
  );
}

/** What the account did in the crises that its span holds. */
export function crisisTable({ result, benchmark }: TearSheet): Markup {
  const { crises } = result.summary;
  if (crises.length === 0)
    return html`<p class="note">None of the crises that are looked for lies wholly inside the data.</p>`;
  const market = new Map(benchmark?.summary.crises.map((crisis) => [crisis.from, crisis]));
  const beside = (from: string, of: (crisis: CrisisReturn) => number): readonly Content[] => {
    if (benchmark === null) return [];
    const other = market.get(from);
    return [other === undefined ? html`<em>not in its data</em>` : percentText(of(other))];
  };
  return table(
    'Crises',
    [
      { heading: 'crisis', words: true, unseen: true },
      { heading: 'from', spare: true },
      { heading: 'to', spare: true },
      { heading: result.name },
      ...(benchmark === null ? [] : [{ heading: benchmark.name }]),
      { heading: 'drawdown' },
      ...(benchmark === null ? [] : [{ heading: `drawdown of ${benchmark.name}`, spare: true }]),
    ],
    crises.map(({ name, from, to, return: move, maximumDrawdown }) => [
      name,
      from,
      to,
      percentText(move),
      ...beside(from, (crisis) => crisis.return),
      percentText(-maximumDrawdown),
      ...beside(from, (crisis) => -crisis.maximumDrawdown),
    ]),
  );
}

export const MOST_TRADES = 100;

const tradeRow = (trade: Trade): readonly Content[] => [
  newYorkDate(trade.entryTime),
  trade.open ? html`<em>open</em>` : newYorkDate(trade.exitTime),
  trade.instrument,
  trade.direction,
  countText(trade.quantity),
  countText(trade.bars),
  moneyText(trade.entryPrice),
  moneyText(trade.exitPrice),
  moneyText(trade.profit),
];

/** The trades in order of entry; of many, those with the largest profit or loss. */
export function tradeTable({ trades }: TearSheet): Markup {
  if (trades === null) return html`<p class="note">Only the marks are known, no trades.</p>`;
  if (trades.length === 0) return html`<p class="note">There was no trade.</p>`;
  const shown =
    trades.length <= MOST_TRADES
      ? trades
      : trades
          .toSorted((left, right) => Math.abs(right.profit) - Math.abs(left.profit))
          .slice(0, MOST_TRADES)
          .toSorted((left, right) => left.entryTime - right.entryTime);
  const caption =
    shown.length === trades.length
      ? `All ${countText(trades.length)} trades`
      : `${countText(shown.length)} of ${countText(trades.length)} trades: those with the largest profit or loss`;
  return table(
    caption,
    [
      { heading: 'entry', words: true },
      { heading: 'exit', words: true },
      { heading: 'instrument', words: true },
      { heading: 'side', words: true, spare: true },
      { heading: 'units', spare: true },
      { heading: 'bars', spare: true },
      { heading: 'entry price', spare: true },
      { heading: 'exit price', spare: true },
      { heading: 'profit' },
    ],
    shown.map(tradeRow),
  );
}
