import { describe, expect, it } from 'vitest';
import {
  chargeFor,
  ibkrCrypto,
  ibkrFixedUsStocks,
  ibkrForex,
  ibkrTieredUsStocks,
  type OrderExecutions,
  type ThirdPartyRates,
} from '#core/simulation/commission.ts';
import { Decimal } from '#core/values/decimal.ts';

const NO_FEES: ThirdPartyRates = {
  secOfValueSold: '0',
  tradingActivityPerShareSold: '0',
  tradingActivityCap: '0',
  auditTrailPerShare: '0',
  clearingPerShare: '0',
  clearingCapOfValue: '0',
  nyseOfCommission: '0',
  finraOfCommission: '0',
  exchangePerShare: '0',
};

const executed = (quantity: number, price: number, more: Partial<OrderExecutions> = {}): OrderExecutions => ({
  side: 'buy',
  quantity: new Decimal(quantity),
  value: new Decimal(price).times(quantity),
  monthlyQuantity: new Decimal(0),
  ...more,
});

describe('the fixed schedule', () => {
  const fixed = ibkrFixedUsStocks(NO_FEES);

  it.each([
    [100, 25, '1'],
    [1_000, 25, '5'],
    [1_000, 0.25, '2.5'],
    [10, 0.2, '0.02'],
  ])('charges %i shares at %f as the published examples do', (quantity, price, expected) => {
    expect(fixed(executed(quantity, price)).toString()).toBe(expected);
  });

  it('adds the regulatory fees, which fall on sales', () => {
    const real = ibkrFixedUsStocks();
    expect(real(executed(1_000, 100)).toString()).toBe('5.072');
    expect(real(executed(1_000, 100, { side: 'sell' })).toString()).toBe('8.018');
    expect(
      real(executed(1_000_000, 1, { side: 'sell' }))
        .minus(real(executed(1_000_000, 1)))
        .toString(),
    ).toBe('36.1');
  });
});

describe('the tiered schedule', () => {
  const tiered = ibkrTieredUsStocks(NO_FEES);

  it('charges the first tier with its minimum', () => {
    expect(tiered(executed(50, 100)).toString()).toBe('0.35');
    expect(tiered(executed(10_000, 100)).toString()).toBe('35');
  });

  it('falls with the volume of the month, share by share', () => {
    const across = executed(200_000, 100, { monthlyQuantity: new Decimal(200_000) });
    expect(tiered(across).toString()).toBe('550');
    expect(tiered(executed(1_000, 100, { monthlyQuantity: new Decimal(200_000_000) })).toString()).toBe(
      '0.5',
    );
  });

  it('adds exchange, clearing and pass-through fees', () => {
    const commission = 35;
    const expected = commission * (1 + 0.000175 + 0.000563) + 10_000 * (0.0002 + 0.003 + 0.000072);
    expect(ibkrTieredUsStocks()(executed(10_000, 100)).toNumber()).toBeCloseTo(expected, 9);
  });
});

it('charges currencies a fifth of a basis point, two dollars at least', () => {
  expect(ibkrForex()(executed(1_000_000, 1.1)).toString()).toBe('22');
  expect(ibkrForex()(executed(1_000, 1.1)).toString()).toBe('2');
});

it('charges cryptocurrencies eighteen basis points, and a minimum that never exceeds one percent', () => {
  expect(ibkrCrypto()(executed(1, 50_000)).toString()).toBe('90');
  expect(ibkrCrypto()(executed(1, 500)).toString()).toBe('1.75');
  expect(ibkrCrypto()(executed(1, 50)).toString()).toBe('0.5');
});

it('charges partial fills by difference, so that the minimum is paid once and the sum is the total', () => {
  const schedule = ibkrFixedUsStocks(NO_FEES);
  const charges: Decimal[] = [];
  let charged = new Decimal(0);
  for (const quantity of [30, 70, 1_000]) {
    const charge = chargeFor(schedule, executed(quantity, 50), charged);
    charges.push(charge);
    charged = charged.plus(charge);
  }
  expect(charges.map(String)).toEqual(['1', '0', '4']);
});
