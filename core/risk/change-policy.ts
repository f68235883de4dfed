import { contentOf } from '#core/events/content.ts';
import { type JournalEntry, journalEntry } from '#core/events/new-event.ts';
import { correlations } from '#core/events/state-keys.ts';
import type { AccountBook } from '#core/portfolio/account-book.ts';
import { drawdownStepOf } from '#core/portfolio/trading-standing.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { parseRiskPolicy, type RiskPolicy } from './policy.ts';
import { type Signer, signatureProblem } from './signature.ts';

/** One value that a change touches, as text. */
export interface PolicyDifference {
  readonly path: string;
  readonly from: string;
  readonly to: string;
}

export type PolicyDecision =
  | {
      readonly kind: 'changed';
      readonly policy: RiskPolicy;
      readonly differences: readonly PolicyDifference[];
    }
  | { readonly kind: 'refused'; readonly explanation: string };

/**
 * Whether a person may put a policy in force. It has to be made from the one in force, whose version it still carries; it
 * gets the next one. While a drawdown step stands its own figures stay: else whoever moved the step could trade on without
 * the cool-off.
 * @throws InvalidRiskPolicyError where the proposed one is no policy, or looser than the hard ceiling
 */
export function decidePolicyChange(
  inForce: RiskPolicy,
  proposed: unknown,
  signer: Signer,
  book: AccountBook,
): PolicyDecision {
  const refused = (explanation: string): PolicyDecision => ({ kind: 'refused', explanation });
  const unsigned = signatureProblem('changing the policy', signer);
  if (unsigned !== null) return refused(unsigned);
  const policy = parseRiskPolicy(proposed);
  if (policy.version !== inForce.version)
    return refused(
      `the file was made from version ${policy.version}; in force is version ${inForce.version}: print that one with \`abc policy\`, change it and try again`,
    );
  const differences = differencesOf(inForce, policy);
  if (differences.length === 0) return refused('it says what is in force already; nothing is changed');
  const step = drawdownStepOf(book.trading);
  const drawdown = differences.find(({ path }) => path.startsWith('drawdown.'));
  if (step !== null && drawdown !== undefined)
    return refused(
      `${drawdown.path} cannot be changed while the drawdown step "${step}" stands; resume trading first`,
    );
  return { kind: 'changed', policy: { ...policy, version: inForce.version + 1 }, differences };
}

/** The journal's entry for a policy that is put in force. */
export function policyChanged(
  policy: RiskPolicy,
  { by, reason }: Signer,
  sender: string,
  now: EpochMillis,
): JournalEntry<'PolicyChanged'> {
  const { sha256 } = contentOf('policies', policy).reference;
  return journalEntry({
    type: 'PolicyChanged',
    key: String(policy.version),
    correlationId: correlations.desk,
    causationId: null,
    sender,
    occurredAt: now,
    data: { version: policy.version, policy, sha256, by, reason },
  });
}

function differencesOf(from: unknown, to: unknown, path = ''): readonly PolicyDifference[] {
  if (isObject(from) && isObject(to))
    return Object.keys(to)
      .filter((name) => path !== '' || name !== 'version')
      .flatMap((name) => differencesOf(from[name], to[name], path === '' ? name : `${path}.${name}`));
  const [before, after] = [JSON.stringify(from), JSON.stringify(to)];
  return before === after ? [] : [{ path, from: before, to: after }];
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
