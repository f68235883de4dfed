import type { HostActivity } from './activity.ts';
import type { HostClock } from './kernel.ts';

/** Lets invocations in. What waits or runs here counts as in flight; callers must not hold another mark meanwhile. */
export interface Turnstile {
  /** `source` names where the work comes from (a rule's target, a mapping); work of one source keeps its order. */
  pass<T>(source: string, work: () => Promise<T>): Promise<T>;
}

interface Waiting {
  readonly source: string;
  enter(): Promise<void>;
}

/**
 * In flowing time everything enters at once. In stepped time one piece of work enters at a time, when all else is
 * quiet, in rounds sorted by source: so the order of invocations does not depend on how fast the machine was.
 */
export function createTurnstile(mode: HostClock['mode'], activity: HostActivity): Turnstile {
  if (mode !== 'stepped') {
    return {
      async pass(source, work) {
        const end = activity.begin(source);
        try {
          return await work();
        } finally {
          end();
        }
      },
    };
  }

  let arrivals: Waiting[] = [];
  let round: Waiting[] = [];
  let turning = false;
  const waiting = (): number => arrivals.length + round.length;

  const turn = async (): Promise<void> => {
    if (turning) return;
    turning = true;
    while (waiting() > 0) {
      await activity.quiet(waiting);
      if (round.length === 0) {
        round = arrivals.sort((left, right) =>
          left.source < right.source ? -1 : left.source > right.source ? 1 : 0,
        );
        arrivals = [];
      }
      const next = round.shift();
      if (next !== undefined) await next.enter();
    }
    turning = false;
  };

  return {
    pass: (source, work) =>
      new Promise((resolve, reject) => {
        const end = activity.begin(source);
        arrivals.push({
          source,
          enter: async () => {
            try {
              resolve(await work());
            } catch (error) {
              reject(error instanceof Error ? error : new Error(String(error)));
            } finally {
              end();
            }
          },
        });
        void turn();
      }),
  };
}
