import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { AwsError } from '../../host/kernel.ts';

/** Checksums that a client may send, by the member of the API; base64. */
const algorithms: Readonly<Record<string, (content: Buffer) => Buffer>> = {
  ChecksumCRC32: (content) => word(crc32(content)),
  ChecksumCRC32C: (content) => word(crc32c(content)),
  ChecksumSHA1: (content) => createHash('sha1').update(content).digest(),
  ChecksumSHA256: (content) => createHash('sha256').update(content).digest(),
};

/** The members of {@link algorithms}. */
export const checksumMembers = Object.keys(algorithms);

/**
 * Verifies what the client sent with the content, and returns it for the object's record.
 * @throws AwsError BadDigest naming the checksum.
 */
export function verifyChecksums(
  content: Buffer,
  input: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string>> {
  const verified: Record<string, string> = {};
  for (const [member, compute] of Object.entries(algorithms)) {
    const given = input[member];
    if (given === undefined) continue;
    if (compute(content).toString('base64') !== given)
      throw new AwsError(
        'BadDigest',
        `The ${member.slice('Checksum'.length)} you specified did not match the calculated checksum.`,
      );
    verified[member] = String(given);
  }
  const md5 = input['ContentMD5'];
  if (md5 !== undefined && createHash('md5').update(content).digest('base64') !== md5) {
    throw new AwsError('BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
  return verified;
}

/** The quoted MD5 that S3 gives a content that is uploaded in one piece. */
export function etagOf(content: Buffer): string {
  return `"${createHash('md5').update(content).digest('hex')}"`;
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

// Castagnoli's polynomial, reflected (RFC 3720, appendix B.4).
const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

function crc32c(content: Buffer): number {
  let value = 0xffffffff;
  for (const byte of content) value = table[(value ^ byte) & 0xff]! ^ (value >>> 8);
  return value ^ 0xffffffff;
}
