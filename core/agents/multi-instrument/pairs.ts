import type { InstrumentState } from '#core/agents/strategy/instrument-state.ts';
import { figure } from '#core/agents/strategy/proposal-draft.ts';
import {
  alignPair,
  type Cointegration,
  type LogCloses,
  logCloses,
  testCointegration,
  withSharedCalendars,
} from './cointegration.ts';

/** Two years of formation and half a year of holdout. */
const PAIR_SESSIONS = 630;
const HOLDOUT_SESSIONS = 126;
/** Deviations of the spread from which the cheap leg is bought. */
const ENTRY_DEVIATIONS = 2;
/** A spread that takes longer to revert than the trade may last is of no use. */
const LONGEST_HALF_LIFE = 15;

export interface PairSignal {
  /** Whether the spread was beyond the entry at a bar of the cheap leg. */
  signalled(index: number): boolean;
  readonly reasons: readonly string[];
}

/**
 * The legs that are cheap against a cointegrated partner, by instrument. Only the cheap leg: the desk's policy is long
 * only, so what is left is a directional trade and is measured as one. The pair with the widest spread speaks for a leg.
 */
export function pairSignals(states: readonly InstrumentState[]): ReadonlyMap<string, PairSignal> {
  const found = new Map<string, PairSignal & { readonly depth: number }>();
  const closes = withSharedCalendars(states.map(({ daily }) => logCloses(daily)));
  for (let i = 0; i < states.length; i++) {
    for (let j = i + 1; j < states.length; j++) {
      const left = states[i] as InstrumentState;
      const right = states[j] as InstrumentState;
      const pair = alignPair(closes[i] as LogCloses, closes[j] as LogCloses, PAIR_SESSIONS);
      const test = testCointegration(pair, HOLDOUT_SESSIONS);
      if (test === null || !test.cointegrated || !(test.halfLife <= LONGEST_HALF_LIFE) || !(test.slope > 0))
        continue;
      const deviations = (index: number) => (test.spread[index] as number) / test.deviation;
      const z = deviations(test.spread.length - 1);
      if (Math.abs(z) < ENTRY_DEVIATIONS) continue;
      const cheap = z < 0 ? left : right;
      const known = found.get(cheap.instrument.id);
      if (known !== undefined && known.depth >= Math.abs(z)) continue;
      const stretched = new Set<number>();
      pair.closeTime.forEach((time, at) => {
        const value = deviations(at);
        if (Math.sign(value) === Math.sign(z) && Math.abs(value) >= ENTRY_DEVIATIONS) stretched.add(time);
      });
      found.set(cheap.instrument.id, {
        signalled: (index) => stretched.has(cheap.daily.closeTime[index] as number),
        depth: Math.abs(z),
        reasons: [words(test, z, cheap.instrument.id, (z < 0 ? right : left).instrument.id)],
      });
    }
  }
  return found;
}

function words(test: Cointegration, z: number, cheap: string, dear: string): string {
  return `${cheap} is ${figure(Math.abs(z))} deviations cheap against ${dear}, with which it is cointegrated (Engle–Granger t ${figure(test.formationT)} below ${figure(test.formationCritical)}, holdout t ${figure(test.holdoutT)} below ${figure(test.holdoutCritical)}, half-life ${figure(test.halfLife, 1)} sessions); only this leg is traded, so it is a directional position`;
}
