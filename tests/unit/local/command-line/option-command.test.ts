import { afterEach, describe, expect, it, vi } from 'vitest';
import { optionCommand, structureCommand } from '#local/command-line/option-command.ts';

afterEach(() => vi.restoreAllMocks());
function output(command: () => number): string {
  let stdout = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  expect(command()).toBe(0);
  return stdout;
}
type OptionWords = Parameters<typeof optionCommand>[0];
type StructureWords = Parameters<typeof structureCommand>[1];
const TERMS = { spot: '42', strike: '40', days: '182.5', rate: '0.1' };
const option = (words: OptionWords) => output(() => optionCommand({ ...TERMS, ...words }));
const optionJson = (words: OptionWords) => JSON.parse(option({ ...words, json: true }));

describe('abc option price', () => {
  it('gives the price and Greeks of a textbook', () => {
    // Hull, Options, Futures and Other Derivatives: a call of 4.76 and a put of 0.81.
    const call = optionJson({ volatility: '0.2' });
    const put = optionJson({ volatility: '0.2', right: 'put' });
    expect(call.valuation.price).toBeCloseTo(4.76, 2);
    expect(put.valuation.price).toBeCloseTo(0.81, 2);
    expect(call.valuation.delta - put.valuation.delta).toBeCloseTo(1, 12);
    expect(call).toMatchObject({ model: 'bsm', volatility: 0.2, impliedVolatility: null });
  });
  it.each(['bsm', 'black-76', 'american'])('finds the volatility again that made a price in %s', (model) => {
    const made = optionJson({ model, right: 'put', volatility: '0.31' });
    const found = optionJson({ model, right: 'put', price: String(made.valuation.price) });
    expect(found.volatility).toBeCloseTo(0.31, 8);
    expect(found.impliedVolatility.uncertainty).toBeLessThan(1e-9);
  });
  it('is worth more where it may be exercised at once, and has the Greeks that its tree has', () => {
    const words = { right: 'put', strike: '45', volatility: '0.2' };
    const american = optionJson({ ...words, model: 'american' }).valuation;
    expect(american.price).toBeGreaterThan(optionJson(words).valuation.price);
    expect(american).not.toHaveProperty('vanna');
    expect(option({ ...words, model: 'american' })).not.toContain('vanna');
  });
  it('says Greeks in points, days and basis points', () => {
    const { vega, theta, rho } = optionJson({ volatility: '0.2' }).valuation;
    const text = option({ volatility: '0.2' });
    expect(text).toContain(`vega                ${(vega / 100).toFixed(6)} for a volatility point`);
    expect(text).toContain(`theta               −${(-theta / 365).toFixed(6)} for a calendar day`);
    expect(text).toContain(`rho                 ${(rho / 10_000).toFixed(6)} for a basis point`);
  });
  it('answers with the reason where no volatility gives the price, and at a kink', () => {
    expect(option({ price: '1' })).toMatch(/^implied volatility {2}undefined: price 1 is below/m);
    expect(optionJson({ price: '50' })).toMatchObject({
      volatility: null,
      impliedVolatility: { cause: 'above-upper-bound' },
      valuation: null,
    });
    expect(option({ spot: '40', days: '0', volatility: '0.2' })).toContain(
      'Greeks              the forward equals',
    );
  });
  it.each<readonly [string, OptionWords, RegExp]>([
    ['neither volatility nor price', {}, /give either --volatility, for the price, or --price/],
    ['both', { volatility: '0.2', price: '1' }, /give either/],
    ['a volatility below 0', { volatility: '-0.2' }, /--volatility "-0.2" cannot be used; expected a yearly/],
    [
      'a volatility that is absurd',
      { volatility: '2000' },
      /volatility is 2000: give a number from 0 to 1000/,
    ],
    ['no model', { volatility: '0.2', model: 'heston' }, /--model "heston" is not known; use one of bsm/],
    ['no right', { volatility: '0.2', right: 'C' }, /--right "C" is not known; use one of call, put/],
    [
      'a yield of a future',
      { volatility: '0.2', model: 'black-76', dividendYield: '0.1' },
      /means nothing to --model black-76/,
    ],
    ['days that are none', { volatility: '0.2', days: 'May' }, /--days "May" cannot be used/],
  ])('refuses %s', (_, words, message) => {
    expect(() => optionCommand({ ...TERMS, ...words })).toThrow(message);
  });
  it.each(['spot', 'strike', 'days'] as const)('misses %s', (name) => {
    const { [name]: _, ...words } = TERMS;
    expect(() => optionCommand({ ...words, volatility: '0.2' })).toThrow(`--${name} is missing`);
  });
});

const MARKET = { spot: '100', days: '30', rate: '0.05', european: true };
const structure = (legs: readonly string[], words: StructureWords = {}) =>
  output(() => structureCommand(legs, { ...MARKET, ...words }));
const structureJson = (legs: readonly string[], words: StructureWords = {}) =>
  JSON.parse(structure(legs, { ...words, json: true }));

describe('abc option structure', () => {
  const condor = ['buy:1:put:90@0.35', 'sell:1:put:95@1.10', 'sell:1:call:105@1.15', 'buy:1:call:110@0.35'];
  it('gives payoff, margin and worst case of an iron condor', () => {
    expect(structureJson(condor)).toMatchObject({
      netPremium: expect.closeTo(-155, 9),
      payoff: {
        kind: 'closed',
        breakEvens: [expect.closeTo(93.45, 9), expect.closeTo(106.55, 9)],
        maximumProfit: { kind: 'bounded', amount: expect.closeTo(155, 9) },
        maximumLoss: { kind: 'bounded', amount: expect.closeTo(345, 9) },
      },
      margin: { kind: 'value', initial: 500 },
    });
    const { worst, scenarios } = structureJson(condor);
    expect(scenarios).toHaveLength(33);
    expect(worst.profit).toBeGreaterThanOrEqual(-345);
    expect(worst.profit).toBeLessThan(-200);
    // At each leg's own implied volatility nothing has been made yet.
    const now = scenarios.find(
      (one: { priceMove: number; volatilityMove: number }) => one.priceMove === 0 && one.volatilityMove === 0,
    );
    expect(now.profit).toBeCloseTo(0, 6);
  });
  it('is lines for people', () => {
    const text = structure(condor);
    expect(text).toMatch(/^written +1 put at 95 for 1\.1, 30 days, implied volatility [\d.]+ %$/m);
    expect(text).toMatch(/^premium +155\.00 received$/m);
    expect(text).toMatch(/^ {2}at 100 \(now\) +155\.00$/m);
    expect(text).toMatch(
      /^worst case now +−[\d.]+ with the underlying [−\d]+ % and volatilities [−\d]+ points/m,
    );
  });
  it('knows stock beside options, losses without bound, other expiries, and the margin of an index', () => {
    expect(structure(['sell:1:call:105@1.15'], { stock: '100@98' })).toMatch(/^margin .*\(covered call\)$/m);
    const naked = structureJson(['sell:1:call:105@1.15']);
    expect(naked.payoff.maximumLoss).toEqual({ kind: 'unbounded' });
    const index = structureJson(['sell:1:call:105@1.15'], { index: true });
    expect(index.margin.initial).toBeLessThan(naked.margin.initial);
    expect(structure(['sell:1:call:105@1.15', 'buy:1:call:105@2.35:60'])).toMatch(
      /^at expiry +the options .* expire at different times/m,
    );
    expect(structureJson(['sell:3:call:105@1.15'], { multiplier: '10' }).netPremium).toBeCloseTo(-34.5, 9);
  });
  it.each<readonly [string, readonly string[], StructureWords, RegExp]>([
    ['a leg that is none', ['sell:put:95@1'], {}, /"sell:put:95@1" is no leg; write sell:1:put:95@2\.10/],
    ['no contracts', ['sell:0:put:95@1.1'], {}, /quantity is [-0]+: give a whole number of contracts/],
    [
      'a price that no volatility gives',
      ['buy:1:call:90@5'],
      {},
      /the leg buy:1:call:90@5 has no implied volatility: price 5 is below/,
    ],
    ['no legs', [], {}, /there is no option; give legs such as/],
    ['a stock that is none', condor, { stock: '100' }, /--stock "100" is no position; write 100@98\.50/],
    ['a multiplier of 0', condor, { multiplier: '0' }, /--multiplier "0" cannot be used/],
  ])('refuses %s', (_, legs, words, message) => {
    expect(() => structureCommand(legs, { ...MARKET, ...words })).toThrow(message);
  });
});
