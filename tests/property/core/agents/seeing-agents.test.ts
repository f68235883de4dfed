import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DATA_ANALYZERS } from '#contracts/agents.ts';
import { EVENTS } from '#contracts/registry.ts';
import { ANALYZERS } from '#core/agents/analyzers.ts';
import type { AnalysisOutcome } from '#core/agents/context.ts';
import { publishMarketView } from '#core/agents/data/data.ts';
import { assessMacro } from '#core/agents/macro/macro.ts';
import type { BarSeries } from '#core/market/bars.ts';
import {
  contextOf,
  dailyFromCloses,
  IN_CYCLE,
  instrumentOf,
  intradayFromCloses,
  SPX,
} from '../../../unit/core/agents/market-context.ts';

const SESSION = '2018-02-06';
const NAMES = ['AAA', 'BBB', 'CCC'];
const universe = [SPX, ...NAMES.map((id) => instrumentOf(id))];

/** Daily closes of every kind: walks, constants, extremes, holes; long and short. */
const closes = fc
  .record({
    length: fc.constantFrom(1, 2, 30, 150, 260, 320, 620),
    start: fc.constantFrom<number>(1e-4, 1, 100, 1e6),
    scale: fc.constantFrom(0, 1e-6, 0.01, 0.2),
    seed: fc.integer({ min: 1, max: 1e6 }),
    hole: fc.option(
      fc.record({ back: fc.nat(400), value: fc.constantFrom(Number.NaN, 0, -5, Number.POSITIVE_INFINITY) }),
      {
        freq: 4,
      },
    ),
  })
  .map(({ length, start, scale, seed, hole }) => {
    let state = seed;
    let price = start;
    const found = Array.from({ length }, () => {
      state = (state * 48271) % 2147483647;
      price = Math.max(1e-9, price * Math.exp(scale * (state / 1073741823.5 - 1)));
      return price;
    });
    if (hole !== null && hole.back < length) found[length - 1 - hole.back] = hole.value;
    return found;
  });
const volume = fc.constantFrom(0, Number.NaN, 1, 1e6, 1e12);
const market = fc
  .record({
    series: fc.dictionary(fc.constantFrom('SPX', ...NAMES), fc.tuple(closes, volume, fc.boolean()), {
      minKeys: 1,
    }),
    modelled: fc.boolean(),
  })
  .map(({ series, modelled }) => {
    const daily: Record<string, BarSeries> = {};
    const intraday: Record<string, BarSeries> = {};
    for (const [id, [values, traded, running]] of Object.entries(series)) {
      daily[id] = dailyFromCloses(id, values, SESSION, () => ({ volume: traded }));
      const last = values.at(-1) as number;
      if (running) intraday[id] = intradayFromCloses(id, SESSION, last, [last, last * 1.01, last * 0.99]);
    }
    return contextOf({ session: SESSION, universe, daily, intraday, modelled });
  });

const data = ({ kind, ...body }: AnalysisOutcome) =>
  EVENTS[kind === 'completed' ? 'AnalysisCompleted' : 'AnalysisAbstained'].data.safeParse({
    ...IN_CYCLE,
    agent: 'a',
    agentVersion: 'a/1',
    ...body,
  });

describe('the seeing agents on any bars', () => {
  it('answer inside the contract, the same twice, and judge each instrument exactly once', () => {
    fc.assert(
      fc.property(market, (context) => {
        const macro = assessMacro(context);
        expect(EVENTS.MacroAssessed.data.safeParse({ ...IN_CYCLE, ...macro }).error).toBeUndefined();
        expect(assessMacro(context)).toEqual(macro);
        for (const agent of DATA_ANALYZERS) {
          const outcome = ANALYZERS[agent].analyze(context, NAMES);
          expect(data(outcome).error).toBeUndefined();
          expect(ANALYZERS[agent].analyze(context, NAMES)).toEqual(outcome);
          if (outcome.kind === 'abstained') continue;
          const judged = [...outcome.views, ...outcome.abstentions].map(({ instrument }) => instrument);
          expect(judged.toSorted()).toEqual(NAMES);
          for (const view of outcome.views) {
            expect(view.confidence).toBeLessThanOrEqual(view.dataQuality);
            expect(Date.parse(view.dataTime)).toBeLessThanOrEqual(context.asOf);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('give one market view whatever the order of arrival, inside the contract', () => {
    fc.assert(
      fc.property(market, fc.shuffledSubarray([...DATA_ANALYZERS]), (context, arrived) => {
        const answers = arrived.map((agent) => ({
          eventId: `00000000-0000-4000-8000-0000000000${10 + DATA_ANALYZERS.indexOf(agent)}`,
          agent,
          outcome: ANALYZERS[agent].analyze(context, NAMES),
        }));
        const missing = DATA_ANALYZERS.filter((agent) => !arrived.includes(agent));
        const published = publishMarketView(context, NAMES, answers, missing);
        const sorted = answers.toSorted((left, right) => (left.agent < right.agent ? -1 : 1));

        expect(publishMarketView(context, NAMES, sorted, missing.toReversed())).toEqual(published);
        expect(
          EVENTS.MarketViewPublished.data.safeParse({ ...IN_CYCLE, ...published }).error,
        ).toBeUndefined();
        for (const view of published.instruments) {
          const total = view.contributions.reduce((sum, { weight }) => sum + weight, 0);
          expect(total).toBeCloseTo(1, 8);
          const directions = view.contributions.map(({ direction }) => direction);
          expect(view.direction).toBeGreaterThanOrEqual(Math.min(...directions) - 1e-9);
          expect(view.direction).toBeLessThanOrEqual(Math.max(...directions) + 1e-9);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('see nothing of the sessions from the cycle on: corrupting them changes nothing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.constantFrom(Number.NaN, 0, 1e9), (later, value) => {
        const path = Array.from({ length: 400 }, (_, at) => 100 + 5 * Math.sin(at / 7) + at / 20);
        const bars = (id: string) => dailyFromCloses(id, path, '2018-06-01');
        const clean = { SPX: bars('SPX'), AAA: bars('AAA') };
        const spoilt = { SPX: bars('SPX'), AAA: bars('AAA') };
        const first = clean.AAA.closeTime.findIndex((time) => time > Date.parse(`${SESSION}T05:00:00Z`));
        for (const series of [spoilt.SPX, spoilt.AAA]) {
          for (let at = first; at < Math.min(first + later, series.length); at++) {
            for (const column of [series.open, series.high, series.low, series.close]) column[at] = value;
          }
        }
        const look = (daily: Record<string, BarSeries>) => {
          const context = contextOf({ session: SESSION, universe, daily });
          return [
            assessMacro(context),
            ...DATA_ANALYZERS.map((agent) => ANALYZERS[agent].analyze(context, ['AAA'])),
          ];
        };
        expect(look(spoilt)).toEqual(look(clean));
      }),
      { numRuns: 15 },
    );
  });

  it('feel the last bar only through the windows it is in', () => {
    let state = 42;
    const path = Array.from({ length: 400 }, () => {
      state = (state * 48271) % 2147483647;
      return 120 + state / 1073741823.5;
    });
    const measuresWith = (last: number) => {
      const daily = dailyFromCloses('AAA', [...path, last], SESSION);
      const context = contextOf({
        session: SESSION,
        universe,
        daily: { AAA: daily, SPX: dailyFromCloses('SPX', path, SESSION) },
      });
      const outcome = ANALYZERS['sentiment'].analyze(context, ['AAA']);
      if (outcome.kind !== 'completed') throw new Error(outcome.reason);
      return outcome.views[0]?.measures ?? {};
    };
    const [usual, odd] = [measuresWith(120), measuresWith(123)];
    const changed = Object.keys(usual).filter((name) => usual[name] !== odd[name]);
    expect(changed.toSorted()).toEqual(
      ['fear.asymmetry', 'fear.change', 'fear.level', 'volatility.month', 'volatility.week'].toSorted(),
    );
  });
});
