import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import type { ExportPart } from '#core/audit/verification.ts';

/** An audit export as it lies in the WORM bucket, or in a directory that was copied from it. */
export interface AuditExport {
  readonly parts: readonly ExportPart[];
  /** DER SubjectPublicKeyInfo of the signing key. */
  readonly publicKey: Uint8Array;
}

/** An export that is not whole: names the file and what to do. */
export class IncompleteExportError extends Error {
  readonly code = 'IncompleteExport';
  readonly retryable = false;
  constructor(detail: string) {
    super(`the audit export is not whole: ${detail}`);
    this.name = 'IncompleteExportError';
  }
}

/** Puts the parts together from files by name: `000001.entries`, `000001.checkpoint`, …, `public-key.der`. @throws IncompleteExportError */
export function assembleExport(files: ReadonlyMap<string, Uint8Array>): AuditExport {
  const publicKey = files.get('public-key.der');
  if (publicKey === undefined)
    throw new IncompleteExportError('there is no public-key.der; export the whole audit folder');
  const numbers = [...files.keys()].flatMap(
    (name) => /^(\d{6})\.(entries|checkpoint)$/.exec(name)?.[1] ?? [],
  );
  const names = [...new Set(numbers)].sort();
  const parts = names.map((name, index) => {
    if (Number(name) !== index + 1)
      throw new IncompleteExportError(`part ${String(index + 1).padStart(6, '0')} is missing before ${name}`);
    const entries = files.get(`${name}.entries`);
    const note = files.get(`${name}.checkpoint`);
    if (entries === undefined || note === undefined)
      throw new IncompleteExportError(
        `part ${name} lacks its ${entries === undefined ? 'entries' : 'checkpoint'}`,
      );
    return {
      name,
      lines: Buffer.from(entries)
        .toString('utf8')
        .split('\n')
        .filter((line) => line !== ''),
      note: Buffer.from(note).toString('utf8'),
    };
  });
  return { parts, publicKey };
}

/** Reads the export from the WORM bucket of a running host (or of AWS). */
export async function fetchExportFiles(
  client: S3Client,
  bucket: string,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  let token: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: 'audit/',
        ...(token === undefined ? {} : { ContinuationToken: token }),
      }),
    );
    for (const { Key } of page.Contents ?? []) {
      if (Key === undefined) continue;
      const object = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
      files.set(Key.slice('audit/'.length), (await object.Body?.transformToByteArray()) ?? new Uint8Array());
    }
    token = page.NextContinuationToken;
  } while (token !== undefined);
  return files;
}
