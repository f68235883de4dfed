import type { Instrument } from '#core/market/instrument.ts';
import type { Decimal } from '#core/values/decimal.ts';
import type { Bridge } from './bridge-parts.ts';
import { EnteredOutcomes } from './entered-outcomes.ts';
import { ForeignHoldingsWatch } from './foreign-holdings.ts';
import { Holdings } from './holdings.ts';
import { LapsedStops } from './lapsed-stops.ts';
import { OrderDesk } from './order-desk.ts';
import { OrderWatch } from './order-watch.ts';
import { RestingStops } from './resting-stops.ts';
import { Resubmission } from './resubmission.ts';
import { Withdrawals } from './withdrawals.ts';

export interface OrderServicesOwner {
  /** Signed units of an instrument in the account; null while the broker has not told its positions on this link. */
  readonly held: (instrument: string) => Decimal | null;
  /** Told when the broker has acknowledged an order that was waited for. */
  readonly acknowledged: () => void;
  /** Told when somebody else's order or execution is seen that was not known. */
  readonly foreign: () => void;
  /** Compares orders, executions and the account with the broker, out of turn. */
  readonly compare: () => Promise<void>;
}

/** All that deals with orders, made for one another. */
export class OrderServices {
  readonly desk: OrderDesk;
  readonly withdrawals: Withdrawals;
  readonly resubmission: Resubmission;
  readonly lapsed: LapsedStops;
  readonly stops: RestingStops;
  readonly foreign: ForeignHoldingsWatch;
  readonly watch: OrderWatch;
  readonly outcomes: EnteredOutcomes;

  constructor(bridge: Bridge, catalog: readonly Instrument[], owner: OrderServicesOwner) {
    this.foreign = new ForeignHoldingsWatch(bridge, catalog);
    const holdings = new Holdings(bridge, {
      held: owner.held,
      foreign: (instrument) => this.foreign.units(instrument),
    });
    this.desk = new OrderDesk(bridge, holdings);
    this.withdrawals = new Withdrawals(bridge);
    this.resubmission = new Resubmission(bridge, this.desk, this.withdrawals);
    this.lapsed = new LapsedStops(bridge, this.desk, holdings, owner.compare);
    this.stops = new RestingStops(bridge, this.desk, this.lapsed);
    this.watch = new OrderWatch(
      bridge,
      { desk: this.desk, stops: this.stops, holdings, foreign: this.foreign },
      owner,
    );
    this.outcomes = new EnteredOutcomes(bridge, holdings, (before, after) =>
      this.watch.changed(before, after),
    );
  }
}
