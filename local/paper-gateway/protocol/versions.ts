/** Server versions spoken: 176 is the oldest client still in use, 193 the last with one plain text layout. */
export const OLDEST_SERVER_VERSION = 176;
export const NEWEST_SERVER_VERSION = 193;

/** The version to speak with a client that offers `minimum..maximum`, or null where there is none in common. */
export function negotiate(minimum: number, maximum: number): number | null {
  const version = Math.min(maximum, NEWEST_SERVER_VERSION);
  return version < OLDEST_SERVER_VERSION || version < minimum ? null : version;
}
