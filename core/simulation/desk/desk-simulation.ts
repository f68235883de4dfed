import { hash } from 'node:crypto';
import type { CycleKind } from '#contracts/events/cycle.ts';
import type { ContentReference } from '#contracts/primitives.ts';
import type { DeskEvent, EventType } from '#contracts/registry.ts';
import type { Episode } from '#core/agents/context.ts';
import type { LearningRecord } from '#core/agents/learning/learning-record.ts';
import { snapshotContext } from '#core/agents/snapshot-context.ts';
import { sessionClosed } from '#core/cycle/closed-session.ts';
import type { Speaker } from '#core/cycle/cycle-events.ts';
import { freeze, requestCycle } from '#core/cycle/freeze.ts';
import { LEARNED_FROM, lessonOf } from '#core/cycle/lesson.ts';
import { memoriesOf, REMEMBERED, sessionToRemember } from '#core/cycle/memories.ts';
import { cycleIdOf } from '#core/cycle/session-record.ts';
import { contentOf } from '#core/events/content.ts';
import type { JournalEntry } from '#core/events/new-event.ts';
import type { HaltFlag } from '#core/events/state-keys.ts';
import type { BarSeries } from '#core/market/bars.ts';
import { newYorkTime, type Session } from '#core/market/calendar.ts';
import { type AccountBook, EMPTY_BOOK, exposedInstruments } from '#core/portfolio/account-book.ts';
import { keepBook, type LedgerInput } from '#core/portfolio/keep-book.ts';
import type { DailyRecord, IntradayRecord } from '#core/portfolio/market-record.ts';
import { afterHalt, afterReducing, afterRevaluation } from '#core/risk/breaker-orders.ts';
import { breakerEvents, pyramidingEvents } from '#core/risk/follow-up-events.ts';
import { authorizeCancel, judgeOrder, judgeStopMove } from '#core/risk/gate-events.ts';
import type { RiskPolicy } from '#core/risk/policy.ts';
import { planPyramiding, pyramidingOptions } from '#core/risk/pyramiding.ts';
import { decideResume, resumption } from '#core/risk/resume.ts';
import type { Signer } from '#core/risk/signature.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { inJournalOrder, runCycle } from './cycle.ts';

export interface DeskSimulationOptions {
  readonly instruments: readonly string[];
  readonly seed: string;
  readonly barMinutes: number;
  readonly policy: RiskPolicy;
  /** The daily history that a digest names. */
  readonly history: (sha256: string) => BarSeries;
  /**
   * Whether nobody hears the events: those of cycles and of the ledger are then not held against their schemas, and
   * snapshots not digested by their contents.
   */
  readonly trusted?: boolean;
}

/** Cases that the memory agent recalls at most, newest first. */
const RECALLED = 500;

const LOOKED_BACK_ON: ReadonlySet<string> = new Set([...LEARNED_FROM, ...REMEMBERED]);

/** A reference to what nobody fetches. */
function nameOf(cycleId: string): ContentReference {
  const sha256 = hash('sha256', cycleId);
  return { uri: `snapshots/${sha256}.json`, sha256, bytes: 0 };
}

/** Whether a case ended later than another; of two that ended in one session, whether its name comes later. */
const isNewer = (one: Episode, other: Episode): boolean =>
  one.closedOn === other.closedOn ? one.episodeId > other.episodeId : one.closedOn > other.closedOn;

/** Events after which somebody of the desk acts by itself, outside a cycle. */
const FOLLOWED = [
  'OrderPlanned',
  'CancelPlanned',
  'StopMovePlanned',
  'TradingReducing',
  'TradingHalted',
  'PortfolioRevalued',
] as const;

const isFollowed = (event: DeskEvent): event is DeskEvent<(typeof FOLLOWED)[number]> =>
  (FOLLOWED as readonly string[]).includes(event.metadata.type);

/**
 * The whole desk in one process: ledger, breakers, pyramiding, cycles of all agents, gate, learning and memory over state
 * in memory. Whatever decides is the step that the live functions take (`core/cycle`, `core/risk`, `core/portfolio`); here
 * stands only who hears what. What comes from outside (bars, histories, the account, the broker's answers) is given to
 * {@link receive}; what a broker has to carry out is among the events that come back.
 */
export class DeskSimulation {
  book: AccountBook = EMPTY_BOOK;
  halt: HaltFlag | null = null;
  readonly #options: DeskSimulationOptions;
  readonly #intraday = new Map<string, IntradayRecord>();
  readonly #daily = new Map<string, DailyRecord>();
  readonly #cycles = new Map<string, string[]>();
  readonly #journal = new Map<string, JournalEntry[]>();
  #episodes: readonly Episode[] = [];
  readonly #ids = new Set<string>();
  #learning: LearningRecord | null = null;
  #resumptions = 0;

  constructor(options: DeskSimulationOptions) {
    this.#options = options;
  }

  /** Facts from outside, in their order: booked, valued, and followed by whatever they bring about. */
  receive(facts: readonly JournalEntry<LedgerInput>[], now: EpochMillis): readonly JournalEntry[] {
    const said: JournalEntry[] = [];
    for (const fact of facts) {
      this.#append(fact);
      this.#keep(fact.event, now, said);
    }
    return said;
  }

  /** Somebody asks to resume trading: the fact to {@link receive} where it is permitted, else null. */
  resume(resumer: Signer, now: EpochMillis): JournalEntry<'TradingResumed'> | null {
    const decision = decideResume(this.book, this.#options.policy, resumer, now);
    if (decision.kind === 'refused') return null;
    this.#resumptions += 1;
    const { entry, flag } = resumption(resumer, decision.highWater, this.#resumptions, now);
    this.halt = flag;
    return entry;
  }

  /** One cycle on everything that is known now; what it plans has been before the gate. */
  openCycle(
    session: Session,
    kind: CycleKind,
    now: EpochMillis,
    trigger: 'schedule' | 'operator' | 'market' = 'schedule',
  ): readonly JournalEntry[] {
    const { instruments, policy, seed, history, trusted = false } = this.#options;
    const { hour, minute } = newYorkTime(now);
    const cycleId = cycleIdOf(session.date, hour, minute);
    const snapshot = freeze(
      {
        book: this.book,
        policy,
        halt: this.halt,
        learning: this.#learning,
        instruments: instruments.map((instrument) => ({
          instrument,
          daily: this.#daily.get(instrument) ?? null,
          intraday: this.#intraday.get(instrument) ?? null,
        })),
      },
      { cycleId, kind, session, seed, now },
    );
    const cycles = this.#cycles.get(session.date) ?? [];
    this.#cycles.set(session.date, [...cycles, cycleId]);
    const said: JournalEntry[] = [];
    const cycle = { cycleId, kind, session: session.date, trigger, at: now };
    const reference = trusted ? nameOf(cycleId) : contentOf('snapshots', snapshot).reference;
    const requested = requestCycle({ name: 'cycle', now }, cycle, reference);
    this.#say(requested, now, said);
    const recollections = { episodes: this.#episodes, lessons: this.#learning?.lesson ?? null };
    const context = snapshotContext(snapshot, history);
    const as = (name: string): Speaker => ({ name, now, trusted });
    for (const entry of runCycle(requested.event, context, recollections, as)) this.#say(entry, now, said);
    return said;
  }

  /** Ends a session: its figures, what was learned from it, what is remembered of an earlier one. */
  closeSession(session: Session, now: EpochMillis): readonly JournalEntry[] {
    const said: JournalEntry[] = [];
    const cycles = this.#cycles.get(session.date) ?? [];
    const closed = sessionClosed({ name: 'cycle', now }, session.date, this.book, cycles);
    this.#say(closed, now, said);
    const { entry, record } = lessonOf(
      { name: 'learning', now },
      closed.event,
      this.#learning,
      this.#events([...new Set([...cycles, ...this.book.touched])], LEARNED_FROM),
      this.#options.instruments.map((instrument) => ({
        instrument,
        record: this.#intraday.get(instrument) ?? null,
      })),
    );
    this.#learning = record;
    this.#say(entry, now, said);
    const remembered = sessionToRemember(session.date);
    const then = this.#cycles.get(remembered);
    if (then !== undefined) {
      const daily = new Map<string, BarSeries>();
      for (const [instrument, { history }] of this.#daily)
        daily.set(instrument, this.#options.history(history.sha256));
      const events = this.#events(then, REMEMBERED);
      const memories = memoriesOf({ name: 'memory', now }, closed.event, remembered, events, daily);
      this.#remember(memories.episodes);
      this.#say(memories.entry, now, said);
    }
    return said;
  }

  /** Keeps the newest cases, newest first. */
  #remember(episodes: readonly Episode[]): void {
    if (episodes.length === 0) return;
    const kept = [...this.#episodes];
    for (const episode of episodes) {
      const at = kept.findIndex((known) => !isNewer(known, episode));
      const known = kept[at];
      if (known === undefined) kept.push(episode);
      else kept.splice(at, isNewer(episode, known) ? 0 : 1, episode);
    }
    this.#episodes = kept.slice(0, RECALLED);
  }

  /** Keeps what learning and memory look back on: bars and revaluations of twenty years would fill the memory for nobody. */
  #append(entry: JournalEntry): void {
    if (!LOOKED_BACK_ON.has(entry.event.metadata.type)) return;
    const { correlationId } = entry.event.metadata;
    const entries = this.#journal.get(correlationId);
    if (entries === undefined) this.#journal.set(correlationId, [entry]);
    else entries.push(entry);
  }

  #events<T extends EventType>(
    correlations: readonly string[],
    types: readonly T[],
  ): readonly DeskEvent<T>[] {
    return correlations.flatMap((correlationId) =>
      inJournalOrder(this.#journal.get(correlationId) ?? []).flatMap(({ event }) =>
        (types as readonly string[]).includes(event.metadata.type) ? [event as DeskEvent<T>] : [],
      ),
    );
  }

  #keep(event: DeskEvent<LedgerInput>, now: EpochMillis, said: JournalEntry[]): void {
    const kept = keepBook(
      {
        book: this.book,
        policy: this.#options.policy,
        intraday: (instrument) => this.#intraday.get(instrument) ?? null,
      },
      [event],
      { name: 'portfolio', now, trusted: this.#options.trusted ?? false },
    );
    this.book = kept.book;
    this.halt = kept.halt ?? this.halt;
    for (const { value } of kept.market) {
      const { instrument } = event.data as { readonly instrument: string };
      if ('history' in value) this.#daily.set(instrument, value);
      else this.#intraday.set(instrument, value);
    }
    for (const entry of kept.entries) this.#say(entry, now, said);
  }

  /** Journals an event, once, then lets everybody hear it who follows it. */
  #say(entry: JournalEntry, now: EpochMillis, said: JournalEntry[]): void {
    const { id } = entry.event.metadata;
    if (this.#ids.has(id)) return;
    this.#ids.add(id);
    this.#append(entry);
    said.push(entry);
    for (const next of this.#follow(entry.event, now)) this.#say(next, now, said);
  }

  #follow(event: DeskEvent, now: EpochMillis): readonly JournalEntry[] {
    if (!isFollowed(event)) return [];
    const as = (name: string): Speaker => ({ name, now });
    switch (event.metadata.type) {
      case 'OrderPlanned':
        return [this.#gate(event as DeskEvent<'OrderPlanned'>, now)];
      case 'CancelPlanned':
        return [authorizeCancel(event as DeskEvent<'CancelPlanned'>, now)];
      case 'StopMovePlanned':
        return [judgeStopMove(this.book, event as DeskEvent<'StopMovePlanned'>, now)];
      case 'TradingReducing': {
        const reducing = event as DeskEvent<'TradingReducing'>;
        return breakerEvents(as('breakers'), reducing, afterReducing(reducing.data, event.metadata.id));
      }
      case 'TradingHalted': {
        const halted = event as DeskEvent<'TradingHalted'>;
        return breakerEvents(as('breakers'), halted, afterHalt(halted.data, event.metadata.id, now));
      }
      case 'PortfolioRevalued': {
        const revalued = event as DeskEvent<'PortfolioRevalued'>;
        const again = afterRevaluation(this.book, revalued.data, now);
        return [...breakerEvents(as('breakers'), revalued, again), ...this.#pyramid(revalued, now)];
      }
    }
  }

  #gate(event: DeskEvent<'OrderPlanned'>, now: EpochMillis): JournalEntry {
    const { instrument } = event.data.intent;
    const histories = new Map<string, BarSeries>();
    for (const id of [instrument, ...exposedInstruments(this.book)]) {
      const record = this.#daily.get(id);
      if (record !== undefined) histories.set(id, this.#options.history(record.history.sha256));
    }
    const { policy, barMinutes } = this.#options;
    const state = { book: this.book, policy, halt: this.halt, barMinutes, histories };
    const { decision, entry } = judgeOrder(state, event, now);
    this.book = decision.book;
    return entry;
  }

  #pyramid(event: DeskEvent<'PortfolioRevalued'>, now: EpochMillis): readonly JournalEntry[] {
    // As the live desk's rule has it: on bars.
    const options = event.data.cause === 'bar' ? pyramidingOptions(event.data, now) : null;
    if (options === null) return [];
    const planned = planPyramiding(event.data, this.#options.policy, options);
    return pyramidingEvents({ name: 'pyramiding', now }, event, planned, (id) => {
      const record = this.#daily.get(id);
      return record === undefined ? null : this.#options.history(record.history.sha256);
    });
  }
}
