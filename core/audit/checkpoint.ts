import { createHash, createPublicKey, verify } from 'node:crypto';

/** The state of the log at one moment, as C2SP tlog-checkpoint has it. */
export interface Checkpoint {
  /** Names the log, e.g. `abc-application/paper/journal`. */
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
}

/** A checkpoint or note that is not of the form; names the line. */
export class MalformedCheckpointError extends Error {
  readonly code = 'MalformedCheckpoint';
  readonly retryable = false;
  constructor(detail: string) {
    super(`the checkpoint is malformed: ${detail}`);
    this.name = 'MalformedCheckpointError';
  }
}

const SIGNATURE_LINE = /^— (\S+) ([A-Za-z0-9+/]+={0,2})$/;
const KEY_ID_BYTES = 4;

/** The text that is signed: origin, size and root (base64), a line each. */
export const checkpointText = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${root.toString('base64')}\n`;

/** Key id of an ECDSA key in a signed note: the first four bytes of SHA-256 over its DER SubjectPublicKeyInfo. */
const keyId = (spki: Uint8Array): Buffer =>
  createHash('sha256').update(spki).digest().subarray(0, KEY_ID_BYTES);

/** A C2SP signed note: the text, an empty line, and one signature line. `signature` is ECDSA P-256 over SHA-256, DER. */
export function signedNote(checkpoint: Checkpoint, spki: Uint8Array, signature: Uint8Array): string {
  const blob = Buffer.concat([keyId(spki), signature]).toString('base64');
  return `${checkpointText(checkpoint)}\n— ${checkpoint.origin} ${blob}\n`;
}

/** Reads a signed note without judging its signature. @throws MalformedCheckpointError */
export function parseNote(note: string): {
  readonly checkpoint: Checkpoint;
  readonly keyId: Buffer;
  readonly signature: Buffer;
} {
  const end = note.indexOf('\n\n');
  if (end < 0) throw new MalformedCheckpointError('there is no empty line between text and signature');
  const [origin, sizeText, rootText, ...rest] = note.slice(0, end).split('\n');
  if (origin === undefined || origin === '' || rest.length > 0)
    throw new MalformedCheckpointError('the text must have the three lines origin, size and root');
  const size = Number(sizeText);
  if (!Number.isSafeInteger(size) || size < 0 || String(size) !== sizeText)
    throw new MalformedCheckpointError(`the size ${JSON.stringify(sizeText)} is not a whole number`);
  const root = Buffer.from(rootText ?? '', 'base64');
  if (root.length !== 32 || root.toString('base64') !== rootText)
    throw new MalformedCheckpointError('the root is not 32 bytes in base64');
  const line = SIGNATURE_LINE.exec(note.slice(end + 2).replace(/\n$/, ''));
  if (line === null || line[1] !== origin)
    throw new MalformedCheckpointError(`there is no signature line of ${origin}`);
  const blob = Buffer.from(line[2] as string, 'base64');
  return {
    checkpoint: { origin, size, root },
    keyId: blob.subarray(0, KEY_ID_BYTES),
    signature: blob.subarray(KEY_ID_BYTES),
  };
}

/** Whether the note was signed with this key (DER SubjectPublicKeyInfo). @throws MalformedCheckpointError */
export function isSignedBy(note: string, spki: Uint8Array): boolean {
  const parsed = parseNote(note);
  if (!parsed.keyId.equals(keyId(spki))) return false;
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  return verify('sha256', Buffer.from(checkpointText(parsed.checkpoint)), key, parsed.signature);
}
