import { hash } from 'node:crypto';

/** The digits whose upper bits are those of RFC 9562, by their lower ones. */
const VARIANTS = '89ab';

/**
 * The id of an event, derived from what it is: the same work done twice gives the same id, on any machine. RFC 9562
 * version 8 (custom) over SHA-256 of correlation, sender, type and key.
 */
export function eventId(correlationId: string, sender: string, type: string, key: string): string {
  const hex = hash('sha256', `${correlationId}\u0000${sender}\u0000${type}\u0000${key}`);
  const variant = VARIANTS[Number.parseInt(hex.charAt(16), 16) & 3] as string;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
