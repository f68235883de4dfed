/** Status words after which an order cannot fill any more. */
export const ENDED_STATUSES: ReadonlySet<string> = new Set([
  'Filled',
  'Cancelled',
  'ApiCancelled',
  'Inactive',
]);

/** What one of the broker's codes means for the order or request that it names. */
export type OrderNotice =
  /** The broker will not carry the order out. */
  | 'rejected'
  | 'cancelled'
  /** A change of a working order was refused; the order stands as it was. */
  | 'change-refused'
  /** A cancel came too late or named nothing. */
  | 'cancel-refused'
  /** The gateway accepts no orders at all (its read-only switch). */
  | 'read-only'
  | 'warning';

const REJECTED: ReadonlySet<number> = new Set([
  103, 106, 107, 109, 110, 111, 113, 116, 117, 118, 119, 121, 131, 132, 133, 135, 140, 141, 146, 147, 151,
  152, 153, 154, 155, 156, 157, 158, 159, 160, 163, 164, 168, 200, 201, 203, 320, 321, 325, 328, 335, 336,
  337, 338, 339, 340, 341, 342, 343, 344, 345, 346, 347, 348, 349, 350, 351, 355, 356, 357, 358, 359, 360,
  361, 362, 363, 364, 382, 383, 387, 388, 389, 390, 391, 392, 393, 394, 395, 396, 397, 398, 400, 401, 402,
  403, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 419, 423, 424, 425, 426, 427,
  428, 429, 432, 433, 434, 435, 436, 437, 438, 439, 441, 442, 460, 478, 512, 10020, 10026,
]);

/** What the broker says of orders that it works all the same: when it will, that it first looks for units, with how many. */
const ORDER_REMARKS: ReadonlySet<number> = new Set([399, 404, 481]);

/** Refusals of a change, and of a cancel: the order stands as it was. */
const CHANGE_REFUSED: ReadonlySet<number> = new Set([104, 105, 134, 329, 422, 440]);
const CANCEL_REFUSED: ReadonlySet<number> = new Set([136, 161, 10_147, 10_148]);

/** The gateway takes no orders: its read-only switch, or a dialog about it that nobody clicked away. */
const isReadOnly = (code: number, message: string): boolean => code === 321 && /read-?only/i.test(message);

/**
 * Classifies a notice that names one of our orders. What is neither a refusal nor a cancel by Interactive Brokers' message
 * codes is a warning: an order is taken for dead only where the broker says so.
 * Source: https://interactivebrokers.github.io/tws-api/message_codes.html
 */
export function classifyOrderNotice(code: number, message: string, changing: boolean): OrderNotice {
  if (isReadOnly(code, message)) return 'read-only';
  if (code === 202) return 'cancelled';
  if (CANCEL_REFUSED.has(code)) return 'cancel-refused';
  if (CHANGE_REFUSED.has(code)) return 'change-refused';
  if (REJECTED.has(code)) return changing ? 'change-refused' : 'rejected';
  return 'warning';
}

/**
 * Whether a notice about an order that is being withdrawn says that it is gone: cancelled, refused, or nothing that could
 * be cancelled. After anything else, a warning for instance, it still has to be.
 */
export function endsWithdrawn(code: number, message: string): boolean {
  if (code === 10147 || code === 10148) return true;
  const meaning = classifyOrderNotice(code, message, false);
  return meaning === 'cancelled' || meaning === 'rejected';
}

/** What a notice without an order means for the link. */
export type LinkNotice =
  | 'upstream-lost'
  | 'upstream-restored'
  | 'upstream-restored-data-lost'
  | 'client-id-in-use'
  | 'read-only'
  | 'pacing'
  | 'socket-port-reset'
  | 'routine';

/** Classifies a notice with id −1. 2103, 2105 and the like come and go with the data farms and mean nothing here. */
export function classifyLinkNotice(code: number, message: string): LinkNotice {
  switch (code) {
    case 1100:
    case 2110:
      return 'upstream-lost';
    case 1101:
      return 'upstream-restored-data-lost';
    case 1102:
      return 'upstream-restored';
    case 326:
      return 'client-id-in-use';
    case 1300:
      return 'socket-port-reset';
    case 100:
      return 'pacing';
  }
  return isReadOnly(code, message) ? 'read-only' : 'routine';
}

/** Whether a notice is a remark on the way: of a question that it names the answer still follows. */
export const isRemark = (code: number): boolean => code >= 2_100 && code < 2_200;

/** Whether a notice of an order is a remark on the way too; any other that is no refusal may be one that nobody here knows. */
export const isOrderRemark = (code: number): boolean => isRemark(code) || ORDER_REMARKS.has(code);
