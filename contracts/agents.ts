/** The 22 agents by name. The order is the order of every list that is rendered or hashed. */
export const MAIN_AGENTS = [
  'macro',
  'data',
  'strategy',
  'risk',
  'execution',
  'reflection',
  'learning',
  'memory',
] as const;
export const DATA_ANALYZERS = [
  'market-data',
  'premium-market-data',
  'microstructure',
  'economic',
  'fundamental',
  'institutional',
  'sentiment',
  'news',
  'options',
  'prediction-market',
] as const;
export const STRATEGY_ANALYZERS = ['flow', 'ml', 'options-strategy', 'multi-instrument'] as const;
/** Who votes in the deliberation; reflection decides after them. */
export const VOTERS = ['data', 'strategy', 'risk', 'execution', 'learning', 'memory', 'macro'] as const;

export const AGENTS = [...MAIN_AGENTS, ...DATA_ANALYZERS, ...STRATEGY_ANALYZERS] as const;

export type DataAnalyzer = (typeof DATA_ANALYZERS)[number];
export type StrategyAnalyzer = (typeof STRATEGY_ANALYZERS)[number];
export type Voter = (typeof VOTERS)[number];
export type AgentName = (typeof AGENTS)[number];
