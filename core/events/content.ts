import { hash } from 'node:crypto';
import type { ContentReference } from '#contracts/primitives.ts';
import { canonicalJson } from './canonical.ts';

/** A value as content-addressed bytes: canonical JSON under its own digest, and the reference that names it. */
export function contentOf(
  folder: string,
  value: unknown,
): { readonly reference: ContentReference; readonly bytes: Buffer } {
  const bytes = Buffer.from(canonicalJson(value), 'utf8');
  const sha256 = hash('sha256', bytes);
  return { reference: { uri: `${folder}/${sha256}.json`, sha256, bytes: bytes.length }, bytes };
}
