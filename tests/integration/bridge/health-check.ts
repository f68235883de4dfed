import { healthProblem, healthReport } from '#ecs/ib-gateway/health-report.ts';
import { SECOND, type World } from './world.ts';

/** As the container's definition says (lib/stacks/broker-stack.ts). */
const INTERVAL = 30 * SECOND;
const RETRIES = 3;

/** The container's health check: reads the bridge's report, and condemns the task after three failures in a row. */
export class HealthCheck {
  #healthyUntil = 0;
  #failures = 0;

  /** What the bridge is given to report to. */
  readonly health = (healthyUntil: number): void => {
    this.#healthyUntil = healthyUntil;
  };

  get healthyUntil(): number {
    return this.#healthyUntil;
  }

  /** Lets time pass under the check. @returns when ECS would have replaced the task, null where it would not */
  async watch(world: World, millis: number): Promise<number | null> {
    for (const end = world.clock.now() + millis; world.clock.now() < end; ) {
      await world.advance(INTERVAL);
      const now = world.clock.now();
      this.#failures = healthProblem(healthReport(this.#healthyUntil), now) === null ? 0 : this.#failures + 1;
      if (this.#failures >= RETRIES) return now;
    }
    return null;
  }
}
