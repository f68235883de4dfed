import { describe, expect, it } from 'vitest';
import { reportCurves } from '#core/analytics/performance/report-curves.ts';
import { summarisePerformance } from '#core/analytics/performance/summary.ts';
import type { EquityCurve } from '#core/analytics/series.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import { simulate } from '#core/simulation/engine/simulate.ts';
import type { SimulationResult, Trade } from '#core/simulation/simulation-result.ts';
import { buyAndHold } from '#core/simulation/strategies/buy-and-hold.ts';
import { smaCross } from '#core/simulation/strategies/sma-cross.ts';
import { seededRandom } from '#core/values/random.ts';
import { tearSheet } from '#local/report/tear-sheet.ts';
import type { TearSheet } from '#local/report/tear-sheet-input.ts';
import { dailyBars } from '../../../support/simulated-bars.ts';

const HOSTILE = `<script>alert("x")</script>'&`;
const random = seededRandom(3);
let price = 100;
const bars = dailyBars(
  Array.from({ length: 400 }, () => {
    const open = price;
    price *= 1 + 0.01 * random.normal();
    return [open, Math.max(open, price) + 0.5, Math.min(open, price) - 0.5, price, 1_000_000] as const;
  }),
);
const market = [{ instrument: instrumentOf('SPY'), bars }];
const held = simulate(buyAndHold(), market, { cash: 100_000 });
const crossed = simulate(smaCross(5, 20), market, { cash: 100_000 });

function sheetOf(
  result: Pick<SimulationResult, 'marks'> & Partial<SimulationResult>,
  benchmark: EquityCurve | undefined,
  changes: Partial<TearSheet> = {},
): TearSheet {
  return {
    subject: 'Backtest on simulated money',
    result: { name: 'sma-cross', summary: summarisePerformance(result, benchmark, { bars: [bars] }) },
    benchmark:
      benchmark === undefined
        ? null
        : { name: 'buy-and-hold', summary: summarisePerformance({ marks: benchmark }, undefined) },
    curves: reportCurves(result, benchmark),
    trades: result.trades ?? null,
    incidents: [],
    provenance: {
      sources: ['SPY: 400 bars'],
      sha256: 'ab'.repeat(32),
      commit: 'cd'.repeat(20),
      parameters: { fast: 5, slow: 20 },
      costModel: 'IBKR tiered',
      trials: 1,
    },
    ...changes,
  };
}
const marksOf = (equity: readonly number[]) => ({
  time: bars.closeTime.slice(0, equity.length),
  equity: Float64Array.from(equity),
});
/** Marks of an account that is fully invested. */
const exposed = (marks: EquityCurve) => ({
  ...marks,
  cash: marks.equity.map(() => 0),
  grossExposure: marks.equity,
  netExposure: marks.equity,
});
/** Everything that tells of a number or a value that is none; a figure without a value says "undefined: why". */
const faultsIn = (page: string): readonly string[] =>
  page
    .replace(/<style>[\s\S]*?<\/style>/, '')
    .match(/.{0,40}(?:NaN|Infinity|\[object|>null<|undefined(?!: \S|">))/g) ?? [];
/** What of the parts a page does not have; a whole page is too long for a message. */
const missingIn = (page: string, ...parts: readonly string[]): readonly string[] =>
  parts.filter((part) => !page.includes(part));

/** Tags that are opened are closed, in order; void elements and SVG shapes stand alone. */
function unbalanced(page: string): string[] {
  const open: string[] = [];
  const faults: string[] = [];
  for (const [, closing, name = '', alone] of page
    .replace(/<style>[\s\S]*?<\/style>/, '')
    .matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*?(\/?)>/g)) {
    if (alone === '/' || ['meta', 'input', 'br', 'hr'].includes(name)) continue;
    if (closing !== '/') open.push(name);
    else if (open.pop() !== name) faults.push(name);
  }
  return [...faults, ...open];
}

describe('the tear sheet', () => {
  const page = tearSheet(sheetOf(crossed, held.marks));

  it('needs nothing but itself: no script, nothing loaded', () => {
    expect(page.match(/<script|<link|<img|<iframe|@import|url\(|\bsrc=|\bhref=|https?:/i)).toBeNull();
    expect(missingIn(page, `content="default-src 'none'; style-src 'unsafe-inline'"`)).toEqual([]);
    expect(missingIn(page, '<meta name="viewport" content="width=device-width, initial-scale=1">')).toEqual(
      [],
    );
  });
  it('says where it comes from', () => {
    expect(
      missingIn(
        page,
        'SPY: 400 bars',
        'ab'.repeat(32),
        'cd'.repeat(20),
        'fast 5, slow 20',
        'IBKR tiered',
        '1; deflated Sharpe ratio: not needed for one trial',
      ),
    ).toEqual([]);
  });
  it('has all its parts', () => {
    expect(
      missingIn(
        page,
        'Equity',
        'Underwater',
        'Exposure',
        'Returns by month and year, in percent',
        'Distribution of daily returns',
        'Rolling Sharpe ratio',
        'Rolling beta',
        'Deepest drawdowns',
        'Loss of one day (value at risk)',
        'Costs, USD',
        'Capacity, USD',
        'Against buy-and-hold',
        'limit −5 %',
        'logarithmic',
      ),
    ).toEqual([]);
  });
  it('shows no number that is none and closes what it opens', () => {
    expect(faultsIn(page)).toEqual([]);
    expect(unbalanced(page)).toEqual([]);
  });
  it('names every drawing for those who cannot see it, with no name twice', () => {
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const drawings = [...page.matchAll(/<svg[^>]*aria-labelledby="([^"]+)"/g)].flatMap(([, names]) =>
      names!.split(' '),
    );
    expect(drawings).toHaveLength(2 * (page.match(/<svg/g)?.length ?? 0));
    for (const id of drawings) expect(ids).toContain(id);
    for (const [, heading] of page.matchAll(/<th scope="[a-z]+"[^>]*>(.*?)<\/th>/g))
      expect(heading).not.toBe('');
  });
  it('is the same for the same result', () => {
    expect(tearSheet(sheetOf(crossed, held.marks)) === page).toBe(true);
  });
  it('escapes every name that is given to it', () => {
    const hostile = tearSheet(
      sheetOf(crossed, held.marks, {
        subject: HOSTILE,
        result: { name: HOSTILE, summary: summarisePerformance(crossed, held.marks) },
        benchmark: { name: HOSTILE, summary: summarisePerformance(held, undefined) },
        trades: crossed.trades.map((trade) => ({ ...trade, instrument: HOSTILE })),
        incidents: [HOSTILE],
        provenance: {
          sources: [HOSTILE],
          sha256: HOSTILE,
          commit: HOSTILE,
          parameters: { [HOSTILE]: HOSTILE },
          costModel: HOSTILE,
          trials: 2,
          deflatedSharpe: { kind: 'undefined', reason: HOSTILE },
        },
      }),
    );
    expect(hostile.includes('<script')).toBe(false);
    expect(hostile.includes(`"x"`)).toBe(false);
    expect(unbalanced(hostile)).toEqual([]);
  });
});

describe('the tear sheet of a result', () => {
  it('that is implausible has a banner with the causes in place of the headlines', () => {
    const rising = marksOf(Array.from({ length: 300 }, (_, index) => 100 * 1.01 ** index));
    const page = tearSheet(sheetOf({ marks: exposed(rising) }, undefined));
    expect(missingIn(page, '<h2>IMPLAUSIBLE</h2>')).toEqual([]);
    expect(/<li>compound annual growth is .* above 100.00 %<\/li>/.test(page)).toBe(true);
    expect(page.includes('<ul class="tiles">')).toBe(false);
    expect(tearSheet(sheetOf(crossed, held.marks)).includes('IMPLAUSIBLE')).toBe(false);
  });
  it('of more trials states what became of the selection', () => {
    const { provenance, ...rest } = sheetOf(crossed, held.marks);
    const page = (changes: Partial<typeof provenance>) =>
      tearSheet({ ...rest, provenance: { ...provenance, ...changes } });
    expect(
      page({
        trials: 24,
        deflatedSharpe: { kind: 'value', value: 0.871 },
        overfitting: { kind: 'value', value: 0.31 },
      }),
    ).toContain('24; deflated Sharpe ratio: 87.10 %; probability of overfitting: 31.00 %');
    expect(missingIn(page({ trials: 24 }), '24; deflated Sharpe ratio: not computed')).toEqual([]);
    expect(missingIn(page({ trials: null, commit: null, costModel: null }), 'not known')).toEqual([]);
  });
  it.each([
    ['nothing', []],
    ['one mark', [100]],
    ['two marks', [100, 101]],
    ['a constant', Array.from({ length: 300 }, () => 100)],
    ['all losses', Array.from({ length: 300 }, (_, index) => 100 * 0.99 ** index)],
    ['a ruin', [...Array.from({ length: 30 }, (_, index) => 100 - 3 * index), 0]],
    ['less than nothing at the end', [100, 60, 30, -5]],
  ])('of %s is whole too, and says what is undefined', (_, equity) => {
    const marks = marksOf(equity);
    for (const benchmark of [undefined, marks]) {
      const page = tearSheet(sheetOf({ marks: exposed(marks) }, benchmark));
      expect(faultsIn(page)).toEqual([]);
      expect(unbalanced(page)).toEqual([]);
      expect(missingIn(page, 'undefined: ')).toEqual([]);
    }
  });
  it('without a benchmark, trades and exposure leaves those parts out', () => {
    const { time, equity } = crossed.marks;
    const summary = summarisePerformance({ marks: { time, equity } }, undefined);
    const page = tearSheet({
      ...sheetOf(crossed, undefined),
      result: { name: 'mine.csv', summary },
      curves: reportCurves({ marks: { time, equity } }, undefined),
      trades: null,
    });
    expect(page.match(/buy-and-hold|Rolling beta|Capacity|<h3>Exposure/)).toBeNull();
    expect(missingIn(page, 'Only the marks are known, no trades.')).toEqual([]);
    expect(faultsIn(page)).toEqual([]);
  });
  it('with many trades shows the hundred that mattered most and says so', () => {
    const trade = crossed.trades[0]!;
    const trades: Trade[] = Array.from({ length: 1_234 }, (_, index) => ({
      ...trade,
      profit: index === 17 ? -9_999.25 : index,
      open: index === 1_233,
      exitTime: index === 1_233 ? Number.NaN : trade.exitTime,
    }));
    const page = tearSheet(sheetOf({ ...crossed, trades }, held.marks));
    expect(missingIn(page, '100 of 1,234 trades: those with the largest profit or loss')).toEqual([]);
    expect(missingIn(page, '−9,999.25')).toEqual([]);
    expect(missingIn(page, '<em>open</em>')).toEqual([]);
    expect(page.includes('>500.00<')).toBe(false);
    expect(faultsIn(page)).toEqual([]);
  });
});
