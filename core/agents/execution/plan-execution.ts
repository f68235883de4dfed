import type { Intent } from '#contracts/events/orders.ts';
import type { AgentContext, CycleBody } from '#core/agents/context.ts';
import { ENTRY_LIMIT_FRACTION } from '#core/agents/risk/assess-risk.ts';
import {
  directionOf,
  type InstrumentState,
  instrumentState,
  positionOf,
  VOLATILITY_SESSIONS,
} from '#core/agents/strategy/instrument-state.ts';
import { percent } from '#core/agents/strategy/proposal-draft.ts';
import { onTick, wholeLots } from '#core/agents/strategy/trade-levels.ts';
import { newYorkTime } from '#core/market/new-york-time.ts';
import { instantText } from '#core/values/clock.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import { measured } from '#core/values/round.ts';
import { expectedSlippage } from './trading-cost.ts';
import { tradingWindow } from './trading-window.ts';

type Synthesized = CycleBody<'ProposalSynthesized'>['proposals'][number];
type Declined = { readonly proposalId: string; readonly reason: string };

export interface ExecutionPlan {
  readonly intents: readonly Intent[];
  readonly declined: readonly Declined[];
}

export const EXECUTION_VERSION = '1.0.0';

const MINUTE = 60_000;
/** One child order a cycle; the next cycle may plan another. */
const INTERVAL_MINUTES = 15;
/** An intent that the gate has not judged by then is stale. */
const INTENT_LIFETIME = 5 * MINUTE;
/** Fewer minutes of bars say too little of the session's pace. */
const PACE_MINUTES = 30;

/**
 * How to trade what was cleared: a marketable limit within the collar for an entry, with its resting stop; a market order
 * for an exit, one for each layer. One child order a proposal and cycle, its quantity at most the policy's participation
 * in the volume expected of the next quarter of an hour: what does not fit is not traded, and `declined` says so.
 */
export function planExecution(
  context: AgentContext,
  market: CycleBody<'MarketViewPublished'>,
  synthesized: CycleBody<'ProposalSynthesized'>,
  cleared: CycleBody<'DecisionCleared'>,
  assessed: CycleBody<'RiskAssessed'>,
): ExecutionPlan {
  const intents: Intent[] = [];
  const declined: Declined[] = [];
  const approved = new Map(cleared.approved.map(({ proposalId, quantity }) => [proposalId, quantity]));
  for (const proposal of synthesized.proposals) {
    const quantity = approved.get(proposal.proposalId);
    if (quantity === undefined) continue;
    approved.delete(proposal.proposalId);
    const planned = plan(context, market, proposal, quantity, assessed, intents.length + 1);
    intents.push(...planned.intents);
    if (planned.reason !== null) declined.push({ proposalId: proposal.proposalId, reason: planned.reason });
  }
  for (const proposalId of approved.keys()) {
    declined.push({ proposalId, reason: 'cleared, but not among the synthesized proposals' });
  }
  return { intents, declined };
}

interface Planned {
  readonly intents: readonly Intent[];
  readonly reason: string | null;
}

function plan(
  context: AgentContext,
  market: CycleBody<'MarketViewPublished'>,
  proposal: Synthesized,
  quantity: string,
  assessed: CycleBody<'RiskAssessed'>,
  number: number,
): Planned {
  const closing = proposal.action === 'close';
  const window = tradingWindow(context, closing);
  if (window !== null) return { intents: [], reason: window };
  if (!closing && context.tradingState !== 'ACTIVE') {
    return { intents: [], reason: `trading is ${context.tradingState}: nothing new is opened` };
  }
  const state = instrumentState(context, market, proposal.instrument, closing ? 1 : VOLATILITY_SESSIONS + 1);
  if ('unknown' in state) return { intents: [], reason: state.unknown };
  return closing
    ? planExits(context, state, proposal, number)
    : planEntry(context, state, proposal, quantity, assessed, number);
}

/** Leaves room for `-L<n>-<day>` of an addition and `:stop` within the 40 characters of a broker's order reference. */
const LONGEST_INTENT_ID = 28;

/** `I-<session>-<hhmm New York>-<instrument>-<n>`, ASCII: it becomes the broker's order reference. */
export function intentIdOf(context: AgentContext, instrument: string, number: number): string {
  const { hour, minute } = newYorkTime(context.asOf);
  const time = `${String(hour).padStart(2, '0')}${String(minute).padStart(2, '0')}`;
  const head = `I-${context.session.replaceAll('-', '')}-${time}-`;
  const tail = `-${number}`;
  return `${head}${instrument.slice(0, LONGEST_INTENT_ID - head.length - tail.length)}${tail}`;
}

/**
 * Units expected to trade in the next {@link INTERVAL_MINUTES}: the usual session's volume spread evenly, or the pace of
 * this session where that is slower. NaN where unknown.
 */
export function expectedIntervalVolume(context: AgentContext, state: InstrumentState): number {
  const sessionMinutes = (context.sessionClose - context.sessionOpen) / MINUTE;
  const usual = (state.usualVolume * INTERVAL_MINUTES) / sessionMinutes;
  const session = state.session;
  if (session === null || session.minutes < PACE_MINUTES || !Number.isFinite(session.volume)) return usual;
  const pace = (session.volume * INTERVAL_MINUTES) / session.minutes;
  return Number.isFinite(usual) ? Math.min(usual, pace) : pace;
}

function planEntry(
  context: AgentContext,
  state: InstrumentState,
  proposal: Synthesized,
  cleared: string,
  assessed: CycleBody<'RiskAssessed'>,
  number: number,
): Planned {
  const { instrument, reference } = state;
  const refuse = (reason: string): Planned => ({ intents: [], reason });
  if (state.referenceAt < context.sessionOpen) {
    return refuse(
      `the price of ${instrument.id} is from before the open: nothing has traded in this session yet`,
    );
  }
  const long = proposal.direction === 'long';
  const volume = expectedIntervalVolume(context, state);
  if (!(volume > 0)) return refuse(`the volume expected of ${instrument.id} is unknown`);
  const most = wholeLots(instrument, volume * context.policy.participation);
  const wanted = wholeLots(instrument, new Decimal(cleared));
  const quantity = Decimal.min(wanted, most);
  if (quantity.lte(0)) {
    return refuse(
      `${percent(context.policy.participation, 0)} of the expected volume (${Math.round(volume)}) is less than one lot`,
    );
  }
  const slippage = expectedSlippage(state, quantity.toNumber());
  if (!Number.isFinite(slippage)) return refuse(`the cost of trading ${instrument.id} is unknown`);
  if (slippage > context.policy.expectedSlippage) {
    return refuse(
      `expected slippage of ${percent(slippage, 3)} is above the ${percent(context.policy.expectedSlippage, 2)} allowed`,
    );
  }
  const fraction = Math.min(ENTRY_LIMIT_FRACTION, context.policy.priceCollar.large);
  const limitPrice = onTick(
    instrument,
    reference * (long ? 1 + fraction : 1 - fraction),
    long ? 'down' : 'up',
  );
  const referencePrice = onTick(instrument, reference, 'nearest');
  if (limitPrice === null || referencePrice === null)
    return refuse(`${instrument.id} has no price on its tick`);
  const stop = new Decimal(proposal.invalidation);
  if (long ? stop.gte(referencePrice) : stop.lte(referencePrice)) {
    return refuse(
      `the price of ${referencePrice} is already beyond the protective stop of ${proposal.invalidation}`,
    );
  }
  const intentId = intentIdOf(context, instrument.id, number);
  const assessment = assessed.assessments.find((entry) => entry.proposalId === proposal.proposalId);
  const intent: Intent = {
    ...commonOf(context, state, proposal, intentId, referencePrice, volume),
    purpose: 'entry',
    side: long ? 'BUY' : 'SELL',
    quantity: decimalText(quantity),
    orderType: 'LMT',
    limitPrice,
    protectiveStop: proposal.invalidation,
    closes: null,
    positionId: intentId,
    plan: proposal.pyramiding,
    initialRisk: decimalText(new Decimal(proposal.entry).minus(proposal.invalidation).abs()),
    target: proposal.target,
    horizonSessions: proposal.horizonSessions,
    expectedSlippage: measured(slippage),
    probabilityOfProfit: assessment?.probabilityOfProfit ?? null,
  };
  const reason = quantity.lt(wanted)
    ? `${decimalText(wanted.minus(quantity))} of ${decimalText(wanted)} units are left out: more than ${percent(context.policy.participation, 0)} of the expected volume`
    : null;
  return { intents: [intent], reason };
}

/** One market order for each layer, in the layer's own group with its stop. */
function planExits(
  context: AgentContext,
  state: InstrumentState,
  proposal: Synthesized,
  number: number,
): Planned {
  const position = positionOf(context, proposal.instrument);
  if (position === undefined) return { intents: [], reason: `nothing is held in ${proposal.instrument}` };
  const referencePrice = onTick(state.instrument, state.reference, 'nearest');
  if (referencePrice === null)
    return { intents: [], reason: `${proposal.instrument} has no price on its tick` };
  const layers = position.layers.filter((layer) => Number(layer.quantity) !== 0);
  if (layers.length === 0) return { intents: [], reason: `the layers of ${proposal.instrument} are unknown` };
  const volume = expectedIntervalVolume(context, state);
  return {
    intents: layers.map((layer, index): Intent => {
      const quantity = new Decimal(layer.quantity).abs();
      return {
        ...commonOf(
          context,
          state,
          proposal,
          intentIdOf(context, proposal.instrument, number + index),
          referencePrice,
          volume,
        ),
        purpose: 'exit',
        side: directionOf(position) === 'long' ? 'SELL' : 'BUY',
        quantity: decimalText(quantity),
        orderType: 'MKT',
        limitPrice: null,
        protectiveStop: null,
        closes: layer.intentId,
        positionId: layer.positionId,
        plan: null,
        initialRisk: null,
        target: null,
        horizonSessions: null,
        expectedSlippage: measured(expectedSlippage(state, quantity.toNumber())),
        probabilityOfProfit: null,
      };
    }),
    reason: null,
  };
}

function commonOf(
  context: AgentContext,
  state: InstrumentState,
  proposal: Synthesized,
  intentId: string,
  referencePrice: string,
  volume: number,
) {
  return {
    intentId,
    instrument: state.instrument.id,
    triggerPrice: null,
    timeInForce: 'DAY' as const,
    strategy: proposal.strategy,
    proposalId: proposal.proposalId,
    referencePrice,
    referenceAt: instantText(state.referenceAt),
    expectedVolume: measured(volume),
    plannedAt: instantText(context.asOf),
    expiresAt: instantText(context.asOf + INTENT_LIFETIME),
    session: context.session,
  };
}
