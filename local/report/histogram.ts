import type { Figure } from '#core/analytics/series.ts';
import { chart, type LegendEntry, plot } from './chart.ts';
import { countText, figureText, percentText } from './figure-text.ts';
import { html, type Markup } from './markup.ts';
import { place } from './path.ts';
import { BOX, linearAxis, type Tick } from './scale.ts';

const MOST_BINS = 61;
/** A bin with a single day must be seen: the tails are what the plot is for. */
const LEAST_HEIGHT = 10;

/** Bins of one width that meet at zero, so that no bin holds gains and losses. */
interface Bins {
  readonly width: number;
  /** Number of the lowest bin; bin 0 starts at zero. */
  readonly first: number;
  readonly counts: readonly number[];
}

/** Width by Freedman and Diaconis (1981), 2·IQR·n^(−1/3), but at most 61 bins over the whole range. */
export function binsOf(returns: Float64Array): Bins {
  const sorted = returns.toSorted();
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  const [low, high] = [at(0), at(1)];
  const spread = (2 * (at(0.75) - at(0.25))) / Math.cbrt(sorted.length);
  const width = Math.max(spread, (high - low) / (MOST_BINS - 2), 1e-9);
  const first = Math.floor(low / width);
  const counts = new Array<number>(Math.floor(high / width) - first + 1).fill(0);
  for (const one of sorted) counts[Math.floor(one / width) - first]! += 1;
  return { width, first, counts };
}

/** Daily returns by size. Days without a move (nothing held) would hide all others and are only counted. */
export function distributionChart(returns: Float64Array, valueAtRisk: Figure): Markup {
  const moves = returns.filter((one) => one !== 0);
  const still = returns.length - moves.length;
  const heading = 'Distribution of daily returns';
  const silent = still === 0 ? '' : ` ${countText(still)} days without a move are left out.`;
  if (moves.length < 2)
    return chart(heading, `Undefined: there are fewer than two days with a move.${silent}`, [], null);
  const { width, first, counts } = binsOf(moves);
  const x = (one: number) => ((one / width - first) / counts.length) * BOX;
  const most = counts.reduce((highest, count) => Math.max(highest, count), 0);
  const axis = linearAxis(0, most, countText, 4);
  const bars = counts.flatMap((count, index) => {
    if (count === 0) return [];
    const left = (index / counts.length) * BOX;
    const top = Math.min(axis.scale(count), BOX - LEAST_HEIGHT);
    const side = first + index < 0 ? 'loss' : 'gain';
    return [
      html`<rect class="bar ${side}" x="${place(left)}" y="${place(top)}" width="${place(BOX / counts.length)}" height="${place(BOX - top)}"/>`,
    ];
  });
  const risk = valueAtRisk.kind === 'value' ? x(-valueAtRisk.value) : Number.NaN;
  const inside = risk >= 0 && risk <= BOX;
  const legend: readonly LegendEntry[] = [
    { role: 'gain', name: `${countText(moves.filter((one) => one > 0).length)} days above zero` },
    { role: 'loss', name: `${countText(moves.filter((one) => one < 0).length)} days below` },
    ...(inside
      ? [
          {
            role: 'limit' as const,
            name: `95 % value at risk: ${figureText(valueAtRisk, percentText)} a day`,
          },
        ]
      : []),
  ];
  const body = plot({
    id: 'distribution',
    title: heading,
    description: `${countText(moves.length)} days from ${percentText(first * width)} to ${percentText((first + counts.length) * width)}; the fullest bin holds ${countText(most)} days.${silent}`,
    axis,
    across: acrossTicks(first * width, (first + counts.length) * width, x),
    shapes: inside ? [...bars, html`<path class="line limit" d="M${place(risk)} 0V${String(BOX)}"/>`] : bars,
  });
  return chart(heading, `Days by the size of their return.${silent}`, legend, body);
}

/** Round returns across; the axis is laid over the bins, not the other way round. */
function acrossTicks(low: number, high: number, x: (one: number) => number): readonly Tick[] {
  const step = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5].find(
    (each) => (high - low) / each <= 10,
  );
  if (step === undefined) return [];
  const ticks: Tick[] = [];
  for (let index = Math.ceil(low / step); index * step <= high; index++)
    ticks.push({ at: x(index * step), label: percentText(index * step, step < 0.01 ? 1 : 0) });
  return ticks;
}
