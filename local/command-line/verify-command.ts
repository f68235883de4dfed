import { createPublicKey } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type VerificationFault, verifyExport } from '#core/audit/verification.ts';
import { assembleExport } from '#local/day/audit-export.ts';
import { ConfigurationError } from '#local/day/errors.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

export interface VerifyCommandOptions {
  readonly key?: string;
  readonly json?: boolean;
  /** At least so many leaves must be there: shows an export that was cut off at a checkpoint. */
  readonly minimumLeaves?: string;
}

/** Checks an audit export offline: hashes, tree, signatures, completeness. Names the first bad entry. */
export function verifyCommand(directory: string, options: VerifyCommandOptions): ExitCode {
  const least = options.minimumLeaves === undefined ? 0 : Number(options.minimumLeaves);
  if (!Number.isSafeInteger(least) || least < 0 || options.minimumLeaves?.trim() === '')
    throw new ConfigurationError(
      `--minimum-leaves ${JSON.stringify(options.minimumLeaves)} is not a whole number; give how many leaves you know of`,
    );
  const files = readFiles(directory);
  const assembled = assembleExport(files);
  const key = options.key === undefined ? assembled.publicKey : readKey(options.key);
  const result = verifyExport(assembled.parts, key);
  const cut = result.leaves < least;
  const verified = result.verified && !cut;
  if (options.json === true) {
    process.stdout.write(
      `${JSON.stringify({ ...result, verified, parts: assembled.parts.length, truncated: cut }, null, 2)}\n`,
    );
    return verified ? EXIT.ok : EXIT.auditFailed;
  }
  process.stdout.write(
    `${[
      `${assembled.parts.length} checkpoints, ${result.leaves} leaves, root ${result.root}`,
      options.key === undefined
        ? 'signatures were checked with the key in the export: to prove who signed, give the key you trust with --key'
        : `signatures were checked with ${options.key}`,
      ...result.open.map(({ intentId, state }) => `open: ${intentId} is ${state}`),
      ...result.faults.map(faultLine),
      ...(cut
        ? [`the log has ${result.leaves} leaves, at least ${least} were expected: its end is missing`]
        : []),
      verified ? 'VERIFIED' : 'NOT VERIFIED',
    ].join('\n')}\n`,
  );
  return verified ? EXIT.ok : EXIT.auditFailed;
}

function faultLine(fault: VerificationFault): string {
  switch (fault.kind) {
    case 'entry':
      return `entry ${fault.index} (part ${fault.part}): ${fault.detail}`;
    case 'checkpoint':
      return `checkpoint ${fault.part}: ${fault.detail}`;
    case 'chain':
      return `entry ${fault.index}: ${fault.detail}`;
  }
}

function readFiles(directory: string): ReadonlyMap<string, Uint8Array> {
  try {
    const names = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isFile());
    return new Map(names.map(({ name }) => [name, readFileSync(join(directory, name))]));
  } catch (cause) {
    throw new ConfigurationError(
      `the audit export ${directory} cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown reason'}); give the directory with the .entries and .checkpoint files`,
      cause,
    );
  }
}

/** A trusted public key as PEM or DER. */
function readKey(file: string): Uint8Array {
  try {
    const bytes = readFileSync(file);
    const key =
      bytes.subarray(0, 5).toString() === '-----'
        ? createPublicKey(bytes)
        : createPublicKey({ key: bytes, format: 'der', type: 'spki' });
    return key.export({ format: 'der', type: 'spki' });
  } catch (cause) {
    throw new ConfigurationError(
      `the key ${file} cannot be read as a public key (${cause instanceof Error ? cause.message : String(cause)}); give it as PEM or DER`,
      cause,
    );
  }
}
