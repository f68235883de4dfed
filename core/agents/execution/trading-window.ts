import type { AgentContext } from '#core/agents/context.ts';

const MINUTE = 60_000;

/** Why no order may be planned at this time, or null: the regular session, without its last minutes unless reducing. */
export function tradingWindow(context: AgentContext, reducing: boolean): string | null {
  if (context.kind === 'pre-market' || context.asOf < context.sessionOpen) {
    return 'the session has not opened: nothing is traded before the open';
  }
  if (context.asOf >= context.sessionClose) return 'the session is over';
  const left = (context.sessionClose - context.asOf) / MINUTE;
  return !reducing && left <= context.policy.closingMinutes
    ? `${Math.round(left)} min are left: nothing is opened in the last ${context.policy.closingMinutes} min`
    : null;
}
