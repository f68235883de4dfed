import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { DeskEvent } from '#contracts/registry.ts';
import { checkpointText, signedNote } from '#core/audit/checkpoint.ts';
import { frontierOf, leafHash, rootOf } from '#core/audit/merkle-tree.ts';
import { type ExportPart, exportLine } from '#core/audit/verification.ts';
import { canonicalJson } from '#core/events/canonical.ts';

export interface TestKey {
  readonly spki: Buffer;
  readonly sign: (text: Uint8Array) => Buffer;
}

export function testKey(): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { spki: spkiOf(publicKey), sign: (text) => sign('sha256', text, privateKey) };
}
const spkiOf = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'spki' });

/** The note that closes a log of these entries. */
export function noteOver(canonicals: readonly string[], key: TestKey, origin = 'abc/test'): string {
  const frontier = frontierOf(canonicals.map((text) => leafHash(Buffer.from(text))));
  const checkpoint = { origin, size: frontier.size, root: rootOf(frontier) };
  return signedNote(checkpoint, key.spki, key.sign(Buffer.from(checkpointText(checkpoint))));
}

/** An export of events in parts, each closed by a checkpoint over all so far. */
export function exportOf(parts: readonly (readonly DeskEvent[])[], key: TestKey): ExportPart[] {
  const all: string[] = [];
  return parts.map((events, index) => {
    const canonicals = events.map((event) => canonicalJson(event));
    all.push(...canonicals);
    return { name: `part ${index + 1}`, lines: canonicals.map(exportLine), note: noteOver(all, key) };
  });
}
