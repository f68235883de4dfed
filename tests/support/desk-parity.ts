import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DeskEvent, type EventType, parseEvent } from '#contracts/registry.ts';
import { dailyHistory } from '#contracts/snapshot.ts';
import { dailySeries } from '#core/agents/snapshot-context.ts';
import { canonicalJson } from '#core/events/canonical.ts';
import type { JournalEntry } from '#core/events/new-event.ts';
import type { BarSeries } from '#core/market/bars.ts';
import { sessionOn } from '#core/market/calendar.ts';
import type { LedgerInput } from '#core/portfolio/keep-book.ts';
import { LEDGER_EVENTS } from '#core/portfolio/ledger.ts';
import { DEFAULT_RISK_POLICY } from '#core/risk/policy.ts';
import { DeskSimulation } from '#core/simulation/desk/desk-simulation.ts';
import { parseInstant } from '#core/values/clock.ts';

/** The signed log of a run of `abc day`, in the order of its leaves. */
export function journalOf(directory: string): readonly DeskEvent[] {
  const audit = join(directory, 'audit');
  return readdirSync(audit)
    .filter((name) => name.endsWith('.entries'))
    .sort()
    .flatMap((name) => readFileSync(join(audit, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => parseEvent(JSON.parse(line.slice(65))));
}

/** The daily histories that a run's object store holds, by digest. */
export function historiesOf(directory: string): (sha256: string) => BarSeries {
  const root = join(directory, 'host', 's3');
  const texts = new Map<string, string>();
  for (const folder of readdirSync(root))
    for (const name of readdirSync(join(root, folder))) {
      const bytes = readFileSync(join(root, folder, name));
      texts.set(createHash('sha256').update(bytes).digest('hex'), bytes.toString('utf8'));
    }
  const series = new Map<string, BarSeries>();
  return (sha256) => {
    const known = series.get(sha256);
    if (known !== undefined) return known;
    const built = dailySeries(dailyHistory.parse(JSON.parse(texts.get(sha256) ?? 'null')));
    series.set(sha256, built);
    return built;
  };
}

const FACTS: readonly string[] = [...LEDGER_EVENTS, 'DailyHistoryObserved'];

/**
 * The log tells what stood at one instant, not in which order: there a cycle looks at what had closed before it, and an
 * order goes its way before the bar that it traded in is told.
 */
const ORDER: readonly EventType[] = [
  'CycleRequested',
  'SessionClosed',
  'OrderSubmitted',
  'OrderAccepted',
  'OrderFilled',
  'CommissionReported',
  'BarClosed',
];

/**
 * Gives a simulation of the desk what the run had from outside, at the run's own times: what the bridge observed and what
 * the schedule asked for. Whatever else the run's log holds, the simulation has to find for itself.
 */
export function simulated(
  log: readonly DeskEvent[],
  history: (sha256: string) => BarSeries,
  options: { readonly instruments: readonly string[]; readonly seed: string; readonly barMinutes: number },
): readonly DeskEvent[] {
  const desk = new DeskSimulation({ ...options, policy: DEFAULT_RISK_POLICY, history });
  const said: JournalEntry[] = [];
  const rank = ({ metadata }: DeskEvent) => ORDER.indexOf(metadata.type);
  const inputs = log
    .filter(({ metadata: { type, sender } }) =>
      sender === 'cycle'
        ? ['SessionPrepared', 'CycleRequested', 'SessionClosed'].includes(type)
        : sender === 'broker-bridge' && FACTS.includes(type),
    )
    .sort(
      (left, right) =>
        parseInstant(left.metadata.occurredAt) - parseInstant(right.metadata.occurredAt) ||
        rank(left) - rank(right),
    );
  for (const event of inputs) {
    const now = parseInstant(event.metadata.occurredAt);
    if (event.metadata.type === 'CycleRequested') {
      const { session, kind, trigger } = (event as DeskEvent<'CycleRequested'>).data;
      said.push(...desk.openCycle(sessionIn(session), kind, now, trigger));
    } else if (event.metadata.type === 'SessionClosed') {
      const { session } = (event as DeskEvent<'SessionClosed'>).data;
      said.push(...desk.closeSession(sessionIn(session), now));
    } else
      said.push(...desk.receive([{ key: event.metadata.id, event: event as DeskEvent<LedgerInput> }], now));
  }
  return said.map(({ event }) => event);
}

function sessionIn(date: string) {
  const session = sessionOn('us-equity', date);
  if (session === null) throw new RangeError(`${date} is no session`);
  return session;
}

/** Each event as its canonical line, sorted: what is compared is which events there are, to the byte. */
export const linesOf = (events: readonly DeskEvent[], types: readonly EventType[]): readonly string[] =>
  events
    .filter(({ metadata }) => types.includes(metadata.type))
    .map((event) => canonicalJson(event))
    .sort();

/** The same without the time at which it was said: the ledger's queue gathers bars for a second. */
export const timelessLinesOf = (
  events: readonly DeskEvent[],
  types: readonly EventType[],
): readonly string[] =>
  events
    .filter(({ metadata }) => types.includes(metadata.type))
    .map(({ metadata: { occurredAt: _, ...metadata }, data }) => canonicalJson({ metadata, data }))
    .sort();
