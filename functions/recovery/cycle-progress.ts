import type { EventType } from '#contracts/registry.ts';
import type { EntryReference, StoredEntry } from '#core/events/desk-store.ts';

/** Events after which nothing more follows in a cycle by itself. */
const FINAL: readonly EventType[] = ['ConsensusFailed', 'DecisionVetoed', 'PlanCompleted'];

/** What is proposed can be sent back once. */
const ITERATIONS = ['1', '2'];

/** Where the entries stand that tell whether a cycle has come to its end, without the hundred that do not. */
export const milestonesOf = (cycleId: string): readonly EntryReference[] => [
  { correlationId: cycleId, type: 'CycleRequested', key: '1' },
  { correlationId: cycleId, type: 'MarketViewPublished', key: '1' },
  ...FINAL.flatMap((type) => ITERATIONS.map((key) => ({ correlationId: cycleId, type, key }))),
];

/** Whether a cycle has come to its end. A pre-market cycle ends with its market view. */
export function isFinished(entries: readonly StoredEntry[]): boolean {
  const types = new Set(entries.map(({ sortKey }) => sortKey.split('#', 1)[0] as string));
  if (FINAL.some((type) => types.has(type))) return true;
  const requested = entries.find(({ sortKey }) => sortKey.startsWith('CycleRequested#'));
  const kind =
    requested === undefined
      ? null
      : (JSON.parse(requested.canonical) as { data: { kind: string } }).data.kind;
  return kind === 'pre-market' && types.has('MarketViewPublished');
}
