import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BarSeries, barSeries } from '#core/market/bars.ts';
import { newYorkDate, sessionsBetween } from '#core/market/calendar.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import { adjustBars, type CorporateAction } from '#core/market/corporate-actions.ts';
import { inspectBars, type ObservedBar } from '#core/market/quality.ts';

const sessions = sessionsBetween('us-equity', '2018-01-02', '2018-03-29');
const aapl = instrumentOf('AAPL');

const wild = fc.oneof(
  { weight: 12, arbitrary: fc.double({ min: 1, max: 200, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e12, 1e-12) },
);
const observed: fc.Arbitrary<readonly ObservedBar[]> = fc
  .array(
    fc.record({
      day: fc.integer({ min: 0, max: 100 }),
      close: wild,
      spread: wild,
      volume: fc.oneof(fc.constantFrom(Number.NaN, -1, 0), fc.nat()),
    }),
    { maxLength: 80, size: 'max' },
  )
  .map((rows) =>
    rows.map(({ day, close, spread, volume }, source) => ({
      source,
      time: new Date(Date.parse('2018-01-01') + day * 86_400_000).toISOString().slice(0, 10),
      open: close,
      high: close + spread / 100,
      low: close - spread / 100,
      close,
      volume,
    })),
  );

describe('data quality', () => {
  it('loses no bar, takes none twice and lets only what keeps the rules through', () => {
    fc.assert(
      fc.property(observed, (bars) => {
        const { series, report } = inspectBars(aapl, { unit: 'session' }, bars);
        expect(report.accepted + report.quarantined.length).toBe(bars.length);
        expect(new Set(report.quarantined.map((finding) => finding.bar.source)).size).toBe(
          report.quarantined.length,
        );
        expect(series.length).toBe(report.accepted);
        for (let i = 0; i < series.length; i++) {
          const [open, high, low, close] = [
            series.open[i],
            series.high[i],
            series.low[i],
            series.close[i],
          ] as number[];
          if (!((low as number) > 0 && (low as number) <= Math.min(open as number, close as number)))
            throw new Error('low');
          if (!((high as number) >= Math.max(open as number, close as number))) throw new Error('high');
          if (i === 0) continue;
          expect(series.openTime[i]).toBeGreaterThan(series.closeTime[i - 1] as number);
          const move = (close as number) / (series.close[i - 1] as number) - 1;
          expect(Math.abs(move)).toBeLessThanOrEqual(0.5 + 1e-9);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('says the same of its own output: accepted bars are accepted again', () => {
    fc.assert(
      fc.property(observed, (bars) => {
        const { series } = inspectBars(aapl, { unit: 'session' }, bars);
        const again = Array.from({ length: series.length }, (_, i) => ({
          source: i,
          time: newYorkDate(series.openTime[i] as number),
          open: series.open[i] as number,
          high: series.high[i] as number,
          low: series.low[i] as number,
          close: series.close[i] as number,
          volume: series.volume[i] as number,
        }));
        expect(inspectBars(aapl, { unit: 'session' }, again).series).toEqual(series);
      }),
      { numRuns: 100 },
    );
  });
});

describe('views under corporate actions', () => {
  const raw: fc.Arbitrary<BarSeries> = fc
    .array(fc.double({ min: 20, max: 500, noNaN: true }), {
      minLength: sessions.length,
      maxLength: sessions.length,
    })
    .map((closes) =>
      barSeries(
        'AAPL',
        { unit: 'session' },
        closes.map((close, i) => ({
          openTime: sessions[i]?.open ?? 0,
          closeTime: sessions[i]?.close ?? 0,
          open: close,
          high: close * 1.02,
          low: close * 0.98,
          close,
          volume: 1_000,
        })),
      ),
    );
  const action: fc.Arbitrary<CorporateAction> = fc
    .record({
      day: fc.integer({ min: 1, max: sessions.length - 1 }),
      ratio: fc.integer({ min: 1, max: 7 }),
      cents: fc.nat(400),
    })
    .chain(({ day, ratio, cents }) => {
      const exDate = sessions[day]?.date ?? '';
      return fc.constantFrom<CorporateAction>(
        { kind: 'split', instrument: 'AAPL', exDate, newUnits: ratio, oldUnits: 2 },
        {
          kind: 'cash-dividend',
          instrument: 'AAPL',
          exDate,
          amount: (cents / 100).toFixed(2),
          currency: 'USD',
        },
      );
    });

  it('leave the last bar and every return outside ex-dates as they were', () => {
    fc.assert(
      fc.property(
        raw,
        fc.uniqueArray(action, { selector: (each) => each.exDate, maxLength: 6 }),
        (series, actions) => {
          for (const view of ['split-adjusted', 'total-return'] as const) {
            const adjusted = adjustBars(series, actions, view, 'us-equity');
            expect(adjusted.close[series.length - 1]).toBe(series.close[series.length - 1]);
            for (let i = 1; i < series.length; i++) {
              const step = (columns: BarSeries) =>
                (columns.close[i] as number) / (columns.close[i - 1] as number);
              const on = actions.find((each) => each.exDate === sessions[i]?.date);
              let factor = 1;
              if (on?.kind === 'split') factor = on.newUnits / on.oldUnits;
              if (on?.kind === 'cash-dividend' && view === 'total-return') {
                // Reinvested at the last close: what was C − D before is now worth the new close.
                factor = 1 / (1 - Number(on.amount) / (series.close[i - 1] as number));
              }
              expect(step(adjusted) / (step(series) * factor)).toBeCloseTo(1, 10);
            }
            const money = (columns: BarSeries, i: number) =>
              (columns.close[i] as number) * (columns.volume[i] as number);
            if (view === 'split-adjusted') {
              for (let i = 0; i < series.length; i++)
                expect(money(adjusted, i) / money(series, i)).toBeCloseTo(1, 10);
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
