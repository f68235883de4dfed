/** Fits of volatility models on 2,500 returns, against one evaluation of the likelihood with its gradient. */
import { fitGarch } from '#core/analytics/risk/garch.ts';
import { garchLogLikelihood } from '#core/analytics/risk/garch-likelihood.ts';
import { seededRandom } from '#core/values/random.ts';

const RETURNS = 2500;
const say = (name: string, value: string) => console.log(JSON.stringify({ name, value }));
const parameters = { mean: 0.0004, omega: 2e-6, alpha: 0.05, gamma: 0.08, beta: 0.88 };

/** Daily returns of a market whose volatility clusters and rises after falls. */
function returnsOf(seed: number): Float64Array {
  const random = seededRandom(seed);
  let variance = 1e-4;
  return Float64Array.from({ length: RETURNS }, () => {
    const shock = Math.sqrt(variance) * random.normal();
    variance =
      parameters.omega +
      (parameters.alpha + (shock < 0 ? parameters.gamma : 0)) * shock ** 2 +
      parameters.beta * variance;
    return parameters.mean + shock;
  });
}

/** Milliseconds of the median call. */
function median(calls: number, work: (call: number) => void): number {
  const taken = Float64Array.from({ length: calls }, (_, call) => {
    const begun = performance.now();
    work(call);
    return performance.now() - begun;
  });
  return taken.toSorted()[Math.floor(calls / 2)]!;
}

const samples = Array.from({ length: 40 }, (_, seed) => returnsOf(seed));
const first = performance.now();
fitGarch(samples[0]!, 'gjr');
say('the first fit of a process, GJR', `${(performance.now() - first).toFixed(1)} ms`);
const gradient = new Float64Array(6);
const likelihood = median(2000, (call) => {
  garchLogLikelihood(samples[call % samples.length]!, parameters, { gradient });
});
say('one normal likelihood with gradient', `${(likelihood * 1000).toFixed(0)} µs`);
const forms = [
  ['garch', 'normal'],
  ['gjr', 'normal'],
  ['garch', 'student-t'],
  ['gjr', 'student-t'],
] as const;
for (const [model, innovations] of forms) {
  let failed = 0;
  const fit = median(samples.length * 3, (call) => {
    if (fitGarch(samples[call % samples.length]!, model, innovations).kind === 'failed') failed++;
  });
  const name = `${model} ${innovations}`;
  say(`${name} fit on ${RETURNS} returns, median (< 50 ms)`, `${fit.toFixed(1)} ms`);
  say(`${name} fit / one normal likelihood with gradient`, `${(fit / likelihood).toFixed(0)}`);
  say(`${name} fits that failed, of ${samples.length * 3}`, `${failed}`);
}
