import { randomUUID } from 'node:crypto';
import type { JournalEntry } from '#core/events/new-event.ts';
import { operatorEntry } from '#core/events/operator-entry.ts';
import { type HaltFlag, stateKeys } from '#core/events/state-keys.ts';
import { haltByHand } from '#core/risk/halt-by-hand.ts';
import { DEFAULT_RISK_POLICY, parseRiskPolicy, type RiskPolicy } from '#core/risk/policy.ts';
import { decideResume, resumption } from '#core/risk/resume.ts';
import { ConfigurationError } from '#local/day/errors.ts';
import { deskStatus, statusLines } from './desk-status.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { bookIn, type DeskChoice, operatedDesk, type Stored } from './operated-desk.ts';

export interface OperatorOptions extends DeskChoice {
  readonly by?: string;
  readonly reason?: string;
  readonly json?: boolean;
}

export interface HaltOptions extends OperatorOptions {
  readonly flatten?: boolean;
}

const ATTEMPTS = 10;

/** The longest name and reason that the journal takes. */
const LONGEST = { by: 200, reason: 2_000 };

/**
 * Who does it and why, where the command works without being told. What is blank was not given, and what is too long is cut:
 * stopping must never fail for a formality.
 */
function signedOr(
  reason: string,
  options: OperatorOptions,
): { readonly by: string; readonly reason: string } {
  const [by = 'operator'] = [options.by, process.env['USER']].filter((name) => !isBlank(name));
  return {
    by: by.slice(0, LONGEST.by),
    reason: (isBlank(options.reason) ? reason : (options.reason ?? reason)).slice(0, LONGEST.reason),
  };
}

const isBlank = (text: string | undefined): boolean => (text ?? '').trim() === '';

/** Stops all trading: the flag that gate and bridge read before every order, and the cancellation of working entries. */
export async function haltCommand(options: HaltOptions): Promise<ExitCode> {
  const { store, now } = await operatedDesk(options);
  const halter = { ...signedOr('halted by the operator', options), flatten: options.flatten === true };
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const [halt, stored] = await store.read([stateKeys.halt, stateKeys.book]);
    const book = bookIn(stored);
    const version = halt?.version ?? 0;
    const halting = haltByHand({ book, flag: flagIn(halt), version }, halter, now);
    if (halting === null) {
      process.stdout.write('trading is halted already\n');
      return EXIT.ok;
    }
    const { entry, flag } = halting;
    const result = await store.commit({
      entries: [entry],
      ...(flag === null
        ? { checks: [{ key: stateKeys.halt, expectedVersion: version }] }
        : { writes: [{ key: stateKeys.halt, value: flag, expectedVersion: version }] }),
    });
    if (flag === null && result.kind === 'duplicate') {
      process.stdout.write('trading is halted already\n');
      return EXIT.ok;
    }
    if (result.kind === 'committed') {
      process.stdout.write(
        `${flag === null ? 'the switch was thrown already, and the journal did not know; ' : ''}halted by ${halter.by}: ${halter.reason}. No order that opens leaves; working entries are cancelled; ${halter.flatten ? whatIsClosed(entry) : 'positions are kept, and resting stops stay at the broker'}.\n`,
      );
      return EXIT.ok;
    }
  }
  throw new ConfigurationError('the halt flag kept changing; try again');
}

function whatIsClosed({ event }: JournalEntry<'TradingHalted'>): string {
  const instruments = [...new Set(event.data.layers.map(({ instrument }) => instrument))];
  const which = instruments.length === 0 ? 'whatever is held' : instruments.join(', ');
  return `${which} is closed with market orders while the market is open, until nothing is left (see \`abc status\`)`;
}

/** Lets trading go on: a person, a reason, and out of a drawdown a flat book after the cool-off. */
export async function resumeCommand(options: OperatorOptions): Promise<ExitCode> {
  const { store, now } = await operatedDesk(options);
  const [halt, book, policy] = await store.read([stateKeys.halt, stateKeys.book, stateKeys.policy]);
  const resumer = { by: options.by ?? '', reason: options.reason ?? '' };
  const decision = decideResume(bookIn(book), policyIn(policy), resumer, now);
  if (decision.kind === 'refused') {
    process.stderr.write(`abc: ${decision.explanation}\n`);
    return EXIT.refusedByRisk;
  }
  const version = halt?.version ?? 0;
  const { entry, flag } = resumption(resumer, decision.highWater, version + 1, now);
  const result = await store.commit({
    entries: [entry],
    writes: [{ key: stateKeys.halt, value: flag, expectedVersion: version }],
    checks:
      policy === null || policy === undefined
        ? []
        : [{ key: stateKeys.policy, expectedVersion: policy.version }],
  });
  if (result.kind !== 'committed')
    throw new ConfigurationError(
      'the halt flag or the policy changed meanwhile; look at `abc status` and try again',
    );
  const from = decision.highWater === 'anew' ? '; drawdown is measured from the equity of now' : '';
  process.stdout.write(`trading goes on, by ${flag.by}: ${flag.reason}${from}\n`);
  return EXIT.ok;
}

const flagIn = (stored: Stored): HaltFlag | null => (stored?.value as HaltFlag | undefined) ?? null;

/** Before the first session none is in force: then the one that it will put there. @throws InvalidRiskPolicyError */
const policyIn = (stored: Stored): RiskPolicy =>
  stored === null || stored === undefined ? DEFAULT_RISK_POLICY : parseRiskPolicy(stored.value);

/** Has the bridge compare orders, executions, positions and money with the broker now, not when its timer next says so. */
export async function reconcileCommand(options: OperatorOptions): Promise<ExitCode> {
  const { store, now } = await operatedDesk(options);
  const requestId = `operator/${randomUUID()}`;
  const signed = signedOr('asked for by the operator', options);
  await store.commit({
    entries: [operatorEntry('ReconciliationRequested', requestId, 'high', { requestId, ...signed }, now)],
  });
  process.stdout.write(
    'asked for; what differs stands in the journal as BrokerDifferenceFound, what is not the desk’s as ForeignHoldingsObserved (see `abc status`)\n',
  );
  return EXIT.ok;
}

/** The desk as it stands: state, what a resumption needs, equity, positions, how much of each limit is used. */
export async function statusCommand(options: OperatorOptions): Promise<ExitCode> {
  const { store, now } = await operatedDesk(options);
  const [book, halt, policy] = await store.read([stateKeys.book, stateKeys.halt, stateKeys.policy]);
  const state = {
    book: bookIn(book),
    flag: flagIn(halt),
    policy: policyIn(policy),
  };
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify(deskStatus(state, now), null, 2)}\n`
      : `${statusLines(state, now).join('\n')}\n`,
  );
  return EXIT.ok;
}
