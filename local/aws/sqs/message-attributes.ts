import { createHash, hash } from 'node:crypto';
import { AwsError } from '../../host/kernel.ts';
import type { MessageAttribute } from './message-queue.ts';

/** MD5 of a message's body, in hex, as the client verifies it. */
export function bodyDigest(body: string): string {
  return hash('md5', body);
}

/**
 * MD5 of message attributes: by name, the length-prefixed name, data type, a byte for the kind of value, and the
 * length-prefixed value (SQS Developer Guide, "Calculating the MD5 message digest for message attributes").
 */
export function attributesDigest(attributes: Readonly<Record<string, MessageAttribute>>): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const digest = createHash('md5');
  const add = (bytes: Buffer): void => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    digest.update(length).update(bytes);
  };
  for (const name of names) {
    const { DataType, StringValue, BinaryValue } = attributes[name]!;
    add(Buffer.from(name));
    add(Buffer.from(DataType));
    const binary = DataType.startsWith('Binary');
    digest.update(Buffer.from([binary ? 2 : 1]));
    add(binary ? Buffer.from(BinaryValue ?? '', 'base64') : Buffer.from(StringValue ?? ''));
  }
  return digest.digest('hex');
}

/** Bytes that count towards the size limit of a message. */
export function messageSize(body: string, attributes: Readonly<Record<string, MessageAttribute>>): number {
  let size = Buffer.byteLength(body);
  for (const [name, { DataType, StringValue, BinaryValue }] of Object.entries(attributes)) {
    size += Buffer.byteLength(name) + Buffer.byteLength(DataType);
    size +=
      StringValue !== undefined
        ? Buffer.byteLength(StringValue)
        : Buffer.byteLength(BinaryValue ?? '', 'base64');
  }
  return size;
}

/** @throws AwsError InvalidParameterValue where an attribute has no value, or more than ten are given. */
export function checkAttributes(attributes: Readonly<Record<string, MessageAttribute>>): void {
  const entries = Object.entries(attributes);
  if (entries.length > 10)
    throw new AwsError(
      'InvalidParameterValue',
      `number of message attributes [${entries.length}] exceeds the allowed maximum [10]`,
    );
  for (const [name, { DataType, StringValue, BinaryValue }] of entries) {
    if (!/^(String|Number|Binary)(\.|$)/.test(DataType)) {
      throw new AwsError(
        'InvalidParameterValue',
        `the message attribute '${name}' has an invalid data type, ${DataType}`,
      );
    }
    if ((DataType.startsWith('Binary') ? BinaryValue : StringValue) === undefined) {
      throw new AwsError(
        'InvalidParameterValue',
        `the message attribute '${name}' must contain a non-empty value of its data type`,
      );
    }
  }
}

/** Whether a ReceiveMessage asks for an attribute: by name, `All`, `.*` or a prefix ending in `.*`. */
export function isWanted(name: string, wanted: readonly string[]): boolean {
  return wanted.some(
    (pattern) =>
      pattern === 'All' ||
      pattern === '.*' ||
      pattern === name ||
      (pattern.endsWith('.*') && name.startsWith(pattern.slice(0, -1))),
  );
}
