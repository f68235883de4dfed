import * as z from 'zod';

/** Misbehaviour of the link and of the gateway's front. All off by default; the broker behind keeps working. */
export const faultSettings = z.strictObject({
  /** Drops the owner's connection on its next `orders` orders: before the broker has it, before or after the acknowledgement. */
  disconnectOnOrder: z
    .object({ when: z.enum(['unreceived', 'unacknowledged', 'acknowledged']), orders: z.int().positive() })
    .nullable(),
  /** Accepts connections and bytes, answers nothing. */
  mute: z.boolean(),
  /** Neither reads nor writes any more, and does not close: a link that died without a word. */
  halfOpen: z.boolean(),
  /** Every message leaves this much later, never before one that was sent earlier. */
  delayMillis: z.number().min(0),
  /** Messages go out in pieces of this many bytes; 0 for whole. */
  pieceBytes: z.int().min(0),
  /** Leaves the handshake without nextValidId. */
  withholdNextValidId: z.boolean(),
  /** Fills are reported by execDetails alone, as a gateway may do for market orders. */
  executionsWithoutStatus: z.boolean(),
  duplicateStatus: z.boolean(),
  duplicateExecutions: z.boolean(),
  /** When the commission report leaves: after its execution, before it, later, or never. */
  commission: z.union([
    z.enum(['normal', 'early', 'never']),
    z.object({ lateMillis: z.number().positive() }),
  ]),
  /** After a disconnection the client id stays in use for this long (error 326). */
  stuckClientMillis: z.number().min(0),
  /** What happens above 50 messages in a second over all clients. */
  pacing: z.enum(['smooth', 'error', 'drop']),
  /** Whether historical requests are paced as the broker paces them (error 162). */
  historicalPacing: z.boolean(),
  /** Refuses orders as a gateway in read-only mode (error 321). */
  readOnly: z.boolean(),
});
export type FaultSettings = z.infer<typeof faultSettings>;

/** No faults. */
export const NO_FAULTS: FaultSettings = {
  disconnectOnOrder: null,
  mute: false,
  halfOpen: false,
  delayMillis: 0,
  pieceBytes: 0,
  withholdNextValidId: false,
  executionsWithoutStatus: false,
  duplicateStatus: false,
  duplicateExecutions: false,
  commission: 'normal',
  stuckClientMillis: 0,
  pacing: 'smooth',
  historicalPacing: false,
  readOnly: false,
};

/** Words of the link notices, by code. */
export const NOTICES: Readonly<Record<number, string>> = {
  1100: 'Connectivity between IBKR and Trader Workstation has been lost.',
  1101: 'Connectivity between IBKR and Trader Workstation has been restored - data lost. All data requests need to be resubmitted.',
  1102: 'Connectivity between IBKR and Trader Workstation has been restored - data maintained.',
  1300: 'TWS socket port has been reset and this connection is being dropped.',
  2103: 'Market data farm connection is broken:usfarm',
  2104: 'Market data farm connection is OK:usfarm',
  2105: 'HMDS data farm connection is broken:ushmds',
  2106: 'HMDS data farm connection is OK:ushmds',
  2107: 'HMDS data farm connection is inactive but should be available upon demand.ushmds',
  2108: 'Market data farm connection is inactive but should be available upon demand.usfarm',
  2110: 'Connectivity between Trader Workstation and server is broken. It will be restored automatically.',
  2158: 'Sec-def data farm connection is OK:secdefil',
};

/** Odds of link faults on each order, drawn from the gateway's seed. */
export const randomFaults = z.object({
  unreceived: z.number().min(0).max(1).default(0),
  unacknowledged: z.number().min(0).max(1).default(0),
  acknowledged: z.number().min(0).max(1).default(0),
  reject: z.number().min(0).max(1).default(0),
});
export type RandomFaults = z.infer<typeof randomFaults>;
