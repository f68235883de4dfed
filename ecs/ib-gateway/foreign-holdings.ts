import type { EventData } from '#contracts/registry.ts';
import { ENDED_STATUSES } from '#core/broker/broker-codes.ts';
import type { ObservedOrder } from '#core/broker/broker-port.ts';
import { instrumentFinder, strangeName } from '#core/broker/contracts.ts';
import { BRIDGE } from '#core/broker/order-facts.ts';
import { canonicalJson } from '#core/events/canonical.ts';
import { journalEntry } from '#core/events/new-event.ts';
import type { Instrument } from '#core/market/instrument.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import { type Bridge, brokerCorrelation } from './bridge-parts.ts';

type Holdings = EventData<'ForeignHoldingsObserved'>;
type ForeignOrder = Holdings['orders'][number];
type ForeignPosition = Holdings['positions'][number];

/** An order of somebody else's, with what remains of it. */
interface SeenOrder extends ObservedOrder {
  readonly remaining: string;
}

/**
 * What stands in the account and is not the desk’s: orders that somebody else works, units and money that the book does not
 * account for. They are left alone, and told to the book whenever they are not what it last heard, so that every limit on
 * exposure counts them.
 */
export class ForeignHoldingsWatch {
  readonly #bridge: Bridge;
  readonly #find: ReturnType<typeof instrumentFinder>;
  readonly #seen = new Map<number, SeenOrder>();
  // Null until this bridge has looked.
  #orders: readonly SeenOrder[] | null = null;
  #positions: readonly ForeignPosition[] | null = null;
  #cash: string | null = null;
  /** What the book was told before this bridge looked, read when somebody first asked. */
  #inherited: readonly ForeignPosition[] | null = null;
  #told: string | null = null;
  #observations = 0;

  constructor(bridge: Bridge, catalog: readonly Instrument[]) {
    this.#bridge = bridge;
    this.#find = instrumentFinder(catalog);
  }

  /** All open orders are being asked for: what is not told again is gone. */
  beginOrders(): void {
    this.#seen.clear();
  }

  /** Another bridge may have told the book otherwise meanwhile: what was seen and told before says nothing of now. */
  beginTenure(): void {
    this.#orders = null;
    this.#positions = null;
    this.#cash = null;
    this.#inherited = null;
    this.#told = null;
  }

  order(order: ObservedOrder): void {
    if (ENDED_STATUSES.has(order.status)) this.#seen.delete(order.permId);
    else this.#seen.set(order.permId, { ...order, remaining: order.quantity });
  }

  status(permId: number, status: string, remaining: string): void {
    const order = this.#seen.get(permId);
    if (order === undefined) return;
    // An order by amount has no units that could remain: all of its money counts until it has ended.
    const isDone = order.cashQuantity === null && new Decimal(remaining).isZero();
    if (ENDED_STATUSES.has(status) || isDone) this.#seen.delete(permId);
    else this.#seen.set(permId, { ...order, remaining });
  }

  /** All open orders have been told. */
  async endOrders(): Promise<void> {
    this.#orders = [...this.#seen.values()].sort((a, b) => a.permId - b.permId);
    await this.#tell();
  }

  /**
   * Signed units of an instrument beyond what the book accounts for, as two observations in a row showed: here, or before
   * the first look what the book was told.
   */
  async units(instrument: string): Promise<Decimal> {
    if (this.#positions === null)
      this.#inherited ??= (await this.#bridge.expectedAccount())?.foreign?.positions ?? [];
    const positions = this.#positions ?? this.#inherited ?? [];
    return new Decimal(positions.find((position) => position.instrument === instrument)?.quantity ?? 0);
  }

  /**
   * Units and money that two observations in a row showed beyond (or short of) what the book accounts for.
   * @param cash zero where the book accounts for all of it
   */
  async holdings(found: readonly ForeignPosition[], cash: Decimal): Promise<void> {
    this.#cash = decimalText(cash);
    this.#positions = [...found].sort((a, b) => (a.instrument < b.instrument ? -1 : 1));
    await this.#tell();
  }

  #toldOrder(order: SeenOrder, currency: string): ForeignOrder {
    const { permId, clientId, contract, side, orderType, remaining, cashQuantity } = order;
    const price = unitPrice(order);
    // What another currency is worth nobody here knows.
    const isMeasured = contract.currency === currency;
    const isKnown = side === 'BUY' || side === 'SELL';
    return {
      permId,
      clientId,
      instrument: this.#find(contract)?.id ?? strangeName(contract, currency),
      side: isKnown ? side : 'BUY',
      orderType,
      remaining,
      price: isMeasured && price !== null ? decimalText(price) : null,
      ...(isKnown && cashQuantity === null ? {} : { money: isKnown && isMeasured ? cashQuantity : null }),
    };
  }

  async #tell(): Promise<void> {
    const { link, lease, schedule, writer } = this.#bridge;
    if (link.account === null) return;
    const expected = await this.#bridge.expectedAccount();
    if (expected === null) return;
    // What this bridge has not looked at yet counts on as the book has it.
    const { positions = [], orders = [], cash = '0' } = expected.foreign ?? {};
    const seen = this.#orders?.map((order) => this.#toldOrder(order, expected.currency));
    const holdings = holdingsOf({
      positions: this.#positions ?? positions,
      orders: seen ?? orders,
      cash: this.#cash ?? cash,
    });
    const text = canonicalJson(holdings);
    // The book takes what it is told a moment later.
    if (text === (this.#told ?? canonicalJson(holdingsOf({ positions, orders, cash })))) return;
    this.#told = text;
    const now = schedule.now();
    this.#observations += 1;
    const entry = journalEntry<'ForeignHoldingsObserved'>({
      type: 'ForeignHoldingsObserved',
      key: `${lease.token}-${this.#observations}`,
      correlationId: brokerCorrelation(now),
      causationId: null,
      sender: BRIDGE,
      occurredAt: now,
      urgency: 'high',
      data: { account: link.account, ...holdings },
    });
    await writer.append({ entries: [entry] });
  }
}

/** Orders whose trigger is a price; of a trailing or a pegged one it is a distance from one. */
const TRIGGERED: ReadonlySet<string> = new Set(['STP', 'STP LMT', 'STP PRT', 'MIT', 'LIT']);
/** Contracts whose price is of a part of them, told by a multiplier. */
const MULTIPLIED: ReadonlySet<string> = new Set(['OPT', 'FOP', 'FUT', 'WAR']);

/** Contracts whose price is none of a unit. */
const RELATIVE: ReadonlySet<string> = new Set(['BAG', 'BOND', 'BILL']);

/** What a unit costs at the price that an order names; null where it names none, or nobody here knows of how much. */
function unitPrice({ orderType, limitPrice, triggerPrice, contract }: SeenOrder): Decimal | null {
  const price = limitPrice ?? (TRIGGERED.has(orderType) ? triggerPrice : null);
  // The price of a combination is the difference of its legs, near zero whatever they are worth, that of a bond a percentage.
  const isUnknown =
    RELATIVE.has(contract.secType) || (contract.multiplier === null && MULTIPLIED.has(contract.secType));
  return price === null || isUnknown ? null : new Decimal(price).abs().times(contract.multiplier ?? '1');
}

/** The holdings as they are journaled: cash is not named where there is none. */
const holdingsOf = ({
  positions,
  orders,
  cash,
}: {
  readonly positions: readonly ForeignPosition[];
  readonly orders: readonly ForeignOrder[];
  readonly cash: string;
}) => ({
  positions: [...positions],
  orders: [...orders],
  ...(new Decimal(cash).isZero() ? {} : { cash }),
});
