import type { BridgeSession, BrokerState, SessionInput } from '#core/broker/bridge-session.ts';
import { BRIDGE } from '#core/broker/order-facts.ts';
import { journalEntry } from '#core/events/new-event.ts';
import { sentenceOf } from '#core/values/sentence.ts';
import { type Bridge, brokerCorrelation } from './bridge-parts.ts';

/** Tells the journal and the alarms how the session with the broker goes. */
export class SessionReport {
  readonly #bridge: Pick<Bridge, 'log' | 'metric' | 'schedule' | 'writer'>;
  #token = 0;
  #changes = 0;
  #notReadySince: number;

  constructor(bridge: Pick<Bridge, 'log' | 'metric' | 'schedule' | 'writer'>) {
    this.#bridge = bridge;
    this.#notReadySince = bridge.schedule.now();
  }

  /** Changes are numbered under the lease that they happen under. */
  leaseHeld(token: number): void {
    this.#token = token;
    this.#changes = 0;
  }

  count(before: BridgeSession, after: BridgeSession, input: SessionInput): void {
    const { metric, schedule } = this.#bridge;
    if (before.disabled === null && after.disabled !== null) metric('BrokerTradingDisabled', 1);
    // A gateway that does not answer yet, as at each start, is no link that ends; that none comes is told by BrokerReady.
    if (input.kind === 'link-ended' && before.greeted && !before.maintenance) metric('BrokerLinkEnded', 1);
    if (before.state === 'READY' || (before.maintenance && !after.maintenance))
      this.#notReadySince = schedule.now();
  }

  /** A bridge that cannot trade says for how long, so that somebody comes who can mend it. */
  absence({ state, maintenance }: BridgeSession): void {
    if (state === 'READY' || maintenance) return;
    const { metric, schedule } = this.#bridge;
    metric('BrokerNotReadySeconds', Math.round((schedule.now() - this.#notReadySince) / 1_000));
  }

  async changed(from: BrokerState, to: BrokerState, reason: string): Promise<void> {
    const { log, schedule, writer } = this.#bridge;
    log('info', `${from} → ${to}`, { reason });
    // Without ever having held the lease there is no token to name the change by, and nothing that it could have affected.
    if (this.#token === 0) return;
    this.#changes += 1;
    const now = schedule.now();
    const entry = journalEntry<'BrokerStateChanged'>({
      type: 'BrokerStateChanged',
      key: `${this.#token}-${this.#changes}`,
      correlationId: brokerCorrelation(now),
      causationId: null,
      sender: BRIDGE,
      occurredAt: now,
      urgency: to === 'READY' ? 'normal' : 'high',
      data: { from, to, reason: reason === '' ? 'no reason given' : sentenceOf(reason) },
    });
    await writer.append({ entries: [entry] });
  }
}
