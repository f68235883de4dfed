import type { DeskEvent } from '#contracts/registry.ts';
import { learn, NOTHING_LEARNED } from '#core/agents/learning/learning.ts';
import type { LearningRecord } from '#core/agents/learning/learning-record.ts';
import { type JournalEntry, journalEntry } from '#core/events/new-event.ts';
import { correlations } from '#core/events/state-keys.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import type { IntradayRecord } from '#core/portfolio/market-record.ts';
import { instantText } from '#core/values/clock.ts';
import type { Speaker } from './cycle-events.ts';

export const LEARNED_FROM = [
  'AnalysisCompleted',
  'MarketViewPublished',
  'StrategyProposed',
  'OrderPlanned',
  'OrderFilled',
  'CommissionReported',
] as const;
type LearnedFrom = (typeof LEARNED_FROM)[number];

/** The learning agent's measure of a session, from the events of its cycles and of those touched in it. */
export function lessonOf(
  { name, now }: Speaker,
  closed: DeskEvent<'SessionClosed'>,
  before: LearningRecord | null,
  events: readonly DeskEvent<LearnedFrom>[],
  intraday: readonly { readonly instrument: string; readonly record: IntradayRecord | null }[],
): { readonly entry: JournalEntry<'LessonLearned'>; readonly record: LearningRecord } {
  const { session } = closed.data;
  const closes: Record<string, number> = {};
  for (const { instrument, record } of intraday) {
    const last = record?.session === session ? record.bars.close.at(-1) : undefined;
    if (last !== undefined) closes[instrument] = last;
  }
  const { state, lesson } = learn(before?.statistics ?? NOTHING_LEARNED, {
    session,
    events: events.filter((event) => isNew(event, before?.learnedAt ?? '')),
    closes,
    multiplierOf: (id) => instrumentOf(id).multiplier,
  });
  return {
    entry: journalEntry({
      type: 'LessonLearned',
      key: session,
      correlationId: correlations.session(session),
      causationId: closed.metadata.id,
      sender: name,
      occurredAt: now,
      data: lesson,
    }),
    record: { statistics: state, learnedAt: instantText(now), lesson },
  };
}

/** A cycle touched today may hold fills of earlier sessions: they have been counted. */
const isNew = ({ metadata }: DeskEvent<LearnedFrom>, learnedAt: string): boolean =>
  (metadata.type !== 'OrderFilled' && metadata.type !== 'CommissionReported') ||
  metadata.occurredAt > learnedAt;
