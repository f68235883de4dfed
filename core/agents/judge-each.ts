import type { View } from '#contracts/events/cycle.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { instantText } from '#core/values/clock.ts';
import { inSignedUnitInterval, inUnitInterval, measured } from '#core/values/round.ts';
import type { AnalysisOutcome } from './context.ts';
import type { History } from './history.ts';
import { type Combined, statedConfidence } from './stated-confidence.ts';

export type Judgement =
  | { readonly kind: 'view'; readonly view: View }
  | { readonly kind: 'abstained'; readonly reason: string };

/**
 * Asks for a judgement of each instrument, in the order given. An agent that can judge none abstains as a whole, with
 * its reasons by instrument.
 */
export function judgeEach(
  instruments: readonly InstrumentId[],
  judge: (instrument: InstrumentId) => Judgement,
): AnalysisOutcome {
  if (instruments.length === 0) return { kind: 'abstained', reason: 'asked about no instrument' };
  const views: View[] = [];
  const abstentions: { instrument: string; reason: string }[] = [];
  for (const instrument of instruments) {
    const judgement = judge(instrument);
    if (judgement.kind === 'view') views.push(judgement.view);
    else abstentions.push({ instrument, reason: judgement.reason });
  }
  if (views.length > 0) return { kind: 'completed', views, abstentions };
  return { kind: 'abstained', reason: reasonsText(abstentions) };
}

const LONGEST_REASON = 1_900;

/** `AAPL, MSFT: no daily bars; SPX: …`, cut where the contract's sentence ends. */
function reasonsText(abstentions: readonly { instrument: string; reason: string }[]): string {
  const byReason = new Map<string, string[]>();
  for (const { instrument, reason } of abstentions) {
    byReason.set(reason, [...(byReason.get(reason) ?? []), instrument]);
  }
  const text = [...byReason].map(([reason, names]) => `${names.join(', ')}: ${reason}`).join('; ');
  return text.length <= LONGEST_REASON ? text : `${text.slice(0, LONGEST_REASON)}…`;
}

/** A view in the contract's shape: figures rounded, undefined ones null, confidence never above the data's quality. */
export function viewOf(
  history: History,
  parts: {
    readonly combined: Combined;
    readonly horizonSessions: number;
    readonly evidence: readonly string[];
    readonly measures: Readonly<Record<string, number | null | undefined>>;
    readonly quality: number;
    readonly method: string;
  },
): Judgement {
  const quality = inUnitInterval(parts.quality);
  return {
    kind: 'view',
    view: {
      instrument: history.instrument.id,
      direction: inSignedUnitInterval(parts.combined.direction),
      confidence: inUnitInterval(statedConfidence(parts.combined, quality)),
      horizonSessions: parts.horizonSessions,
      evidence: [...parts.evidence],
      measures: Object.fromEntries(
        Object.entries(parts.measures).map(([name, value]) => [name, measured(value)]),
      ),
      dataQuality: quality,
      dataTime: instantText(history.dataTime),
      method: parts.method,
    },
  };
}

/** Names the last `count` values of a daily field: `AAPL.daily.close[-20..-1]`. */
export function dailyField(id: InstrumentId, field: string, count: number): string {
  return count === 1 ? `${id}.daily.${field}[-1]` : `${id}.daily.${field}[-${count}..-1]`;
}

/** Names the running session's field, with the model named where the path is one: `AAPL.intraday.close[-1]`. */
export function intradayField(history: History, field: string): string[] {
  if (history.running === null) return [];
  return [
    `${history.instrument.id}.${history.running.modelled ? 'intraday-modelled' : 'intraday'}.${field}[-1]`,
  ];
}
