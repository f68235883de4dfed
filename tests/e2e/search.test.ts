import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { abc, stateDirectory } from './command-line.ts';

const state = stateDirectory();
afterAll(() => state.remove());

const search = (trials: string, workers: string) =>
  abc(
    'search',
    'sma-cross',
    '--range',
    'fast=2:40:2',
    'slow=50:140:10',
    '--walk-forward',
    '3',
    '--workers',
    workers,
    '--trials',
    join(state.path, trials),
    '--json',
  );

test('an interrupted search keeps its trials, and the same command ends it as if nothing had been', async () => {
  const interrupted = search('interrupted.jsonl', '2');
  await interrupted.line(/^\d+ of 600 trials/);
  interrupted.kill('SIGINT');
  const ended = await interrupted.done;
  expect(ended).toMatchObject({ code: 130, stdout: '' });
  const kept = /interrupted: (\d+) of 600 trials are in/.exec(ended.stderr)?.[1];
  const path = join(state.path, 'interrupted.jsonl');
  expect(readFileSync(path, 'utf8').trim().split('\n').length).toBe(1 + Number(kept));
  expect(Number(kept)).toBeLessThan(600);
  const resumed = await search('interrupted.jsonl', '1').done;
  expect(resumed.code).toBe(0);
  expect(resumed.stderr).toContain(`which has ${kept} already`);
  const whole = await search('whole.jsonl', '2').done;
  expect(resumed.stdout).toBe(whole.stdout);
  expect(readFileSync(path, 'utf8')).toBe(readFileSync(join(state.path, 'whole.jsonl'), 'utf8'));
  expect(JSON.parse(whole.stdout).results.length).toBe(3);
});

test('what cannot be searched ends with 3 and one line that says what to do, and leaves no file', async () => {
  const trials = join(state.path, 'none.jsonl');
  const refused = await abc('search', '--range', 'fast=9:1:1', '--trials', trials).done;
  expect(refused).toMatchObject({ code: 3, stdout: '' });
  expect(refused.stderr).toContain(
    'fast from 9 to 1 is no range; give the lower bound first [InvalidValidation]',
  );
  expect(existsSync(trials)).toBe(false);
});
