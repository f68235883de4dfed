import { describe, expect, it } from 'vitest';
import { verifyCommand } from '#local/command-line/verify-command.ts';

describe('verifying an export', () => {
  it.each(['abc', '-1', '1.5', ''])(
    'names a minimum of leaves that is none before it reads anything: %j',
    (minimumLeaves) => {
      expect(() => verifyCommand('nowhere', { minimumLeaves })).toThrow(
        `--minimum-leaves ${JSON.stringify(minimumLeaves)} is not a whole number`,
      );
    },
  );

  it('names the directory where the minimum is one', () => {
    expect(() => verifyCommand('nowhere', { minimumLeaves: '3' })).toThrow(
      /audit export nowhere cannot be read/,
    );
  });
});
