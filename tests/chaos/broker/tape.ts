import { type Bar, barSeries } from '#core/market/bars.ts';
import { findInstrument } from '#core/market/catalog.ts';
import { seededRandom, seedOf } from '#core/values/random.ts';
import { memoryTape, type Tape } from '#local/paper-gateway/tape.ts';
import { BEGIN, END } from './settings.ts';

export const INSTRUMENTS = ['AAPL', 'XLK', 'XLF', 'XLE', 'XLV', 'XLI', 'XLY', 'XLP'] as const;
const MINUTE = 60_000;
const DATE = '2018-01-22';
const START = 100;

/** A made-up market: prices that walk a few cents a minute, always open, with more volume than anybody wants. */
export function chaosTape(seed: number): Tape {
  const openTime = BEGIN - 60 * MINUTE;
  const closeTime = END;
  return memoryTape(
    INSTRUMENTS.map((id, index) => {
      const random = seededRandom(seedOf(seed, 'tape', id));
      const bars: Bar[] = [];
      let price = START;
      for (let at = openTime; at < closeTime; at += MINUTE) {
        const open = price;
        price = Math.max(50, Math.round((price + random.normal() * 0.05) * 100) / 100);
        bars.push({
          openTime: at,
          closeTime: at + MINUTE,
          open,
          high: Math.max(open, price) + 0.02,
          low: Math.min(open, price) - 0.02,
          close: price,
          volume: 100_000,
        });
      }
      const instrument = findInstrument(id);
      if (instrument === undefined) throw new Error(`${id} is not in the catalog`);
      return {
        instrument: id,
        assetClass: instrument.assetClass,
        contract: {
          conId: 1_000 + index,
          symbol: id,
          secType: 'STK',
          exchange: 'SMART',
          primaryExchange: 'ARCA',
          currency: 'USD',
          localSymbol: id,
          tradingClass: id,
          multiplier: '1',
          longName: instrument.name,
          industry: '',
        },
        tick: instrument.tick,
        lot: instrument.lot,
        tradable: true,
        timeZone: 'America/New_York',
        sessions: [
          { date: DATE, openTime, closeTime, bars: barSeries(id, { unit: 'minute', count: 1 }, bars) },
        ],
        daily: barSeries(id, { unit: 'session' }, []),
      };
    }),
  );
}
