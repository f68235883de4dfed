import { readFileSync } from 'node:fs';
import { stateKeys } from '#core/events/state-keys.ts';
import type { AccountBook } from '#core/portfolio/account-book.ts';
import { decidePolicyChange, policyChanged } from '#core/risk/change-policy.ts';
import { parseRiskPolicy, type RiskPolicy } from '#core/risk/policy.ts';
import { ConfigurationError } from '#local/day/errors.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { bookIn, type DeskChoice, type OperatedDesk, operatedDesk } from './operated-desk.ts';

export interface PolicyOptions extends DeskChoice {
  readonly by?: string;
  readonly reason?: string;
}

/** The book may change at each bar while the policy is being put in force. */
const ATTEMPTS = 10;

/** Prints the risk policy in force: what `abc policy set` takes after it has been edited. */
export async function policyShowCommand(options: DeskChoice): Promise<ExitCode> {
  const { policy } = await standing(await operatedDesk(options));
  process.stdout.write(`${JSON.stringify(policy, null, 2)}\n`);
  return EXIT.ok;
}

/** Puts an edited policy in force: a person and a reason, never above the hard ceiling, and journaled with its digest. */
export async function policySetCommand(file: string, options: PolicyOptions): Promise<ExitCode> {
  const proposed = readPolicyFile(file);
  const desk = await operatedDesk(options);
  const signer = { by: options.by ?? '', reason: options.reason ?? '' };
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { policy, policyVersion, book, bookVersion } = await standing(desk);
    const decision = decidePolicyChange(policy, proposed, signer, book);
    if (decision.kind === 'refused') {
      process.stderr.write(`abc: ${decision.explanation}\n`);
      return EXIT.refusedByRisk;
    }
    const result = await desk.store.commit({
      entries: [policyChanged(decision.policy, signer, 'operator', desk.now)],
      writes: [{ key: stateKeys.policy, value: decision.policy, expectedVersion: policyVersion }],
      // The drawdown may reach a step at any bar: what was decided holds for the book that was read.
      checks: [{ key: stateKeys.book, expectedVersion: bookVersion }],
    });
    if (result.kind !== 'committed') continue;
    const lines = decision.differences.map(({ path, from, to }) => `  ${path}: ${from} → ${to}`);
    process.stdout.write(
      `version ${decision.policy.version} is in force, by ${signer.by}: ${signer.reason}\n${lines.join('\n')}\n`,
    );
    return EXIT.ok;
  }
  throw new ConfigurationError('book or policy kept changing; try again');
}

function readPolicyFile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (fault) {
    const reason = fault instanceof Error ? fault.message : String(fault);
    throw new ConfigurationError(`the policy file ${file} cannot be read: ${reason}`, fault);
  }
}

/** @throws ConfigurationError before the desk's first session has put a policy in force */
async function standing({ store }: OperatedDesk): Promise<{
  readonly policy: RiskPolicy;
  readonly policyVersion: number;
  readonly book: AccountBook;
  readonly bookVersion: number;
}> {
  const [policy, book] = await store.read([stateKeys.policy, stateKeys.book]);
  if (policy === null || policy === undefined)
    throw new ConfigurationError(
      'no policy is in force yet: the preparation of the first session puts the default there',
    );
  return {
    policy: parseRiskPolicy(policy.value),
    policyVersion: policy.version,
    book: bookIn(book),
    bookVersion: book?.version ?? 0,
  };
}
