import type * as z from 'zod';
import type { brokerState } from '#contracts/events/desk.ts';

export type BrokerState = z.infer<typeof brokerState>;

/** Where the bridge stands. Orders leave it in READY only. */
export interface BridgeSession {
  readonly state: BrokerState;
  /** True between opening a link and its end. */
  readonly linkOpen: boolean;
  /** True once the link in use has told account, order id and time. */
  readonly greeted: boolean;
  /** False while the gateway has no connection to the broker behind it. */
  readonly upstream: boolean;
  /** True inside a planned restart or login window. */
  readonly maintenance: boolean;
  /** Why the gateway takes no orders, or null. Holds until the link is replaced. */
  readonly disabled: string | null;
  /** Links that failed since the last time the bridge was READY. */
  readonly failures: number;
}

export type SessionInput =
  | { readonly kind: 'connect' }
  | { readonly kind: 'connected' }
  | { readonly kind: 'greeted' }
  | { readonly kind: 'reconciled' }
  | { readonly kind: 'link-ended'; readonly reason: string }
  | { readonly kind: 'upstream-lost'; readonly reason: string }
  | { readonly kind: 'upstream-restored'; readonly reason: string }
  | { readonly kind: 'trading-disabled'; readonly reason: string }
  | { readonly kind: 'maintenance-started'; readonly reason: string }
  | { readonly kind: 'maintenance-ended' }
  | { readonly kind: 'lease-lost'; readonly reason: string }
  | { readonly kind: 'stop'; readonly reason: string };

export type SessionAction = 'open-link' | 'close-link' | 'reconcile' | 'retry' | 'start-trading';

export interface SessionStep {
  readonly session: BridgeSession;
  readonly actions: readonly SessionAction[];
  /** Why the state changed; what the journal says. */
  readonly reason: string;
}

export const INITIAL_SESSION: BridgeSession = {
  state: 'DISCONNECTED',
  linkOpen: false,
  greeted: false,
  upstream: true,
  maintenance: false,
  disabled: null,
  failures: 0,
};

/**
 * The state machine of the link: one input, the next state and what is to be done about it. An input that means nothing in
 * a state changes nothing, so that late messages of an old link do no harm.
 */
export function stepSession(session: BridgeSession, input: SessionInput): SessionStep {
  const stay: SessionStep = { session, actions: [], reason: '' };
  if (session.state === 'STOPPED') return stay;
  switch (input.kind) {
    case 'connect':
      if (session.state !== 'DISCONNECTED' || session.maintenance) return stay;
      return {
        session: {
          ...session,
          state: 'CONNECTING',
          linkOpen: true,
          greeted: false,
          upstream: true,
          disabled: null,
        },
        actions: ['open-link'],
        reason: session.failures === 0 ? 'connecting' : `connecting again after ${session.failures} failures`,
      };
    case 'connected':
      if (session.state !== 'CONNECTING') return stay;
      return { session: { ...session, state: 'HANDSHAKE' }, actions: [], reason: 'the gateway answered' };
    case 'greeted':
      if (session.state !== 'HANDSHAKE') return stay;
      return working({ ...session, greeted: true }, 'account, order id and time are known');
    case 'reconciled':
      if (session.state !== 'RECONCILING') return stay;
      return {
        session: { ...session, state: 'READY', failures: 0 },
        actions: ['start-trading'],
        reason: 'the broker and the journal agree on every order',
      };
    case 'link-ended': {
      if (!session.linkOpen) return stay;
      const ended = { ...unlinked(session), failures: session.failures + 1 };
      if (session.maintenance)
        return { session: { ...ended, state: 'FROZEN' }, actions: ['close-link'], reason: input.reason };
      return {
        session: { ...ended, state: 'DISCONNECTED' },
        actions: ['close-link', 'retry'],
        reason: input.reason,
      };
    }
    case 'upstream-lost':
      if (!session.linkOpen || !session.upstream) return stay;
      return frozen({ ...session, upstream: false }, input.reason);
    case 'upstream-restored':
      if (!session.linkOpen) return stay;
      return working({ ...session, upstream: true }, input.reason);
    case 'trading-disabled':
      if (!session.linkOpen || session.disabled !== null) return stay;
      return frozen({ ...session, disabled: input.reason }, input.reason);
    case 'maintenance-started':
      if (session.maintenance) return stay;
      return {
        ...frozen({ ...session, maintenance: true }, input.reason),
        session: { ...session, maintenance: true, state: 'FROZEN' },
      };
    case 'maintenance-ended': {
      if (!session.maintenance) return stay;
      const after = { ...session, maintenance: false };
      if (session.linkOpen && session.greeted) return working(after, 'the maintenance window is over');
      return {
        session: { ...unlinked(after), state: 'DISCONNECTED' },
        actions: session.linkOpen ? ['close-link', 'retry'] : ['retry'],
        reason: 'the maintenance window is over',
      };
    }
    case 'lease-lost':
      return {
        session: { ...unlinked(session), state: 'DISCONNECTED' },
        actions: session.linkOpen ? ['close-link'] : [],
        reason: input.reason,
      };
    case 'stop':
      return {
        session: { ...unlinked(session), state: 'STOPPED' },
        actions: session.linkOpen ? ['close-link'] : [],
        reason: input.reason,
      };
  }
}

function unlinked(session: BridgeSession): BridgeSession {
  return { ...session, linkOpen: false, greeted: false, upstream: true, disabled: null };
}

/** On a greeted link: reconcile and then trade, unless something forbids it. */
function working(session: BridgeSession, reason: string): SessionStep {
  if (!session.greeted) return { session, actions: [], reason };
  if (!session.upstream) return frozen(session, 'the gateway has no connection to the broker');
  if (session.disabled !== null) return frozen(session, session.disabled);
  if (session.maintenance) return frozen(session, 'inside a maintenance window');
  return { session: { ...session, state: 'RECONCILING' }, actions: ['reconcile'], reason };
}

/** Before the greeting is over a freeze only changes what follows it. */
function frozen(session: BridgeSession, reason: string): SessionStep {
  if (!session.greeted) return { session, actions: [], reason };
  return { session: { ...session, state: 'FROZEN' }, actions: [], reason };
}

/** The pause before connecting again after so many failures: doubling from one second up to half a minute. */
export function reconnectDelay(failures: number): number {
  return Math.min(30_000, 1_000 * 2 ** Math.min(10, Math.max(0, failures - 1)));
}
