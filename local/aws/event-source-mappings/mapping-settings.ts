import * as z from 'zod';
import type { Resource } from '../../host/kernel.ts';
import { templateBoolean } from '../../host/parameters.ts';
import { compileEventPattern, type EventPattern } from '../events/event-pattern.ts';

const shape = z.object({
  FunctionName: z.string(),
  EventSourceArn: z.string(),
  Enabled: templateBoolean.default(true),
  BatchSize: z.coerce.number().min(1).max(10_000).optional(),
  MaximumBatchingWindowInSeconds: z.coerce.number().min(0).max(300).default(0),
  BisectBatchOnFunctionError: templateBoolean.default(false),
  MaximumRetryAttempts: z.coerce.number().min(-1).max(10_000).default(-1),
  MaximumRecordAgeInSeconds: z.coerce.number().min(-1).max(604_800).default(-1),
  StartingPosition: z.enum(['TRIM_HORIZON', 'LATEST']).optional(),
  ParallelizationFactor: z.coerce
    .number()
    .max(1, 'records of a stream are handled one batch at a time locally')
    .default(1),
  FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
  DestinationConfig: z.object({ OnFailure: z.object({ Destination: z.string() }).optional() }).default({}),
  FilterCriteria: z
    .object({ Filters: z.array(z.object({ Pattern: z.string() })).default([]) })
    .default({ Filters: [] }),
  ScalingConfig: z.object({ MaximumConcurrency: z.coerce.number().min(1) }).optional(),
});

/** An event source mapping, checked. */
export interface MappingSettings {
  /** Stack and logical id: names the mapping across restarts. */
  readonly id: string;
  readonly functionName: string;
  readonly sourceArn: string;
  readonly enabled: boolean;
  readonly batchSize: number;
  readonly batchingWindowMillis: number;
  readonly bisect: boolean;
  /** -1: without end. */
  readonly maximumRetryAttempts: number;
  /** Infinity where the template sets none. */
  readonly maximumRecordAgeMillis: number;
  readonly startingPosition: 'TRIM_HORIZON' | 'LATEST';
  readonly reportsFailures: boolean;
  readonly onFailure: string | undefined;
  /** Whether a record passes one of the filters. */
  readonly accepts: EventPattern;
  readonly maximumConcurrency: number | undefined;
}

/** The properties of `AWS::Lambda::EventSourceMapping` that the host honours. */
export const MAPPING_PROPERTIES = Object.keys(shape.shape);

/** Reads a mapping's properties. @throws TypeError naming what is not valid. */
export function mappingSettings({ stack, logicalId, properties }: Resource): MappingSettings {
  const parsed = shape.safeParse(properties);
  if (!parsed.success) throw new TypeError(z.prettifyError(parsed.error), { cause: parsed.error });
  const mapping = parsed.data;
  const filters = mapping.FilterCriteria.Filters.map(({ Pattern }) =>
    compileEventPattern(JSON.parse(Pattern)),
  );
  return {
    id: `${stack}/${logicalId}`,
    functionName: mapping.FunctionName,
    sourceArn: mapping.EventSourceArn,
    enabled: mapping.Enabled,
    batchSize: mapping.BatchSize ?? (mapping.EventSourceArn.includes(':sqs:') ? 10 : 100),
    batchingWindowMillis: mapping.MaximumBatchingWindowInSeconds * 1000,
    bisect: mapping.BisectBatchOnFunctionError,
    maximumRetryAttempts: mapping.MaximumRetryAttempts,
    maximumRecordAgeMillis:
      mapping.MaximumRecordAgeInSeconds < 0
        ? Number.POSITIVE_INFINITY
        : mapping.MaximumRecordAgeInSeconds * 1000,
    startingPosition: mapping.StartingPosition ?? 'TRIM_HORIZON',
    reportsFailures: mapping.FunctionResponseTypes.includes('ReportBatchItemFailures'),
    onFailure: mapping.DestinationConfig.OnFailure?.Destination,
    accepts: filters.length === 0 ? () => true : (record) => filters.some((matches) => matches(record)),
    maximumConcurrency: mapping.ScalingConfig?.MaximumConcurrency,
  };
}
