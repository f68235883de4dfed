import type { Commit, DeskStore } from '#core/events/desk-store.ts';

/** A commit of which the first answer that `concerns` picks is lost: what the bridge hears is the answer to its second try. */
export function lostAnswer(
  commit: DeskStore['commit'],
  concerns: (change: Commit) => boolean,
): DeskStore['commit'] {
  let lost = false;
  return async (change) => {
    const result = await commit(change);
    if (lost || !concerns(change)) return result;
    lost = true;
    return commit(change);
  };
}
