/** An alarm is set in so many parts, each after the other. */
const PARTS = 10;
/** Lateness of a timer on a busy machine. Later than that, the process did not run. */
const LONGEST_DELAY_MILLIS = 1_000;

/**
 * Rings after so much real time in which the process ran. Time in which it did not (the machine slept, somebody stopped
 * it) is not counted: what it watches has stood still as well, and has had no chance to end.
 *
 * @returns how to take it off
 */
export function setAlarm(millis: number, ring: () => void): () => void {
  const part = millis / PARTS;
  let left = PARTS;
  let timer: NodeJS.Timeout;
  const next = (): void => {
    const begun = performance.now();
    timer = setTimeout(() => {
      if (performance.now() - begun <= part + LONGEST_DELAY_MILLIS) left -= 1;
      if (left === 0) ring();
      else next();
    }, part);
  };
  next();
  return () => clearTimeout(timer);
}
