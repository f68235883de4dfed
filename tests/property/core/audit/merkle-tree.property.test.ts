import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  consistencyProof,
  frontierOf,
  inclusionProof,
  leafHash,
  merkleRoot,
  rootOf,
  verifyConsistency,
  verifyInclusion,
} from '#core/audit/merkle-tree.ts';

const leaves = fc
  .array(fc.uint8Array({ maxLength: 8 }), { minLength: 1, maxLength: 70 })
  .map((all) => all.map(leafHash));
const flipped = (hash: Buffer, bit: number) => {
  const copy = Buffer.from(hash);
  copy[Math.floor(bit / 8) % copy.length] =
    (copy[Math.floor(bit / 8) % copy.length] as number) ^ (1 << (bit % 8));
  return copy;
};

describe('the Merkle tree', () => {
  it('proves every leaf, and nothing else in its place', () => {
    fc.assert(
      fc.property(leaves, fc.nat(), fc.nat(), (all, pick, bit) => {
        const index = pick % all.length;
        const leaf = all[index] as Buffer;
        const root = merkleRoot(all);
        const proof = inclusionProof(all, index);
        expect(verifyInclusion(leaf, index, all.length, proof, root)).toBe(true);
        expect(verifyInclusion(flipped(leaf, bit), index, all.length, proof, root)).toBe(false);
        expect(verifyInclusion(leaf, index, all.length, proof, flipped(root, bit))).toBe(false);
        expect(verifyInclusion(leaf, index, all.length, [...proof, root], root)).toBe(false);
        if (proof.length > 0) {
          expect(verifyInclusion(leaf, index, all.length, proof.slice(1), root)).toBe(false);
          expect(
            verifyInclusion(leaf, index, all.length, proof.with(0, flipped(proof[0] as Buffer, bit)), root),
          ).toBe(false);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('proves every prefix, and no other history', () => {
    fc.assert(
      fc.property(leaves, fc.nat(), fc.nat(), (all, pick, bit) => {
        const size = (pick % all.length) + 1;
        const first = { size, root: merkleRoot(all.slice(0, size)) };
        const second = { size: all.length, root: merkleRoot(all) };
        const proof = consistencyProof(all, size);
        expect(verifyConsistency(first, second, proof)).toBe(true);
        expect(verifyConsistency({ ...first, root: flipped(first.root, bit) }, second, proof)).toBe(false);
        expect(verifyConsistency(first, { ...second, root: flipped(second.root, bit) }, proof)).toBe(false);
        expect(verifyConsistency(first, second, [...proof, first.root])).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it('comes to the same root however the log was appended', () => {
    fc.assert(
      fc.property(leaves, fc.nat(), (all, pick) => {
        const cut = pick % (all.length + 1);
        expect(rootOf(frontierOf(all.slice(cut), frontierOf(all.slice(0, cut))))).toEqual(merkleRoot(all));
      }),
    );
  });
});
