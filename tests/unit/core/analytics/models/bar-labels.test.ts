import { describe, expect, it } from 'vitest';
import { barLabels, type LabelDefinition } from '#core/analytics/models/bar-labels.ts';
import { dailyBars, type PriceRow } from '../../../../support/simulated-bars.ts';

const NONE = Number.NaN;
/** A range of 2 at each bar, so that the average true range is 2 from bar 1 on. */
const quiet: PriceRow = [100, 101, 99, 100];
const barrier = (rest: Partial<LabelDefinition & { kind: 'triple-barrier' }> = {}): LabelDefinition => ({
  kind: 'triple-barrier',
  side: 'long',
  horizon: 3,
  target: 2,
  stop: 1,
  rangePeriod: 1,
  ...rest,
});

describe('barLabels', () => {
  const bars = dailyBars([
    [10, 12, 9, 11],
    [12, 13, 11, 12.5],
    [12, 14, 12, 13],
    [13, 13, 8, 9],
  ]);

  it('measures a forward return from the next open, and knows it at the close of the horizon', () => {
    const { value, end } = barLabels(bars, { kind: 'forward-return', horizon: 2 });
    expect([...value]).toEqual([Math.log(13 / 12), Math.log(9 / 12), NONE, NONE]);
    expect([...end]).toEqual([2, 3, -1, -1]);
  });

  it('turns it into a direction', () => {
    const { value } = barLabels(bars, { kind: 'forward-direction', horizon: 1 });
    expect([...value]).toEqual([1, 1, 0, NONE]);
  });

  it.each([
    ['the target first', [quiet, quiet, quiet, [100, 104, 99, 103], quiet, quiet], {}, 1, 3],
    ['the stop first', [quiet, quiet, [100, 101, 98, 100], [100, 104, 99, 103], quiet, quiet], {}, 0, 2],
    ['both in one bar, as stopped', [quiet, quiet, [100, 104, 98, 103], quiet, quiet, quiet], {}, 0, 2],
    ['neither until time is up', [quiet, quiet, quiet, quiet, quiet, quiet], {}, 0, 4],
    ['a short’s target', [quiet, quiet, [100, 101, 96, 97], quiet, quiet, quiet], { side: 'short' }, 1, 2],
    ['a short’s stop', [quiet, quiet, [100, 102, 96, 97], quiet, quiet, quiet], { side: 'short' }, 0, 2],
    ['a gap beyond the stop', [quiet, quiet, quiet, [90, 91, 89, 90], quiet, quiet], {}, 0, 3],
  ] as const)('meets %s', (_, rows, rest, value, end) => {
    const labels = barLabels(dailyBars(rows), barrier(rest));
    expect(labels.value[1]).toBe(value);
    expect(labels.end[1]).toBe(end);
  });

  it('leaves the last horizon unlabelled even where a barrier was reached, and the warm-up of the range', () => {
    const rows: PriceRow[] = [quiet, quiet, quiet, [100, 104, 99, 103]];
    expect([...barLabels(dailyBars(rows), barrier()).value]).toEqual([NONE, NONE, NONE, NONE]);
    expect([...barLabels(dailyBars(rows), barrier({ horizon: 2 })).value]).toEqual([NONE, 1, NONE, NONE]);
  });

  it.each([
    ['no horizon', { kind: 'forward-return', horizon: 0 } as const, /the horizon is 0; give a whole number/],
    ['half a bar', { kind: 'forward-return', horizon: 0.5 } as const, /the horizon is 0.5/],
    ['no stop', barrier({ stop: 0 }), /the stop is 0 average true ranges/],
    ['no target', barrier({ target: Number.NaN }), /the target is NaN average true ranges/],
  ])('refuses %s', (_, definition, message) => {
    expect(() => barLabels(bars, definition)).toThrow(message);
    expect(() => barLabels(bars, definition)).toThrow(expect.objectContaining({ code: 'InvalidModelInput' }));
  });
});
