import type { DailySeries, ReportCurves } from '#core/analytics/performance/report-curves.ts';
import type { RollingPoint } from '#core/analytics/performance/rolling.ts';
import { newYorkDate } from '#core/market/new-york-time.ts';
import { area, chart, type LegendEntry, line, plot } from './chart.ts';
import { moneyText, percentText, ratioText, roundMoneyText } from './figure-text.ts';
import { html, type Markup } from './markup.ts';
import { areaPath, levelPath, linePath, type Points } from './path.ts';
import { type Axis, linearAxis, logarithmicAxis, type Scale, timeScale, timeTicks } from './scale.ts';

/** The names that the charts speak of. */
export interface ChartNames {
  readonly own: string;
  /** Null without a benchmark. */
  readonly market: string | null;
}

const percentLabel = (fraction: number): string =>
  percentText(fraction, Math.abs(Math.round(fraction * 1000) % 10) === 0 ? 0 : 1);

interface Extent {
  readonly low: number;
  readonly high: number;
}

function extentOf(lists: readonly ArrayLike<number | null>[]): Extent {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const list of lists)
    for (let index = 0; index < list.length; index++) {
      const item = list[index] ?? null;
      if (item !== null) [low, high] = [Math.min(low, item), Math.max(high, item)];
    }
  return { low, high };
}

const legendOf = (names: ChartNames): readonly LegendEntry[] => [
  { role: 'own', name: names.own },
  ...(names.market === null ? [] : [{ role: 'market' as const, name: names.market }]),
];

/** First, last, lowest and highest point of a line in words. */
function wordsFor(name: string, { time, values }: Points, text: (value: number) => string): string {
  const { low, high } = extentOf([values]);
  const dateAt = (index: number) => newYorkDate(time[index] ?? 0);
  const [first, last] = [values[0] ?? null, values[values.length - 1] ?? null];
  if (first === null || last === null || !Number.isFinite(low)) return `${name}: not defined throughout.`;
  return `${name}: ${text(first)} on ${dateAt(0)}, ${text(last)} on ${dateAt(time.length - 1)}; lowest ${text(low)}, highest ${text(high)}.`;
}

function span(points: Points): { readonly x: Scale; readonly across: ReturnType<typeof timeTicks> } {
  const [from, to] = [points.time[0] ?? 0, points.time[points.time.length - 1] ?? 1];
  return { x: timeScale(from, to), across: timeTicks(from, to) };
}

/** Equity against the benchmark, which starts with the same amount; linear and logarithmic. */
export function equityChart(curves: ReportCurves, names: ChartNames): Markup {
  const own: Points = { time: curves.equity.time, values: curves.equity.equity };
  const start = curves.equity.equity[0] ?? 0;
  const { benchmark } = curves;
  const base = benchmark?.equity[0] ?? 0;
  const market: Points | null =
    benchmark === null || !(base > 0)
      ? null
      : { time: benchmark.time, values: benchmark.equity.map((mark) => (mark / base) * start) };
  const { x, across } = span(own);
  const { low, high } = extentOf(market === null ? [own.values] : [own.values, market.values]);
  const draw = (id: string, kind: string, axis: Axis) =>
    plot(
      {
        id,
        title: `Equity of ${names.own}${market === null ? '' : ` against ${names.market ?? ''}`}, ${kind} scale`,
        description: [
          wordsFor(names.own, own, moneyText),
          ...(market === null ? [] : [wordsFor(names.market ?? '', market, moneyText)]),
        ].join(' '),
        axis,
        across,
        shapes: [
          ...(market === null ? [] : [line('market', linePath(market, x, axis.scale))]),
          line('own', linePath(own, x, axis.scale)),
        ],
      },
      `tall ${kind}`,
    );
  const linear = draw('equity-linear', 'linear', linearAxis(low, high, roundMoneyText));
  const note = `In the account's currency, at the end of each day.${market === null ? '' : ' The benchmark starts with the same amount.'}`;
  if (!(low > 0))
    return chart('Equity', `${note} No logarithmic scale: equity reaches zero.`, legendOf(names), linear);
  const logarithmic = draw('equity-log', 'logarithmic', logarithmicAxis(low, high, roundMoneyText));
  return chart(
    'Equity',
    note,
    legendOf(names),
    html`<div class="scales"><input type="radio" name="scale" id="scale-linear" checked><label for="scale-linear">linear</label><input type="radio" name="scale" id="scale-log"><label for="scale-log">logarithmic</label>${linear}${logarithmic}</div>`,
  );
}

const turned = ({ time, values }: DailySeries): Points => ({ time, values: values.map((depth) => -depth) });

/** How far below its highest mark the account was, with the limit it should not go beyond. */
export function underwaterChart(curves: ReportCurves, names: ChartNames, limit: number): Markup {
  const own = turned(curves.underwater);
  const market = curves.benchmarkUnderwater === null ? null : turned(curves.benchmarkUnderwater);
  const { x, across } = span(own);
  const { low } = extentOf(market === null ? [own.values] : [own.values, market.values]);
  const axis = linearAxis(Math.min(low, -limit), 0, percentLabel);
  const body = plot({
    id: 'underwater',
    title: `Fall below the highest mark, with the limit at ${percentLabel(-limit)}`,
    description: [
      wordsFor(names.own, own, percentText),
      ...(market === null ? [] : [wordsFor(names.market ?? '', market, percentText)]),
    ].join(' '),
    axis,
    across,
    shapes: [
      area('own', areaPath(own, x, axis.scale, 0)),
      line('own', linePath(own, x, axis.scale)),
      ...(market === null ? [] : [line('market', linePath(market, x, axis.scale))]),
      line('limit', levelPath(axis.scale(-limit))),
    ],
  });
  return chart(
    'Underwater',
    "Below the highest mark so far, by each day's lowest mark.",
    [...legendOf(names), { role: 'limit', name: `limit ${percentLabel(-limit)}` }],
    body,
  );
}

/** What was in the market as a share of the equity. */
export function exposureChart(curves: ReportCurves): Markup | null {
  const { grossExposure: gross, netExposure: net } = curves;
  if (gross === null || net === null) return null;
  const same = gross.values.every((value, index) => value === net.values[index]);
  const { x, across } = span(gross);
  const { low, high } = extentOf([gross.values, net.values, [0]]);
  const axis = linearAxis(low, high, percentLabel, 4);
  const body = plot(
    {
      id: 'exposure',
      title: 'Exposure as a share of the equity',
      description: [wordsFor('gross', gross, percentText), wordsFor('net', net, percentText)].join(' '),
      axis,
      across,
      shapes: [
        area('own', areaPath(gross, x, axis.scale, 0)),
        ...(same ? [] : [line('market', linePath(net, x, axis.scale))]),
      ],
    },
    'low',
  );
  return chart(
    'Exposure',
    `Market value of the positions over the equity, at the end of each day${same ? '; gross and net are the same, as nothing was short' : ''}.`,
    same
      ? []
      : [
          { role: 'own', name: 'gross' },
          { role: 'market', name: 'net' },
        ],
    body,
  );
}

const pointsOf = (rolling: readonly RollingPoint[]): Points => ({
  time: rolling.map(({ time }) => time),
  values: rolling.map(({ figure }) => (figure.kind === 'value' ? figure.value : null)),
});

/** A figure over the window that ends each day. */
function rollingChart(
  id: string,
  heading: string,
  note: string,
  levels: readonly number[],
  names: ChartNames,
  own: readonly RollingPoint[],
  market: readonly RollingPoint[],
): Markup {
  const [ownPoints, marketPoints] = [pointsOf(own), pointsOf(market)];
  const { low, high } = extentOf([ownPoints.values, marketPoints.values, levels]);
  if (own.length < 2 || extentOf([ownPoints.values]).low === Number.POSITIVE_INFINITY)
    return chart(heading, `${note} Undefined: there are not enough returns for a window.`, [], null);
  const { x, across } = span(ownPoints);
  const axis = linearAxis(low, high, ratioText);
  const body = plot({
    id,
    title: heading,
    description: [
      wordsFor(names.own, ownPoints, ratioText),
      ...(market.length === 0 ? [] : [wordsFor(names.market ?? '', marketPoints, ratioText)]),
    ].join(' '),
    axis,
    across,
    shapes: [
      ...levels.map((level) => line('zero', levelPath(axis.scale(level)))),
      ...(market.length === 0 ? [] : [line('market', linePath(marketPoints, x, axis.scale))]),
      line('own', linePath(ownPoints, x, axis.scale)),
    ],
  });
  return chart(heading, note, legendOf(market.length === 0 ? { ...names, market: null } : names), body);
}

export const rollingSharpeChart = (curves: ReportCurves, names: ChartNames, window: number): Markup =>
  rollingChart(
    'rolling-sharpe',
    'Rolling Sharpe ratio',
    `Over the ${window} daily returns before.`,
    [0],
    names,
    curves.rollingSharpe,
    curves.benchmarkRollingSharpe,
  );

export const rollingBetaChart = (curves: ReportCurves, names: ChartNames, window: number): Markup | null =>
  names.market === null
    ? null
    : rollingChart(
        'rolling-beta',
        'Rolling beta',
        `Against ${names.market}, over the ${window} daily returns before.`,
        [0, 1],
        names,
        curves.rollingBeta,
        [],
      );
