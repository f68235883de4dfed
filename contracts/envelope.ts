import * as z from 'zod';
import { identifier, instant } from './primitives.ts';

/**
 * The agent-to-agent (A2A) envelope, protocol version 2. `id` is derived from what the event is (see `eventId` in
 * core/orders/event-id.ts), so that repeating the work gives the same id and consumers can drop duplicates.
 */
export const metadataSchema = z.object({
  id: z.uuid(),
  type: identifier,
  /** Major version of the type; the detail-type on the bus is `<type>.v<version>`. */
  version: z.int().min(1),
  occurredAt: instant,
  /** The cycle (`cycle:<session>:<time>`), session (`session:<date>`) or account stream that the event belongs to. */
  correlationId: identifier,
  /** The event that caused this one; null for what came from outside (schedule, operator, broker). */
  causationId: z.uuid().nullable(),
  sender: identifier,
  /** Empty: everyone whose rule matches. */
  recipients: z.array(identifier),
  /** Position among the events that one handling of one cause produced, from 0. */
  sequence: z.int().min(0),
  urgency: z.enum(['low', 'normal', 'high', 'critical']),
  requiresResponse: z.boolean(),
  /** After this many seconds from `occurredAt` the message is journaled as expired and dropped; null: never. */
  ttlSeconds: z.int().min(1).nullable(),
});
export type Metadata = z.infer<typeof metadataSchema>;
