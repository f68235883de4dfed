import { describe, expect, test } from 'vitest';
import { type BacktestProgress, backtestReport } from '#local/backtest/backtest-report.ts';
import { type BacktestCommandOptions, backtestRequest } from '#local/command-line/backtest-command.ts';

const january = { symbols: 'AAPL,SPX,SPX-PROXY', from: '2018-01-22', to: '2018-01-31' };

async function desk(options: BacktestCommandOptions = {}) {
  const told: BacktestProgress[] = [];
  const made = await backtestReport(backtestRequest('desk', { ...january, ...options }), (progress) =>
    told.push(progress),
  );
  return { ...made, told };
}

describe('abc backtest desk', () => {
  test('runs the whole desk over the sessions, with buy-and-hold of what can be traded beside it', async () => {
    const { report, page, told } = await desk();
    expect(report).toMatchObject({
      strategy: 'desk',
      parameters: {
        cycles: '09:45,15:45',
        barMinutes: 5,
        historySessions: 1260,
        resumeAfter: 'never',
        seed: 'abc-application',
      },
      costModel: expect.stringContaining('IBKR tiered'),
      result: { orders: 2, fills: 3 },
      buyAndHold: { fills: 2 },
    });
    expect(report.result.performance.span).toMatchObject({ from: '2018-01-22', to: '2018-01-31', marks: 8 });
    expect(report.data.sources.at(-1)).toContain('a model and not the market');
    expect(page).toBeNull();
    expect(told[0]).toMatchObject({ kind: 'loaded', strategy: 'desk' });
    expect(told.filter(({ kind }) => kind === 'simulated')).toHaveLength(8);
    expect(told.at(-1)).toEqual({ kind: 'measuring' });
  });

  test('gives the same JSON again; another seed and other cycles give others', async () => {
    const text = async (options: BacktestCommandOptions) =>
      JSON.stringify((await desk({ ...options, from: '2018-01-22', to: '2018-01-25' })).report.result);
    const first = await text({});
    expect(await text({})).toBe(first);
    expect(await text({ seed: 'another' })).not.toBe(first);
    expect(await text({ cycles: '12:00' })).not.toBe(first);
  });

  test('charges what it is told to, and draws a tear sheet', async () => {
    const { report, page } = await desk({ commission: 'fixed', report: 'sheet.html', to: '2018-01-24' });
    expect(report.result.performance.costs?.commission).toBe(1);
    expect(page).toContain('desk');
    expect(page).toContain('a model and not the market');
  });

  test('names when somebody would resume, in the result and in the tear sheet', async () => {
    const { report, page } = await desk({ resumeAfter: '7', report: 'sheet.html', to: '2018-01-23' });
    expect(report.parameters).toMatchObject({ resumeAfter: 7 });
    expect(page).toMatch(/resumeAfter\D*7/);
  });

  test.each([
    [{ parameters: 'fast=5' }, 'the desk has no parameter "fast"; it has barMinutes, historySessions'],
    [{ symbols: 'SPX' }, 'nothing of SPX can be traded'],
    [{ symbols: 'NOPE' }, 'the symbol "NOPE" is not in the catalog'],
    [{ cycles: 'noon' }, 'the cycle time "noon" is not one such as 09:45'],
    [{ parameters: 'barMinutes=0' }, 'barMinutes 0 is not a whole number above zero'],
  ])('refuses %j', async (options, problem) => {
    await expect(desk(options)).rejects.toThrow(problem);
  });

  test('cycles are the desk’s alone', async () => {
    const request = backtestRequest('sma-cross', { ...january, symbols: 'AAPL', cycles: '09:45' });
    await expect(backtestReport(request, () => {})).rejects.toThrow('--cycles 09:45 is for the desk only');
  });

  test('so is whoever resumes', async () => {
    const request = backtestRequest('sma-cross', { ...january, symbols: 'AAPL', resumeAfter: '20' });
    await expect(backtestReport(request, () => {})).rejects.toThrow('--resume-after 20 is for the desk only');
  });

  test.each(['0', '-1', '2.5', 'soon', ''])('takes no %j for sessions', (resumeAfter) => {
    expect(() => backtestRequest('desk', { ...january, resumeAfter })).toThrow(
      `--resume-after ${JSON.stringify(resumeAfter)} is no number of sessions; write a whole number`,
    );
  });
});
