import { describe, expect, it } from 'vitest';
import { blackScholes, type OptionValue } from '#core/analytics/options/black-scholes.ts';
import type { OptionRight, SpotOption } from '#core/analytics/options/option.ts';
import { relativeError } from '../distributions/relative-error.ts';

type Terms = readonly [number, number, number, number, number, number];

/**
 * Right; spot, strike, years, volatility, rate, dividend yield; price, delta, gamma, vega, theta, rho, vanna, volga,
 * charm. mpmath 1.3 with 60 digits: the price from the formula, the rest by numerical differentiation of it.
 */
const REFERENCES: readonly (readonly [OptionRight, Terms, readonly number[]])[] = [
  [
    'call',
    [100, 100, 1, 0.2, 0.05, 0.02],
    [
      9.227005508154049, 0.586851146134764, 0.018950578755008714, 37.90115751001743, -5.089318913998333,
      49.45810910532235, -0.09475289377504356, 2.368822344376089, -0.03563942396482651,
    ],
  ],
  [
    'put',
    [100, 100, 1, 0.2, 0.05, 0.02],
    [
      6.330080627549918, -0.3933475271719913, 0.018950578755008714, 37.90115751001743, -2.293569138108273,
      -45.66483334474905, -0.09475289377504356, 2.368822344376089, -0.05524339743096161,
    ],
  ],
  [
    'call',
    [100, 140, 0.25, 0.15, 0.03, 0],
    [
      1.063612651028618e-5, 6.8443332498146615e-6, 4.1605761237356984e-6, 0.0015602160464008867,
      -4.882787298744014e-4, 1.68449299617795e-4, 9.202771022707705e-4, 0.20010489153011168,
      -2.8856485905243823e-4,
    ],
  ],
  [
    'put',
    [100, 55, 0.1, 0.2, -0.01, 0.03],
    [
      1.4727816176137848e-21, -2.2271522647262472e-21, 3.3541294519079272e-21, 6.708258903815855e-19,
      -6.797492272566666e-19, -2.241880080902385e-20, -9.925489574816403e-19, 2.9569869696448916e-16,
      1.0058986607213302e-18,
    ],
  ],
  [
    'call',
    [250, 100, 2, 0.6, 0.04, 0.08],
    [
      130.35239217439334, 0.7845746244655527, 5.93202425617974e-4, 44.49018192134805, 6.386314643429054,
      131.58252788398963, -0.11772367393629538, 58.67989168840216, 0.08635654530386826,
    ],
  ],
  [
    'put',
    [36, 40, 1, 0.2, 0.06, 0],
    [
      3.8443077915968416, -0.5504516724833849, 0.054964980970803795, 14.246923067632345,
      -0.005058226703312765, -23.660568000998698, 0.6466571098873823, 2.9519203968978593,
      -0.18339006988567444,
    ],
  ],
  [
    'call',
    [1.1, 1.15, 0.02, 0.08, 0.01, 0.035],
    [
      1.0230351247093825e-7, 3.628144810707639e-5, 0.01222887215880977, 2.3675096499455717e-5,
      -4.6351430140842125e-5, 7.961457881062618e-7, 0.007569265077138309, 0.004671801387251454,
      -0.014800966319225603,
    ],
  ],
  [
    'put',
    [4000, 4300, 0.003, 0.9, 0.05, 0.015],
    [
      306.01949886853896, -0.9250700535326539, 7.170512145036927e-4, 30.976612466559526, -4501.6810875459305,
      -12.018899138997464, 0.23401575585546913, 73.84565993686476, -35.21662659915388,
    ],
  ],
  [
    'call',
    [100, 100.01, 1e-6, 0.2, 0.05, 0],
    [
      0.00395782612789725, 0.30866957501156744, 17.606566007481145, 0.03521313201496229, -3522.8563514799807,
      3.086299967502884e-5, 0.8800201884035841, 0.04396800880979561, -88090.05167039583,
    ],
  ],
  [
    'put',
    [100, 100, 10, 3, -0.02, -0.01],
    [
      122.14003167655467, -1.2232098348769231e-6, 6.3547129027834784e-9, 0.0019064138708350434,
      -2.4430878188215535, -1221.4015399753816, 9.553251730517829e-6, -0.014298033423341685,
      -1.4144009483261217e-6,
    ],
  ],
  [
    'call',
    [100, 300, 0.5, 0.1, 0.05, 0.01],
    [
      6.079666524699425e-53, 1.3256924719975182e-52, 2.8654030403136634e-52, 1.4327015201568317e-49,
      -1.4854252357104975e-50, 6.598064027364093e-51, 3.097822438870064e-49, 3.33360479457989e-46,
      -3.212305991235411e-50,
    ],
  ],
  [
    'put',
    [70, 69.5, 30, 0.01, 0.002, 0.004],
    [
      3.679194362424864, -0.7323011463420138, 0.05948588178572921, 87.44424622502194, -0.10973781280053586,
      -1648.208238190975, 22.6237046848075, 8129.162545426712, 0.0016282014171661177,
    ],
  ],
  [
    'put',
    [100, 75, 1, 0.0115, 0.03, 0.01],
    [
      1.9667201634538857e-159, -4.587358542986593e-158, 1.0689733090148219e-156, 1.2293193053670452e-154,
      -6.150524281214155e-157, -4.589325263150047e-156, -2.8594194543761723e-153, 7.652010285589757e-150,
      1.4303256508779049e-155,
    ],
  ],
];

const optionOf = (right: OptionRight, terms: Terms): SpotOption => {
  const [spot, strike, years, volatility, rate, dividendYield] = terms;
  return { right, spot, strike, years, volatility, rate, dividendYield };
};
const regular = (option: SpotOption): OptionValue => {
  const valuation = blackScholes(option);
  if (valuation.kind === 'kink') throw new Error(valuation.reason);
  return valuation;
};
const AT_THE_MONEY = optionOf('call', [100, 100, 1, 0.2, 0.05, 0.02]);

describe('Black–Scholes–Merton', () => {
  it.each(REFERENCES)('gives the price and every Greek of a %s with terms %j', (right, terms, expected) => {
    const { kind, ...figures } = regular(optionOf(right, terms));
    expect(kind).toBe('value');
    const names = ['price', 'delta', 'gamma', 'vega', 'theta', 'rho', 'vanna', 'volga', 'charm'];
    expect(Object.keys(figures)).toEqual(names);
    for (const [index, found] of Object.values(figures).entries())
      expect(relativeError(found, expected[index]!), names[index]).toBeLessThan(2e-12);
  });
  it('gives the values that Haug publishes', () => {
    // Haug (2007), The Complete Guide to Option Pricing Formulas, chapters 1 and 2
    expect(regular(optionOf('call', [60, 65, 0.25, 0.3, 0.08, 0])).price).toBeCloseTo(2.1334, 4);
    expect(regular(optionOf('put', [100, 95, 0.5, 0.2, 0.1, 0.05])).price).toBeCloseTo(2.4648, 4);
    expect(regular(optionOf('call', [55, 60, 0.75, 0.3, 0.1, 0])).gamma).toBeCloseTo(0.0278, 4);
    expect(regular(optionOf('call', [55, 60, 0.75, 0.3, 0.105, 0.0355])).vega).toBeCloseTo(18.5027, 4);
    expect(regular(optionOf('put', [430, 405, 1 / 12, 0.2, 0.07, 0.05])).theta).toBeCloseTo(-31.1924, 1);
    expect(regular(optionOf('call', [72, 75, 1, 0.19, 0.09, 0])).rho).toBeCloseTo(38.7325, 3);
  });
  it('at expiry is worth its payoff, with the delta of the stock or of nothing', () => {
    const [inside, outside] = [
      { ...AT_THE_MONEY, years: 0, spot: 110 },
      { ...AT_THE_MONEY, years: 0, spot: 90 },
    ];
    expect(blackScholes(inside)).toMatchObject({
      kind: 'value',
      price: 10,
      delta: 1,
      gamma: 0,
      vega: 0,
      rho: 0,
    });
    expect(blackScholes(outside)).toMatchObject({ kind: 'value', price: 0, delta: 0, theta: 0 });
    expect(blackScholes({ ...outside, right: 'put' })).toMatchObject({ price: 10, delta: -1 });
  });
  it('without volatility is the limit of a small one', () => {
    for (const right of ['call', 'put'] as const) {
      for (const spot of [80, 98, 120]) {
        const still = regular({ ...AT_THE_MONEY, right, spot, volatility: 0 });
        // Twenty deviations of the forward from the strike: still computed by the formula.
        const volatility = Math.abs(Math.log(spot / 100) + 0.03) / 20;
        const { kind: _, ...small } = regular({ ...AT_THE_MONEY, right, spot, volatility });
        for (const [name, figure] of Object.entries(small))
          expect(still[name as keyof typeof small], name).toBeCloseTo(figure, 10);
      }
    }
  });
  it('at the kink has a price, and no Greek rather than any', () => {
    const valuation = blackScholes({ ...AT_THE_MONEY, years: 0 });
    expect(valuation).toEqual({ kind: 'kink', price: 0, reason: expect.stringContaining('delta jumps') });
    expect(blackScholes({ ...AT_THE_MONEY, spot: 0, strike: 0 }).kind).toBe('kink');
  });
  it('at a total volatility that moves nothing is certain too', () => {
    expect(blackScholes({ ...AT_THE_MONEY, volatility: 1e-200, spot: 101 })).toMatchObject({
      kind: 'value',
      gamma: 0,
    });
    expect(() => blackScholes({ ...AT_THE_MONEY, spot: 1e-200 })).toThrow(
      'spot is 1e-200: give 0 or a number',
    );
  });
  it('of a worthless stock pays the discounted strike to the put and nothing to the call', () => {
    const put = blackScholes({ ...AT_THE_MONEY, right: 'put', spot: 0 });
    expect(put).toMatchObject({
      kind: 'value',
      price: 100 * Math.exp(-0.05),
      delta: -Math.exp(-0.02),
      gamma: 0,
    });
    expect(blackScholes({ ...AT_THE_MONEY, spot: 0 })).toMatchObject({ kind: 'value', price: 0, delta: 0 });
    expect(blackScholes({ ...AT_THE_MONEY, strike: 0 })).toMatchObject({ price: 100 * Math.exp(-0.02) });
  });
  it.each([
    ['spot', Number.NaN],
    ['spot', -1],
    ['strike', Infinity],
    ['strike', -1e-9],
    ['years', -1],
    ['years', Number.NaN],
    ['volatility', -0.2],
    ['volatility', Infinity],
    ['rate', Number.NaN],
    ['rate', 5_000],
    ['dividendYield', -Infinity],
  ] as const)('refuses %s of %d, naming the term and what is expected', (term, found) => {
    expect(() => blackScholes({ ...AT_THE_MONEY, [term]: found })).toThrow(
      expect.objectContaining({ code: 'InvalidOption', retryable: false }),
    );
    const name = term === 'dividendYield' ? 'dividend yield' : term;
    expect(() => blackScholes({ ...AT_THE_MONEY, [term]: found })).toThrow(
      new RegExp(`^${name}.* is ${found}: give`),
    );
  });
});
