import type { EventType } from '#contracts/registry.ts';
import type { StoredEntry } from '#core/events/desk-store.ts';

/** Events after which nothing more follows in a cycle by itself. */
const FINAL: readonly EventType[] = ['ConsensusFailed', 'DecisionVetoed', 'PlanCompleted'];

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
