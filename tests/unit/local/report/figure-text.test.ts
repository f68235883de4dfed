import { expect, it } from 'vitest';
import {
  countText,
  daysText,
  figureText,
  moneyText,
  percentText,
  ratioText,
  roundMoneyText,
} from '#local/report/figure-text.ts';

it.each([
  [percentText(0.12345), '12.35 %'],
  [percentText(-0.05, 0), '−5 %'],
  [percentText(-0.000001), '0.00 %'],
  [ratioText(-0), '0.00'],
  [ratioText(-1.234), '−1.23'],
  [countText(1234567), '1,234,567'],
  [moneyText(-1234.5), '−1,234.50'],
  [roundMoneyText(0), '0'],
  [roundMoneyText(123456), '123,456'],
  [roundMoneyText(1_250_000), '1.25 million'],
  [roundMoneyText(-110e9), '−110 billion'],
  [roundMoneyText(3.5e12), '3.50 trillion'],
  [roundMoneyText(2e16), '20,000 trillion'],
  [daysText(0.0001), 'below 0.01'],
  [daysText(0), '0.00'],
  [daysText(12.345), '12.35'],
  [figureText({ kind: 'value', value: 0.5 }, percentText), '50.00 %'],
  [
    figureText({ kind: 'undefined', reason: 'no closed trade lost' }, percentText),
    'undefined: no closed trade lost',
  ],
])('%s', (text, expected) => {
  expect(text).toBe(expected);
});
