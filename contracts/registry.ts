import * as z from 'zod';
import { type Metadata, metadataSchema } from './envelope.ts';
import * as cycle from './events/cycle.ts';
import * as desk from './events/desk.ts';
import * as orders from './events/orders.ts';

/** Every event type by name: its major version and the schema of its `data`. */
export const EVENTS = {
  CycleRequested: { version: 1, data: cycle.cycleRequested },
  MacroAssessed: { version: 1, data: cycle.macroAssessed },
  AnalysisCompleted: { version: 1, data: cycle.analysisCompleted },
  AnalysisAbstained: { version: 1, data: cycle.analysisAbstained },
  MarketViewPublished: { version: 1, data: cycle.marketViewPublished },
  StrategyProposed: { version: 1, data: cycle.strategyProposed },
  StrategyAbstained: { version: 1, data: cycle.strategyAbstained },
  ProposalSynthesized: { version: 1, data: cycle.proposalSynthesized },
  OpinionGiven: { version: 1, data: cycle.opinionGiven },
  DeliberationRoundOpened: { version: 1, data: cycle.deliberationRoundOpened },
  ConsensusReached: { version: 1, data: cycle.consensusReached },
  ConsensusFailed: { version: 1, data: cycle.consensusFailed },
  RiskAssessed: { version: 1, data: cycle.riskAssessed },
  DecisionCleared: { version: 1, data: cycle.decisionCleared },
  DecisionVetoed: { version: 1, data: cycle.decisionVetoed },
  IterationRequested: { version: 1, data: cycle.iterationRequested },
  PlanCompleted: { version: 1, data: cycle.planCompleted },
  OrderPlanned: { version: 1, data: orders.orderPlanned },
  OrderAuthorized: { version: 1, data: orders.orderAuthorized },
  OrderRefused: { version: 1, data: orders.orderRefused },
  CancelPlanned: { version: 1, data: orders.cancelPlanned },
  CancelAuthorized: { version: 1, data: orders.cancelAuthorized },
  StopMovePlanned: { version: 1, data: orders.stopMovePlanned },
  StopMoveAuthorized: { version: 1, data: orders.stopMoveAuthorized },
  StopMoveRefused: { version: 1, data: orders.stopMoveRefused },
  OrderSubmitted: { version: 1, data: orders.orderSubmitted },
  OrderAccepted: { version: 1, data: orders.orderAccepted },
  OrderFilled: { version: 1, data: orders.orderFilled },
  CommissionReported: { version: 1, data: orders.commissionReported },
  OrderRejected: { version: 1, data: orders.orderRejected },
  OrderCancelled: { version: 1, data: orders.orderCancelled },
  StopMoved: { version: 1, data: orders.stopMoved },
  CommandDeclined: { version: 1, data: orders.commandDeclined },
  BrokerDifferenceFound: { version: 1, data: orders.brokerDifferenceFound },
  ForeignHoldingsObserved: { version: 1, data: orders.foreignHoldingsObserved },
  ReconciliationRequested: { version: 1, data: orders.reconciliationRequested },
  OrderOutcomeEntered: { version: 1, data: orders.orderOutcomeEntered },
  BrokerStateChanged: { version: 1, data: desk.brokerStateChanged },
  BarClosed: { version: 1, data: desk.barClosed },
  DailyHistoryObserved: { version: 1, data: desk.dailyHistoryObserved },
  AccountObserved: { version: 1, data: desk.accountObserved },
  CashEntered: { version: 1, data: desk.cashEntered },
  PortfolioRevalued: { version: 1, data: desk.portfolioRevalued },
  DrawdownWarned: { version: 1, data: desk.drawdownWarned },
  TradingReducing: { version: 1, data: desk.tradingReducing },
  TradingHalted: { version: 1, data: desk.tradingHalted },
  TradingResumed: { version: 1, data: desk.tradingResumed },
  WeekPrepared: { version: 1, data: desk.weekPrepared },
  SessionPrepared: { version: 1, data: desk.sessionPrepared },
  SessionClosed: { version: 1, data: desk.sessionClosed },
  RiskReported: { version: 1, data: desk.riskReported },
  LessonLearned: { version: 1, data: desk.lessonLearned },
  ProposalForChange: { version: 1, data: desk.proposalForChange },
  MemoryRecorded: { version: 1, data: desk.memoryRecorded },
  PolicyChanged: { version: 1, data: desk.policyChanged },
  MessageExpired: { version: 1, data: desk.messageExpired },
  RecoveryStarted: { version: 1, data: desk.recoveryStarted },
  RecoveryFinished: { version: 1, data: desk.recoveryFinished },
} as const;

export type EventType = keyof typeof EVENTS;
export type EventData<T extends EventType> = z.infer<(typeof EVENTS)[T]['data']>;

/** An event as it is journaled and as it travels in the bus's `detail`. */
export type DeskEvent<T extends EventType = EventType> = {
  [K in T]: { readonly metadata: Metadata & { readonly type: K }; readonly data: EventData<K> };
}[T];

export const EVENT_TYPES = Object.keys(EVENTS) as readonly EventType[];

/** An event that does not match its schema; names the type, the path and what was expected. Never retried: it stays wrong. */
export class InvalidEventError extends Error {
  readonly code = 'InvalidEvent';
  readonly retryable = false;
  constructor(type: string, detail: string) {
    super(`the event ${JSON.stringify(type)} is not valid: ${detail}`);
    this.name = 'InvalidEventError';
  }
}

export function isEventType(type: string): type is EventType {
  return Object.hasOwn(EVENTS, type);
}

/** `OrderAuthorized.v1`: the detail-type on the bus. */
export function detailType(type: EventType): string {
  return `${type}.v${EVENTS[type].version}`;
}

/** @throws InvalidEventError where data are not what the type's schema says */
export function checkEventData(type: EventType, data: unknown): void {
  const parsed = EVENTS[type].data.safeParse(data);
  if (!parsed.success) throw new InvalidEventError(type, z.prettifyError(parsed.error));
}

/**
 * Parses one event of unknown origin: envelope first, then the data by its type's schema. Members that the schema does
 * not know (a later minor version) are dropped.
 * @throws InvalidEventError
 */
export function parseEvent(value: unknown): DeskEvent {
  const shell = z.object({ metadata: metadataSchema, data: z.unknown() }).safeParse(value);
  if (!shell.success) throw new InvalidEventError(describeType(value), z.prettifyError(shell.error));
  const { metadata, data } = shell.data;
  if (!isEventType(metadata.type)) throw new InvalidEventError(metadata.type, 'no such type in the registry');
  const entry = EVENTS[metadata.type];
  if (metadata.version !== entry.version) {
    throw new InvalidEventError(
      metadata.type,
      `version ${metadata.version}; this code speaks version ${entry.version}`,
    );
  }
  const parsed = entry.data.safeParse(data);
  if (!parsed.success) throw new InvalidEventError(metadata.type, z.prettifyError(parsed.error));
  return { metadata, data: parsed.data } as DeskEvent;
}

/** {@link parseEvent} for a consumer that takes only some types. @throws InvalidEventError for any other type. */
export function parseEventOf<T extends EventType>(types: readonly T[], value: unknown): DeskEvent<T> {
  const event = parseEvent(value);
  if (!(types as readonly string[]).includes(event.metadata.type)) {
    throw new InvalidEventError(event.metadata.type, `expected one of ${types.join(', ')}`);
  }
  return event as DeskEvent<T>;
}

function describeType(value: unknown): string {
  const type = (value as { metadata?: { type?: unknown } } | null)?.metadata?.type;
  return typeof type === 'string' ? type : 'unknown';
}
