import type { HostActivity } from './activity.ts';
import type { HostClock } from './kernel.ts';

/** Lets invocations in. What waits or runs here counts as in flight; callers must not hold another mark meanwhile. */
export interface Turnstile {
  /**
   * `source` names where the work comes from (a rule's target, a mapping); work of one source keeps its order. `lane`
   * names what does it: work of one lane never overlaps in stepped time.
   */
  pass<T>(source: string, lane: string, work: () => Promise<T>): Promise<T>;
}

interface Waiting {
  readonly source: string;
  readonly lane: string;
  enter(): Promise<void>;
}

/**
 * In flowing time everything enters at once. In stepped time work enters when all else is quiet, in rounds sorted by
 * source, the first of each lane together: which invocations there are, and what each is given, does not depend on how
 * fast the machine was. Only the order in which different lanes write within one step does; whoever reads what several
 * of them wrote has to take it in any order, as it must on AWS.
 */
export function createTurnstile(mode: HostClock['mode'], activity: HostActivity): Turnstile {
  if (mode !== 'stepped') {
    return {
      async pass(source, _lane, work) {
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
      const lanes = new Set<string>();
      const step: Waiting[] = [];
      const later: Waiting[] = [];
      for (const one of round) {
        (lanes.has(one.lane) ? later : step).push(one);
        lanes.add(one.lane);
      }
      round = later;
      await Promise.all(step.map((one) => one.enter()));
    }
    turning = false;
  };

  return {
    pass: (source, lane, work) =>
      new Promise((resolve, reject) => {
        const end = activity.begin(source);
        arrivals.push({
          source,
          lane,
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
