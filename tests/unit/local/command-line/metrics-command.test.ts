import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { sessionsBetween } from '#core/market/calendar.ts';
import { seededRandom } from '#core/values/random.ts';
import { metricsCommand } from '#local/command-line/metrics-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'metrics-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

function run(...[file, options]: Parameters<typeof metricsCommand>): string {
  let stdout = '';
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  expect(metricsCommand(file, options)).toBe(0);
  return stdout;
}
const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const random = seededRandom(5);
let [equity, level] = [100_000, 3_000];
const lines = sessionsBetween('us-equity', '2017-01-03', '2018-12-31').map(({ date }) => {
  const move = 0.01 * random.normal();
  [equity, level] = [equity * (1 + move / 2), level * (1 + move)];
  return `${date},${equity.toFixed(2)},${level.toFixed(2)}`;
});
const marks = file('mine.csv', `date,equity,benchmark\n${lines.join('\n')}\n`);

describe('abc metrics', () => {
  it('shows the figures with the benchmark beside them', () => {
    const table = run(marks, {});
    expect(table).toMatch(/^ +mine\.csv +benchmark$/m);
    expect(table).toMatch(/^beta +0\.50$/m);
    expect(table).toMatch(/^span +2017-01-03 to 2018-12-31, 502 marks$/m);
    expect(table).not.toContain('commission');
  });
  it('gives every figure as JSON, with the hash of the file', () => {
    const report = JSON.parse(run(marks, { json: true, riskFree: '0.02' }));
    expect(report).toMatchObject({
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      performance: {
        plausibility: { kind: 'plausible' },
        ratios: { riskFree: 0.02 },
        relative: { beta: { kind: 'value', value: expect.closeTo(0.5, 2) } },
        crises: [{ from: '2018-01-26', to: '2018-02-08' }],
        trades: null,
      },
      benchmark: { relative: null, span: { marks: 502 } },
    });
    const own = report.performance.returns.volatility.value / report.benchmark.returns.volatility.value;
    expect(own).toBeCloseTo(0.5, 2);
  });
  it('says what is undefined and why, and what is implausible', () => {
    const risen = file('risen.csv', `time,equity\n2020-01-02,100\n2020-02-14,101\n2020-03-02,250\n`);
    const table = run(risen, {});
    expect(table).toMatch(/^IMPLAUSIBLE: risen\.csv/);
    expect(table).toContain('undefined   CVaR 95 % of a day of risen.csv: 2 returns; at least 20 are needed');
    const one = run(file('one.csv', 'time,equity\n2020-01-02,100\n'), {});
    expect(one).toContain('undefined   total return of one.csv: 1 marks; at least 2 are needed');
  });
  it('writes a tear sheet whole', () => {
    const report = join(folder, 'sheet.html');
    run(marks, { report });
    const page = readFileSync(report, 'utf8');
    expect(page.startsWith('<!doctype html>') && page.endsWith('</html>\n')).toBe(true);
    expect(page.includes('mine.csv: 502 marks')).toBe(true);
    expect(page.includes('who made') || page.includes('whoever made the marks')).toBe(true);
    expect(readdirSync(folder).filter((name) => name.includes('unfinished'))).toEqual([]);
  });
  it.each(['2%', '', '-1', 'Infinity'])('refuses %j as a risk-free rate', (riskFree) => {
    expect(() => metricsCommand(marks, { riskFree })).toThrow(
      'is not a yearly rate; write a fraction such as 0.02',
    );
  });
  it('leaves nothing where the tear sheet has no place', () => {
    const report = join(folder, 'no-such-folder', 'sheet.html');
    expect(() => metricsCommand(marks, { report })).toThrow(
      `the report ${report} cannot be written (ENOENT)`,
    );
  });
});
