import { opens } from '#core/portfolio/account-book.ts';
import { exposureLimits } from './exposure-limits.ts';
import type { Finding, GateInput, Limit } from './limit.ts';
import { lossLimits } from './loss-limits.ts';
import { orderFormLimits } from './order-form-limits.ts';
import { paceLimits } from './pace-limits.ts';
import { permissionLimits } from './permission-limits.ts';
import { priceLimits } from './price-limits.ts';
import { reducingLimits } from './reducing-limits.ts';

const forOpening: readonly Limit[] = [
  ...orderFormLimits,
  ...permissionLimits,
  ...priceLimits,
  ...paceLimits,
  ...lossLimits,
  ...exposureLimits,
];
const forReducing: readonly Limit[] = [...orderFormLimits, ...reducingLimits];

/** Every limit that applies to the intent, in the order in which they are checked and reported. */
export function findings(input: GateInput): readonly Finding[] {
  return (opens(input.intent) ? forOpening : forReducing).flatMap((limit) => limit(input) ?? []);
}
