import * as z from 'zod';
import { identifier, instant } from '#contracts/primitives.ts';
import { type EpochMillis, instantText, parseInstant } from '#core/values/clock.ts';

/** The right to trade, as stored. `token` only ever grows: whoever holds an older one has lost the right. */
export const lease = z.object({ owner: identifier, token: z.int().min(1), expiresAt: instant });
export type Lease = z.infer<typeof lease>;

export type LeaseDecision =
  /** Write this lease, provided that nobody else has written since it was read. */
  | { readonly kind: 'take'; readonly lease: Lease }
  /** Somebody else holds it; look again at that instant. */
  | { readonly kind: 'wait'; readonly until: EpochMillis; readonly owner: string };

/**
 * Whether `owner` may take the lease now. One's own lease of an earlier life is taken over at once, with a higher token,
 * so that the earlier life, should it still breathe, is fenced off.
 */
export function decideLease(
  current: Lease | null,
  owner: string,
  now: EpochMillis,
  durationMillis: number,
): LeaseDecision {
  if (current !== null && current.owner !== owner && parseInstant(current.expiresAt) > now) {
    return { kind: 'wait', until: parseInstant(current.expiresAt), owner: current.owner };
  }
  return {
    kind: 'take',
    lease: { owner, token: (current?.token ?? 0) + 1, expiresAt: instantText(now + durationMillis) },
  };
}

/** The same lease for longer. */
export function renewed(current: Lease, now: EpochMillis, durationMillis: number): Lease {
  return { ...current, expiresAt: instantText(now + durationMillis) };
}

/** The lease given back: free at once, its token kept so that the next one is higher. */
export function released(current: Lease, now: EpochMillis): Lease {
  return { ...current, expiresAt: instantText(now) };
}
