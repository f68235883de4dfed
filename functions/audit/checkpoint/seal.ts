import { checkpointText, signedNote } from '#core/audit/checkpoint.ts';
import { EMPTY_FRONTIER, type Frontier, frontierOf, leafHash, rootOf } from '#core/audit/merkle-tree.ts';
import { exportLine } from '#core/audit/verification.ts';
import type { ObjectStore } from '#core/events/object-store.ts';
import type { Desk } from '#functions/runtime/desk.ts';
import {
  type CheckpointRecord,
  checkpointName,
  type LeafStore,
  type PendingBatch,
  type PendingLeaf,
} from '../leaf-store.ts';

/** Signs with a key that never leaves its keeper: ECDSA P-256 over SHA-256, DER. */
export interface CheckpointSigner {
  sign(text: Uint8Array): Promise<Uint8Array>;
  /** DER SubjectPublicKeyInfo. */
  publicKey(): Promise<Uint8Array>;
}

/** The journal does not hold what was appended to it. Nothing is signed; somebody must look at once. */
export class JournalMismatchError extends Error {
  readonly code = 'JournalMismatch';
  readonly retryable = false;
  constructor({ correlationId, sortKey, hash }: PendingLeaf, found: string) {
    super(
      `the journal entry ${sortKey} of ${correlationId} was appended with the hash ${hash}, but ${found}`,
    );
    this.name = 'JournalMismatchError';
  }
}

export type SealOutcome =
  | { readonly kind: 'sealed'; readonly number: number; readonly size: number; readonly root: string }
  | { readonly kind: 'nothing new' };

interface SealingDesk {
  readonly desk: Desk;
  readonly leaves: LeafStore;
  readonly worm: ObjectStore;
  readonly signer: CheckpointSigner;
  readonly origin: string;
}

/**
 * Takes every entry appended since the last checkpoint into the log, in an order that depends on what happened and not on
 * the order of arrival (time, correlation, key), signs the new root, writes entries and note to the WORM bucket, and only
 * then lets go of the pending leaves. A crash at any point leaves work that the next run finishes: what was signed once is
 * never signed differently.
 */
export async function seal(sealing: SealingDesk): Promise<SealOutcome> {
  const { desk, leaves, worm } = sealing;
  const before = await leaves.latestCheckpoint();
  const unfinished = await finishWritten(sealing, before);
  const last = unfinished ?? before;
  const sealed = await sealedHashes(worm, last?.number ?? 0);
  const isSealed = ({ hash }: PendingLeaf) => sealed.has(hash);
  const batches = await leaves.pending();
  // What a run that was cut off had sealed goes first: only the last parts are looked through for what is sealed already.
  await leaves.removePending(idsOf(batches.filter((batch) => batch.leaves.every(isSealed))));
  const open = batches.filter((batch) => !batch.leaves.every(isSealed));
  const fresh = new Map<string, PendingLeaf>();
  for (const leaf of open.flatMap((batch) => batch.leaves)) {
    if (!isSealed(leaf)) fresh.set(`${leaf.correlationId}\u0000${leaf.sortKey}`, leaf);
  }
  if (fresh.size === 0) return { kind: 'nothing new' };
  const canonicals = await readEntries(desk, [...fresh.values()].sort(byOccurrence));
  const record = await sign(sealing, last, canonicals);
  if (await leaves.addCheckpoint(record)) await leaves.removePending(idsOf(open));
  return { kind: 'sealed', number: record.number, size: record.size, root: record.root };
}

const idsOf = (batches: readonly PendingBatch[]): readonly string[] => batches.map(({ id }) => id);

/** Of a leaf hash in hex, before the entry in its line. */
const HASH_CHARACTERS = 64;
const entriesKeyOf = (number: number) => `audit/${checkpointName(number)}.entries`;
const noteKeyOf = (number: number) => `audit/${checkpointName(number)}.checkpoint`;

/**
 * Writes the entries of the next checkpoint, then signs them. Entries first: from then on a crash leaves it settled what
 * that number covers, so that no two different texts are ever signed for one number, and a note without its entries, which
 * could not be verified, is never there.
 */
async function sign(
  sealing: SealingDesk,
  before: CheckpointRecord | null,
  canonicals: readonly string[],
): Promise<CheckpointRecord> {
  const number = (before?.number ?? 0) + 1;
  await sealing.worm.put(
    entriesKeyOf(number),
    Buffer.from(canonicals.map((text) => `${exportLine(text)}\n`).join(''), 'utf8'),
  );
  return signWritten(sealing, before, canonicals);
}

async function signWritten(
  { worm, signer, origin }: SealingDesk,
  before: CheckpointRecord | null,
  canonicals: readonly string[],
): Promise<CheckpointRecord> {
  const number = (before?.number ?? 0) + 1;
  const frontier = extended(before, canonicals);
  const checkpoint = { origin, size: frontier.size, root: rootOf(frontier) };
  const spki = await signer.publicKey();
  const signature = await signer.sign(Buffer.from(checkpointText(checkpoint), 'utf8'));
  const note = signedNote(checkpoint, spki, signature);
  if (number === 1) await worm.put('audit/public-key.der', spki);
  await worm.put(noteKeyOf(number), Buffer.from(note, 'utf8'));
  return recordOf(number, frontier, note);
}

/** A run that was cut off after writing entries left the checkpoint settled: it is that one, whatever has come since. */
async function finishWritten(
  sealing: SealingDesk,
  before: CheckpointRecord | null,
): Promise<CheckpointRecord | null> {
  const { leaves, worm } = sealing;
  const number = (before?.number ?? 0) + 1;
  const entries = await worm.get(entriesKeyOf(number));
  if (entries === null) return null;
  const canonicals = linesOf(entries).map((line) => line.slice(HASH_CHARACTERS + 1));
  const note = await worm.get(noteKeyOf(number));
  const record =
    note === null
      ? await signWritten(sealing, before, canonicals)
      : recordOf(number, extended(before, canonicals), Buffer.from(note).toString('utf8'));
  await leaves.addCheckpoint(record);
  return record;
}

function extended(before: CheckpointRecord | null, canonicals: readonly string[]): Frontier {
  return frontierOf(
    canonicals.map((canonical) => leafHash(Buffer.from(canonical, 'utf8'))),
    before === null
      ? EMPTY_FRONTIER
      : { size: before.size, nodes: before.frontier.map((node) => Buffer.from(node, 'hex')) },
  );
}

const recordOf = (number: number, frontier: Frontier, note: string): CheckpointRecord => ({
  number,
  size: frontier.size,
  root: rootOf(frontier).toString('hex'),
  frontier: frontier.nodes.map((node) => node.toString('hex')),
  note,
  entriesKey: entriesKeyOf(number),
});

const linesOf = (bytes: Uint8Array): readonly string[] =>
  Buffer.from(bytes)
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');

/** Sealed parts that a leaf which is still pending may be in: the last, and the one before where a batch came once more. */
const PARTS_LOOKED_THROUGH = 2;

async function sealedHashes(worm: ObjectStore, last: number): Promise<ReadonlySet<string>> {
  const hashes = new Set<string>();
  for (let number = last; number > Math.max(0, last - PARTS_LOOKED_THROUGH); number--) {
    const entries = await worm.get(entriesKeyOf(number));
    for (const line of entries === null ? [] : linesOf(entries)) hashes.add(line.slice(0, HASH_CHARACTERS));
  }
  return hashes;
}

const compare = (left: string, right: string) => (left < right ? -1 : left > right ? 1 : 0);
const byOccurrence = (left: PendingLeaf, right: PendingLeaf) =>
  compare(left.occurredAt, right.occurredAt) ||
  compare(left.correlationId, right.correlationId) ||
  compare(left.sortKey, right.sortKey);

async function readEntries(desk: Desk, ordered: readonly PendingLeaf[]): Promise<readonly string[]> {
  const stored = new Map<string, string>();
  for (const correlationId of new Set(ordered.map((leaf) => leaf.correlationId))) {
    for (const entry of await desk.store.journal(correlationId))
      stored.set(`${correlationId}\u0000${entry.sortKey}`, entry.canonical);
  }
  return ordered.map((leaf) => {
    const canonical = stored.get(`${leaf.correlationId}\u0000${leaf.sortKey}`);
    if (canonical === undefined) throw new JournalMismatchError(leaf, 'the entry is gone');
    const hash = leafHash(Buffer.from(canonical, 'utf8')).toString('hex');
    if (hash !== leaf.hash) throw new JournalMismatchError(leaf, `it now hashes to ${hash}`);
    return canonical;
  });
}
