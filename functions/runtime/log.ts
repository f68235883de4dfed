import { embeddedMetric, type MetricUnit } from '#adapters/aws/embedded-metric.ts';

/** One JSON object a line; CloudWatch and the embedded host both read it. */
export interface Log {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** A metric in CloudWatch's embedded metric format: few, low-cardinality dimensions. */
  metric(name: string, value: number, unit: MetricUnit, dimensions?: Readonly<Record<string, string>>): void;
}

/** `write` takes one line; `now` stamps it. `base` stands in every line, `environment` tells whose the metrics are. */
export function jsonLog(
  environment: string,
  base: Readonly<Record<string, unknown>>,
  now: () => number,
  write: (line: string) => void,
): Log {
  const line = (level: string, message: string, fields: Readonly<Record<string, unknown>> = {}) =>
    write(JSON.stringify({ level, message, time: new Date(now()).toISOString(), ...base, ...fields }));
  return {
    info: (message, fields) => line('info', message, fields),
    warn: (message, fields) => line('warn', message, fields),
    error: (message, fields) => line('error', message, fields),
    metric: (name, value, unit, dimensions) =>
      write(embeddedMetric(name, value, unit, now(), environment, dimensions)),
  };
}
