import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { orderOutcomeEntered } from '#contracts/events/orders.ts';
import { enteredOutcome, outcomeWrite } from '#core/broker/entered-outcome.ts';
import {
  type OrderRecord,
  orderRecord,
  unfinishedOrders,
  unfinishedOrdersKey,
} from '#core/broker/order-record.ts';
import type { DeskStore } from '#core/events/desk-store.ts';
import { operatorEntry } from '#core/events/operator-entry.ts';
import { stateKeys } from '#core/events/state-keys.ts';
import { signatureProblem } from '#core/risk/signature.ts';
import { ConfigurationError } from '#local/day/errors.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { type OperatedDesk, operatedDesk } from './operated-desk.ts';
import type { OperatorOptions } from './operator-commands.ts';

/** What a person writes down from the broker's statement. */
const statement = orderOutcomeEntered.pick({ orderRef: true, executions: true }).strict();

/** What is shown of an order whose end is not known. */
const shown = orderRecord.pick({
  orderRef: true,
  permId: true,
  side: true,
  quantity: true,
  instrument: true,
  orderType: true,
  submittedAt: true,
  fills: true,
});

/**
 * Without a file: the orders of which the broker no longer tells how they ended. With one: how one of them ended, as the
 * broker's statement says; the bridge then counts its executions as if the broker had told them.
 */
export async function outcomeCommand(file: string | undefined, options: OperatorOptions): Promise<ExitCode> {
  if (file === undefined) return list(await operatedDesk(options), options.json === true);
  const told = readStatement(file);
  return enter(await operatedDesk(options), told, { by: options.by ?? '', reason: options.reason ?? '' });
}

async function list({ store }: OperatedDesk, json: boolean): Promise<ExitCode> {
  const [index] = await store.read([unfinishedOrdersKey]);
  const refs = index === null || index === undefined ? [] : unfinishedOrders.parse(index.value).orderRefs;
  const unresolved = (await Promise.all(refs.map((ref) => recordOf(store, ref))))
    .filter((record) => record?.status === 'unresolved')
    .map((record) => shown.parse(record));
  if (json) process.stdout.write(`${JSON.stringify(unresolved, null, 2)}\n`);
  else if (unresolved.length === 0)
    process.stdout.write('every order has an end, or is still with the broker\n');
  else
    process.stdout.write(
      `${unresolved
        .map(
          (order) =>
            `${order.orderRef}: ${order.side} ${order.quantity} ${order.instrument} ${order.orderType}, sent ${order.submittedAt}, ${order.fills.length} executions known`,
        )
        .join(
          '\n',
        )}\nLook each up in the broker’s statement, and enter it: abc outcome <file> --by <person> --reason <text>\n`,
    );
  return EXIT.ok;
}

async function enter(
  { store, now }: OperatedDesk,
  told: z.infer<typeof statement>,
  signer: { readonly by: string; readonly reason: string },
): Promise<ExitCode> {
  const outcome = { requestId: `operator/${randomUUID()}`, ...signer, ...told };
  const unsigned = signatureProblem('entering an outcome', signer);
  const decision =
    unsigned === null
      ? enteredOutcome(await recordOf(store, told.orderRef), outcome, now)
      : { kind: 'refused' as const, reason: unsigned };
  if (decision.kind === 'refused') {
    process.stderr.write(`abc: ${decision.reason}\n`);
    return EXIT.refusedByRisk;
  }
  await store.commit({
    entries: [operatorEntry('OrderOutcomeEntered', outcome.requestId, 'critical', outcome, now)],
    writes: [outcomeWrite(outcome)],
  });
  process.stdout.write(
    `entered by ${signer.by}: with it the order is ${decision.change.record.status}. The bridge takes it as soon as it can; \`abc outcome\` shows what is unresolved then, and the journal says why where it declines (CommandDeclined).\n`,
  );
  return EXIT.ok;
}

async function recordOf(store: DeskStore, orderRef: string): Promise<OrderRecord | null> {
  const [item] = await store.read([stateKeys.brokerOrder(orderRef)]);
  return item === null || item === undefined ? null : orderRecord.parse(item.value);
}

function readStatement(file: string): z.infer<typeof statement> {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (fault) {
    const reason = fault instanceof Error ? fault.message : String(fault);
    throw new ConfigurationError(`the file ${file} cannot be read: ${reason}`, fault);
  }
  const parsed = statement.safeParse(content);
  if (!parsed.success)
    throw new ConfigurationError(`the file ${file} is no outcome: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
