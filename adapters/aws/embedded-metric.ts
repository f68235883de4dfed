/** Namespace of every metric that the desk itself counts. */
const NAMESPACE = 'AbcApplication';

export type MetricUnit = 'Count' | 'Milliseconds' | 'Seconds' | 'Percent';

/**
 * One line in CloudWatch's embedded metric format: written to a log, it counts as a value of the metric.
 *
 * @param at epoch milliseconds
 * @param dimensions few and of low cardinality: each combination is a metric of its own
 */
export function embeddedMetric(
  name: string,
  value: number,
  unit: MetricUnit,
  at: number,
  dimensions: Readonly<Record<string, string>> = {},
): string {
  return JSON.stringify({
    _aws: {
      Timestamp: at,
      CloudWatchMetrics: [
        {
          Namespace: NAMESPACE,
          Dimensions: [Object.keys(dimensions)],
          Metrics: [{ Name: name, Unit: unit }],
        },
      ],
    },
    ...dimensions,
    [name]: value,
  });
}
