import * as z from 'zod';
import { cashEntered } from '#contracts/events/desk.ts';
import { stateKeys } from '#core/events/state-keys.ts';
import { newYorkDate } from '#core/market/calendar.ts';
import { findInstrument } from '#core/market/catalog.ts';
import { cashEntry, cashProblem, cashWrite } from '#core/portfolio/entered-cash.ts';
import { signatureProblem } from '#core/risk/signature.ts';
import { Decimal, decimalText } from '#core/values/decimal.ts';
import { ConfigurationError } from '#local/day/errors.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { bookIn, operatedDesk } from './operated-desk.ts';
import type { OperatorOptions } from './operator-commands.ts';

export interface CashOptions extends OperatorOptions {
  /** What the money was, as the contract names it. */
  readonly for?: string;
  /** The broker's own id of the movement. */
  readonly reference?: string;
  /** The day on which the broker booked it; the desk's present one otherwise. */
  readonly on?: string;
  readonly instrument?: string;
}

/** Shows the book's cash, and what the account has beyond it. */
export async function cashCommand(options: OperatorOptions): Promise<ExitCode> {
  const { store } = await operatedDesk(options);
  const [stored] = await store.read([stateKeys.book]);
  const { cash, currency, foreign } = bookIn(stored);
  const beyond = foreign?.cash ?? null;
  const units = (foreign?.positions ?? []).map(({ instrument, quantity }) => `${quantity} ${instrument}`);
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify({ currency, cash, beyond }, null, 2)}\n`);
    return EXIT.ok;
  }
  process.stdout.write(`cash in the book  ${cash === null ? 'not known yet' : `${cash} ${currency}`}\n`);
  process.stdout.write(
    beyond === null
      ? 'as the bridge last saw it, the account agrees\n'
      : `the account has   ${beyond} ${currency} beyond it that no order of the desk moved\n${units.length === 0 ? '' : `units besides     ${units.join(', ')}, which somebody has paid or got some of it for: if they are the desk’s, enter their sale (abc outcome)\n`}Look each movement up in the broker’s statement, and enter it: abc cash received|paid <amount> --for <kind> --reference <id> --on <date> --by <person> --reason <text>\n`,
  );
  return EXIT.ok;
}

/** Enters money that came into the account without an order of the desk. */
export const cashReceivedCommand = (amount: string, options: CashOptions): Promise<ExitCode> =>
  enter(amount, 1, options);

/** Enters money that left the account without an order of the desk. */
export const cashPaidCommand = (amount: string, options: CashOptions): Promise<ExitCode> =>
  enter(amount, -1, options);

async function enter(amount: string, sign: 1 | -1, options: CashOptions): Promise<ExitCode> {
  const { store, now } = await operatedDesk(options);
  const [stored] = await store.read([stateKeys.book]);
  const book = bookIn(stored);
  const entered = read(amount, sign, book.currency, newYorkDate(now), options);
  const [word] = await store.read([stateKeys.cash(entered.reference)]);
  const already = (word?.value as { readonly by?: string } | undefined)?.by;
  const problem =
    signatureProblem('entering cash', entered) ??
    (already === undefined ? null : `the movement ${entered.reference} has been entered by ${already}`) ??
    (entered.bookedOn > newYorkDate(now) ? `${entered.bookedOn} is still to come` : null) ??
    cashProblem(book, entered);
  if (problem !== null) {
    process.stderr.write(`abc: ${problem}\n`);
    return EXIT.refusedByRisk;
  }
  const { kind } = await store.commit({ entries: [cashEntry(entered, now)], writes: [cashWrite(entered)] });
  if (kind !== 'committed')
    throw new ConfigurationError(
      `the movement ${entered.reference} has been entered meanwhile; each of the broker’s references is booked once`,
    );
  process.stdout.write(
    `entered by ${entered.by}: ${entered.kind} of ${entered.amount} ${entered.currency}${entered.kind === 'transfer' ? '; the drawdown stays the fraction that it is' : ''}. The ledger books it as soon as it can (see \`abc cash\`)\n`,
  );
  return EXIT.ok;
}

/** @throws ConfigurationError where something is missing or cannot be read */
function read(
  amount: string,
  sign: 1 | -1,
  currency: string,
  today: string,
  { by = '', reason = '', for: kind, reference, on = today, instrument }: CashOptions,
): z.infer<typeof cashEntered> {
  if (!/^\d{1,15}(\.\d{1,2})?$/.test(amount))
    throw new ConfigurationError(
      `${JSON.stringify(amount)} is no amount; write it like 84.20, without a sign`,
    );
  const parsed = cashEntered.extend({ by: z.string(), reason: z.string() }).safeParse({
    reference,
    kind,
    amount: decimalText(new Decimal(amount).times(sign)),
    currency,
    instrument: instrument ?? null,
    bookedOn: on,
    by,
    reason,
  });
  if (parsed.success) {
    if (instrument !== undefined && findInstrument(instrument) === undefined)
      throw new ConfigurationError(
        `the movement cannot be entered: --instrument: no instrument ${JSON.stringify(instrument)} in the catalog; use an id such as AAPL, or leave it out`,
      );
    return parsed.data;
  }
  const options = parsed.error.issues.map(
    ({ path, message }) => `${OPTIONS[String(path[0])] ?? path.join('.')}: ${message}`,
  );
  throw new ConfigurationError(`the movement cannot be entered: ${options.join('; ')}`);
}

const OPTIONS: Readonly<Record<string, string>> = {
  reference: '--reference (the broker’s own id of the movement)',
  kind: '--for',
  bookedOn: '--on',
  instrument: '--instrument',
};
