import type { Figure } from '#core/analytics/series.ts';

/** A number with a typographic minus; never `-0`. */
function signed(text: string): string {
  return /^-[0,.]*$/.test(text) ? text.slice(1) : text.replace('-', '−');
}

const fixed = (number: number, digits: number): string =>
  signed(number.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits }));

/** A fraction in percent. */
export const percentText = (fraction: number, digits = 2): string => `${fixed(fraction * 100, digits)} %`;
export const ratioText = (ratio: number): string => fixed(ratio, 2);
export const countText = (count: number): string => fixed(count, 0);
/** An amount to the cent. */
export const moneyText = (amount: number): string => fixed(amount, 2);

/** An amount of which only the size matters: 1.25 million, 110 billion. */
export function roundMoneyText(amount: number): string {
  const size = Math.abs(amount);
  if (size >= 1e15) return `${fixed(amount / 1e12, 0)} trillion`;
  for (const [from, name] of [
    [1e12, 'trillion'],
    [1e9, 'billion'],
    [1e6, 'million'],
  ] as const)
    if (size >= from) return `${signed((amount / from).toPrecision(3))} ${name}`;
  return fixed(amount, 0);
}

/** Days with what can be told of them: less than a hundredth of a day is not shown as none. */
export const daysText = (days: number): string => (days > 0 && days < 0.01 ? 'below 0.01' : fixed(days, 2));

/** A figure as text; where it is undefined, the reason. */
export const figureText = (figure: Figure, text: (value: number) => string): string =>
  figure.kind === 'value' ? text(figure.value) : `undefined: ${figure.reason}`;
