import { VOTERS } from '#contracts/agents.ts';
import type { Opinion } from '#contracts/events/cycle.ts';
import type { CycleBody } from '#core/agents/context.ts';
import { inUnitInterval } from '#core/values/round.ts';
import { sentenceOf } from '#core/values/sentence.ts';

/** One voter's opinions in a round, as they were journaled. */
export interface Ballot {
  readonly eventId: string;
  readonly voter: string;
  readonly opinions: readonly Opinion[];
}

/** The ballots that arrived for a round, in any order; a voter that is missing does not block. */
export type Round = readonly Ballot[];

export interface TallyOptions {
  readonly iteration: number;
  /** Every proposal put to the vote. None: consensus fails at once, with no round held. */
  readonly proposals: readonly string[];
  /** Measured weight of a voter's judgement, 0…1; undefined where nothing has been measured. */
  weightOf(voter: string): number | undefined;
  readonly voters?: readonly string[];
  /** Voters that must take a side on a proposal. */
  readonly quorum?: number;
  /** Mean confidence that the supporters must have. */
  readonly minimumConfidence?: number;
  readonly maximumRounds?: number;
}

export type TallyOutcome =
  | { readonly kind: 'reached'; readonly body: CycleBody<'ConsensusReached'> }
  | { readonly kind: 'failed'; readonly body: CycleBody<'ConsensusFailed'> }
  | { readonly kind: 'next-round'; readonly body: CycleBody<'DeliberationRoundOpened'> };

type Tally = CycleBody<'ConsensusReached'>['approved'][number];

export const QUORUM = 4;
export const MINIMUM_CONFIDENCE = 0.6;
export const MAXIMUM_ROUNDS = 3;
/** Weight of a voter of whom nothing has been measured: all start equal. */
const UNMEASURED_WEIGHT = 0.5;

interface Standing {
  readonly tally: Tally;
  /** The round whose opinions the tally counts, from 0. */
  readonly round: number;
  readonly verdict: 'approved' | 'rejected' | 'open';
}

/**
 * Counts the round that has just ended, knowing the ones before. A proposal is approved when more than half of those who
 * did not abstain support it, the supporters' mean confidence is at least 0.60 and at least four did not abstain; it is
 * rejected when more than half oppose it with a quorum. What is neither goes into the next round, up to the third, unless
 * the last round changed nobody's mind. A proposal settled in a round stays settled: only what is open is voted on again.
 *
 * Weights by measured calibration are recorded as `weightedSupport`; they rank what is approved and never overrule the
 * count. The outcome depends on the set of ballots, not on the order of their arrival.
 */
export function tally(current: Round, previous: readonly Round[], options: TallyOptions): TallyOutcome {
  const rounds = [...previous, current].map(distinctBallots);
  const voters = options.voters ?? VOTERS;
  const proposals = [...new Set(options.proposals)];
  const missing = voters.filter((voter) => !rounds.at(-1)?.some((ballot) => ballot.voter === voter));
  if (proposals.length === 0) {
    return {
      kind: 'failed',
      body: {
        ...emptyRecord(options.iteration, []),
        missing: [],
        reason: 'there is no proposal to decide on',
      },
    };
  }
  const standings = proposals.map((proposalId) => standingOf(proposalId, rounds, options));
  const open = standings.filter((standing) => standing.verdict === 'open');
  const maximum = options.maximumRounds ?? MAXIMUM_ROUNDS;
  if (open.length > 0 && rounds.length < maximum && !isDeadlocked(open, rounds)) {
    return {
      kind: 'next-round',
      body: {
        iteration: options.iteration,
        round: rounds.length + 1,
        previous: (rounds.at(-1) ?? []).map(({ voter, opinions }) => ({ voter, opinions: [...opinions] })),
        open: open.map((standing) => standing.tally.proposalId),
      },
    };
  }
  const approved = standings
    .filter((standing) => standing.verdict === 'approved')
    .map((standing) => standing.tally)
    .sort(
      (a, b) =>
        (b.weightedSupport ?? 0) - (a.weightedSupport ?? 0) || compareText(a.proposalId, b.proposalId),
    );
  const rejected = standings
    .filter((standing) => standing.verdict !== 'approved')
    .map((standing) => standing.tally);
  const record = {
    ...emptyRecord(options.iteration, inputsOf(rounds)),
    rounds: rounds.length,
    rejected,
    dissent: standings.flatMap((standing) => dissentOf(standing, rounds)),
    changed: changesOf(proposals, rounds),
    missing,
  };
  if (approved.length > 0) return { kind: 'reached', body: { ...record, approved } };
  const reasons = rejected.map(({ proposalId, reason }) => `${proposalId}: ${reason}`).join('; ');
  return {
    kind: 'failed',
    body: { ...record, reason: sentenceOf(`no proposal found consensus: ${reasons}`) },
  };
}

function emptyRecord(iteration: number, inputs: string[]): Omit<CycleBody<'ConsensusFailed'>, 'reason'> {
  return { iteration, rounds: 0, rejected: [], dissent: [], changed: [], missing: [], inputs };
}

/** Code unit order: the same on every machine and in every locale. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** One ballot a voter, ordered by voter; of two by one voter the one with the smaller event id, whichever came first. */
function distinctBallots(round: Round): readonly Ballot[] {
  const ordered = [...round].sort(
    (a, b) => compareText(a.voter, b.voter) || compareText(a.eventId, b.eventId),
  );
  return ordered.filter((ballot, index) => ballot.voter !== ordered[index - 1]?.voter);
}

const inputsOf = (rounds: readonly Round[]): string[] =>
  [...new Set(rounds.flatMap((round) => round.map((ballot) => ballot.eventId)))].sort(compareText);

function opinionsOn(proposalId: string, round: Round): readonly { voter: string; opinion: Opinion }[] {
  return round.flatMap(({ voter, opinions }) => {
    const opinion = opinions.find((given) => given.proposalId === proposalId);
    return opinion === undefined ? [] : [{ voter, opinion }];
  });
}

/** The first round that settles a proposal, or the last one with it still open. */
function standingOf(proposalId: string, rounds: readonly Round[], options: TallyOptions): Standing {
  let standing = count(proposalId, [], 0, options);
  for (const [index, round] of rounds.entries()) {
    standing = count(proposalId, round, index, options);
    if (standing.verdict !== 'open') break;
  }
  return standing;
}

function count(proposalId: string, ballots: Round, round: number, options: TallyOptions): Standing {
  const votes = opinionsOn(proposalId, ballots);
  const supporters = votes.filter(({ opinion }) => opinion.vote === 'support');
  const opponents = votes.filter(({ opinion }) => opinion.vote === 'oppose');
  const sided = supporters.length + opponents.length;
  const weight = (voter: string) => options.weightOf(voter) ?? UNMEASURED_WEIGHT;
  const weightOfAll = [...supporters, ...opponents].reduce((sum, { voter }) => sum + weight(voter), 0);
  const weightOfSupport = supporters.reduce((sum, { voter }) => sum + weight(voter), 0);
  const mean =
    supporters.length === 0
      ? null
      : inUnitInterval(
          supporters.reduce((sum, { opinion }) => sum + opinion.confidence, 0) / supporters.length,
        );
  const quorum = options.quorum ?? QUORUM;
  const least = options.minimumConfidence ?? MINIMUM_CONFIDENCE;
  const shortfall =
    sided < quorum
      ? `quorum: ${sided} of ${quorum} voters took a side`
      : supporters.length * 2 <= sided
        ? `support: ${supporters.length} of ${sided}, not more than half`
        : mean === null || mean < least
          ? `confidence: the supporters' mean of ${(mean ?? 0).toFixed(2)} is below ${least.toFixed(2)}`
          : null;
  const verdict =
    shortfall === null ? 'approved' : sided >= quorum && opponents.length * 2 > sided ? 'rejected' : 'open';
  return {
    round,
    verdict,
    tally: {
      proposalId,
      support: supporters.length,
      oppose: opponents.length,
      abstain: votes.length - sided,
      meanConfidence: mean,
      weightedSupport: weightOfAll > 0 ? inUnitInterval(weightOfSupport / weightOfAll) : null,
      reason:
        shortfall ??
        `${supporters.length} of ${sided} support it with a mean confidence of ${(mean ?? 0).toFixed(2)}`,
    },
  };
}

/** True when the last round changed no vote and no confidence on any open proposal: another would repeat it. */
function isDeadlocked(open: readonly Standing[], rounds: readonly Round[]): boolean {
  const last = rounds.at(-1);
  const before = rounds.at(-2);
  if (last === undefined || before === undefined) return false;
  return open.every(({ tally: { proposalId } }) => {
    const words = (round: Round) =>
      opinionsOn(proposalId, round)
        .map(({ voter, opinion }) => `${voter} ${opinion.vote} ${opinion.confidence}`)
        .join('\n');
    return words(last) === words(before);
  });
}

/** Those who voted against what the proposal's count came to. */
function dissentOf(
  standing: Standing,
  rounds: readonly Round[],
): { voter: string; proposalId: string; reason: string }[] {
  const against = standing.verdict === 'approved' ? 'oppose' : 'support';
  const { proposalId } = standing.tally;
  return opinionsOn(proposalId, rounds[standing.round] ?? [])
    .filter(({ opinion }) => opinion.vote === against)
    .map(({ voter, opinion }) => ({ voter, proposalId, reason: opinion.reason }));
}

function changesOf(
  proposals: readonly string[],
  rounds: readonly Round[],
): CycleBody<'ConsensusReached'>['changed'] {
  return rounds.flatMap((round, index) => {
    const before = rounds[index - 1];
    if (before === undefined) return [];
    return proposals.flatMap((proposalId) =>
      opinionsOn(proposalId, round).flatMap(({ voter, opinion }) => {
        const earlier = opinionsOn(proposalId, before).find((given) => given.voter === voter)?.opinion;
        return earlier === undefined || earlier.vote === opinion.vote
          ? []
          : [
              {
                voter,
                proposalId,
                from: earlier.vote,
                to: opinion.vote,
                round: index + 1,
                reason: opinion.reason,
              },
            ];
      }),
    );
  });
}
