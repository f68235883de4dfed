import { describe, expect, it } from 'vitest';
import { reportCurves } from '#core/analytics/performance/report-curves.ts';

const HOUR = 3_600_000;
const start = Date.UTC(2018, 0, 2, 15);
/** Three marks on the first date, two on the second, one on the third. */
const time = Float64Array.of(
  start,
  start + HOUR,
  start + 2 * HOUR,
  start + 24 * HOUR,
  start + 25 * HOUR,
  start + 48 * HOUR,
);
const marks = {
  time,
  equity: Float64Array.of(100, 80, 100, 90, 120, 60),
  grossExposure: Float64Array.of(0, 80, 50, 0, 120, 90),
  netExposure: Float64Array.of(0, 80, -50, 0, 120, -90),
};

describe('the curves of a report', () => {
  it('have a value a date: the last mark, the deepest fall, the last exposure', () => {
    const curves = reportCurves({ marks }, undefined);
    expect(Array.from(curves.equity.equity)).toEqual([100, 120, 60]);
    expect(Array.from(curves.underwater.values)).toEqual([expect.closeTo(0.2), expect.closeTo(0.1), 0.5]);
    expect(Array.from(curves.underwater.time)).toEqual([time[2], time[4], time[5]]);
    expect(Array.from(curves.grossExposure!.values)).toEqual([0.5, 1, 1.5]);
    expect(Array.from(curves.netExposure!.values)).toEqual([-0.5, 1, -1.5]);
    expect(Array.from(curves.returns)).toEqual([expect.closeTo(0.2), -0.5]);
    expect(curves).toMatchObject({ benchmark: null, benchmarkUnderwater: null, rollingBeta: [] });
  });
  it('roll against a benchmark on the days of both', () => {
    const curves = reportCurves(
      { marks },
      { time, equity: marks.equity.map((mark) => mark * 3) },
      { window: 2 },
    );
    expect(curves.rollingBeta).toEqual([
      { time: time[5], figure: { kind: 'value', value: expect.closeTo(1, 12) } },
    ]);
    expect(curves.rollingSharpe).toHaveLength(1);
    expect(curves.benchmarkRollingSharpe).toHaveLength(1);
    expect(Array.from(curves.benchmarkReturns!)).toEqual([expect.closeTo(0.2), -0.5]);
  });
});
