/** One Black–Scholes–Merton price with all Greeks, its implied volatility, and one American price. */
import { americanOption, americanPrice } from '#core/analytics/options/american.ts';
import { blackScholes } from '#core/analytics/options/black-scholes.ts';
import { impliedVolatility } from '#core/analytics/options/implied-volatility.ts';
import type { SpotOption } from '#core/analytics/options/option.ts';

const say = (name: string, value: string) => console.log(JSON.stringify({ name, value }));

const OPTIONS: readonly SpotOption[] = Array.from({ length: 4_096 }, (_, index) => ({
  right: index % 2 === 0 ? 'call' : 'put',
  spot: 100,
  strike: 70 + (index % 61),
  years: (1 + (index % 24)) / 12,
  volatility: 0.1 + (index % 37) / 50,
  rate: 0.03,
  dividendYield: 0.01,
}));

/** Nanoseconds a call in the fastest of some rounds; the sum keeps the work from being left out. */
function nanoseconds(rounds: number, count: number, work: (index: number) => number): number {
  let best = Number.POSITIVE_INFINITY;
  let sum = 0;
  for (let round = 0; round < rounds; round++) {
    const begun = performance.now();
    for (let index = 0; index < count; index++) sum += work(index % OPTIONS.length);
    best = Math.min(best, performance.now() - begun);
  }
  if (!Number.isFinite(sum)) throw new Error(`the sum of results is ${sum}`);
  return (best * 1e6) / count;
}

const priced = nanoseconds(10, 200_000, (index) => {
  const valuation = blackScholes(OPTIONS[index]!);
  return valuation.kind === 'value' ? valuation.price + valuation.charm : valuation.price;
});
const prices = OPTIONS.map((option) => blackScholes(option).price);
const solved = nanoseconds(10, 50_000, (index) => {
  const found = impliedVolatility(prices[index]!, OPTIONS[index]!);
  return found.kind === 'value' ? found.volatility : 0;
});
say('Black–Scholes–Merton price and all Greeks (< 1 µs)', `${priced.toFixed(0)} ns`);
say('implied volatility', `${solved.toFixed(0)} ns, ${(solved / priced).toFixed(1)} prices with Greeks`);
const american = nanoseconds(5, 40, (index) => americanPrice(OPTIONS[index]!));
const americanGreeks = nanoseconds(5, 20, (index) => americanOption(OPTIONS[index]!).price);
say('American price, 400 steps', `${(american / 1e6).toFixed(2)} ms`);
say('American price and Greeks, 400 steps', `${(americanGreeks / 1e6).toFixed(2)} ms`);
