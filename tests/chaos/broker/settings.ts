import type { EpochMillis } from '#core/values/clock.ts';
import type { Timer, TimerClock } from '#core/values/timer-clock.ts';

/** Virtual time of every process of a run: one minute a second, from an instant that all of them are told. */
export const PACE = 60;
/** An hour past midnight in New York: the account's day, 22 hours more, does not end during a run. */
export const BEGIN = Date.parse('2018-01-22T06:00:00.000Z');
export const END = BEGIN + 22 * 3_600_000;
export const ACCOUNT = 'DU7654321';
export const OPERATOR = {
  accessKeyId: 'AKIACHAOSCHAOSCHAOS1',
  secretAccessKey: 'chaos-secret-of-the-loopback',
};
export const REGION = 'us-east-1';

/** What every process of a run is told, as JSON in its first argument. */
export interface RunSettings {
  readonly directory: string;
  readonly assembly: string;
  readonly hostPort: number;
  readonly gatewayPort: number;
  readonly controlPort: number;
  /** Real instant at which virtual time was {@link BEGIN}. */
  readonly realBegin: number;
  readonly seed: number;
}

/** The virtual clock that all processes compute from the machine's, so that none of them has to be asked. */
export function runClock(realBegin: number): TimerClock {
  const now = (): EpochMillis => Math.floor(BEGIN + (Date.now() - realBegin) * PACE);
  return {
    now,
    schedule(at, run): Timer {
      const handle = setTimeout(run, Math.max(0, (at - now()) / PACE));
      return { cancel: () => clearTimeout(handle) };
    },
  };
}

export const settingsOfProcess = (): RunSettings => JSON.parse(process.argv[2] ?? '{}') as RunSettings;
