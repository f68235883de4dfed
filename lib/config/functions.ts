import { AGENTS } from '#contracts/agents.ts';

/** Every function of the desk and the file its handler is in. Bundles, stacks and permissions follow this one list. */
export const FUNCTION_ENTRIES = {
  ...(Object.fromEntries(AGENTS.map((agent) => [agent, `functions/agents/${agent}/handler.ts`])) as Record<
    (typeof AGENTS)[number],
    string
  >),
  cycle: 'functions/cycle/handler.ts',
  deliberation: 'functions/deliberation/handler.ts',
  gate: 'functions/risk/gate/handler.ts',
  breakers: 'functions/risk/breakers/handler.ts',
  pyramiding: 'functions/risk/pyramiding/handler.ts',
  'risk-report': 'functions/risk/report/handler.ts',
  portfolio: 'functions/portfolio/handler.ts',
  relay: 'functions/audit/relay/handler.ts',
  integrator: 'functions/audit/integrator/handler.ts',
  checkpoint: 'functions/audit/checkpoint/handler.ts',
  'recovery-scan': 'functions/recovery/scan/handler.ts',
  'recovery-replay': 'functions/recovery/replay/handler.ts',
} as const;
export type FunctionName = keyof typeof FUNCTION_ENTRIES;
