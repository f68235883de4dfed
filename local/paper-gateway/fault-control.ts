import type { InstrumentId } from '#core/market/instrument.ts';
import type { Random } from '#core/values/random.ts';
import type { TimerClock } from '#core/values/timer-clock.ts';
import type { BrokerInput } from './broker/broker.ts';
import { isFinal } from './broker/state.ts';
import type { Connection } from './connection.ts';
import type { Desk } from './desk.ts';
import {
  type FaultSettings,
  faultSettings,
  NO_FAULTS,
  NOTICES,
  type RandomFaults,
  randomFaults,
} from './faults.ts';
import type { Publisher } from './publisher.ts';
import type { ManualOrder } from './requests/manual-orders.ts';

/** Misbehaviour on demand. Settings last until changed; actions happen at once. */
export interface GatewayFaults {
  settings(): FaultSettings;
  /** Changes some settings. @throws ZodError on a name or value that is none */
  set(changes: Partial<FaultSettings> | Readonly<Record<string, unknown>>): void;
  /** Everything back to normal, broker behaviour included. */
  reset(): void;
  disconnect(clientId?: number): void;
  /** Sends a link notice to all clients; 1101 also forgets their data subscriptions. */
  notice(code: number, message?: string): void;
  /** Closes everything, refuses connections for a while and may hand out order ids again. */
  restart(options: { readonly refuseMillis: number; readonly rollBackIds?: number }): void;
  rejectOrders(count: number, reason: string): void;
  /** Largest fill per order and bar; null for the fill model's own. */
  partialFills(maximum: number | null): void;
  /** @throws RangeError on an instrument that is not on the tape */
  halt(instrument: InstrumentId, halted: boolean): void;
  /** @throws RangeError on an execution that is not of today */
  correctExecution(execId: string, price: number): void;
  /** Enters an order by hand, as at the broker's own screen. @throws RangeError where it is refused */
  manualOrder(order: ManualOrder): void;
  /** Cancels a working order, whoever's, as at the broker's own screen. @throws RangeError where none works under the id */
  cancelManually(permId: number): void;
  /** Moves money that is no trade: a dividend, a fee, a deposit. @throws RangeError for what is no amount */
  cash(amount: string): void;
  /** Splits an instrument's units `ratio` for one. @throws RangeError on an instrument that is not on the tape */
  split(instrument: InstrumentId, ratio: number): void;
  /** Sends every execution of the day again. */
  repeatExecutions(): void;
  /** Sends bytes as they are, framed or not. */
  sendRaw(bytes: Buffer): void;
  random(odds: RandomFaults | null): void;
  /** The odds in force, null for none. */
  odds(): RandomFaults | null;
}

/** Where the link breaks around an order. */
export type LinkBreak = 'unreceived' | 'unacknowledged' | 'acknowledged';

/** What the fault control acts upon. */
export interface FaultTargets {
  readonly clock: TimerClock;
  readonly desk: Desk;
  readonly random: Random;
  /** All connections, ready or not. */
  readonly connections: ReadonlySet<Connection>;
  readonly publisher: () => Publisher;
  readonly enterManually: (order: ManualOrder) => void;
}

const DATA_SUBSCRIPTIONS: ReadonlySet<string> = new Set(['marketData', 'history', 'realTimeBars']);

/** Holds the faults asked for and answers what the gateway must do because of them. */
export class FaultControl implements GatewayFaults {
  readonly #targets: FaultTargets;
  /** Client ids that a broken session still holds, and until when. */
  readonly #stuck = new Map<number, number>();
  #settings: FaultSettings = NO_FAULTS;
  #odds: RandomFaults | null = null;
  #refuseUntil = Number.NEGATIVE_INFINITY;

  constructor(targets: FaultTargets) {
    this.#targets = targets;
  }

  settings(): FaultSettings {
    return this.#settings;
  }

  set(changes: Partial<FaultSettings> | Readonly<Record<string, unknown>>): void {
    this.#settings = faultSettings.parse({ ...this.#settings, ...changes });
    if (!this.#settings.halfOpen) this.#readAgain();
  }

  reset(): void {
    this.#settings = NO_FAULTS;
    this.#odds = null;
    this.#refuseUntil = Number.NEGATIVE_INFINITY;
    this.#stuck.clear();
    const { behaviour } = this.#targets.desk.state;
    Object.assign(behaviour, { rejectNext: 0, rejectReason: '', maximumFill: null });
    behaviour.halted.clear();
    this.#readAgain();
  }

  disconnect(clientId?: number): void {
    for (const connection of this.#targets.connections) {
      if (clientId === undefined || connection.clientId === clientId) connection.drop();
    }
  }

  notice(code: number, message?: string): void {
    for (const connection of this.#targets.connections) {
      if (!connection.ready) continue;
      connection.error(-1, code, message ?? NOTICES[code] ?? `Notice ${code}`);
      if (code !== 1101) continue;
      for (const [key, { kind }] of connection.subscriptions) {
        if (DATA_SUBSCRIPTIONS.has(kind)) connection.subscriptions.delete(key);
      }
    }
  }

  restart({
    refuseMillis,
    rollBackIds,
  }: {
    readonly refuseMillis: number;
    readonly rollBackIds?: number;
  }): void {
    const now = this.#targets.clock.now();
    this.#refuseUntil = now + refuseMillis;
    this.disconnect();
    if (rollBackIds !== undefined)
      this.#targets.desk.apply(now, { input: 'rollBackIds', count: rollBackIds });
  }

  rejectOrders(count: number, reason: string): void {
    Object.assign(this.#targets.desk.state.behaviour, { rejectNext: count, rejectReason: reason });
  }

  partialFills(maximum: number | null): void {
    this.#targets.desk.state.behaviour.maximumFill = maximum;
  }

  halt(instrument: InstrumentId, halted: boolean): void {
    const { halted: all } = this.#targets.desk.state.behaviour;
    if (halted) all.add(this.#targets.desk.instrument(instrument).instrument);
    else all.delete(instrument);
  }

  correctExecution(execId: string, price: number): void {
    const { desk } = this.#targets;
    if (!desk.state.executions.has(execId)) {
      throw new RangeError(`no execution ${JSON.stringify(execId)} today; the state lists those there are`);
    }
    this.#act({ input: 'correct', execId, price });
  }

  manualOrder(order: ManualOrder): void {
    this.#targets.enterManually(order);
  }

  cancelManually(permId: number): void {
    const { desk } = this.#targets;
    const order = desk.state.orders.get(permId);
    if (order === undefined || isFinal(order))
      throw new RangeError(`no order with the permId ${permId} is working; the state lists those there are`);
    this.#act({ input: 'cancelManually', permId });
  }

  cash(amount: string): void {
    if (!/^-?\d{1,12}(\.\d{1,2})?$/.test(amount))
      throw new RangeError(`${JSON.stringify(amount)} is no amount; write it like -12.50`);
    this.#act({ input: 'cash', amount });
  }

  split(instrument: InstrumentId, ratio: number): void {
    const { instrument: id } = this.#targets.desk.instrument(instrument);
    this.#act({ input: 'split', instrument: id, ratio });
  }

  repeatExecutions(): void {
    for (const execution of this.#targets.desk.state.executions.values())
      this.#targets.publisher().execution(execution);
  }

  sendRaw(bytes: Buffer): void {
    for (const connection of this.#targets.connections) if (connection.ready) connection.sendBytes(bytes);
  }

  random(odds: RandomFaults | null): void {
    this.#odds = odds === null ? null : randomFaults.parse(odds);
  }

  odds(): RandomFaults | null {
    return this.#odds;
  }

  /** Whether new connections are refused now. */
  refuses(): boolean {
    return this.#targets.clock.now() < this.#refuseUntil;
  }

  /** Notes that a client has gone; its id may stay in use for a while. */
  clientGone(clientId: number): void {
    const { stuckClientMillis } = this.#settings;
    if (stuckClientMillis > 0) this.#stuck.set(clientId, this.#targets.clock.now() + stuckClientMillis);
  }

  /** Whether a broken session still holds a client id. */
  holds(clientId: number): boolean {
    return (this.#stuck.get(clientId) ?? Number.NEGATIVE_INFINITY) > this.#targets.clock.now();
  }

  /** Whether the link breaks around the order being placed: by count, or by the odds. */
  nextLinkBreak(): LinkBreak | null {
    const wanted = this.#settings.disconnectOnOrder;
    if (wanted !== null) {
      const left = wanted.orders - 1;
      const disconnectOnOrder = left > 0 ? { when: wanted.when, orders: left } : null;
      this.#settings = { ...this.#settings, disconnectOnOrder };
      return wanted.when;
    }
    if (this.#odds === null) return null;
    const { unreceived, unacknowledged, acknowledged, reject } = this.#odds;
    if (this.#targets.random.next() < reject) this.rejectOrders(1, 'refused at random');
    const draw = this.#targets.random.next();
    if (draw < unreceived) return 'unreceived';
    if (draw < unreceived + unacknowledged) return 'unacknowledged';
    return draw < unreceived + unacknowledged + acknowledged ? 'acknowledged' : null;
  }

  /** Something happens at the broker, and whoever listens is told. */
  #act(input: BrokerInput): void {
    const { clock, desk, publisher } = this.#targets;
    publisher().publish(desk.apply(clock.now(), input));
  }

  #readAgain(): void {
    for (const connection of this.#targets.connections) connection.socket.resume();
  }
}
