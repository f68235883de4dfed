import type { ServiceCall } from '../kernel.ts';

const signals = new WeakMap<ServiceCall, AbortSignal>();

/** Remembers the signal that fires when the caller of a waiting call goes away. */
export function rememberSignal(call: ServiceCall, signal: AbortSignal): void {
  signals.set(call, signal);
}

/** Fires when the connection that the call came by is closed; undefined for calls that came otherwise. */
export function signalOf(call: ServiceCall): AbortSignal | undefined {
  return signals.get(call);
}
