import * as z from 'zod';
import { manualRefusal } from '../broker/manual-orders.ts';
import { MANUAL_CLIENT_ID, MANUAL_ORDER_ID } from '../broker/state.ts';
import { subscriptionKey } from '../subscriptions.ts';
import type { RequestContext } from './context.ts';

/** An order as a person would enter it at the broker's own screen. */
export const manualOrder = z.strictObject({
  instrument: z.string(),
  side: z.enum(['BUY', 'SELL']),
  quantity: z.number().positive(),
  orderType: z.string().default('MKT'),
  limitPrice: z.number().positive().nullable().default(null),
  stopPrice: z.number().positive().nullable().default(null),
  timeInForce: z.string().default('DAY'),
});
export type ManualOrder = z.input<typeof manualOrder>;

/** Enters an order by hand. @throws RangeError where the instrument is not on the tape or the order is refused */
export function enterManually(context: RequestContext, written: ManualOrder): void {
  const order = manualOrder.parse(written);
  const { desk } = context;
  const instrument = desk.instrument(order.instrument);
  const request = {
    clientId: MANUAL_CLIENT_ID,
    orderId: MANUAL_ORDER_ID,
    instrument: instrument.instrument,
    exchange: 'SMART',
    action: order.side,
    quantity: order.quantity,
    orderType: order.orderType,
    limitPrice: order.limitPrice,
    auxPrice: order.stopPrice,
    trailStopPrice: null,
    trailingPercent: null,
    timeInForce: order.timeInForce.toUpperCase(),
    goodTillDate: '',
    goodTill: null,
    ocaGroup: '',
    ocaType: 0,
    account: desk.settings.account,
    orderRef: '',
    transmit: true,
    parentId: 0,
    outsideRth: false,
    whatIf: false,
    unsupported: null,
    session: context.sessions.sessionAt(instrument.instrument, context.clock.now()),
  };
  const refusal = manualRefusal(request, desk.settings);
  if (refusal !== null) throw new RangeError(`the order is refused: ${refusal.code} ${refusal.message}`);
  const bind = [...context.connections()].some(({ subscriptions }) =>
    subscriptions.has(subscriptionKey('autoBind')),
  );
  context.act({ input: 'placeManually', request, bind });
}
