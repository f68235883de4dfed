import type { Instrument } from '#core/market/instrument.ts';
import type { BrokerContract, ToldContract } from './broker-port.ts';

/** The broker's name for an instrument; null for kinds that the desk does not trade through it yet. */
export function contractOf(instrument: Instrument): BrokerContract | null {
  switch (instrument.assetClass) {
    case 'equity':
      return { symbol: instrument.id, secType: 'STK', exchange: 'SMART', currency: instrument.currency };
    case 'index':
      return { symbol: instrument.id, secType: 'IND', exchange: 'CBOE', currency: instrument.currency };
    case 'forex': {
      const [base = instrument.id] = instrument.id.split('.');
      return { symbol: base, secType: 'CASH', exchange: 'IDEALPRO', currency: instrument.currency };
    }
    case 'crypto': {
      const [base = instrument.id] = instrument.id.split('-');
      return { symbol: base, secType: 'CRYPTO', exchange: 'PAXOS', currency: instrument.currency };
    }
    case 'future':
    case 'option':
      return null;
  }
}

/** How one of the broker's contracts is told from another: by kind, symbol and currency, never by route. */
export function contractKey(contract: {
  readonly symbol: string;
  readonly secType: string;
  readonly currency: string;
}): string {
  return `${contract.secType}:${contract.symbol}:${contract.currency}`;
}

/**
 * The name of a contract that the desk does not know: its kind, the exchange's name for it, and its currency where that is not
 * the account's. No two contracts have one name, or the units of one would take the place of the other's.
 */
export function strangeName(
  { secType, symbol, localSymbol, currency }: ToldContract,
  accountCurrency: string,
): string {
  const name = `${secType}:${localSymbol === '' ? symbol : localSymbol}`;
  return currency === accountCurrency ? name : `${name}:${currency}`;
}

/** Finds the instrument of a broker's contract among those the desk knows. */
export function instrumentFinder(
  catalog: readonly Instrument[],
): (contract: {
  readonly symbol: string;
  readonly secType: string;
  readonly currency: string;
}) => Instrument | undefined {
  const byKey = new Map<string, Instrument>();
  for (const instrument of catalog) {
    const contract = contractOf(instrument);
    if (contract !== null && !byKey.has(contractKey(contract))) byKey.set(contractKey(contract), instrument);
  }
  return (contract) => byKey.get(contractKey(contract));
}
