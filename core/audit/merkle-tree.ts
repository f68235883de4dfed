import { createHash } from 'node:crypto';

/**
 * The Merkle tree of RFC 6962 (section 2.1) over SHA-256: leaves are hashed with the prefix 0x00, nodes with 0x01, so that
 * no leaf can pass for a node. Hashes are 32-byte buffers.
 */

const sha256 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export const leafHash = (leaf: Uint8Array): Buffer => sha256(LEAF, leaf);
const nodeHash = (left: Uint8Array, right: Uint8Array): Buffer => sha256(NODE, left, right);

/** The root of the empty tree: the hash of the empty string. */
export const emptyRoot = (): Buffer => sha256();

/** Largest power of two strictly below `size` (size ≥ 2). */
function splitPoint(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

/** The Merkle Tree Hash of a list of leaf hashes. */
export function merkleRoot(leaves: readonly Uint8Array[]): Buffer {
  return rootOf(frontierOf(leaves));
}

/**
 * The right edge of a tree: one hash for each power of two in its size, largest first. It is all that is needed to append
 * to a log of any length and to know its root.
 */
export interface Frontier {
  readonly size: number;
  readonly nodes: readonly Buffer[];
}

export const EMPTY_FRONTIER: Frontier = { size: 0, nodes: [] };

/** Appends one leaf hash. */
export function append(frontier: Frontier, leaf: Uint8Array): Frontier {
  const nodes = [...frontier.nodes];
  let merged: Buffer = Buffer.from(leaf);
  for (let size = frontier.size; size % 2 === 1; size = Math.floor(size / 2))
    merged = nodeHash(nodes.pop() as Buffer, merged);
  return { size: frontier.size + 1, nodes: [...nodes, merged] };
}

export function frontierOf(leaves: readonly Uint8Array[], from: Frontier = EMPTY_FRONTIER): Frontier {
  return leaves.reduce<Frontier>(append, from);
}

/** The root that a frontier stands for. */
export function rootOf(frontier: Frontier): Buffer {
  const last = frontier.nodes.at(-1);
  if (last === undefined) return emptyRoot();
  return frontier.nodes.slice(0, -1).reduceRight<Buffer>((right, left) => nodeHash(left, right), last);
}

/** An index or size that the tree does not have. */
export class OutsideTreeError extends Error {
  readonly code = 'OutsideTree';
  readonly retryable = false;
  constructor(detail: string) {
    super(detail);
    this.name = 'OutsideTreeError';
  }
}

/** The audit path of leaf `index` (RFC 6962, 2.1.1), lowest first. @throws OutsideTreeError */
export function inclusionProof(leaves: readonly Uint8Array[], index: number): readonly Buffer[] {
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length) {
    throw new OutsideTreeError(`leaf ${index} is not in a tree of ${leaves.length} leaves`);
  }
  if (leaves.length === 1) return [];
  const split = splitPoint(leaves.length);
  return index < split
    ? [...inclusionProof(leaves.slice(0, split), index), merkleRoot(leaves.slice(split))]
    : [...inclusionProof(leaves.slice(split), index - split), merkleRoot(leaves.slice(0, split))];
}

/** Whether `proof` shows that `leaf` is leaf `index` of the tree with this size and root (RFC 9162, 2.1.3.2). */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!Number.isInteger(index) || index < 0 || index >= size) return false;
  let node = index;
  let last = size - 1;
  let hash: Buffer = Buffer.from(leaf);
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2);
        last = Math.floor(last / 2);
      }
    } else hash = nodeHash(hash, sibling);
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && hash.equals(root);
}

/** Shows that the tree of the first `size` leaves is a prefix of the whole (RFC 6962, 2.1.2). @throws OutsideTreeError */
export function consistencyProof(leaves: readonly Uint8Array[], size: number): readonly Buffer[] {
  if (!Number.isInteger(size) || size < 1 || size > leaves.length) {
    throw new OutsideTreeError(`a tree of ${leaves.length} leaves has no prefix of ${size}`);
  }
  const subproof = (part: readonly Uint8Array[], prefix: number, whole: boolean): readonly Buffer[] => {
    if (prefix === part.length) return whole ? [] : [merkleRoot(part)];
    const split = splitPoint(part.length);
    return prefix <= split
      ? [...subproof(part.slice(0, split), prefix, whole), merkleRoot(part.slice(split))]
      : [...subproof(part.slice(split), prefix - split, false), merkleRoot(part.slice(0, split))];
  };
  return subproof(leaves, size, true);
}

/** Whether `proof` shows that the log of `secondSize` extends the log of `firstSize` (RFC 9162, 2.1.4.2). */
export function verifyConsistency(
  first: { readonly size: number; readonly root: Uint8Array },
  second: { readonly size: number; readonly root: Uint8Array },
  proof: readonly Uint8Array[],
): boolean {
  if (first.size < 1 || first.size > second.size) return false;
  if (first.size === second.size) return proof.length === 0 && Buffer.from(first.root).equals(second.root);
  const isPowerOfTwo = Number.isInteger(Math.log2(first.size));
  const path = isPowerOfTwo ? [first.root, ...proof] : [...proof];
  const seed = path.shift();
  if (seed === undefined) return false;
  let node = first.size - 1;
  let last = second.size - 1;
  while (node % 2 === 1) {
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  let old: Buffer = Buffer.from(seed);
  let now: Buffer = Buffer.from(seed);
  for (const sibling of path) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      old = nodeHash(sibling, old);
      now = nodeHash(sibling, now);
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2);
        last = Math.floor(last / 2);
      }
    } else now = nodeHash(now, sibling);
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && old.equals(first.root) && now.equals(second.root);
}
