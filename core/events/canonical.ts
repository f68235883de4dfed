import canonicalize from 'canonicalize';

/** A value that has no canonical JSON: undefined at the top, a function, NaN or an infinity. */
export class NotCanonicalError extends Error {
  readonly code = 'NotCanonical';
  readonly retryable = false;
  constructor(detail: string, cause?: unknown) {
    super(`the value has no canonical JSON form (RFC 8785): ${detail}`, { cause });
    this.name = 'NotCanonicalError';
  }
}

/** RFC 8785 canonical JSON: the one text of a value, the same on every machine. @throws NotCanonicalError */
export function canonicalJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = canonicalize(value);
  } catch (cause) {
    throw new NotCanonicalError(cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (text === undefined) throw new NotCanonicalError(typeof value);
  return text;
}
