import type { ContentReference } from '#contracts/primitives.ts';
import { cycleSnapshot, dailyHistory } from '#contracts/snapshot.ts';
import type { AgentContext } from '#core/agents/context.ts';
import { dailySeries, snapshotContext } from '#core/agents/snapshot-context.ts';
import type { BarSeries } from '#core/market/bars.ts';
import { getContent } from './content.ts';
import type { Desk } from './desk.ts';
import { describe } from './handler.ts';

const KEPT_CONTEXTS = 4;
const KEPT_HISTORIES = 64;

/** Snapshots and histories are immutable and content-addressed, so a warm function may keep them. */
const contexts = new Map<string, AgentContext>();
const histories = new Map<string, BarSeries>();

function keep<V>(cache: Map<string, V>, key: string, value: V, most: number): void {
  cache.set(key, value);
  const oldest = cache.keys().next();
  if (cache.size > most && oldest.done === false) cache.delete(oldest.value);
}

/** The daily history that a reference names. @throws ContentMismatchError */
export async function loadDaily(desk: Desk, reference: ContentReference): Promise<BarSeries> {
  const known = histories.get(reference.sha256);
  if (known !== undefined) return known;
  const series = dailySeries(dailyHistory.parse(await getContent(desk.objects, reference)));
  keep(histories, reference.sha256, series, KEPT_HISTORIES);
  return series;
}

/** The same, or null where it cannot be read: what does not need it must not wait for it. */
export async function readableDaily(
  desk: Desk,
  instrument: string,
  reference: ContentReference,
): Promise<BarSeries | null> {
  try {
    return await loadDaily(desk, reference);
  } catch (error) {
    desk.log.error('a daily history cannot be read', { instrument, error: describe(error) });
    return null;
  }
}

/** The context that a cycle's snapshot gives. @throws ContentMismatchError, LookAheadError */
export async function loadContext(desk: Desk, reference: ContentReference): Promise<AgentContext> {
  const known = contexts.get(reference.sha256);
  if (known !== undefined) return known;
  const snapshot = cycleSnapshot.parse(await getContent(desk.objects, reference));
  const daily = new Map<string, BarSeries>();
  for (const { daily: history } of snapshot.instruments) {
    if (history !== null) daily.set(history.sha256, await loadDaily(desk, history));
  }
  const context = snapshotContext(snapshot, (sha256) => daily.get(sha256) as BarSeries);
  keep(contexts, reference.sha256, context, KEPT_CONTEXTS);
  return context;
}
