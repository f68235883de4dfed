import { createServer, type IncomingMessage } from 'node:http';
import * as z from 'zod';
import type { EpochMillis } from '#core/values/clock.ts';
import { decimalText } from '#core/values/decimal.ts';
import { wasTransmitted } from './broker/state.ts';
import { randomFaults } from './faults.ts';
import { type PaperGateway, PortInUseError } from './gateway.ts';
import { manualOrder } from './requests/manual-orders.ts';

const MAXIMUM_BODY = 64 * 1024;

/** Minutes that a stepped clock may be moved at once; the gateway answers nobody meanwhile. */
const LONGEST_ADVANCE = 7 * 24 * 60;

/** The gateway's time, as the control port may see and move it. */
export interface ControlTime {
  readonly now: () => EpochMillis;
  /** Moves time on; null where it goes by itself. */
  readonly advance: ((millis: number) => void) | null;
}

/** Actions of the control port: one JSON object a request. */
export const controlAction = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('set'), settings: z.record(z.string(), z.unknown()) }),
  z.strictObject({ action: z.literal('reset') }),
  z.strictObject({ action: z.literal('disconnect'), clientId: z.int().optional() }),
  z.strictObject({ action: z.literal('notice'), code: z.int(), message: z.string().optional() }),
  z.strictObject({
    action: z.literal('restart'),
    refuseMillis: z.number().min(0),
    rollBackIds: z.int().min(0).optional(),
  }),
  z.strictObject({ action: z.literal('rejectOrders'), count: z.int().min(0), reason: z.string() }),
  z.strictObject({ action: z.literal('partialFills'), maximum: z.number().positive().nullable() }),
  z.strictObject({ action: z.literal('halt'), instrument: z.string(), halted: z.boolean() }),
  z.strictObject({ action: z.literal('correctExecution'), execId: z.string(), price: z.number().positive() }),
  z.strictObject({ action: z.literal('manualOrder'), order: manualOrder }),
  z.strictObject({ action: z.literal('cancelManually'), permId: z.int() }),
  z.strictObject({ action: z.literal('cash'), amount: z.union([z.string(), z.number()]).transform(String) }),
  z.strictObject({ action: z.literal('split'), instrument: z.string(), ratio: z.number().positive() }),
  z.strictObject({ action: z.literal('repeatExecutions') }),
  z.strictObject({ action: z.literal('sendRaw'), hex: z.string().regex(/^([0-9a-f]{2})+$/i) }),
  z.strictObject({ action: z.literal('random'), odds: randomFaults.nullable() }),
  z.strictObject({ action: z.literal('advance'), minutes: z.number().positive().max(LONGEST_ADVANCE) }),
]);
export type ControlAction = z.infer<typeof controlAction>;

/** Does what a control action says. @throws RangeError where it cannot be done */
export function control(gateway: PaperGateway, action: ControlAction, time: ControlTime | null): void {
  const { faults } = gateway;
  switch (action.action) {
    case 'set':
      faults.set(action.settings);
      return;
    case 'reset':
      faults.reset();
      return;
    case 'disconnect':
      faults.disconnect(action.clientId);
      return;
    case 'notice':
      faults.notice(action.code, action.message);
      return;
    case 'restart':
      faults.restart({
        refuseMillis: action.refuseMillis,
        ...(action.rollBackIds === undefined ? {} : { rollBackIds: action.rollBackIds }),
      });
      return;
    case 'rejectOrders':
      faults.rejectOrders(action.count, action.reason);
      return;
    case 'partialFills':
      faults.partialFills(action.maximum);
      return;
    case 'halt':
      faults.halt(action.instrument, action.halted);
      return;
    case 'correctExecution':
      faults.correctExecution(action.execId, action.price);
      return;
    case 'manualOrder':
      faults.manualOrder(action.order);
      return;
    case 'cancelManually':
      faults.cancelManually(action.permId);
      return;
    case 'cash':
      faults.cash(action.amount);
      return;
    case 'split':
      faults.split(action.instrument, action.ratio);
      return;
    case 'repeatExecutions':
      faults.repeatExecutions();
      return;
    case 'sendRaw':
      faults.sendRaw(Buffer.from(action.hex, 'hex'));
      return;
    case 'random':
      faults.random(action.odds);
      return;
    case 'advance':
      if (time === null || time.advance === null)
        throw new RangeError(
          'the clock of this gateway goes by itself; start it with --clock stepped to move it by hand',
        );
      time.advance(action.minutes * 60_000);
      return;
  }
}

/** What the control port shows of the broker. */
function view(gateway: PaperGateway, time: ControlTime | null): unknown {
  const state = gateway.state();
  return {
    time: time === null ? null : new Date(time.now()).toISOString(),
    sockets: gateway.sockets(),
    faults: gateway.faults.settings(),
    odds: gateway.faults.odds(),
    broker: { ...state.behaviour, halted: [...state.behaviour.halted] },
    cash: decimalText(state.books.cash),
    positions: [...state.books.positions].map(([instrument, held]) => ({
      instrument,
      quantity: decimalText(held.quantity),
      basis: decimalText(held.basis),
    })),
    orders: [...state.orders.values()].map((order) => ({
      permId: order.permId,
      clientId: order.clientId,
      orderId: order.orderId,
      orderRef: order.orderRef,
      instrument: order.instrument,
      action: order.action,
      type: order.type,
      total: order.total,
      filled: order.filled,
      status: order.status,
      transmitted: wasTransmitted(order),
    })),
    executions: [...state.executions.values()],
  };
}

/** A request from a web page, or by another name than the loopback's, is not from the person at this machine. */
function isForeign(request: IncomingMessage): boolean {
  const host = request.headers.host ?? '';
  return request.headers.origin !== undefined || !/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAXIMUM_BODY)
      throw new RangeError(`the body is larger than ${MAXIMUM_BODY} bytes; send one action`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError) return z.prettifyError(error);
  return error instanceof Error ? error.message : String(error);
}

async function answer(
  gateway: PaperGateway,
  request: IncomingMessage,
  time: ControlTime | null,
): Promise<{ status: number; body: unknown }> {
  if (isForeign(request))
    return { status: 403, body: { error: 'the control port serves programs on this machine only' } };
  if (request.method === 'GET') return { status: 200, body: view(gateway, time) };
  if (request.method !== 'POST')
    return { status: 405, body: { error: 'use GET for the state, POST for an action' } };
  try {
    const parsed = controlAction.safeParse(JSON.parse(await bodyOf(request)));
    if (!parsed.success) return { status: 400, body: { error: z.prettifyError(parsed.error) } };
    control(gateway, parsed.data, time);
    return { status: 200, body: { done: parsed.data.action } };
  } catch (error) {
    return { status: 400, body: { error: reasonOf(error) } };
  }
}

/** Serves the fault control on the loopback: GET shows the state, POST does a {@link controlAction}. @throws PortInUseError */
export async function startControlServer(
  gateway: PaperGateway,
  port: number,
  time: ControlTime | null = null,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    void answer(gateway, request, time).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(`${JSON.stringify(body)}\n`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new PortInUseError(port, error) : error),
    );
    server.listen(port, '127.0.0.1', () => resolve());
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
