import type { EventData } from '#contracts/registry.ts';
import { type AccountBook, equity, exposedInstruments, worstExposure } from '#core/portfolio/account-book.ts';
import { drawdown } from '#core/portfolio/valuation.ts';
import { Decimal } from '#core/values/decimal.ts';
import type { RiskPolicy } from './policy.ts';

type Limit = EventData<'RiskReported'>['limits'][number];

const percent = (fraction: number) => `${(fraction * 100).toFixed(2)} %`;
const unknown = (limit: string, value: number): Limit => ({
  limit,
  value: percent(value),
  measured: 'unknown',
  used: null,
});

function share(limit: string, value: number, part: Decimal | null, whole: Decimal | null): Limit {
  if (part === null || whole === null || whole.lte(0)) return unknown(limit, value);
  const measured = Number(part.div(whole).toSignificantDigits(10));
  return {
    limit,
    value: percent(value),
    measured: percent(measured),
    used: Number((measured / value).toPrecision(10)),
  };
}

/** How much of each limit is used now. What cannot be measured says so and counts as neither free nor full. */
export function riskReportOf(
  book: AccountBook,
  policy: RiskPolicy,
  session: string,
): EventData<'RiskReported'> {
  const value = equity(book);
  const highWater = book.highWater === null ? null : new Decimal(book.highWater);
  const names = exposedInstruments(book);
  const exposures = names.map((name) => ({ name, exposure: worstExposure(book, name) }));
  const gross = exposures.some(({ exposure }) => exposure === null)
    ? null
    : exposures.reduce((total, { exposure }) => total.plus(exposure ?? 0), new Decimal(0));
  const fall = value === null || highWater === null ? null : drawdown(value, highWater);
  const dayLoss =
    value === null || book.sessionEquity === null
      ? null
      : Decimal.max(0, new Decimal(book.sessionEquity).minus(value));
  return {
    session,
    equity: value === null ? null : value.toFixed(),
    drawdown: fall,
    limits: [
      fall === null
        ? unknown('drawdown', policy.drawdown.halt)
        : share('drawdown', policy.drawdown.halt, new Decimal(fall), new Decimal(1)),
      share(
        'daily-loss',
        policy.dailyLoss,
        dayLoss,
        book.sessionEquity === null ? null : new Decimal(book.sessionEquity),
      ),
      share('gross-leverage', policy.grossLeverage, gross, value),
      ...exposures.map(({ name, exposure }) =>
        share(`position ${name}`, policy.position.maximum, exposure, value),
      ),
      {
        limit: 'orders-per-day',
        value: String(policy.ordersPerDay),
        measured: String(book.authorized.length),
        used: book.authorized.length / policy.ordersPerDay,
      },
    ],
  };
}
