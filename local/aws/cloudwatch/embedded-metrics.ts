import type { MetricId } from './metric-store.ts';

/** A value that a log line carries. */
export interface EmbeddedValue extends MetricId {
  readonly value: number;
}

/**
 * The metrics of a log line in CloudWatch's embedded metric format, once per set of dimensions. A line that is not in
 * the format carries none; a metric whose member is not a number is left out.
 */
export function readEmbeddedMetrics(line: string): readonly EmbeddedValue[] {
  if (!line.includes('"CloudWatchMetrics"')) return [];
  let record: Readonly<Record<string, unknown>>;
  try {
    record = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return [];
  }
  const directives = (record['_aws'] as { readonly CloudWatchMetrics?: unknown } | undefined)
    ?.CloudWatchMetrics;
  if (!Array.isArray(directives)) return [];
  const found: EmbeddedValue[] = [];
  for (const directive of directives as readonly {
    readonly Namespace?: string;
    readonly Dimensions?: readonly (readonly string[])[];
    readonly Metrics?: readonly { readonly Name: string }[];
  }[]) {
    for (const names of directive.Dimensions ?? [[]]) {
      const dimensions = Object.fromEntries(names.map((name) => [name, String(record[name])]));
      for (const { Name } of directive.Metrics ?? []) {
        const given = record[Name];
        for (const value of Array.isArray(given) ? given : [given]) {
          if (typeof value === 'number')
            found.push({ namespace: directive.Namespace ?? '', name: Name, dimensions, value });
        }
      }
    }
  }
  return found;
}
