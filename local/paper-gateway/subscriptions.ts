import type { TapeInstrument } from './tape.ts';

/** What a client has asked to be kept informed of. */
export type Subscription =
  | { readonly kind: 'marketData'; readonly reqId: number; readonly instrument: TapeInstrument }
  | { readonly kind: 'realTimeBars'; readonly reqId: number; readonly instrument: TapeInstrument }
  | {
      readonly kind: 'history';
      readonly reqId: number;
      readonly instrument: TapeInstrument;
      readonly minutes: number;
      readonly formatDate: number;
    }
  | { readonly kind: 'autoBind' }
  | { readonly kind: 'positions' }
  | { readonly kind: 'accountUpdates' }
  | { readonly kind: 'accountSummary'; readonly reqId: number; readonly tags: readonly string[] }
  | { readonly kind: 'accountUpdatesMulti'; readonly reqId: number; readonly model: string }
  | { readonly kind: 'pnl'; readonly reqId: number }
  | { readonly kind: 'pnlSingle'; readonly reqId: number; readonly instrument: TapeInstrument | null };

/** The name under which a subscription is cancelled. */
export const subscriptionKey = (kind: Subscription['kind'], reqId = 0): string => `${kind}:${reqId}`;
