import type { DeskEvent } from '#contracts/registry.ts';
import { authorizationWrite } from '#core/broker/authorization.ts';
import { type HaltFlag, stateKeys } from '#core/events/state-keys.ts';
import type { BarSeries } from '#core/market/bars.ts';
import { type AccountBook, EMPTY_BOOK, exposedInstruments, opens } from '#core/portfolio/account-book.ts';
import type { DailyRecord } from '#core/portfolio/market-record.ts';
import { authorizeCancel, judgeOrder, judgeStopMove, unreadablePolicy } from '#core/risk/gate-events.ts';
import { readRiskPolicy } from '#core/risk/policy.ts';
import { readableDaily } from '#functions/runtime/cycle-context.ts';
import type { Desk } from '#functions/runtime/desk.ts';
import { type Arrival, say } from '#functions/runtime/handler.ts';

export const GATE_TYPES = ['OrderPlanned', 'CancelPlanned', 'StopMovePlanned'] as const;
type GateType = (typeof GATE_TYPES)[number];

const ATTEMPTS = 12;

/** The book changed under the gate again and again. Nothing was authorized; the queue delivers the intent once more. */
export class GateContendedError extends Error {
  readonly code = 'GateContended';
  readonly retryable = true;
  constructor(key: string) {
    super(
      `the account book changed ${ATTEMPTS} times while ${key} was being decided; nothing was authorized`,
    );
    this.name = 'GateContendedError';
  }
}

/** One planned order, cancellation or stop move, in queue order. */
export async function passGate(desk: Desk, arrivals: readonly Arrival<GateType>[]): Promise<void> {
  for (const { event } of arrivals) {
    switch (event.metadata.type) {
      case 'OrderPlanned':
        await decideOrder(desk, event as DeskEvent<'OrderPlanned'>);
        break;
      case 'CancelPlanned':
        await say(desk, [authorizeCancel(event as DeskEvent<'CancelPlanned'>, desk.clock.now())]);
        break;
      case 'StopMovePlanned':
        await decideStop(desk, event as DeskEvent<'StopMovePlanned'>);
        break;
    }
  }
}

/**
 * Decides one intent against the book it has read, and commits the reservation only if book, policy and kill switch are
 * still those that were read. Whoever loses the race reads and decides again, with the winner's reservation in sight.
 */
async function decideOrder(desk: Desk, event: DeskEvent<'OrderPlanned'>): Promise<void> {
  const { intent } = event.data;
  const processed = { consumer: 'gate', eventIds: [event.metadata.id] };
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const [book, policyState, halt] = await desk.store.read([
      stateKeys.book,
      stateKeys.policy,
      stateKeys.halt,
    ]);
    const account = (book?.value as AccountBook | undefined) ?? EMPTY_BOOK;
    const policy = readRiskPolicy(policyState?.value ?? null);
    const checks = [
      { key: stateKeys.policy, expectedVersion: policyState?.version ?? 0 },
      { key: stateKeys.halt, expectedVersion: halt?.version ?? 0 },
    ];
    if (policy.kind === 'unreadable') {
      const result = await desk.store.commit({
        entries: [unreadablePolicy(event, policy.detail, desk.clock.now())],
        checks,
        processed,
      });
      if (result.kind !== 'conflict') return;
      continue;
    }
    const { decision, entry } = judgeOrder(
      {
        book: account,
        policy: policy.policy,
        halt: (halt?.value as HaltFlag | undefined) ?? null,
        barMinutes: desk.environment.BAR_MINUTES,
        histories: opens(intent) ? await historiesOf(desk, intent.instrument, account) : NO_HISTORIES,
      },
      event,
      desk.clock.now(),
    );
    // A refusal changes nothing, but where it disables a strategy: that must be kept like a reservation.
    const writesBook = decision.book !== account;
    const result = await desk.store.commit({
      entries: [entry],
      writes: [
        ...(writesBook
          ? [{ key: stateKeys.book, value: decision.book, expectedVersion: book?.version ?? 0 }]
          : []),
        ...(decision.kind === 'authorized' ? [authorizationWrite(intent)] : []),
      ],
      checks: writesBook ? checks : [],
      processed,
    });
    if (result.kind === 'conflict') continue;
    if (decision.kind === 'refused')
      desk.log.info('order refused', {
        intentId: intent.intentId,
        limit: decision.data.limit,
        measured: decision.data.measured,
      });
    return;
  }
  throw new GateContendedError(intent.intentId);
}

async function decideStop(desk: Desk, event: DeskEvent<'StopMovePlanned'>): Promise<void> {
  const [book] = await desk.store.read([stateKeys.book]);
  const account = (book?.value as AccountBook | undefined) ?? EMPTY_BOOK;
  const result = await desk.store.commit({
    entries: [judgeStopMove(account, event, desk.clock.now())],
    processed: { consumer: 'gate', eventIds: [event.metadata.id] },
  });
  if (result.kind === 'conflict') throw new GateContendedError(event.data.requestId);
}

/** What closes a layer is measured against no other instrument, and waits for no store of objects. */
const NO_HISTORIES: ReadonlyMap<string, BarSeries> = new Map();

/**
 * Histories in state of an instrument and of all that is exposed; none where nothing else is. One that cannot be read is
 * left out: its correlation is unknown, which refuses, and the orders and cancels behind it in the queue do not wait.
 */
async function historiesOf(
  desk: Desk,
  instrument: string,
  book: AccountBook,
): Promise<ReadonlyMap<string, BarSeries>> {
  const others = exposedInstruments(book).filter((id) => id !== instrument);
  if (others.length === 0) return NO_HISTORIES;
  const histories = new Map<string, BarSeries>();
  const names = [instrument, ...others];
  const records = await desk.store.read(names.map(stateKeys.daily));
  for (const [index, name] of names.entries()) {
    const record = records[index]?.value as DailyRecord | undefined;
    if (record === undefined) continue;
    const history = await readableDaily(desk, name, record.history);
    if (history !== null) histories.set(name, history);
  }
  return histories;
}
