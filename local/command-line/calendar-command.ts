import {
  CALENDAR_FIRST_DATE,
  CALENDAR_LAST_DATE,
  type CivilDate,
  newYorkTime,
  type Session,
  sessionMinutes,
  sessionsBetween,
} from '#core/market/calendar.ts';
import { type CalendarNote, calendarNotes } from '#core/market/calendar-notes.ts';
import type { SessionTemplate } from '#core/market/instrument.ts';
import { newYorkOffset } from '#core/market/new-york-time.ts';
import { type EpochMillis, instantText } from '#core/values/clock.ts';
import { ConfigurationError } from '#local/day/errors.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

export interface CalendarCommandOptions {
  readonly market?: string;
  readonly json?: boolean;
}

const MARKETS: Readonly<Record<string, { readonly template: SessionTemplate; readonly name: string }>> = {
  nyse: { template: 'us-equity', name: 'NYSE and Nasdaq' },
  nasdaq: { template: 'us-equity', name: 'NYSE and Nasdaq' },
  forex: { template: 'forex', name: 'forex' },
  crypto: { template: 'crypto', name: 'crypto' },
};

/** The sessions of a market from one date to another, both inclusive, with what is unusual about them. */
export function calendarCommand(
  from: CivilDate,
  to: CivilDate,
  { market = 'nyse', json = false }: CalendarCommandOptions,
): ExitCode {
  const known = Object.hasOwn(MARKETS, market) ? MARKETS[market] : undefined;
  if (known === undefined) {
    throw new ConfigurationError(
      `--market ${JSON.stringify(market)} is not a market; use one of ${Object.keys(MARKETS).join(', ')}`,
    );
  }
  const { template, name } = known;
  const sessions = sessionsBetween(template, from, to);
  if (from > to) throw new ConfigurationError(`${from} is after ${to}; give the earlier date first`);
  const notes = calendarNotes(template, from, to);
  process.stdout.write(
    json
      ? `${JSON.stringify(documentOf(market, template, from, to, sessions, notes), null, 2)}\n`
      : tableOf(name, from, to, sessions, notes),
  );
  return EXIT.ok;
}

const two = (value: number) => String(value).padStart(2, '0');
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;

/** An instant as New York has it, with its offset. */
function newYorkText(instant: EpochMillis): string {
  const hours = -newYorkOffset(instant) / 3_600_000;
  const { date, hour, minute } = newYorkTime(instant);
  return `${date}T${two(hour)}:${two(minute)}:00-${two(hours)}:00`;
}

function documentOf(
  market: string,
  template: SessionTemplate,
  from: CivilDate,
  to: CivilDate,
  sessions: readonly Session[],
  notes: readonly CalendarNote[],
) {
  const reasons = new Map(notes.map(({ date, reason }) => [date, reason]));
  return {
    market,
    template,
    from,
    to,
    calendar: { from: CALENDAR_FIRST_DATE, to: CALENDAR_LAST_DATE },
    sessions: sessions.map((session) => ({
      date: session.date,
      openUtc: instantText(session.open),
      closeUtc: instantText(session.close),
      openNewYork: newYorkText(session.open),
      closeNewYork: newYorkText(session.close),
      minutes: sessionMinutes(session),
      earlyClose: session.earlyClose,
      note: reasons.get(session.date) ?? null,
    })),
    closures: notes.filter(({ kind }) => kind === 'closed').map(({ date, reason }) => ({ date, reason })),
  };
}

function clockText(instant: EpochMillis): string {
  const { weekday, hour, minute } = newYorkTime(instant);
  return `${DAYS[weekday]} ${two(hour)}:${two(minute)}`;
}

const utcText = (instant: EpochMillis) => instantText(instant).slice(0, 16).replace('T', ' ');
const KINDS = { closed: 'closed', 'early-close': 'early close', 'late-open': 'late open' } as const;
const noteText = ({ kind, reason }: CalendarNote) => `${KINDS[kind]}: ${reason}`;
const many = (count: number, one: string) => `${count} ${one}${count === 1 ? '' : 's'}`;

function tableOf(
  name: string,
  from: CivilDate,
  to: CivilDate,
  sessions: readonly Session[],
  notes: readonly CalendarNote[],
): string {
  const byDate = new Map(notes.map((note) => [note.date, note]));
  const rows = sessions.map((session) => {
    const note = byDate.get(session.date);
    const hours = `${clockText(session.open)} – ${clockText(session.close)}`;
    const utc = `${utcText(session.open)} – ${utcText(session.close)}`;
    return {
      date: session.date,
      line: `${session.date}  ${hours}  ${utc}${note === undefined ? '' : `  ${noteText(note)}`}`,
    };
  });
  const closures = notes
    .filter(({ kind }) => kind === 'closed')
    .map((note) => ({ date: note.date, line: `${note.date}  ${noteText(note)}` }));
  const count = (kind: CalendarNote['kind']) => notes.filter((note) => note.kind === kind).length;
  return `${[
    `${name}, ${from} to ${to}: ${many(sessions.length, 'session')}, ${many(count('early-close'), 'early close')}, ${many(closures.length, 'closure')} on weekdays`,
    `${'date'.padEnd(12)}${'New York'.padEnd(23)}UTC`,
    ...[...rows, ...closures].sort((a, b) => (a.date < b.date ? -1 : 1)).map(({ line }) => line),
  ].join('\n')}\n`;
}
