import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { backtestData } from '#local/backtest/backtest.ts';
import { planSearch, runSearch, searchReport } from '#local/backtest/search/search.ts';
import { parseRange, type SearchRequest } from '#local/backtest/search/search-request.ts';
import { searchSheet } from '#local/backtest/search/search-sheet.ts';
import { TrialFile } from '#local/backtest/search/trial-file.ts';
import { percentText } from '#local/report/figure-text.ts';
import { SEARCH_INPUT } from '../../../../support/search-input.ts';

const folder = mkdtempSync(join(tmpdir(), 'search-sheet-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const input = SEARCH_INPUT;
async function searched(name: string, ranges: readonly string[]) {
  const request: SearchRequest = {
    strategy: 'sma-cross',
    ranges: ranges.map(parseRange),
    random: null,
    windows: { kind: 'walk-forward', windows: 2, trainTests: 2, anchored: false },
    input,
  };
  const plan = await planSearch(request, await backtestData(input));
  const trials = new TrialFile(join(folder, `${name}.jsonl`), plan.id);
  await runSearch(plan, trials, 1, () => undefined, new AbortController().signal);
  const report = await searchReport(plan, trials.results);
  return { report, page: await searchSheet(plan, report, null) };
}

describe('the tear sheet of a search', () => {
  test('shows the chosen out of sample, with the trials and what speaks most against them', async () => {
    const { report, page } = await searched('chosen', ['fast=5,10,20', 'slow=60,120']);
    const deflated = report.results.flatMap(({ verdict: { deflated: one } }) =>
      one.kind === 'value' ? [one.value] : [],
    );
    expect(deflated).toHaveLength(2);
    const out = report.outOfSample?.totalReturn;
    for (const part of [
      `6; deflated Sharpe ratio: ${percentText(Math.min(...deflated))}; probability of overfitting: `,
      `<strong>${out?.kind === 'value' ? percentText(out.value) : ''}</strong>`,
      'sma-cross, chosen',
      'fast of 5, 10, 20',
      ...report.results.map(({ test: [from, to] }) => `tried on ${from} to ${to}: fast `),
    ])
      expect(page?.includes(part), part).toBe(true);
  });
  test('is none where a window has nothing to choose', async () => {
    const { page } = await searched('none', ['fast=60,80', 'slow=20,30']);
    expect(page).toBeNull();
  });
});
