import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { abc, stateDirectory } from './command-line.ts';

describe('abc backtest', () => {
  const state = stateDirectory();
  afterAll(() => state.remove());
  const file = (name: string, text: string) => {
    const path = join(state.path, name);
    writeFileSync(path, text);
    return path;
  };

  it('ends with 8 for a strategy file that peeks, and with 0 for one that does not', async () => {
    const holding = (name: string, signal: string) =>
      file(
        name,
        `export default (parameters, [{ bars: { close } }]) => ({ name: 'holding', parameters, start: () => (context) => {
          const [bar, held] = [context.index, context.position(0)];
          if (context.workingOrders(0) === 0 && (${signal}) === (held === 0))
            context.submit({ side: held === 0 ? 'buy' : 'sell', quantity: 10, type: 'MKT' });
        } });`,
      );
    const span = ['--from', '2016-01-04', '--to', '2016-12-30', '--check-lookahead'];
    const peeking = await abc('backtest', holding('peeking.mjs', 'close[bar + 1] > close[bar]'), ...span)
      .done;
    expect(peeking.stdout).toMatch(/^look-ahead {2}LOOKS AHEAD: at 2016-/m);
    expect(peeking.code).toBe(8);
    const honest = await abc('backtest', holding('honest.mjs', 'close[bar] > close[bar - 1]'), ...span).done;
    expect(honest.stdout).toMatch(/^look-ahead {2}none/m);
    expect(honest.code).toBe(0);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ends with 130 at %s while a strategy computes, and the earlier tear sheet stays',
    async (signal) => {
      const endless = file(
        'endless.mjs',
        `export default { name: 'endless', parameters: {}, start: () => () => { for (;;); } };`,
      );
      const report = file('sheet.html', 'an earlier one');
      const before = readdirSync(state.path);
      const running = abc('backtest', endless, '--report', report, '--json');
      await running.line(/running endless/);
      running.kill(signal);
      const finished = await running.done;
      expect(finished).toMatchObject({ code: 130, signal: null, stdout: '' });
      expect(finished.stderr).toContain('interrupted: nothing was written');
      expect(readFileSync(report, 'utf8')).toBe('an earlier one');
      expect(readdirSync(state.path)).toEqual(before);
    },
  );
});
