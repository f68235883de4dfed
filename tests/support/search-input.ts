import { parseBacktestParameters } from '#local/backtest/backtest-parameters.ts';

/** Five years of the index with a crash in them: what the tests of the search run on. */
export const SEARCH_INPUT = parseBacktestParameters({
  symbols: ['SPX-PROXY'],
  from: '2006-01-03',
  to: '2010-12-31',
  data: null,
  cash: '100000',
  commission: 'tiered',
  seed: 'seed',
});
