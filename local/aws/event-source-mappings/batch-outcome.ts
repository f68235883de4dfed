import type { InvocationOutcome } from '../lambda/function-worker.ts';

/** What became of a batch: all done, some identifiers to retry, or all to retry. */
export type BatchOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'partial'; readonly failed: ReadonlySet<string> }
  | { readonly kind: 'failed'; readonly error: string };

/**
 * Reads a handler's answer to a batch. With `ReportBatchItemFailures`, an answer that is malformed or names an
 * unknown identifier fails the whole batch, as Lambda has it.
 */
export function batchOutcome(
  outcome: InvocationOutcome,
  reportsFailures: boolean,
  known: ReadonlySet<string>,
): BatchOutcome {
  if (outcome.kind === 'failed') return { kind: 'failed', error: outcome.payload };
  if (!reportsFailures || !outcome.payload.includes('batchItemFailures')) return { kind: 'done' };
  const answer: unknown = JSON.parse(outcome.payload);
  const failures =
    typeof answer === 'object' && answer !== null && 'batchItemFailures' in answer
      ? answer.batchItemFailures
      : undefined;
  if (failures === null || failures === undefined) return { kind: 'done' };
  if (!Array.isArray(failures))
    return { kind: 'failed', error: `batchItemFailures is not a list: ${outcome.payload}` };
  const failed = new Set<string>();
  for (const failure of failures as readonly unknown[]) {
    const identifier =
      typeof failure === 'object' && failure !== null && 'itemIdentifier' in failure
        ? failure.itemIdentifier
        : undefined;
    if (typeof identifier !== 'string' || !known.has(identifier))
      return {
        kind: 'failed',
        error: `batchItemFailures names ${JSON.stringify(identifier)}, which is not in the batch`,
      };
    failed.add(identifier);
  }
  return failed.size === 0 ? { kind: 'done' } : { kind: 'partial', failed };
}
