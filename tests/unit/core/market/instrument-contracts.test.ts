import { describe, expect, it } from 'vitest';
import { instrumentOf } from '#core/market/catalog.ts';
import type { Instrument } from '#core/market/instrument.ts';
import {
  checkInstrument,
  expiryOf,
  type FutureTerms,
  futureInstrument,
  InvalidInstrumentError,
  type OptionTerms,
  optionInstrument,
} from '#core/market/instrument-contracts.ts';

const OIL: FutureTerms = {
  underlying: 'CL',
  expiry: '2020-04-21',
  name: 'WTI crude oil, May 2020',
  currency: 'USD',
  tick: '0.01',
  multiplier: '1000',
  sessionTemplate: 'forex',
};
const CALL: OptionTerms = {
  underlying: 'AAPL',
  expiry: '2018-06-15',
  strike: '172.5',
  right: 'call',
  currency: 'USD',
};

describe('a future', () => {
  it('has its own id, underlying, last day and multiplier', () => {
    const oil = futureInstrument(OIL);
    expect(oil).toEqual({
      ...OIL,
      id: 'CL-20200421',
      assetClass: 'future',
      lot: '1',
      sector: null,
      tradable: true,
      proxyFor: null,
    });
    expect(expiryOf(oil)).toBe('2020-04-21');
  });

  it.each<[Partial<FutureTerms>, RegExp]>([
    [{ expiry: '2020-04-31' }, /the expiry of instrument "CL-20200431" is "2020-04-31"; expected a date/],
    [{ underlying: 'cl' }, /the id of instrument "cl-20200421"/],
    [{ multiplier: '0' }, /the multiplier of instrument "CL-20200421" is "0"; expected a decimal above 0/],
    [{ multiplier: '-50' }, /multiplier.*"-50"/],
    [{ tick: 'NaN' }, /tick.*"NaN"/],
    [{ tick: '1e-2' }, /tick.*"1e-2"/],
    [{ currency: 'usd' }, /currency.*"usd".*ISO 4217/],
    [{ name: ' ' }, /name.*" "/],
  ])('is refused with %j', (terms, message) => {
    expect(() => futureInstrument({ ...OIL, ...terms })).toThrow(InvalidInstrumentError);
    expect(() => futureInstrument({ ...OIL, ...terms })).toThrow(message);
  });
});

describe('an option', () => {
  it('is American, of 100 units, in cents, unless told', () => {
    expect(optionInstrument(CALL)).toEqual({
      id: 'AAPL-20180615-C-172.5',
      name: 'AAPL 2018-06-15 172.5 call',
      assetClass: 'option',
      underlying: 'AAPL',
      expiry: '2018-06-15',
      strike: '172.5',
      right: 'call',
      exercise: 'american',
      currency: 'USD',
      tick: '0.01',
      lot: '1',
      multiplier: '100',
      sessionTemplate: 'us-equity',
      sector: null,
      tradable: true,
      proxyFor: null,
    });
    const index = optionInstrument({
      ...CALL,
      underlying: 'SPX',
      right: 'put',
      exercise: 'european',
      tick: '0.05',
    });
    expect(index).toMatchObject({ id: 'SPX-20180615-P-172.5', exercise: 'european', tick: '0.05' });
  });

  it.each<[Partial<OptionTerms>, RegExp]>([
    [{ strike: '0' }, /the strike of instrument "AAPL-20180615-C-0" is "0"; expected a decimal above 0/],
    [{ strike: '-5' }, /strike.*"-5"/],
    [{ strike: 'ATM' }, /strike.*"ATM"/],
    [{ expiry: '2018-02-29' }, /expiry.*"2018-02-29"/],
    [{ multiplier: '' }, /multiplier.*""/],
    [{ underlying: '' }, /id of instrument "-20180615-C-172.5"/],
  ])('is refused with %j', (terms, message) => {
    expect(() => optionInstrument({ ...CALL, ...terms })).toThrow(message);
  });
});

describe('the terms of any instrument', () => {
  it('have no end where it is no contract', () => {
    for (const id of ['AAPL', 'SPX', 'EUR.USD', 'BTC-USD']) expect(expiryOf(instrumentOf(id))).toBeNull();
  });

  it('are checked one by one', () => {
    const apple: Instrument = instrumentOf('AAPL');
    expect(() => checkInstrument({ ...apple, lot: '0.0' })).toThrow(/the lot of instrument "AAPL" is "0.0"/);
    expect(() => checkInstrument({ ...apple, id: 'A APL' })).toThrow(/the id of instrument "A APL"/);
    const oil = futureInstrument(OIL);
    expect(() => checkInstrument({ ...oil, underlying: oil.id })).toThrow(/underlying.*another instrument/);
  });
});
