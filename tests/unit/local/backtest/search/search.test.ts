import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { corruptFuture } from '#core/analytics/validation/corrupt-future.ts';
import { backtestData } from '#local/backtest/backtest.ts';
import { planSearch, runSearch, searchReport } from '#local/backtest/search/search.ts';
import { parseRange, parseSearchWords, type SearchRequest } from '#local/backtest/search/search-request.ts';
import { TrialFile } from '#local/backtest/search/trial-file.ts';
import { type SearchCommandOptions, searchCommand } from '#local/command-line/search-command.ts';
import { SEARCH_INPUT } from '../../../../support/search-input.ts';

const folder = mkdtempSync(join(tmpdir(), 'search-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

const input = SEARCH_INPUT;
const REQUEST: SearchRequest = {
  strategy: 'sma-cross',
  ranges: [parseRange('fast=5:30:5'), parseRange('slow=20,60,120')],
  random: null,
  windows: { kind: 'walk-forward', windows: 2, trainTests: 2, anchored: false },
  input,
};
const never = new AbortController().signal;
const planned = async (request = REQUEST) => planSearch(request, await backtestData(request.input));

describe('a search', () => {
  test('leaves the same bytes and the same report with one thread and with three', async () => {
    const plan = await planned();
    const run = async (workers: number) => {
      const trials = new TrialFile(join(folder, `${workers}.jsonl`), plan.id);
      expect(await runSearch(plan, trials, workers, () => undefined, never)).toBe(true);
      return {
        bytes: readFileSync(trials.path, 'utf8'),
        report: JSON.stringify(await searchReport(plan, trials.results)),
      };
    };
    const one = await run(1);
    expect(await run(3)).toEqual(one);
    // A head and 18 points on 2 windows; those whose fast mean is not the shorter are recorded with their error.
    expect(one.bytes.trim().split('\n').length).toBe(37);
    expect(one.bytes.match(/"kind":"failed","code":"InvalidSimulation"/g)?.length).toBe(6);
  });

  test('interrupted, keeps what is done; going on, ends with the bytes of one that was not', async () => {
    const plan = await planned();
    const whole = new TrialFile(join(folder, 'whole.jsonl'), plan.id);
    await runSearch(plan, whole, 2, () => undefined, never);
    const stop = new AbortController();
    const path = join(folder, 'part.jsonl');
    const part = new TrialFile(path, plan.id);
    const finished = await runSearch(plan, part, 2, (done) => done >= 12 && stop.abort(), stop.signal);
    expect(finished).toBe(false);
    const kept = part.results.length;
    expect(kept).toBeGreaterThanOrEqual(12);
    expect(kept).toBeLessThan(36);
    appendFileSync(path, '{"window":1,"trial":');
    const again = new TrialFile(path, plan.id);
    expect(again.results).toEqual(part.results);
    let run = kept;
    await runSearch(plan, again, 2, (done) => (run = done), never);
    expect(run).toBe(36);
    expect(readFileSync(path, 'utf8')).toBe(readFileSync(whole.path, 'utf8'));
    const reports = [await searchReport(plan, again.results), await searchReport(plan, whole.results)];
    expect(reports[0]).toEqual(reports[1]);
  });

  test('runs nothing where all is done or it is interrupted before', async () => {
    const plan = await planned();
    const trials = new TrialFile(join(folder, 'done.jsonl'), plan.id);
    expect(await runSearch(plan, trials, 2, () => undefined, AbortSignal.abort())).toBe(false);
    expect(trials.results).toEqual([]);
    await runSearch(plan, trials, 2, () => undefined, never);
    const told = vi.fn();
    expect(await runSearch(plan, new TrialFile(trials.path, plan.id), 2, told, never)).toBe(true);
    expect(told).not.toHaveBeenCalled();
  });

  test('chooses on the training alone: bars of the test change no trial', async () => {
    const data = await backtestData(input);
    const [one] = data.instruments;
    if (one === undefined) throw new Error('no bars');
    const request: SearchRequest = { ...REQUEST, windows: { kind: 'holdout', fraction: 0.3 } };
    const reports = [];
    const [window] = (await planned(request)).windows;
    const fallen = corruptFuture(one.bars, (window?.testFrom ?? 0) - 1, 'down', 3);
    for (const bars of [one.bars, fallen]) {
      const plan = await planSearch(request, { ...data, instruments: [{ ...one, bars }] });
      const trials = new TrialFile(join(folder, `holdout-${reports.length}.jsonl`), plan.id);
      await runSearch(plan, trials, 2, () => undefined, never);
      reports.push(await searchReport(plan, trials.results));
    }
    const [truth, other] = reports.map((report) => report.results[0]);
    expect(other?.verdict).toEqual(truth?.verdict);
    expect(other?.best?.parameters).toEqual(truth?.best?.parameters);
    expect(other?.best?.outOfSample).not.toEqual(truth?.best?.outOfSample);
  });

  test('of a strategy file is another search once the file says something else', async () => {
    const text = (sign: string) => `export default ({ every }) => ({ name: 'calls', parameters: { every },
      start: () => (c) => { if (c.index % every === 0) c.submit({ side: '${sign}', quantity: 1, type: 'MKT' }); } });`;
    const strategy = file('calls.mjs', text('buy'));
    const request: SearchRequest = { ...REQUEST, strategy, ranges: [parseRange('every=50,100')] };
    const plan = await planned(request);
    const trials = new TrialFile(join(folder, 'calls.jsonl'), plan.id);
    await runSearch(plan, trials, 2, () => undefined, never);
    expect(trials.results.map(({ outcome }) => outcome)).toMatchObject(
      Array(4).fill({ kind: 'measured', trades: 1 }),
    );
    writeFileSync(strategy, text('sell'));
    expect((await planned(request)).id).not.toBe(plan.id);
  });

  test('a strategy that ends its thread is a fault that names its trials; what was finished is kept', async () => {
    const strategy = file(
      'ends.mjs',
      `export default ({ n }) => ({ name: 'ends', parameters: { n }, start: () => () => { if (n === 9) process.exit(3); } });`,
    );
    const plan = await planned({ ...REQUEST, strategy, ranges: [parseRange('n=1:9:1')] });
    const trials = new TrialFile(join(folder, 'ends.jsonl'), plan.id);
    await expect(runSearch(plan, trials, 1, () => undefined, never)).rejects.toMatchObject({
      code: 'TrialThread',
      message: expect.stringContaining('exit code 3'),
    });
    expect(new TrialFile(trials.path, plan.id).results.length).toBe(8);
  });

  test('files that make no strategy and instruments without bars to choose on stop it before', async () => {
    const nothing = file('nothing.mjs', 'export default () => 5;');
    await expect(planned({ ...REQUEST, strategy: nothing })).rejects.toThrow('is no strategy');
    const finished = file(
      'finished.mjs',
      `export default { name: 'x', parameters: {}, start: () => () => {} };`,
    );
    await expect(planned({ ...REQUEST, strategy: finished })).rejects.toThrow('takes no --parameters');
    const late = { ...input, symbols: ['SPX-PROXY', 'AAPL'], from: '2006-01-03', to: '2014-01-31' };
    const request = { ...REQUEST, input: late, windows: { kind: 'holdout', fraction: 0.2 } } as const;
    await expect(planned(request)).rejects.toThrow('AAPL has no bars to choose on from 2006-01-03');
  });
});

describe('the file of trials', () => {
  test('of another search or with a broken line is refused', async () => {
    const other = file('other.jsonl', '{"search":"another"}\n');
    expect(() => new TrialFile(other, 'mine')).toThrow('holds the trials of another search');
    const noise = file('noise.jsonl', 'hello\n');
    expect(() => new TrialFile(noise, 'mine')).toThrow('holds the trials of another search');
    const broken = file('broken.jsonl', '{"search":"mine"}\n{"window":0,"trial":-1}\n');
    expect(() => new TrialFile(broken, 'mine')).toThrow('line 2 of');
  });

  test('that was cut off in its first line starts anew', () => {
    expect(new TrialFile(file('cut.jsonl', '{"sea'), 'mine').results).toEqual([]);
  });
});

describe('abc search', () => {
  async function run(name: string | undefined, options: SearchCommandOptions): Promise<string> {
    let stdout = '';
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      stdout += String(text);
      return true;
    });
    expect(await searchCommand(name, options)).toBe(0);
    return stdout;
  }
  const span = { from: '2006-01-03', to: '2010-12-31' };

  test('says trials, best, out of sample, PSR, DSR, PBO and buy-and-hold', async () => {
    const table = await run(undefined, {
      ...span,
      range: ['fast=5,10', 'slow=10,100'],
      trials: join(folder, 'table.jsonl'),
    });
    for (const part of [
      'grid search, 4 trials on 1 windows',
      'trials      3 measured, 1 failed',
      'best        fast=',
      'PSR ',
      'DSR ',
      'PBO ',
      'out of sample',
      'held out of sample',
      'data hash',
    ])
      expect(table).toContain(part);
  });

  test('as JSON, at random, over a walk forward, the same however often it is run', async () => {
    const options = {
      ...span,
      range: ['fast=5:30:5', 'slow=40:200:10'],
      random: '5',
      walkForward: '3',
      anchored: true,
      json: true,
    };
    const first = await run('sma-cross', { ...options, trials: join(folder, 'a.jsonl'), workers: '1' });
    expect(await run('sma-cross', { ...options, trials: join(folder, 'b.jsonl'), workers: '2' })).toBe(first);
    const report = JSON.parse(first);
    expect(report).toMatchObject({ method: 'random', trials: 5 });
    expect(report.results.length).toBe(3);
    expect(report.outOfSample.sharpe.kind).toBe('value');
    expect(report.buyAndHold.totalReturn.kind).toBe('value');
    expect(new Set(report.results.map(({ train }: { train: string[] }) => train[0]))).toEqual(
      new Set(['2006-01-03']),
    );
  });

  test('where nothing can be rated it says so', async () => {
    const table = await run('sma-cross', {
      ...span,
      range: ['fast=20', 'slow=10'],
      trials: join(folder, 'none.jsonl'),
    });
    expect(table).toContain('best        none: no trial has a Sharpe ratio');
  });

  test('words that cannot be used are faults that name them', async () => {
    await expect(searchCommand(undefined, {})).rejects.toThrow('at least one --range');
    expect(() => parseRange('fast')).toThrow('--range "fast" is no range');
    expect(() => parseRange('fast=1:x:2')).toThrow('is no range');
    expect(() => parseRange('fast=9:1:2')).toThrow('fast from 9 to 1');
    expect(parseRange('a=-1.5,2e-3').values).toEqual([-1.5, 0.002]);
    expect(() => parseSearchWords({ random: '0' })).toThrow('--random "0"');
    expect(() => parseSearchWords({ walkForward: 'x' })).toThrow('--walk-forward "x"');
    expect(() => parseSearchWords({ holdout: '1.5' })).toThrow('--holdout "1.5"');
    expect(() => parseSearchWords({ holdout: '0.0' })).toThrow('--holdout "0.0"');
    expect(() => parseSearchWords({ workers: '257' })).toThrow('--workers "257"');
    expect(() => parseSearchWords({ walkForward: '3', holdout: '0.3' })).toThrow('exclude each other');
    expect(() => parseSearchWords({ anchored: true })).toThrow('need --walk-forward');
  });
});
