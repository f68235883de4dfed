import { readFileSync } from 'node:fs';
import { loadCsvBars } from '#adapters/market-data/csv-bars.ts';
import { hasPackagedBars, PACKAGED_INSTRUMENTS, packagedBars } from '#adapters/market-data/packaged-bars.ts';
import { aggregateBars } from '#core/market/aggregate.ts';
import { type BarSeries, sliceBars } from '#core/market/bars.ts';
import { newYorkDate } from '#core/market/calendar.ts';
import { findInstrument, instrumentOf } from '#core/market/catalog.ts';
import { ConfigurationError } from './errors.ts';
import { type PlayedInstrument, playedInstrument } from './real-tape.ts';

export interface PlayedBars {
  readonly instruments: readonly PlayedInstrument[];
  /** Where the prices come from, a line each, for people. */
  readonly sources: readonly string[];
}

/** Bars for the symbols: from the packages, or for one symbol from the user's file. @throws ConfigurationError */
export async function playedBars(symbols: readonly string[], file: string | null): Promise<PlayedBars> {
  const unknown = symbols.filter((id) => findInstrument(id) === undefined);
  if (unknown.length > 0) {
    throw new ConfigurationError(
      `the symbol ${JSON.stringify(unknown[0])} is not in the catalog; packaged data exist for ${PACKAGED_INSTRUMENTS.join(', ')}`,
    );
  }
  const instruments: PlayedInstrument[] = [];
  const sources: string[] = [];
  for (const id of symbols) {
    if (hasPackagedBars(id) && !(file !== null && id === symbols[0])) {
      const { series, source } = packagedBars(id, 'split-adjusted');
      instruments.push(playedInstrument(id, series, null));
      sources.push(
        `${id}: daily bars from npm ${source.package} ${source.version} (${newYorkDate(series.closeTime[0] as number)} … ${newYorkDate(series.closeTime[series.length - 1] as number)})`,
      );
      continue;
    }
    if (file === null || id !== symbols[0]) {
      throw new ConfigurationError(
        `there are no prices for ${id}; packaged data exist for ${PACKAGED_INSTRUMENTS.join(', ')}, other instruments need a file of their own bars (--data, for a paper gateway --tape) and to be named first in --symbols`,
      );
    }
    const own = await ownBars(id, file);
    instruments.push(own);
    sources.push(
      `${id}: ${file} (${own.daily.length} sessions${own.minutes === null ? '' : ', own bars inside the day'})`,
    );
  }
  return { instruments, sources };
}

async function ownBars(id: string, file: string): Promise<PlayedInstrument> {
  const intraday = looksIntraday(file);
  const loaded = await loadCsvBars(file, {
    instrument: instrumentOf(id),
    interval: intraday ? { unit: 'minute', count: 1 } : { unit: 'session' },
    timeZone: 'America/New_York',
  });
  const { series, report } = loaded;
  const [bad] = report.malformed;
  if (bad !== undefined)
    throw new ConfigurationError(
      `${file}, line ${bad.line}, column ${bad.column}: ${JSON.stringify(bad.value)} is not ${bad.expected}; ${report.malformed.length} such cells in all. Mend the file, nothing was started`,
    );
  if (series.length === 0)
    throw new ConfigurationError(
      `${file} has no usable bar: ${report.quarantined.length} were set aside (${report.quarantined[0]?.reason ?? 'the file is empty'})`,
    );
  if (!intraday) return playedInstrument(id, series, null);
  return playedInstrument(id, aggregateBars(series, { unit: 'session' }, 'us-equity'), byDate(series));
}

/** Intraday where two lines carry the same date: a session has one daily bar. */
function looksIntraday(file: string): boolean {
  let head: string;
  try {
    head = readFileSync(file, 'utf8').slice(0, 4096);
  } catch (cause) {
    throw new ConfigurationError(
      `the data file ${file} cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown reason'}); give the path of a CSV file with bars`,
      cause,
    );
  }
  const dates = [...head.matchAll(/^"?(\d{4}-\d{2}-\d{2})/gm)].map(([, date]) => date);
  return new Set(dates).size < dates.length;
}

function byDate(series: BarSeries): ReadonlyMap<string, BarSeries> {
  const parts = new Map<string, BarSeries>();
  let start = 0;
  for (let index = 1; index <= series.length; index++) {
    const date = newYorkDate(series.openTime[start] as number);
    if (index === series.length || newYorkDate(series.openTime[index] as number) !== date) {
      parts.set(date, sliceBars(series, start, index));
      start = index;
    }
  }
  return parts;
}
