import { createHash } from 'node:crypto';

/**
 * The id of an event, derived from what it is: the same work done twice gives the same id, on any machine. RFC 9562
 * version 8 (custom) over SHA-256 of correlation, sender, type and key.
 */
export function eventId(correlationId: string, sender: string, type: string, key: string): string {
  const digest = createHash('sha256').update([correlationId, sender, type, key].join('\u0000')).digest();
  digest[6] = ((digest[6] as number) & 0x0f) | 0x80;
  digest[8] = ((digest[8] as number) & 0x3f) | 0x80;
  const hex = digest.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
