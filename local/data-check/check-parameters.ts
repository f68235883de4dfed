import { basename, extname } from 'node:path';
import * as z from 'zod';
import type { BarInterval } from '#core/market/bars.ts';
import { CALENDAR_LAST_DATE } from '#core/market/calendar.ts';
import { findInstrument } from '#core/market/catalog.ts';
import type { Instrument, SpotInstrument } from '#core/market/instrument.ts';
import { checkInstrument, futureInstrument } from '#core/market/instrument-contracts.ts';
import { ConfigurationError } from '#local/day/errors.ts';

/** What a person may say about a file whose data are to be checked. */
export interface CheckInput {
  readonly symbol?: string;
  readonly assetClass?: string;
  readonly interval?: string;
  readonly timeZone?: string;
  readonly ambiguousTime?: string;
  readonly stamp?: string;
  readonly delimiter?: string;
  readonly actions?: string;
}

export interface CheckParameters {
  readonly instrument: Instrument;
  /** Whether nothing said what the instrument is, so that it was taken for an equity. */
  readonly assumed: boolean;
  readonly interval: BarInterval | undefined;
  readonly timeZone: 'UTC' | 'America/New_York' | undefined;
  readonly ambiguousTime: 'earlier' | 'later' | undefined;
  readonly stamp: 'open' | 'close' | undefined;
  readonly delimiter: string | undefined;
  readonly actions: string | undefined;
}

const choice = <const Values extends readonly string[]>(name: string, values: Values) =>
  z.enum(values, {
    error: (issue) => `${name} ${JSON.stringify(issue.input)} is not known; use one of ${values.join(', ')}`,
  });

const schema = z.object({
  symbol: z.string().trim().toUpperCase().optional(),
  assetClass: choice('--asset-class', ['equity', 'index', 'forex', 'crypto', 'future']).optional(),
  interval: z
    .string()
    .regex(/^(session|[1-9]\d{0,3})$/, {
      error: (issue) =>
        `--interval ${JSON.stringify(issue.input)} is no length of a bar; use session, or a whole number of minutes`,
    })
    .optional(),
  timeZone: choice('--time-zone', ['UTC', 'America/New_York']).optional(),
  ambiguousTime: choice('--ambiguous-time', ['earlier', 'later']).optional(),
  stamp: choice('--stamp', ['open', 'close']).optional(),
  delimiter: z
    .string()
    .transform((text) => (text === '\\t' ? '\t' : text))
    .refine((text) => text.length === 1, {
      error: (issue) => `--delimiter ${JSON.stringify(issue.input)} is not one character`,
    })
    .optional(),
  actions: z.string().min(1).optional(),
});

/** @throws ConfigurationError naming the option, its value and the mend */
export function parseCheckParameters(file: string, input: CheckInput): CheckParameters {
  const parsed = schema.safeParse(input);
  if (!parsed.success)
    throw new ConfigurationError(parsed.error.issues.map(({ message }) => message).join('; '));
  const { symbol, assetClass, interval, timeZone, ambiguousTime, stamp, delimiter, actions } = parsed.data;
  return {
    ...instrumentFor(file, symbol, assetClass),
    interval:
      interval === undefined
        ? undefined
        : interval === 'session'
          ? { unit: 'session' }
          : { unit: 'minute', count: Number(interval) },
    timeZone,
    ambiguousTime,
    stamp,
    delimiter,
    actions,
  };
}

type KnownClass = 'equity' | 'index' | 'forex' | 'crypto' | 'future';

/** The catalog's instrument where the symbol, or the file's name, is in it; else one of the class, an equity unless told. */
function instrumentFor(
  file: string,
  symbol: string | undefined,
  assetClass: KnownClass | undefined,
): Pick<CheckParameters, 'instrument' | 'assumed'> {
  const name = symbol ?? basename(file, extname(file)).toUpperCase();
  const known = findInstrument(name);
  if (known !== undefined && (assetClass === undefined || assetClass === known.assetClass))
    return { instrument: known, assumed: false };
  const id = symbol ?? 'FILE';
  const instrument =
    assetClass === 'future' ? anyFuture(id) : anySpot(id, assetClass === undefined ? 'equity' : assetClass);
  try {
    checkInstrument(instrument);
    return { instrument, assumed: assetClass === undefined };
  } catch (cause) {
    throw new ConfigurationError(
      `--symbol: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    );
  }
}

const TEMPLATES = { equity: 'us-equity', index: 'us-equity', forex: 'forex', crypto: 'crypto' } as const;

function anySpot(id: string, assetClass: Exclude<KnownClass, 'future'>): SpotInstrument {
  return {
    id,
    name: id,
    assetClass,
    currency: 'USD',
    tick: '0.01',
    lot: '1',
    multiplier: '1',
    sessionTemplate: TEMPLATES[assetClass],
    sector: null,
    tradable: false,
    proxyFor: null,
  };
}

/** A future whose last day is not known: no bar is after it. */
function anyFuture(id: string): Instrument {
  const terms = {
    name: id,
    currency: 'USD',
    tick: '0.01',
    multiplier: '1',
    sessionTemplate: 'us-equity',
  } as const;
  return { ...futureInstrument({ ...terms, underlying: 'FUTURE', expiry: CALENDAR_LAST_DATE }), id };
}
