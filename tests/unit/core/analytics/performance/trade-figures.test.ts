import { describe, expect, it } from 'vitest';
import { tradeFigures } from '#core/analytics/performance/trade-figures.ts';
import type { Trade } from '#core/simulation/simulation-result.ts';

const trade = (profit: number, open = false): Trade => ({
  instrument: 'AAPL' as Trade['instrument'],
  direction: 'long',
  entryTime: 0,
  exitTime: open ? Number.NaN : 1,
  quantity: 1,
  entryPrice: 1,
  exitPrice: 1,
  profit,
  fees: 0,
  bars: 1,
  maximumAdverse: 0,
  maximumFavourable: 0,
  open,
});
const value = (number: number) => ({ kind: 'value', value: number });
const because = (reason: string) => ({ kind: 'undefined', reason });

describe('trade figures', () => {
  it('measure closed trades only; a trade at zero is neither won nor lost', () => {
    expect(tradeFigures([trade(30), trade(10), trade(-10), trade(0), trade(999, true)])).toEqual({
      closed: 4,
      open: 1,
      winRate: value(0.5),
      profitFactor: value(4),
      expectancy: value(7.5),
      payoff: value(2),
    });
  });
  it('stay undefined without trades, losses or profits', () => {
    expect(tradeFigures([]).winRate).toEqual(because('there are no closed trades'));
    expect(tradeFigures([]).profitFactor).toEqual(because('there are no closed trades'));
    expect(tradeFigures([trade(5)]).profitFactor).toEqual(because('no closed trade lost'));
    expect(tradeFigures([trade(-5)]).payoff).toEqual(because('no closed trade won'));
    expect(tradeFigures([trade(-5)]).profitFactor).toEqual(value(0));
  });
  it('refuse a profit that is not finite', () => {
    expect(() => tradeFigures([trade(Number.NaN)])).toThrow('profit NaN of a trade in AAPL is not finite');
  });
});
