import type { ObjectTable, ObjectVersion } from './object-table.ts';

/** What a listing asks for. */
export interface ListingRequest {
  readonly Bucket: string;
  readonly Prefix: string;
  readonly Delimiter?: string | undefined;
  readonly MaxKeys: number;
}

interface Page {
  readonly versions: readonly ObjectVersion[];
  readonly commonPrefixes: readonly string[];
  /** The last key or common prefix of a page that has a next one. */
  readonly next: string | undefined;
}

/** A page of the current objects after a key. */
export function listCurrent(table: ObjectTable, request: ListingRequest, after: string): Page {
  const { Bucket, Prefix, Delimiter, MaxKeys } = request;
  const versions: ObjectVersion[] = [];
  const prefixes = new Set<string>();
  let last = '';
  // Nothing before the prefix can match; the empty key does not exist, so that "after" may be just before it.
  const from = after < Prefix ? Prefix : after;
  const first = after < Prefix ? table.current(Bucket, Prefix) : undefined;
  const candidates = function* (): Generator<ObjectVersion> {
    if (first !== undefined && !first.deleteMarker) yield first;
    yield* table.objectsAfter(Bucket, from);
  };
  for (const version of candidates()) {
    if (!version.key.startsWith(Prefix)) break;
    const common = commonPrefix(version.key, Prefix, Delimiter);
    // A page that ended with a common prefix must not give that prefix again.
    if (common !== undefined && (prefixes.has(common) || after.startsWith(common))) continue;
    if (versions.length + prefixes.size >= MaxKeys)
      return { versions, commonPrefixes: [...prefixes], next: MaxKeys === 0 ? undefined : last };
    last = common ?? version.key;
    if (common === undefined) versions.push(version);
    else prefixes.add(common);
  }
  return { versions, commonPrefixes: [...prefixes], next: undefined };
}

/** A page of all versions, from a key (and a version of it) on. */
export function listVersions(
  table: ObjectTable,
  request: ListingRequest,
  after: { readonly key: string; readonly versionId: string | undefined } | undefined,
): {
  readonly versions: readonly (ObjectVersion & { readonly isLatest: boolean })[];
  readonly commonPrefixes: readonly string[];
  readonly more: boolean;
} {
  const { Bucket, Prefix, Delimiter, MaxKeys } = request;
  const versions: (ObjectVersion & { readonly isLatest: boolean })[] = [];
  const prefixes = new Set<string>();
  const from = after !== undefined && after.key > Prefix ? after.key : Prefix;
  let previousKey: string | undefined;
  let skipping = after?.versionId !== undefined;
  for (const version of table.versionsFrom(Bucket, from)) {
    if (!version.key.startsWith(Prefix)) break;
    const isLatest = version.key !== previousKey;
    previousKey = version.key;
    if (after !== undefined && version.key === after.key) {
      if (after.versionId === undefined) continue;
      if (skipping) {
        skipping = version.versionId !== after.versionId;
        continue;
      }
    }
    const common = commonPrefix(version.key, Prefix, Delimiter);
    if (common !== undefined && prefixes.has(common)) continue;
    if (versions.length + prefixes.size >= MaxKeys)
      return { versions, commonPrefixes: [...prefixes], more: true };
    if (common === undefined) versions.push({ ...version, isLatest });
    else prefixes.add(common);
  }
  return { versions, commonPrefixes: [...prefixes], more: false };
}

function commonPrefix(key: string, prefix: string, delimiter: string | undefined): string | undefined {
  if (delimiter === undefined || delimiter === '') return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}
