import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitGarch } from '#core/analytics/risk/garch.ts';
import { garchLogLikelihood } from '#core/analytics/risk/garch-likelihood.ts';

const returns = fc
  .array(fc.oneof(fc.double({ min: -0.1, max: 0.1, noNaN: true }), fc.constantFrom(0, 0.01, -0.5)), {
    minLength: 100,
    maxLength: 160,
  })
  .map((items) => Float64Array.from(items));

describe('GARCH fits', () => {
  it('are inside the domain and no worse than a constant variance, or say why there is none', () => {
    fc.assert(
      fc.property(
        returns,
        fc.constantFrom('garch', 'gjr'),
        fc.constantFrom('normal', 'student-t'),
        (sample, model, innovations) => {
          const fit = fitGarch(sample, model, innovations);
          if (fit.kind === 'failed') {
            expect(['not-converged', 'constant-returns']).toContain(fit.cause);
            return;
          }
          const { omega, alpha, gamma, beta, degrees = 8 } = fit.parameters;
          expect(degrees).toBeGreaterThan(2);
          expect(omega).toBeGreaterThan(0);
          expect(Math.min(alpha, alpha + gamma, beta)).toBeGreaterThanOrEqual(0);
          expect(fit.persistence).toBeLessThanOrEqual(1);
          expect(fit.variance.every((item) => item > 0 && Number.isFinite(item))).toBe(true);
          const average = sample.reduce((sum, item) => sum + item, 0) / sample.length;
          const spread = sample.reduce((sum, item) => sum + (item - average) ** 2, 0) / sample.length;
          const constant = { mean: average, omega: spread, alpha: 0, gamma: 0, beta: 0 };
          expect(fit.logLikelihood).toBeGreaterThanOrEqual(garchLogLikelihood(sample, constant) - 1e-6);
          expect(fit.logLikelihood).toBe(garchLogLikelihood(sample, fit.parameters));
        },
      ),
      { seed: 3, numRuns: 150 },
    );
  });
  it('of the larger model are no worse than those of the smaller', () => {
    fc.assert(
      fc.property(returns, (sample) => {
        const [plain, larger] = [fitGarch(sample, 'garch'), fitGarch(sample, 'gjr')];
        fc.pre(plain.kind === 'fitted' && larger.kind === 'fitted');
        // a local maximum is no proof of a global one; a whole unit of log-likelihood would be a fault of the search
        expect(larger.logLikelihood).toBeGreaterThanOrEqual(plain.logLikelihood - 1);
      }),
      { seed: 4, numRuns: 80 },
    );
  });
});
