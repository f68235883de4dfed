import type { DeskEvent } from '#contracts/registry.ts';
import type { Episode } from '#core/agents/context.ts';
import { learn, NOTHING_LEARNED } from '#core/agents/learning/learning.ts';
import type { LearningRecord } from '#core/agents/learning/learning-record.ts';
import { episodesOfSession } from '#core/agents/memory/episodes.ts';
import { MEMORY_VERSION } from '#core/agents/memory/memory-opinion.ts';
import { type JournalEntry, journalEntry } from '#core/events/new-event.ts';
import { correlations } from '#core/events/state-keys.ts';
import type { BarSeries } from '#core/market/bars.ts';
import { previousSession } from '#core/market/calendar.ts';
import { instrumentOf } from '#core/market/catalog.ts';
import type { AccountBook } from '#core/portfolio/account-book.ts';
import type { IntradayRecord } from '#core/portfolio/market-record.ts';
import { valuation } from '#core/portfolio/valuation.ts';
import { instantText } from '#core/values/clock.ts';
import type { Speaker } from './cycle-events.ts';

/** The end of a session with the figures it ended on. */
export function sessionClosed(
  { name, now }: Speaker,
  session: string,
  book: AccountBook,
  cycles: readonly string[],
): JournalEntry<'SessionClosed'> {
  const value = valuation(book, 'bar', null);
  return journalEntry({
    type: 'SessionClosed',
    key: session,
    correlationId: correlations.session(session),
    causationId: null,
    sender: name,
    occurredAt: now,
    data: {
      session,
      equity: value?.equity ?? null,
      realized: value?.realized ?? null,
      fees: value?.fees ?? null,
      openPositions: value?.openPositions ?? 0,
      cycles: [...cycles],
    },
  });
}

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

/** A case is judged by the close so many sessions after it. */
const HORIZON_SESSIONS = 5;

export const REMEMBERED = [
  'MarketViewPublished',
  'ProposalSynthesized',
  'ConsensusReached',
  'DecisionCleared',
] as const;

/**
 * The session whose cases are remembered at the end of another: histories end with the session before that one, so far
 * back lies the latest session whose horizon they cover.
 */
export function sessionToRemember(closed: string): string {
  let session = closed;
  for (let back = 0; back <= HORIZON_SESSIONS; back++) session = previousSession('us-equity', session).date;
  return session;
}

/** What the memory agent keeps of a session's cases, from the events of its cycles. */
export function memoriesOf(
  { name, now }: Speaker,
  closed: DeskEvent<'SessionClosed'>,
  session: string,
  events: readonly DeskEvent<(typeof REMEMBERED)[number]>[],
  daily: ReadonlyMap<string, BarSeries>,
): { readonly entry: JournalEntry<'MemoryRecorded'>; readonly episodes: readonly Episode[] } {
  const { episodes } = episodesOfSession({
    session,
    events,
    instrument: instrumentOf,
    daily: (id) => daily.get(id) ?? null,
    asOf: now,
    horizonSessions: HORIZON_SESSIONS,
  });
  return {
    entry: journalEntry({
      type: 'MemoryRecorded',
      key: session,
      correlationId: correlations.session(closed.data.session),
      causationId: closed.metadata.id,
      sender: name,
      occurredAt: now,
      data: { session, episodes: episodes.map(({ episodeId }) => episodeId), agentVersion: MEMORY_VERSION },
    }),
    episodes,
  };
}
