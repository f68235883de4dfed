/** Namespace of every metric that the desk itself counts. */
const NAMESPACE = 'AbcApplication';

export type MetricUnit = 'Count' | 'Milliseconds' | 'Seconds' | 'Percent';

/**
 * One line in CloudWatch's embedded metric format: written to a log, it counts as a value of the metric. Every metric has the
 * dimension `Environment`: environments that share an account would else ring each other's alarms.
 *
 * @param at epoch milliseconds
 * @param environment whose metric it is, such as `paper`
 * @param others few and of low cardinality: each combination is a metric of its own
 */
export function embeddedMetric(
  name: string,
  value: number,
  unit: MetricUnit,
  at: number,
  environment: string,
  others: Readonly<Record<string, string>> = {},
): string {
  const dimensions = { Environment: environment, ...others };
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
