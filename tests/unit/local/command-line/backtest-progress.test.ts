import { describe, expect, it } from 'vitest';
import { tellBacktest } from '#local/command-line/backtest-progress.ts';

function heard(live: boolean) {
  const lines: string[] = [];
  let now = 0;
  const tell = tellBacktest(
    { live, line: (text) => lines.push(text), aside: () => {}, end: () => lines.push('end') },
    (text) => lines.push(text),
    () => now,
  );
  return {
    lines,
    at(millis: number, done: number) {
      now = millis;
      tell({ kind: 'simulated', strategy: 'slow', date: '2008-10-13', done });
    },
    tell,
  };
}

describe('the progress of a backtest', () => {
  it('says first where the prices come from', () => {
    const { lines, tell } = heard(false);
    tell({ kind: 'loaded', sources: ['SPY: 3 bars', 'AAPL: 3 bars'], strategy: 'sma-cross' });
    expect(lines).toEqual([
      'prices: SPY: 3 bars',
      'prices: AAPL: 3 bars',
      'running sma-cross and buy-and-hold …',
    ]);
  });
  it('is silent for a second, then follows every step on a terminal', () => {
    const { lines, at, tell } = heard(true);
    at(900, 0.1);
    at(1_100, 0.259);
    at(1_150, 0.3);
    tell({ kind: 'measuring' });
    expect(lines).toEqual(['slow: 2008-10-13, 25 %', 'slow: 2008-10-13, 30 %', 'end']);
  });
  it('is a line every five seconds elsewhere', () => {
    const { lines, at } = heard(false);
    for (let second = 1; second <= 12; second++) at(second * 1_000, second / 12);
    expect(lines).toEqual(['slow: 2008-10-13, 41 %', 'slow: 2008-10-13, 83 %']);
  });
});
