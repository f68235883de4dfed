import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { backtestData } from '#local/backtest/backtest.ts';
import { planSearch, runSearch } from '#local/backtest/search/search.ts';
import { searchRealityChecks } from '#local/backtest/search/search-reality-check.ts';
import { parseRange, type SearchRequest } from '#local/backtest/search/search-request.ts';
import { TrialFile } from '#local/backtest/search/trial-file.ts';
import { SEARCH_INPUT } from '../../../../support/search-input.ts';

const folder = mkdtempSync(join(tmpdir(), 'reality-check-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const input = SEARCH_INPUT;
/** Holds while the close after so many bars more than one (0: in turns of ten days) is above today's, as a strategy that was handed the bars can. */
const seeing = join(folder, 'seeing.mjs');
writeFileSync(
  seeing,
  `export default ({ ahead }, [{ bars: { close } }]) => {
    if (ahead > 5) throw new Error('too far');
    return { name: 'seeing', parameters: { ahead }, start: () => (context) => {
      const wanted = ahead === 0 ? context.index % 20 < 10 : close[context.index + ahead + 1] > close[context.index];
      const held = context.position(0);
      if (context.workingOrders(0) > 0) return;
      if (wanted && held === 0) context.submit({ side: 'buy', quantity: Math.floor((0.9 * context.equity) / close[context.index]), type: 'MKT' });
      if (!wanted && held > 0) context.submit({ side: 'sell', quantity: held, type: 'MKT' });
    } };
  };`,
);

async function checked(
  name: string,
  strategy: string,
  ranges: readonly string[],
  signal = new AbortController().signal,
) {
  const request: SearchRequest = {
    strategy,
    ranges: ranges.map(parseRange),
    random: null,
    windows: { kind: 'walk-forward', windows: 2, trainTests: 2, anchored: false },
    input,
  };
  const plan = await planSearch(request, await backtestData(input));
  const trials = new TrialFile(join(folder, `${name}.jsonl`), plan.id);
  await runSearch(plan, trials, 1, () => undefined, new AbortController().signal);
  const told: number[] = [];
  const checks = await searchRealityChecks(plan, trials.results, (done) => told.push(done), signal);
  return { checks, told };
}
const probabilityOf = (figure: { readonly kind: string; readonly value?: number } | undefined) =>
  figure?.kind === 'value' ? (figure.value ?? Number.NaN) : Number.NaN;

describe('the reality check of a search', () => {
  test('tells trials that know the future from one that does not, window by window', async () => {
    const { checks, told } = await checked('seeing', seeing, ['ahead=0,1,2,9']);
    expect(checks).toHaveLength(2);
    // One of the four points is refused by the strategy and has no returns.
    expect(checks?.map(({ trials }) => trials)).toEqual([3, 3]);
    for (const check of checks ?? []) {
      expect(probabilityOf(check.white)).toBeLessThan(0.05);
      expect(probabilityOf(check.superiorAbility)).toBeLessThan(0.05);
    }
    expect(told).toEqual([1, 2, 3, 4, 5, 6]);
    const { checks: blind } = await checked('blind', seeing, ['ahead=0']);
    for (const check of blind ?? []) expect(probabilityOf(check.white)).toBeGreaterThan(0.05);
  });
  test('is the same for the same search', async () => {
    const first = await checked('first', 'sma-cross', ['fast=5,10', 'slow=40,60']);
    const again = await checked('again', 'sma-cross', ['fast=5,10', 'slow=40,60']);
    expect(again.checks).toEqual(first.checks);
  });
  test('has a reason where no trial was measured, and ends where it is interrupted', async () => {
    const none = await checked('none', seeing, ['ahead=8,9']);
    expect(none.checks?.map(({ white }) => white)).toEqual([
      { kind: 'undefined', reason: 'no trial was measured' },
      { kind: 'undefined', reason: 'no trial was measured' },
    ]);
    const stopped = await checked('stopped', 'sma-cross', ['fast=5,10', 'slow=40'], AbortSignal.abort());
    expect(stopped).toEqual({ checks: null, told: [1] });
  });
});
