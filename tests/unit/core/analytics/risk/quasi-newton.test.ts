import { describe, expect, it } from 'vitest';
import { minimise, type Objective } from '#core/analytics/risk/quasi-newton.ts';

/** Rosenbrock's valley (1960): minimum 0 at (1, 1). */
const valley: Objective = (point, gradient) => {
  const [x, y] = [point[0]!, point[1]!];
  gradient[0] = -400 * x * (y - x * x) - 2 * (1 - x);
  gradient[1] = 200 * (y - x * x);
  return 100 * (y - x * x) ** 2 + (1 - x) ** 2;
};
const options = { gradientTolerance: 1e-9, iterations: 100 };

describe('BFGS', () => {
  it('follows a curved valley to its end', () => {
    const found = minimise(valley, Float64Array.of(-1.2, 1), options);
    expect(found.outcome).toBe('converged');
    expect(found.point[0]).toBeCloseTo(1, 8);
    expect(found.point[1]).toBeCloseTo(1, 8);
    expect(found.iterations).toBeLessThan(60);
  });
  it('steps back from outside the domain', () => {
    // x − ln x, minimum at 1; not a number at and below 0
    const found = minimise(
      (point, gradient) => {
        gradient[0] = 1 - 1 / point[0]!;
        return point[0]! - Math.log(point[0]!);
      },
      Float64Array.of(30),
      options,
    );
    expect(found.point[0]).toBeCloseTo(1, 8);
  });
  it('says where it ran out of iterations, or found no step that falls', () => {
    expect(minimise(valley, Float64Array.of(-1.2, 1), { ...options, iterations: 3 }).outcome).toBe(
      'iteration-limit',
    );
    const misled: Objective = (point, gradient) => {
      gradient[0] = -1;
      return point[0]! ** 2;
    };
    expect(minimise(misled, Float64Array.of(0), options)).toMatchObject({ outcome: 'stalled', value: 0 });
  });
  it('refuses a start outside the domain', () => {
    expect(() => minimise(() => Number.NaN, Float64Array.of(0), options)).toThrow(RangeError);
  });
});
