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
