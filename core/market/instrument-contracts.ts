import { quantity } from '#core/values/decimal.ts';
import { type CivilDate, dayNumber } from './civil-date.ts';
import type {
  ExerciseStyle,
  FutureInstrument,
  Instrument,
  InstrumentId,
  OptionInstrument,
  OptionRight,
  SessionTemplate,
} from './instrument.ts';

/** An instrument whose terms can't be: names the term, its value and what was expected. */
export class InvalidInstrumentError extends Error {
  readonly code = 'InvalidInstrument';
  readonly retryable = false;
  constructor(id: InstrumentId, term: string, value: unknown, expected: string, options?: ErrorOptions) {
    super(
      `the ${term} of instrument ${JSON.stringify(id)} is ${JSON.stringify(value)}; expected ${expected}`,
      options,
    );
    this.name = 'InvalidInstrumentError';
  }
}

/** The terms of a future that differ from one to another. Sessions are those of the template; the rest is as given. */
export interface FutureTerms {
  readonly underlying: InstrumentId;
  readonly expiry: CivilDate;
  readonly name: string;
  readonly currency: string;
  readonly tick: string;
  readonly multiplier: string;
  readonly sessionTemplate: SessionTemplate;
}

export interface OptionTerms {
  readonly underlying: InstrumentId;
  readonly expiry: CivilDate;
  readonly strike: string;
  readonly right: OptionRight;
  readonly currency: string;
  /** American unless told. */
  readonly exercise?: ExerciseStyle;
  /** 0.01 unless told. */
  readonly tick?: string;
  /** 100 unless told. */
  readonly multiplier?: string;
  /** `us-equity` unless told. */
  readonly sessionTemplate?: SessionTemplate;
}

const compact = (date: CivilDate) => date.replaceAll('-', '');

/** The id of a future: its underlying and last day, such as `CL-20200421`. */
export function futureId(underlying: InstrumentId, expiry: CivilDate): InstrumentId {
  return `${underlying}-${compact(expiry)}`;
}

/** The id of an option: underlying, last day, right and strike, such as `AAPL-20180615-C-172.5`. */
export function optionId(
  underlying: InstrumentId,
  expiry: CivilDate,
  right: OptionRight,
  strike: string,
): InstrumentId {
  return `${underlying}-${compact(expiry)}-${right === 'call' ? 'C' : 'P'}-${strike}`;
}

/** A future that trades in whole contracts. @throws InvalidInstrumentError */
export function futureInstrument(terms: FutureTerms): FutureInstrument {
  const future: FutureInstrument = {
    ...terms,
    id: futureId(terms.underlying, terms.expiry),
    assetClass: 'future',
    lot: '1',
    sector: null,
    tradable: true,
    proxyFor: null,
  };
  checkInstrument(future);
  return future;
}

/** An option that trades in whole contracts. @throws InvalidInstrumentError */
export function optionInstrument(terms: OptionTerms): OptionInstrument {
  const { underlying, expiry, strike, right, currency } = terms;
  const option: OptionInstrument = {
    id: optionId(underlying, expiry, right, strike),
    name: `${underlying} ${expiry} ${strike} ${right}`,
    assetClass: 'option',
    underlying,
    expiry,
    strike,
    right,
    currency,
    exercise: terms.exercise ?? 'american',
    tick: terms.tick ?? '0.01',
    multiplier: terms.multiplier ?? '100',
    sessionTemplate: terms.sessionTemplate ?? 'us-equity',
    lot: '1',
    sector: null,
    tradable: true,
    proxyFor: null,
  };
  checkInstrument(option);
  return option;
}

/** The last day on which an instrument trades; null where it has no end. */
export function expiryOf(instrument: Instrument): CivilDate | null {
  switch (instrument.assetClass) {
    case 'future':
    case 'option':
      return instrument.expiry;
    case 'equity':
    case 'index':
    case 'forex':
    case 'crypto':
      return null;
  }
}

const ID = /^[A-Z0-9][A-Z0-9.-]*$/;
const CURRENCY = /^[A-Z]{3}$/;

/** Checks every term of an instrument. @throws InvalidInstrumentError for the first that can't be */
export function checkInstrument(instrument: Instrument): void {
  const { id, name, currency } = instrument;
  if (!ID.test(id))
    throw new InvalidInstrumentError(id, 'id', id, 'upper case letters, digits, "." and "-", such as AAPL');
  if (name.trim() === '') throw new InvalidInstrumentError(id, 'name', name, 'a name for people');
  if (!CURRENCY.test(currency))
    throw new InvalidInstrumentError(id, 'currency', currency, 'three letters of ISO 4217, such as USD');
  checkAboveZero(instrument, 'tick', instrument.tick);
  checkAboveZero(instrument, 'lot', instrument.lot);
  checkAboveZero(instrument, 'multiplier', instrument.multiplier);
  switch (instrument.assetClass) {
    case 'future':
      checkContract(instrument);
      return;
    case 'option':
      checkContract(instrument);
      checkAboveZero(instrument, 'strike', instrument.strike);
      return;
    case 'equity':
    case 'index':
    case 'forex':
    case 'crypto':
      return;
  }
}

function checkContract(instrument: FutureInstrument | OptionInstrument): void {
  const { id, underlying, expiry } = instrument;
  if (!ID.test(underlying) || underlying === id)
    throw new InvalidInstrumentError(id, 'underlying', underlying, 'the id of another instrument');
  try {
    dayNumber(expiry);
  } catch (cause) {
    throw new InvalidInstrumentError(id, 'expiry', expiry, 'a date such as 2018-06-15', { cause });
  }
}

function checkAboveZero(instrument: Instrument, term: string, value: string): void {
  const expected = 'a decimal above 0, as text, such as "0.01"';
  let positive: boolean;
  try {
    positive = quantity(value).greaterThan(0);
  } catch (cause) {
    throw new InvalidInstrumentError(instrument.id, term, value, expected, { cause });
  }
  if (!positive) throw new InvalidInstrumentError(instrument.id, term, value, expected);
}
