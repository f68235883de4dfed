import { describe, expect, it } from 'vitest';
import {
  CATALOG,
  findInstrument,
  instrumentOf,
  MACRO_UNIVERSE,
  UnknownInstrumentError,
} from '#core/market/catalog.ts';
import { checkInstrument } from '#core/market/instrument-contracts.ts';

describe('the instrument catalog', () => {
  it('has ids that are unique and of the stated form', () => {
    expect(new Set(CATALOG.map((instrument) => instrument.id)).size).toBe(CATALOG.length);
    for (const { id } of CATALOG) expect(id).toMatch(/^[A-Z0-9.-]+$/);
  });

  it('has terms that can be', () => {
    for (const instrument of CATALOG) expect(() => checkInstrument(instrument), instrument.id).not.toThrow();
  });

  it('covers the macro universe: all eleven sectors, bonds, international, commodities, currencies, crypto', () => {
    expect(MACRO_UNIVERSE.length).toBeGreaterThanOrEqual(39);
    expect(MACRO_UNIVERSE.filter((instrument) => instrument.id.startsWith('XL'))).toHaveLength(11);
    const sectors = new Set(MACRO_UNIVERSE.map((instrument) => instrument.sector));
    for (const sector of ['bonds', 'international equity', 'commodities', 'currency', 'crypto']) {
      expect(sectors).toContain(sector);
    }
    expect(MACRO_UNIVERSE.every((instrument) => instrument.tradable)).toBe(true);
  });

  it('keeps the index from being traded, and the proxy from being taken for it', () => {
    expect(instrumentOf('SPX')).toMatchObject({ assetClass: 'index', tradable: false, proxyFor: null });
    const proxy = instrumentOf('SPX-PROXY');
    expect(proxy).toMatchObject({ tradable: true, proxyFor: 'SPX' });
    expect(proxy.name).toMatch(/simulated proxy/);
  });

  it('names the id it does not have', () => {
    expect(findInstrument('NOPE')).toBeUndefined();
    expect(() => instrumentOf('NOPE')).toThrow(UnknownInstrumentError);
    expect(() => instrumentOf('NOPE')).toThrow(/"NOPE"/);
  });
});
