import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const PROJECT = join(import.meta.dirname, '..', '..');

/** The commit that the program runs from, with `-dirty` where its files differ; null outside a repository. */
export function commitOfProgram(): string | null {
  try {
    const text = execFileSync('git', ['describe', '--always', '--dirty', '--abbrev=40', '--exclude=*'], {
      cwd: PROJECT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return /^[0-9a-f]{40}(-dirty)?$/.test(text) ? text : null;
  } catch {
    // No git, or no repository: an installed copy has no commit.
    return null;
  }
}
