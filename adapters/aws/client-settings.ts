import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';

type Logger = NonNullable<DynamoDBClientConfig['logger']>;

/**
 * A logger that is told of warnings only. It has no `info` and no `error`, because the SDK copies the whole input and output
 * of each request for a logger that has them, its own that writes nothing included: measured, an eighth of the processor
 * time of a request.
 */
const warningsOnly: Pick<Logger, 'warn' | 'debug'> = {
  warn: (...content) => console.warn(...content),
  debug: () => {},
};

const CONNECTED_WITHIN_MS = 5_000;
/** A connection that went dead without a word is noticed after so long; the SDK's own figure is five minutes. */
const SILENT_FOR_MS = 10_000;

/**
 * What every client of an AWS service is made with. The SDK builds its chain of middleware anew for each request unless
 * it is told that nobody changes it: measured, a twelfth of the processor time of a request.
 *
 * A request that times out is tried again on another connection. Silence is measured by the system's clock, whatever clock
 * the process sees; measured, it costs nothing, because the SDK watches for it either way.
 */
export const CLIENT_SETTINGS = {
  cacheMiddleware: true,
  logger: warningsOnly as Logger,
  requestHandler: { connectionTimeout: CONNECTED_WITHIN_MS, socketTimeout: SILENT_FOR_MS },
} as const;

/**
 * What the client of a queue is made with. A queue is silent while it waits for messages, in stepped time for as long as
 * nothing comes, which no clock of the process can tell from a dead connection: that one is left to the system, whose
 * probes find it in some fifteen seconds while an answer is waited for.
 */
export const QUEUE_CLIENT_SETTINGS = {
  ...CLIENT_SETTINGS,
  requestHandler: { connectionTimeout: CONNECTED_WITHIN_MS },
} as const;
