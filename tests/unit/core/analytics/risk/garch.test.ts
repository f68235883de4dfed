import { describe, expect, it } from 'vitest';
import { fitGarch, type GarchFit } from '#core/analytics/risk/garch.ts';
import { forecastGarchVariance, garchVariances } from '#core/analytics/risk/garch-forecast.ts';
import { garchLogLikelihood } from '#core/analytics/risk/garch-likelihood.ts';
import { unitStudentT } from '#core/analytics/risk/student-t-innovations.ts';
import type { Figure } from '#core/analytics/series.ts';
import { seededRandom } from '#core/values/random.ts';
import { indexReturns, markPoundReturns } from './reference-returns.ts';

function fitted(...given: Parameters<typeof fitGarch>): GarchFit {
  const outcome = fitGarch(...given);
  if (outcome.kind === 'failed') throw new Error(outcome.reason);
  return outcome;
}
const numberOf = (figure: Figure) => (figure.kind === 'value' ? figure.value : Number.NaN);

/** Returns of a known model. */
function simulated(count: number, seed: number, omega: number, alpha: number, gamma: number, beta: number) {
  const random = seededRandom(seed);
  let h = omega / (1 - alpha - gamma / 2 - beta);
  return Float64Array.from({ length: count }, () => {
    const shock = Math.sqrt(h) * random.normal();
    h = omega + (alpha + (shock < 0 ? gamma : 0)) * shock ** 2 + beta * h;
    return shock;
  });
}

describe('a GARCH(1,1) of the Bollerslev–Ghysels benchmark', () => {
  // Values and robust errors of TSP 4.4 and of the program of Fiorentini, Calzolari and Panattoni where they agree
  // (C. Cummins, tspintl.com/code/bench/bgfcp.tsp, 1998); errors of the Hessian as printed by Brooks, Burke and Persand
  // (2001).
  const fit = fitted(markPoundReturns);
  const digits = (actual: number, published: number, relative: number) =>
    expect(Math.abs(actual / published - 1)).toBeLessThan(relative);
  it('has the published parameters to eleven digits', () => {
    digits(fit.parameters.mean, -0.00619040838, 1e-10);
    digits(fit.parameters.omega, 0.0107613978518, 1e-11);
    digits(fit.parameters.alpha, 0.15313406182, 1e-11);
    digits(fit.parameters.beta, 0.805973670305, 1e-11);
    expect(fit.parameters.gamma).toBe(0);
    digits(fit.logLikelihood, -1106.607881041288, 1e-14);
  });
  it('has the published standard errors, robust and of the Hessian', () => {
    const { mean, omega, alpha, beta, gamma } = fit.standardErrors;
    digits(numberOf(mean.robust), 0.009189354, 1e-8);
    digits(numberOf(omega.robust), 0.006493186, 1e-7);
    digits(numberOf(alpha.robust), 0.053531703, 1e-7);
    digits(numberOf(beta.robust), 0.07246145, 1e-7);
    digits(numberOf(mean.hessian), 0.00846212, 1e-6);
    digits(numberOf(omega.hessian), 0.00285271, 1e-6);
    digits(numberOf(alpha.hessian), 0.0265228, 2e-6);
    digits(numberOf(beta.hessian), 0.0335527, 1e-6);
    expect(gamma.hessian).toEqual({
      kind: 'undefined',
      reason: 'gamma is no parameter of the model or held at its bound',
    });
  });
  it('says what follows: persistence, long-run variance, variances', () => {
    const { omega, alpha, beta } = fit.parameters;
    expect(fit.persistence).toBeCloseTo(0.959108, 5);
    expect(numberOf(fit.longRunVariance)).toBeCloseTo(omega / (1 - alpha - beta), 12);
    expect(fit.variance).toHaveLength(markPoundReturns.length);
    const last = markPoundReturns.at(-1)! - fit.parameters.mean;
    expect(fit.nextVariance).toBeCloseTo(omega + alpha * last ** 2 + beta * fit.variance.at(-1)!, 12);
    expect(fit.atBound).toEqual([]);
  });
});

describe('models of 2,500 returns of the S&P 500', () => {
  // references: an own likelihood in numpy maximised by scipy 1.17 (SLSQP and Nelder–Mead in turn)
  const returns = indexReturns.slice(-2500);
  it('agree with an independent maximisation in the plain form', () => {
    const { parameters, logLikelihood, variance } = fitted(returns, 'garch');
    expect(logLikelihood).toBeCloseTo(-3048.5532453371193, 7);
    expect(parameters.mean).toBeCloseTo(0.08011855, 6);
    expect(parameters.omega).toBeCloseTo(0.03905192, 6);
    expect(parameters.alpha).toBeCloseTo(0.18802859, 6);
    expect(parameters.beta).toBeCloseTo(0.7759306, 6);
    expect(variance[0]).toBeCloseTo(1.19529137, 5);
    expect(variance.at(-1)).toBeCloseTo(5.70389, 4);
  });
  it('hold the response to rises at zero where the maximum is there', () => {
    const fit = fitted(returns, 'gjr');
    expect(fit.logLikelihood).toBeCloseTo(-2975.8076773976104, 7);
    expect(fit.parameters.alpha).toBe(0);
    expect(fit.parameters.gamma).toBeCloseTo(0.3079419, 5);
    expect(fit.parameters.beta).toBeCloseTo(0.80641093, 5);
    expect(fit.atBound).toEqual(['alpha']);
    expect(fit.standardErrors.alpha.hessian.kind).toBe('undefined');
    expect(numberOf(fit.standardErrors.gamma.robust)).toBeGreaterThan(0.02);
  });
  it('don’t depend on the units of the returns', () => {
    const [percent, fraction] = [
      fitted(returns, 'gjr'),
      fitted(
        returns.map((item) => item / 100),
        'gjr',
      ),
    ];
    expect(fraction.parameters.omega * 1e4).toBeCloseTo(percent.parameters.omega, 8);
    expect(fraction.parameters.beta).toBeCloseTo(percent.parameters.beta, 8);
    expect(fraction.logLikelihood - returns.length * Math.log(100)).toBeCloseTo(percent.logLikelihood, 6);
    expect(numberOf(fraction.standardErrors.omega.robust) * 1e4).toBeCloseTo(
      numberOf(percent.standardErrors.omega.robust),
      8,
    );
  });
});

describe('models with Student’s t innovations', () => {
  const returns = indexReturns.slice(-2500);
  // references: the same independent maximisation in numpy and scipy with the t density; errors of arch 8.0.0, whose
  // presample is another, to half a percent
  it('agree with an independent maximisation in the plain form', () => {
    const fit = fitted(returns, 'garch', 'student-t');
    expect(fit.logLikelihood).toBeCloseTo(-2961.3362028908014, 7);
    expect(fit.parameters.omega).toBeCloseTo(0.02683042, 7);
    expect(fit.parameters.alpha).toBeCloseTo(0.19136709, 7);
    expect(fit.parameters.beta).toBeCloseTo(0.8004404, 7);
    expect(fit.parameters.degrees).toBeCloseTo(4.884891, 5);
    expect(numberOf(fit.standardErrors.degrees.hessian) / 0.50638892).toBeCloseTo(1, 2);
    expect(numberOf(fit.standardErrors.degrees.robust) / 0.47985127).toBeCloseTo(1, 2);
    expect(numberOf(fit.standardErrors.omega.hessian) / 0.00620294).toBeCloseTo(1, 2);
    expect(numberOf(fit.standardErrors.beta.robust) / 0.0223012).toBeCloseTo(1, 2);
    expect(fit).toMatchObject({ innovations: 'student-t', atBound: [] });
  });
  it('agree in the asymmetric form, a response at zero', () => {
    const fit = fitted(returns, 'gjr', 'student-t');
    expect(fit.logLikelihood).toBeCloseTo(-2900.8171398468285, 5);
    expect(fit.parameters.gamma).toBeCloseTo(0.3513722, 6);
    expect(fit.parameters.degrees).toBeCloseTo(5.518858, 4);
    expect(fit.atBound).toEqual(['alpha']);
  });
  it('stay at a persistence of 1 where heavier tails would explode', () => {
    // without the bound α + β would be 1.009 and the log-likelihood −989.4083, by scipy
    const fit = fitted(markPoundReturns, 'garch', 'student-t');
    expect(fit.atBound).toEqual(['persistence']);
    expect(fit.persistence).toBeCloseTo(1, 6);
    expect(fit.logLikelihood).toBeGreaterThan(-989.8);
    expect(fit.logLikelihood).toBeLessThan(-989.4083);
  });
  it('are the normal model where tails are no heavier', () => {
    const random = seededRandom(3);
    const sample = Float64Array.from({ length: 3000 }, () => random.normal());
    const [normal, student] = [fitted(sample), fitted(sample, 'garch', 'student-t')];
    expect(student.parameters).toEqual(normal.parameters);
    expect(student.parameters.degrees).toBeUndefined();
    expect(student.atBound).toContain('degrees');
    expect(normal.atBound).not.toContain('degrees');
  });
  it('have the constant of the scaled density and its derivative, by mpmath', () => {
    const references = [
      [2.5, -0.21192063724339982, -0.7625370065384367],
      [4.118, -0.6466396555722458, -0.10030397216351748],
      [8, -0.8062675759243404, -0.016956704369469118],
      [30, -0.89277388963537, -0.0009128523923569918],
      [150, -0.9138936773602484, -3.393418082557045e-5],
    ] as const;
    for (const [degrees, constant, slope] of references) {
      expect(unitStudentT(degrees).constant / constant).toBeCloseTo(1, 12);
      expect(unitStudentT(degrees).slope / slope).toBeCloseTo(1, 9);
    }
  });
});

describe('fitting', () => {
  it('finds the parameters that returns were drawn with', () => {
    const { parameters, standardErrors } = fitted(simulated(20_000, 7, 0.05, 0.04, 0.1, 0.87), 'gjr');
    const within = (name: 'omega' | 'alpha' | 'gamma' | 'beta', truth: number) =>
      expect(Math.abs(parameters[name] - truth)).toBeLessThan(3 * numberOf(standardErrors[name].hessian));
    within('omega', 0.05);
    within('alpha', 0.04);
    within('gamma', 0.1);
    within('beta', 0.87);
  });
  it('has no response where the volatility is constant and says so', () => {
    const random = seededRandom(3);
    // each magnitude follows its opposite: squares are negatively related, no response is above zero
    const returns = Float64Array.from({ length: 1000 }, (_, index) => {
      const sign = random.next() < 0.5 ? -1 : 1;
      return sign * (index % 2 === 0 ? 1 : 2);
    });
    const fit = fitted(returns, 'gjr');
    expect(fit.atBound).toEqual(['alpha', 'alpha + gamma', 'beta']);
    expect(fit.persistence).toBe(0);
    const mean = returns.reduce((sum, item) => sum + item, 0) / 1000;
    expect(fit.parameters.mean).toBeCloseTo(mean, 8);
    expect(fit.parameters.omega).toBeCloseTo(
      returns.reduce((sum, item) => sum + (item - mean) ** 2, 0) / 1000,
      8,
    );
  });
  it('has no long-run variance where volatility only grows', () => {
    const random = seededRandom(5);
    const fit = fitted(Float64Array.from({ length: 1500 }, (_, index) => random.normal() * 1.003 ** index));
    expect(fit.atBound).toEqual(['persistence']);
    expect(fit.longRunVariance.kind).toBe('undefined');
    const ahead = forecastGarchVariance(fit.parameters, fit.nextVariance, 3);
    expect((ahead[2]! - ahead[1]!) / fit.parameters.omega).toBeCloseTo(1, 5);
    expect(fit.standardErrors.alpha.hessian).toEqual({
      kind: 'undefined',
      reason: 'persistence is at its bound of 1',
    });
  });
  it('names why it failed', () => {
    expect(fitGarch(indexReturns.slice(0, 99))).toEqual({
      kind: 'failed',
      cause: 'too-few-returns',
      reason: '99 returns; a GARCH model needs at least 100',
    });
    expect(fitGarch(new Float64Array(500).fill(0.001))).toMatchObject({ cause: 'constant-returns' });
    expect(fitGarch(new Float64Array())).toMatchObject({ cause: 'too-few-returns' });
  });
  it('says that it did not converge where the likelihood rises to the edge of the domain', () => {
    // independent draws: nothing for a variance model to find
    const random = seededRandom(20);
    const outcome = fitGarch(
      Float64Array.from({ length: 120 }, () => random.normal()),
      'gjr',
    );
    expect(outcome).toMatchObject({ kind: 'failed', cause: 'not-converged' });
  });
  it('does not take a model without ω for one', () => {
    // rare falls among nothing: the likelihood rises as ω goes to zero
    const falls = [7, 14, 16, 21, 22, 25, 32, 40, 43, 44, 62, 70, 74, 80, 91];
    const returns = new Float64Array(106);
    for (const at of falls) returns[at] = -0.5;
    for (const at of [0, 18]) returns[at] = 0.01;
    expect(fitGarch(returns, 'gjr')).toMatchObject({ kind: 'failed', cause: 'not-converged' });
  });
  it('refuses returns too large to be squared', () => {
    const returns = Float64Array.from({ length: 200 }, (_, index) => (index % 2 === 0 ? 1e200 : -1e200));
    expect(() => fitGarch(returns)).toThrow(expect.objectContaining({ code: 'InvalidSample' }));
  });
  it('refuses returns that are not finite', () => {
    expect(() => fitGarch(Float64Array.of(0.1, Number.NaN))).toThrow(
      expect.objectContaining({ code: 'InvalidSample', message: expect.stringContaining('return 1 is NaN') }),
    );
  });
});

describe('the likelihood', () => {
  it.each([
    ['normal', {}],
    ['Student’s t', { degrees: 5 }],
  ])('of %s innovations has the gradient of its differences, and scores that sum to it', (_, tails) => {
    const returns = indexReturns.slice(-300);
    const at = { mean: 0.02, omega: 0.05, alpha: 0.07, gamma: 0.11, beta: 0.8, ...tails };
    const gradient = new Float64Array(6);
    const scores = new Float64Array(6 * returns.length);
    garchLogLikelihood(returns, at, { gradient, scores });
    const names = ['mean', 'omega', 'alpha', 'gamma', 'beta', 'degrees'] as const;
    names.forEach((name, index) => {
      const from = at[name];
      if (from === undefined) {
        expect(gradient[index]).toBe(0);
        return;
      }
      const moved = (step: number) => garchLogLikelihood(returns, { ...at, [name]: from + step });
      expect((moved(1e-6) - moved(-1e-6)) / 2e-6 / gradient[index]!).toBeCloseTo(1, 5);
      const sum = scores.reduce((total, score, place) => (place % 6 === index ? total + score : total), 0);
      expect(sum).toBeCloseTo(gradient[index]!, 8);
    });
  });
  it('is undefined where a variance is not above zero', () => {
    const at = { mean: 0, omega: -1, alpha: 0.1, gamma: 0, beta: 0.1 };
    expect(garchLogLikelihood(Float64Array.of(0.1, 0.1), at)).toBeNaN();
    expect(garchLogLikelihood(Float64Array.of(0.1, 0.1), { ...at, omega: 1, degrees: 2 })).toBeNaN();
  });
});

describe('forecasts', () => {
  const parameters = { mean: 0, omega: 0.1, alpha: 0.05, gamma: 0.1, beta: 0.8 };
  it('go from the next variance to the long-run level', () => {
    const forecast = forecastGarchVariance(parameters, 4, 300);
    // v + p^k (h − v), p = 0.9, v = 1
    expect(Array.from(forecast.subarray(0, 3))).toEqual(
      [4, 3.7, 3.43].map((item) => expect.closeTo(item, 12)),
    );
    expect(forecast[10]).toBeCloseTo(1 + 3 * 0.9 ** 10, 12);
    expect(forecast[299]).toBeCloseTo(1, 10);
  });
  it('grow in a line where persistence is 1', () => {
    const forecast = forecastGarchVariance({ ...parameters, beta: 0.9 }, 2, 4);
    expect(Array.from(forecast)).toEqual([2, 2.1, 2.2, 2.3].map((item) => expect.closeTo(item, 12)));
  });
  it('filter new returns through old parameters as the fit did', () => {
    const returns = indexReturns.slice(-500);
    const fit = fitted(returns);
    const filtered = garchVariances(returns, fit.parameters);
    expect(filtered.nextVariance).toBe(fit.nextVariance);
    expect(filtered.variance).toEqual(fit.variance);
  });
  it.each([
    ['a horizon', () => forecastGarchVariance(parameters, 1, 0)],
    ['a horizon', () => forecastGarchVariance(parameters, 1, 1.5)],
    ['a variance', () => forecastGarchVariance(parameters, Number.NaN, 1)],
    ['a model', () => forecastGarchVariance({ ...parameters, beta: 1.2 }, 1, 1)],
    ['a model', () => garchVariances(Float64Array.of(1), { ...parameters, omega: Number.NaN })],
    ['a model', () => forecastGarchVariance({ ...parameters, degrees: 2 }, 1, 1)],
    ['returns', () => garchVariances(new Float64Array(), parameters)],
  ])('refuse what is not %s', (_, act) => {
    expect(act).toThrow(expect.objectContaining({ code: 'InvalidSample' }));
  });
});
