import * as z from 'zod';

/** Plain decimal text: money, prices and quantities cross every boundary in this form, never as floats. */
export const decimalText = z
  .string()
  .regex(/^-?\d{1,30}(\.\d{1,30})?$/, 'a decimal as text, such as "123.45"');
/** A decimal that is not negative. */
export const unsignedDecimalText = z
  .string()
  .regex(/^\d{1,30}(\.\d{1,30})?$/, 'a non-negative decimal as text');
/** UTC, ISO 8601 with milliseconds and `Z`. */
export const instant = z.iso.datetime({ precision: 3 });
/** A calendar date, `YYYY-MM-DD`; for a session, its date in New York. */
export const calendarDate = z.iso.date();
export const instrumentId = z
  .string()
  .regex(/^[A-Z0-9][A-Z0-9.-]{0,31}$/, 'an instrument id, such as "AAPL"');
export const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 digest in lower-case hex');
/** A finite float: analytics only, never money. */
export const measure = z.number();
export const unitInterval = z.number().min(0).max(1);
export const signedUnitInterval = z.number().min(-1).max(1);
export const identifier = z.string().min(1).max(200);
export const LONGEST_SENTENCE = 2_000;
export const sentence = z.string().min(1).max(LONGEST_SENTENCE);
export const side = z.enum(['BUY', 'SELL']);

/** A content-addressed object: whoever reads it checks the digest, so a decision's inputs cannot change afterwards. */
export const contentReference = z.object({
  uri: z.string().min(1),
  sha256: sha256Hex,
  bytes: z.int().min(0),
});
export type ContentReference = z.infer<typeof contentReference>;
