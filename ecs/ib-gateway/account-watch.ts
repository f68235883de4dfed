import type { BrokerMessage } from '#core/broker/broker-port.ts';
import { contractKey, instrumentFinder } from '#core/broker/contracts.ts';
import { BRIDGE } from '#core/broker/order-facts.ts';
import { journalEntry } from '#core/events/new-event.ts';
import type { Instrument } from '#core/market/instrument.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import { AccountComparison, CONFIRMATION_MS, type SeenPosition } from './account-comparison.ts';
import { type Bridge, brokerCorrelation } from './bridge-parts.ts';
import type { ForeignHoldingsWatch } from './foreign-holdings.ts';

type PositionMessage = Extract<BrokerMessage, { kind: 'position' }>;

/** Watches money and positions of the account and journals them when they are asked for. */
export class AccountWatch {
  readonly #bridge: Bridge;
  readonly #comparison: AccountComparison;
  readonly #onPositions: () => Promise<void>;
  readonly #find: ReturnType<typeof instrumentFinder>;
  /** By instrument, and by contract in what the catalog does not have. */
  readonly #positions = new Map<string, SeenPosition>();
  #values = new Map<string, { readonly value: string; readonly currency: string }>();
  #request: number | null = null;
  #positionsComplete = false;
  /** For what events the account is to be journaled; null where it is for none. */
  #wanted = new Set<string | null>();
  #observations = 0;

  /** @param onPositions called when the broker has told all positions on a new link */
  constructor(
    bridge: Bridge,
    catalog: readonly Instrument[],
    foreign: ForeignHoldingsWatch,
    onPositions: () => Promise<void>,
  ) {
    this.#bridge = bridge;
    this.#comparison = new AccountComparison(bridge, foreign);
    this.#onPositions = onPositions;
    this.#find = instrumentFinder(catalog);
  }

  /** A new lease: another bridge may have told the book otherwise than this one last did. */
  beginTenure(): void {
    this.#comparison.beginTenure();
  }

  /** A new link: positions are told anew and then kept up to date. */
  begin(): void {
    this.#positions.clear();
    this.#positionsComplete = false;
    this.#request = null;
    this.#bridge.outbox.send('question', { kind: 'positions' });
  }

  /** The link is gone; what was asked for is asked again on the next. */
  end(): void {
    this.#request = null;
    this.#positionsComplete = false;
  }

  /** Asks for the account's values; journals the account when they have come. */
  ask(causationId: string | null): void {
    this.#wanted.add(causationId);
    this.resume();
  }

  /** Sends what is wanted and not under way. Values are asked for once each time: a subscription would age unseen. */
  resume(): void {
    if (this.#request !== null || this.#wanted.size === 0) return;
    this.#request = this.#bridge.link.nextRequestId();
    this.#values = new Map();
    const request = this.#request;
    this.#bridge.outbox.send('question', { kind: 'account-summary', requestId: request });
    // The gateway may have swallowed the question, as it does above its rate.
    this.#bridge.schedule.after(this.#bridge.settings.reconcileDeadline, () => {
      if (this.#request !== request) return;
      this.#bridge.log('warn', 'the broker has not told the account values that it was asked for', {
        request,
      });
      this.#request = null;
      this.resume();
    });
  }

  /** Signed units of an instrument in the account; null while its positions have not been told on this link. */
  held(instrument: string): Decimal | null {
    return this.#positionsComplete ? new Decimal(this.#positions.get(instrument)?.quantity ?? 0) : null;
  }

  async observe(message: BrokerMessage): Promise<void> {
    if (message.kind === 'position' && message.account === this.#bridge.link.account) this.#position(message);
    else if (message.kind === 'positions-end') {
      this.#positionsComplete = true;
      await this.#onPositions();
      await this.#conclude();
    } else if (message.kind === 'account-value' && message.requestId === this.#request) {
      if (message.account === this.#bridge.link.account)
        this.#values.set(message.tag, { value: message.value, currency: message.currency });
    } else if (message.kind === 'account-values-end' && message.requestId === this.#request) {
      this.#bridge.outbox.send('question', { kind: 'cancel-account-summary', requestId: message.requestId });
      this.#request = null;
      await this.#conclude();
    }
  }

  #position({ contract, quantity, averageCost }: PositionMessage): void {
    const instrument = this.#find(contract)?.id ?? null;
    const key = instrument ?? `${contractKey(contract)}:${contract.localSymbol}`;
    if (new Decimal(quantity).isZero()) this.#positions.delete(key);
    else this.#positions.set(key, { instrument, contract, quantity, averageCost });
  }

  async #conclude(): Promise<void> {
    if (!this.#positionsComplete || this.#request !== null || this.#wanted.size === 0) return;
    const wanted = this.#wanted;
    this.#wanted = new Set();
    for (const causationId of wanted) await this.#journal(causationId);
    await this.#compare();
  }

  async #journal(causationId: string | null): Promise<void> {
    const { account } = this.#bridge.link;
    const equity = this.#values.get('NetLiquidation');
    const cash = this.#values.get('TotalCashValue');
    const amounts = [equity?.value, cash?.value].map((text) => (text === undefined ? null : amountOf(text)));
    const [netLiquidation, cashValue] = amounts;
    if (account === null || equity === undefined || netLiquidation == null || cashValue == null) {
      // Unknown is not zero: an account that the broker does not value is not observed.
      this.#bridge.log('error', 'the broker told no usable account values', {
        values: [...this.#values.keys()],
      });
      return;
    }
    const now = this.#bridge.schedule.now();
    this.#observations += 1;
    const entry = journalEntry<'AccountObserved'>({
      type: 'AccountObserved',
      key: `${this.#bridge.lease.token}-${this.#observations}`,
      correlationId: brokerCorrelation(now),
      causationId,
      sender: BRIDGE,
      occurredAt: now,
      data: {
        account,
        currency: equity.currency,
        netLiquidation,
        cash: cashValue,
        positions: [...this.#positions.values()]
          .flatMap(({ instrument, quantity, averageCost }) =>
            instrument === null ? [] : [{ instrument, quantity, averageCost }],
          )
          .sort((a, b) => (a.instrument < b.instrument ? -1 : 1)),
      },
    });
    await this.#bridge.writer.append({ entries: [entry] });
  }

  async #compare(): Promise<void> {
    const cash = this.#values.get('TotalCashValue');
    const amount = cash === undefined ? null : amountOf(cash.value);
    const suspicious = await this.#comparison.compare({
      positions: [...this.#positions.values()],
      cash:
        cash === undefined || amount === null
          ? null
          : { amount: new Decimal(amount), currency: cash.currency },
    });
    // What is only suspected is looked at again soon: until then it counts for nothing.
    if (suspicious) this.#bridge.schedule.after(CONFIRMATION_MS, () => this.ask(null));
  }
}

function amountOf(text: string): string | null {
  return /^-?\d{1,20}(\.\d{1,20})?$/.test(text) ? decimalText(new Decimal(text)) : null;
}
