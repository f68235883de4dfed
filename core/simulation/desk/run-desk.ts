import type { CycleKind } from '#contracts/events/cycle.ts';
import type { EventType } from '#contracts/registry.ts';
import { closedBarEvent } from '#core/broker/closed-bars.ts';
import { BRIDGE } from '#core/broker/order-facts.ts';
import { type JournalEntry, journalEntry, trustedEntry } from '#core/events/new-event.ts';
import { correlations } from '#core/events/state-keys.ts';
import { type BarSeries, barAt } from '#core/market/bars.ts';
import { newYorkInstant, type Session, sessionsBetween } from '#core/market/calendar.ts';
import type { Instrument } from '#core/market/instrument.ts';
import type { LedgerInput } from '#core/portfolio/keep-book.ts';
import { positionQuantity } from '#core/portfolio/position.ts';
import { DEFAULT_RISK_POLICY, type RiskPolicy } from '#core/risk/policy.ts';
import { type EpochMillis, instantText } from '#core/values/clock.ts';
import { Decimal } from '#core/values/decimal.ts';
import {
  type CommissionSchedule,
  ibkrCrypto,
  ibkrForex,
  ibkrTieredUsStocks,
  noCommission,
} from '../commission.ts';
import { ConservationError, InvalidSimulationError } from '../engine/errors.ts';
import { DEFAULT_FILL_ASSUMPTIONS, type FillModel } from '../orders.ts';
import { SimulatedOperator } from '../simulated-operator.ts';
import type { SimulationResult } from '../simulation-result.ts';
import { type DeskInstrument, PlayedInstrument, SOURCE } from './desk-feed.ts';
import { DeskRecord } from './desk-record.ts';
import { DeskSimulation } from './desk-simulation.ts';
import { SimulatedBroker } from './simulated-broker.ts';

/** New York time of a cycle, `09:45`. */
export type TimeOfDay = string;

/** The live desk's decision cycles: every quarter of an hour from 09:45 to 15:45. */
export const LIVE_CYCLES: readonly TimeOfDay[] = Array.from({ length: 25 }, (_, index) => {
  const minutes = 9 * 60 + 45 + index * 15;
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
});

export interface DeskRunOptions {
  readonly instruments: readonly DeskInstrument[];
  /** First and last date, `2018-01-22`. Sessions for which nothing has a bar are left out. */
  readonly from: string;
  readonly to: string;
  /** Of the paths inside the days and of everything that the agents draw. */
  readonly seed: string;
  /** Cash at the start, above zero. */
  readonly cash: number;
  /** Length of a bar inside the day, which the desk hears and orders trade in; 5 without it. */
  readonly barMinutes?: number;
  /** When a session's decisions are made; {@link LIVE_CYCLES} without it. */
  readonly cycles?: readonly TimeOfDay[];
  /** Whether there is also the live desk's cycle before the market opens (07:30), which publishes a view and decides nothing. */
  readonly preMarket?: boolean;
  /** Sessions of daily history that the desk is given; 1260 (five years, as live) without it. */
  readonly historySessions?: number;
  readonly policy?: RiskPolicy;
  /** Sessions after a drawdown step from which on a simulated person resumes trading, 1 or more; without it nobody does. */
  readonly resumeAfter?: number;
  /** Commission of shares; IBKR tiered without it. */
  readonly commission?: CommissionSchedule;
  readonly fills?: Partial<Omit<FillModel, 'tick' | 'lot'>>;
  /** Hears of each session once it is over. */
  readonly onSession?: (session: Session, played: number, of: number) => void;
  /**
   * Hears every event, the world's and the desk's, in order. Without it histories and snapshots are not digested by their
   * contents, and most events not held against their schemas; the result is the same.
   */
  readonly onEvent?: (entry: JournalEntry) => void;
}

export interface DeskRun {
  readonly result: SimulationResult;
  readonly sessions: number;
  readonly cycles: number;
  /** Orders that the gate authorized. */
  readonly authorized: number;
}

const ACCOUNT = 'DU0000001';
const PRE_MARKET: TimeOfDay = '07:30';

/**
 * The whole desk over years of sessions in one process: {@link DeskSimulation} decides, {@link SimulatedBroker} carries
 * out, and this gives both the world: the day's turn, histories up to the session before, bars as they close, the
 * schedule. At one instant a cycle comes first and sees what had closed before it; then orders trade in the bars that close;
 * then the desk hears of the bars. An order takes part from the first bar that opens at or after the decision. The same
 * options give the same bytes.
 *
 * @throws InvalidSimulationError for options that can't be played; ConservationError where the desk's book and the broker's
 * differ after a session; ImpossibleSessionBarError for a day no path can honour
 */
export function runDesk(options: DeskRunOptions): DeskRun {
  return new Run(options).play();
}

class Run {
  readonly #options: DeskRunOptions;
  readonly #isHeard: boolean;
  readonly #barMinutes: number;
  readonly #cycleTimes: readonly (readonly [hour: number, minute: number])[];
  readonly #played: readonly PlayedInstrument[];
  readonly #histories = new Map<string, BarSeries>();
  readonly #digests = new Map<string, string>();
  readonly #record: DeskRecord;
  readonly #broker: SimulatedBroker;
  readonly #desk: DeskSimulation;
  readonly #operator: SimulatedOperator | null;
  #authorized = 0;
  #cycles = 0;

  constructor(options: DeskRunOptions) {
    const {
      instruments,
      seed,
      cash,
      barMinutes = 5,
      cycles = LIVE_CYCLES,
      policy = DEFAULT_RISK_POLICY,
    } = options;
    check(options, barMinutes);
    this.#options = options;
    this.#isHeard = options.onEvent !== undefined;
    this.#barMinutes = barMinutes;
    this.#cycleTimes = [...cycles].sort().map(timeOf);
    this.#played = instruments.map((one) => new PlayedInstrument(one, this.#isHeard));
    this.#operator = options.resumeAfter === undefined ? null : new SimulatedOperator(options.resumeAfter);
    this.#record = new DeskRecord(instruments.map(({ instrument }) => instrument));
    this.#broker = new SimulatedBroker({
      instruments: instruments.map(({ instrument }) => ({
        instrument,
        model: {
          ...DEFAULT_FILL_ASSUMPTIONS,
          ...options.fills,
          tick: Number(instrument.tick),
          lot: Number(instrument.lot),
        },
        commission: scheduleOf(instrument, options.commission ?? ibkrTieredUsStocks()),
      })),
      account: ACCOUNT,
      cash: new Decimal(cash),
      onExecution: (execution) => this.#record.execution(execution),
    });
    this.#desk = new DeskSimulation({
      instruments: instruments.map(({ instrument }) => instrument.id),
      seed,
      barMinutes,
      policy,
      trusted: !this.#isHeard,
      history: (sha256) => {
        const series = this.#histories.get(sha256);
        if (series === undefined) throw new RangeError(`no daily history has the digest ${sha256}`);
        return series;
      },
    });
  }

  play(): DeskRun {
    const { from, to, onSession } = this.#options;
    const sessions = sessionsBetween('us-equity', from, to).filter(({ date }) =>
      this.#played.some((one) => one.trades(date)),
    );
    if (sessions.length === 0)
      throw new InvalidSimulationError(`there is no session with prices from ${from} to ${to}`);
    let end = 0;
    sessions.forEach((session, index) => {
      this.#prepare(session, index === 0);
      this.#during(session);
      this.#close(session);
      end = session.close;
      onSession?.(session, index + 1, sessions.length);
    });
    return {
      result: this.#record.result(this.#broker.books, end),
      sessions: sessions.length,
      cycles: this.#cycles,
      authorized: this.#authorized,
    };
  }

  /** 06:00: the day turns, and the bridge loads histories and tells the account. */
  #prepare(session: Session, first: boolean): void {
    const now = newYorkInstant(session.date, 6, 0);
    const correlationId = correlations.session(session.date);
    const prepared = journalEntry<'SessionPrepared'>({
      type: 'SessionPrepared',
      key: session.date,
      correlationId,
      causationId: null,
      sender: 'cycle',
      occurredAt: now,
      data: {
        session: session.date,
        open: instantText(session.open),
        close: instantText(session.close),
        instruments: this.#played.map(({ instrument }) => instrument.id),
      },
    });
    this.#tell([prepared], now);
    this.#resume(now);
    if (first) {
      const account = this.#broker.observeAccount(correlations.broker(session.date), now, (id) =>
        this.#record.mark(id),
      );
      this.#tell([account], now);
    }
    for (const { instrument, histories } of this.#played) {
      const {
        reference,
        series,
        first: start,
        last,
      } = histories.before(now, this.#options.historySessions ?? 1260);
      const outdated = this.#digests.get(instrument.id);
      if (outdated !== undefined) this.#histories.delete(outdated);
      this.#digests.set(instrument.id, reference.sha256);
      this.#histories.set(reference.sha256, series);
      const observed = (this.#isHeard ? journalEntry : trustedEntry)<'DailyHistoryObserved'>({
        type: 'DailyHistoryObserved',
        key: instrument.id,
        correlationId,
        causationId: prepared.event.metadata.id,
        sender: BRIDGE,
        occurredAt: now,
        data: {
          instrument: instrument.id,
          session: session.date,
          history: reference,
          bars: series.length,
          first: start,
          last,
          source: SOURCE,
        },
      });
      this.#tell([observed], now);
    }
    if (this.#options.preMarket === true) {
      const [hour, minute] = timeOf(PRE_MARKET);
      this.#cycle(session, 'pre-market', newYorkInstant(session.date, hour, minute));
    }
  }

  #resume(now: EpochMillis): void {
    if (this.#operator?.isDue(this.#desk.book.trading) !== true) return;
    const resumed = this.#desk.resume(this.#operator.resumer, now);
    if (resumed !== null) this.#tell([resumed], now);
  }

  #during(session: Session): void {
    const { seed } = this.#options;
    const feeds = this.#played.flatMap((one) => {
      const bars = one.bars(session, seed, this.#barMinutes);
      return bars === null ? [] : [{ id: one.instrument.id, ...bars, next: 0 }];
    });
    const cycles = this.#cycleTimes
      .map(([hour, minute]) => newYorkInstant(session.date, hour, minute))
      .filter((at) => at > session.open && at < session.close);
    const closes = new Set(feeds.flatMap(({ series }) => [...series.closeTime]));
    for (const now of [...new Set([...cycles, ...closes])].sort((left, right) => left - right)) {
      if (cycles.includes(now)) this.#cycle(session, 'decision', now);
      const closed = feeds.filter(({ series, next }) => series.closeTime[next] === now);
      for (const { id, series, next } of closed) {
        if (!this.#broker.hasOrders(id)) continue;
        const bar = {
          ...barAt(series, next),
          sessionStart: next === 0,
          sessionEnd: next === series.length - 1,
        };
        for (const fact of this.#broker.trade(id, bar)) this.#tell([fact], now);
      }
      for (const feed of closed) {
        const bar = barAt(feed.series, feed.next);
        feed.next += 1;
        this.#record.bar(feed.id, bar.low, bar.high, bar.close, this.#broker.books);
        const volume = Number.isNaN(bar.volume) ? null : bar.volume;
        const closed = { ...bar, session: session.date, volume };
        const origin = { minutes: this.#barMinutes, source: SOURCE, modelled: feed.modelled };
        const said = closedBarEvent(feed.id, closed, origin);
        this.#tell([this.#isHeard ? journalEntry(said) : trustedEntry(said, 0, said.key)], now);
      }
    }
    for (const fact of this.#broker.endSession(session.close)) this.#tell([fact], session.close);
    this.#verify(session);
    this.#record.session(session.close, this.#broker.books);
  }

  /** @throws ConservationError where the desk's book and the broker's differ: by a cent, or by a unit of anything */
  #verify({ date }: Session): void {
    const { book } = this.#desk;
    const { cash, positions } = this.#broker.books;
    const out = cash.minus(book.cash ?? 0);
    if (out.abs().gte('0.01')) throw new ConservationError('USD', out.toNumber(), `the session of ${date}`);
    for (const { instrument } of this.#played) {
      const held = positions.get(instrument.id)?.quantity ?? new Decimal(0);
      const difference = held.minus(positionQuantity(book.positions[instrument.id]));
      if (!difference.isZero())
        throw new ConservationError(instrument.id, difference.toNumber(), `the session of ${date}`);
    }
  }

  /** 16:30: what the session came to, what is learned and remembered. */
  #close(session: Session): void {
    const now = newYorkInstant(session.date, 16, 30);
    this.#heard(this.#desk.closeSession(session, now));
  }

  #cycle(session: Session, kind: CycleKind, now: EpochMillis): void {
    this.#cycles += 1;
    this.#carryOut(this.#desk.openCycle(session, kind, now), now);
  }

  /** Tells the desk facts, has the broker carry out what it then wants, and tells it the answers, until nothing is wanted. */
  #tell(facts: readonly JournalEntry<LedgerInput>[], now: EpochMillis): void {
    this.#heard(facts);
    this.#carryOut(this.#desk.receive(facts, now), now);
  }

  #carryOut(said: readonly JournalEntry[], now: EpochMillis): void {
    this.#heard(said);
    const facts = this.#broker.carryOut(said, { book: this.#desk.book, halt: this.#desk.halt }, now);
    if (facts.length > 0) this.#tell(facts, now);
  }

  #heard(entries: readonly JournalEntry[]): void {
    this.#record.said(entries);
    for (const entry of entries) {
      if (entry.event.metadata.type === ('OrderAuthorized' satisfies EventType)) this.#authorized += 1;
      this.#options.onEvent?.(entry);
    }
  }
}

function scheduleOf(instrument: Instrument, shares: CommissionSchedule): CommissionSchedule {
  switch (instrument.assetClass) {
    case 'equity':
      return shares;
    case 'forex':
      return ibkrForex();
    case 'crypto':
      return ibkrCrypto();
    case 'index':
    case 'future':
    case 'option':
      return noCommission;
  }
}

/** @throws InvalidSimulationError unless it is a time of day such as 09:45 */
function timeOf(time: TimeOfDay): readonly [hour: number, minute: number] {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(time);
  if (match === null)
    throw new InvalidSimulationError(`the cycle time ${JSON.stringify(time)} is not one such as 09:45`);
  return [Number(match[1]), Number(match[2])];
}

function check(
  { instruments, cash, historySessions = 1, resumeAfter = 1 }: DeskRunOptions,
  barMinutes: number,
): void {
  if (instruments.length === 0) throw new InvalidSimulationError('the desk has no instrument to watch');
  if (!(cash > 0 && Number.isFinite(cash)))
    throw new InvalidSimulationError(`cash ${cash} is not above zero`);
  for (const [name, value] of Object.entries({ barMinutes, historySessions, resumeAfter }))
    if (!(Number.isInteger(value) && value > 0))
      throw new InvalidSimulationError(`${name} ${value} is not a whole number above zero`);
  const other = instruments.find(
    ({ instrument: { sessionTemplate, currency } }) => sessionTemplate !== 'us-equity' || currency !== 'USD',
  );
  if (other !== undefined)
    throw new InvalidSimulationError(
      `${other.instrument.id} is not traded in New York's sessions in USD; the desk is simulated in those only`,
    );
}
