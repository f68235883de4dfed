import type { Extreme, PayoffProfile } from '#core/analytics/options/payoff.ts';
import type { OptionLeg } from '#core/analytics/options/structure.ts';
import { type OptionReport, optionReport } from '#local/options/option-report.ts';
import { type OptionWords, optionRequest } from '#local/options/option-request.ts';
import { type StructureReport, structureReport } from '#local/options/structure-report.ts';
import { type StructureWords, structureRequest } from '#local/options/structure-request.ts';
import { figureText, moneyText, percentText } from '#local/report/figure-text.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

type Json = { readonly json?: boolean };

/** Price and Greeks of an option by its volatility, or the volatility that its price implies and the Greeks at it. */
export function optionCommand(options: OptionWords & Json): ExitCode {
  const report = optionReport(optionRequest(options));
  process.stdout.write(
    options.json === true ? `${JSON.stringify(report, null, 2)}\n` : `${optionText(report)}\n`,
  );
  return EXIT.ok;
}

/** What options that are held or written together make at expiry, tie up and can lose. */
export function structureCommand(legs: readonly string[], options: StructureWords & Json): ExitCode {
  const report = structureReport(structureRequest(legs, options));
  process.stdout.write(
    options.json === true ? `${JSON.stringify(report, null, 2)}\n` : `${structureText(report)}\n`,
  );
  return EXIT.ok;
}

const line = (label: string, text: string): string => `${label.padEnd(20)}${text}`;
/** Six digits, with a typographic minus; what rounds to nothing has no sign. */
const greek = (value: number): string =>
  value
    .toFixed(6)
    .replace(/^-(?=.*[1-9])/, '−')
    .replace(/^-/, '');

/** Greeks in the units of people: what they are of, and by how much of the model's unit. */
const GREEKS = [
  ['delta', 'delta', 1, 'for 1.00 of the underlying'],
  ['gamma', 'gamma', 1, 'delta for 1.00 of the underlying'],
  ['vega', 'vega', 100, 'for a volatility point'],
  ['theta', 'theta', 365, 'for a calendar day'],
  ['rho', 'rho', 10_000, 'for a basis point'],
  ['vanna', 'vanna', 100, 'delta for a volatility point'],
  ['volga', 'volga', 10_000, 'vega of a point for a volatility point'],
  ['charm', 'charm', 365, 'delta for a calendar day'],
] as const;

function optionText({
  model,
  right,
  strike,
  market,
  volatility,
  impliedVolatility,
  valuation,
}: OptionReport) {
  const { spot, years, rate, dividendYield } = market;
  const terms = [
    `${right} at ${strike} on ${spot}`,
    `${(years * 365).toFixed(0)} days`,
    `rate ${percentText(rate)}`,
    ...(model === 'black-76' ? [] : [`yield ${percentText(dividendYield)}`]),
  ];
  const head = line(model, terms.join(', '));
  if (valuation === null)
    return [head, line('implied volatility', `undefined: ${impliedVolatility.reason}`)].join('\n');
  const found =
    impliedVolatility === null
      ? line('volatility', percentText(volatility))
      : line(
          'implied volatility',
          `${percentText(volatility, 4)}, ± ${impliedVolatility.uncertainty.toExponential(1)}`,
        );
  const price = line('price', valuation.price.toFixed(6));
  if (valuation.kind === 'kink') return [head, found, price, line('Greeks', valuation.reason)].join('\n');
  const greeks = GREEKS.flatMap(([name, key, unit, of]) =>
    key in valuation
      ? [
          line(
            name,
            `${greek(((valuation as Readonly<Record<string, unknown>>)[key] as number) / unit)} ${of}`,
          ),
        ]
      : [],
  );
  return [head, found, price, ...greeks].join('\n');
}

function structureText(report: StructureReport): string {
  const { structure, netPremium, payoff, atExpiry, margin, worst, market } = report;
  return [
    ...structure.options.map(legText),
    ...(structure.stock === null
      ? []
      : [line('stock', `${structure.stock.quantity} at ${structure.stock.price}`)]),
    '',
    line('premium', `${moneyText(Math.abs(netPremium))} ${netPremium < 0 ? 'received' : 'paid'}`),
    ...payoffLines(payoff),
    ...(payoff.kind === 'not-closed' ? [] : atExpiry).map(({ spot, profit }) =>
      line(`  at ${spot}${spot === market.spot ? ' (now)' : ''}`, figureText(profit, moneyText)),
    ),
    margin.kind === 'value'
      ? line(
          'margin',
          `${moneyText(margin.initial)} to open, ${moneyText(margin.maintenance)} to keep (${margin.rule})`,
        )
      : line('margin', `undefined: ${margin.reason}`),
    line(
      'worst case now',
      `${moneyText(worst.profit)} with the underlying ${percentText(worst.priceMove, 0)} and volatilities ${(worst.volatilityMove * 100).toFixed(0).replace('-', '−')} points, of ${report.scenarios.length} scenarios`,
    ),
  ].join('\n');
}

const legText = ({ quantity, right, strike, price, volatility, years }: OptionLeg): string =>
  line(
    quantity > 0 ? 'bought' : 'written',
    `${Math.abs(quantity)} ${right} at ${strike} for ${price}, ${(years * 365).toFixed(0)} days, implied volatility ${percentText(volatility)}`,
  );

function payoffLines(payoff: PayoffProfile): readonly string[] {
  switch (payoff.kind) {
    case 'not-closed':
      return [line('at expiry', payoff.reason)];
    case 'closed':
      return [
        line('greatest profit', extremeText(payoff.maximumProfit)),
        line('greatest loss', extremeText(payoff.maximumLoss)),
        line(
          'break-even',
          payoff.breakEvens.length === 0 ? 'none' : payoff.breakEvens.map((one) => moneyText(one)).join(', '),
        ),
      ];
  }
}

const extremeText = (extreme: Extreme): string =>
  extreme.kind === 'unbounded' ? 'without bound' : `${moneyText(extreme.amount)} at ${extreme.at}`;
