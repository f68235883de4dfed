import { describe, expect, it } from 'vitest';
import { dailyProfitOf, realisedOf } from '#local/paper-gateway/broker/day-result.ts';
import { dailyProfit } from '#local/paper-gateway/broker/standing.ts';
import { Broker, SETTINGS } from './broker-support.ts';

const daily = (broker: Broker, id: string): string | undefined => {
  const instrument = SETTINGS.instruments.get(id);
  return instrument === undefined ? undefined : dailyProfitOf(broker.state, instrument)?.toFixed(6);
};

describe('the day of one instrument', () => {
  it('adds up to that of the account, over midnight, closings and a split', () => {
    const broker = new Broker();
    const agrees = () => {
      const total = Number(daily(broker, 'AAPL')) + Number(daily(broker, 'MSFT'));
      expect(total).toBeCloseTo(dailyProfit(broker.state)?.toNumber() ?? Number.NaN, 6);
    };
    broker.does({ input: 'newDay', midnight: 1 });
    broker.place(1, { quantity: 100 });
    broker.place(2, { instrument: 'MSFT', quantity: 10 });
    broker.bar([100, 101, 99, 100.5]);
    broker.bar([50, 51, 49, 50.5], { instrument: 'MSFT' });
    agrees();
    broker.does({ input: 'newDay', midnight: broker.at + 1 });
    expect([daily(broker, 'AAPL'), daily(broker, 'MSFT')]).toEqual(['0.000000', '0.000000']);
    broker.place(3, { action: 'SELL', quantity: 40 });
    broker.bar([102, 102, 102, 103]);
    agrees();
    broker.does({ input: 'split', instrument: 'AAPL', ratio: 2 });
    agrees();
    broker.place(4, { action: 'SELL', quantity: 150 });
    broker.bar([52, 52, 52, 52]);
    agrees();
    const realised = [...broker.state.executions.values()].reduce(
      (sum, execution) => sum + Number(execution.realised ?? 0),
      0,
    );
    expect(realisedOf(broker.state, 'AAPL').toNumber()).toBeCloseTo(realised, 9);
    expect(realisedOf(broker.state, 'MSFT').toString()).toBe('0');
  });

  it('is unknown where an older gateway did not write down how it began', () => {
    const broker = new Broker();
    broker.state.dayOpening = null;
    expect(daily(broker, 'AAPL')).toBeUndefined();
  });
});
