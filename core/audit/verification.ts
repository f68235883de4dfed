import { type DeskEvent, InvalidEventError, parseEvent } from '#contracts/registry.ts';
import { canonicalJson, NotCanonicalError } from '#core/events/canonical.ts';
import { isSignedBy, MalformedCheckpointError, parseNote } from './checkpoint.ts';
import { type ChainFault, checkChains, type OpenChain } from './completeness.ts';
import { append, EMPTY_FRONTIER, type Frontier, leafHash, rootOf } from './merkle-tree.ts';

/** One part of an audit export: the entries between two checkpoints, and the checkpoint that closes them. */
export interface ExportPart {
  readonly name: string;
  /** One entry a line: `<leaf hash, hex> <canonical JSON>`. */
  readonly lines: readonly string[];
  readonly note: string;
}

export type VerificationFault =
  | { readonly kind: 'entry'; readonly index: number; readonly part: string; readonly detail: string }
  | { readonly kind: 'checkpoint'; readonly part: string; readonly detail: string }
  | { readonly kind: 'chain'; readonly index: number; readonly detail: string };

export interface Verification {
  readonly verified: boolean;
  readonly leaves: number;
  /** Hex; of the last checkpoint that verified. */
  readonly root: string;
  /** The first fault of the log itself, then the faults of the order chains. */
  readonly faults: readonly VerificationFault[];
  readonly open: readonly OpenChain[];
}

/** Formats one entry for an export part. */
export const exportLine = (canonical: string): string =>
  `${leafHash(Buffer.from(canonical, 'utf8')).toString('hex')} ${canonical}`;

/**
 * Verifies an export offline: every entry's hash and canonical form, every checkpoint's size, root and signature, one
 * origin throughout, and that every broker order and execution maps to one chain. Stops at the first fault of the log
 * (nothing after it means anything) and names it.
 */
export function verifyExport(parts: readonly ExportPart[], spki: Uint8Array): Verification {
  const events: DeskEvent[] = [];
  let frontier: Frontier = EMPTY_FRONTIER;
  let origin: string | null = null;
  const stop = (fault: VerificationFault): Verification => ({
    verified: false,
    leaves: frontier.size,
    root: rootOf(frontier).toString('hex'),
    faults: [fault],
    open: [],
  });

  for (const part of parts) {
    for (const line of part.lines) {
      const index = frontier.size;
      const bad = (detail: string) => stop({ kind: 'entry', index, part: part.name, detail });
      const hash = line.slice(0, 64);
      const canonical = line.slice(65);
      const actual = leafHash(Buffer.from(canonical, 'utf8'));
      if (actual.toString('hex') !== hash)
        return bad(`its bytes hash to ${actual.toString('hex')}, the export says ${hash}`);
      let event: DeskEvent;
      try {
        const value: unknown = JSON.parse(canonical);
        if (canonicalJson(value) !== canonical) return bad('it is not in canonical form (RFC 8785)');
        event = parseEvent(value);
      } catch (error) {
        if (
          error instanceof InvalidEventError ||
          error instanceof SyntaxError ||
          error instanceof NotCanonicalError
        )
          return bad(error.message);
        throw error;
      }
      events.push(event);
      frontier = append(frontier, actual);
    }
    const fault = checkpointFault(part, frontier, origin, spki);
    if (fault !== null) return stop({ kind: 'checkpoint', part: part.name, detail: fault });
    origin = parseNote(part.note).checkpoint.origin;
  }
  const chains = checkChains(events);
  return {
    verified: chains.faults.length === 0,
    leaves: frontier.size,
    root: rootOf(frontier).toString('hex'),
    faults: chains.faults.map((fault: ChainFault) => ({ kind: 'chain', ...fault })),
    open: chains.open,
  };
}

function checkpointFault(
  part: ExportPart,
  frontier: Frontier,
  origin: string | null,
  spki: Uint8Array,
): string | null {
  try {
    const { checkpoint } = parseNote(part.note);
    if (origin !== null && checkpoint.origin !== origin)
      return `it is of the log ${checkpoint.origin}, the ones before are of ${origin}`;
    if (!isSignedBy(part.note, spki)) return 'its signature is not by the given key';
    if (checkpoint.size !== frontier.size)
      return `it is signed for ${checkpoint.size} entries, the export has ${frontier.size} up to here: entries are missing or were added`;
    const root = rootOf(frontier);
    if (!checkpoint.root.equals(root))
      return `the entries up to here have the root ${root.toString('hex')}, signed is ${checkpoint.root.toString('hex')}: an entry of this part was changed, swapped or replaced`;
    return null;
  } catch (error) {
    if (error instanceof MalformedCheckpointError) return error.message;
    throw error;
  }
}
