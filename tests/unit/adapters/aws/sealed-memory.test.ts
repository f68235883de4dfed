import { createHash, randomBytes } from 'node:crypto';
import { type DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import {
  DecryptCommand,
  GenerateDataKeyCommand,
  GetPublicKeyCommand,
  type KMSClient,
  SignCommand,
} from '@aws-sdk/client-kms';
import { describe, expect, it } from 'vitest';
import { KmsAnswerError, kmsSigner } from '#adapters/aws/kms-signer.ts';
import { MemoryTamperedError, sealedMemory } from '#adapters/aws/sealed-memory.ts';

interface Stored {
  pk: string;
  sk: string;
  sealed: Uint8Array;
}

/** A table and a key service that keep to what the memory relies on: conditions, order, pages, encryption contexts. */
function services(pageSize = 100) {
  const items: Stored[] = [];
  const keys = new Map<string, { key: Buffer; context: string }>();
  const dynamo = {
    send: async (command: object) => {
      if (command instanceof PutItemCommand) {
        const { Item, ConditionExpression } = command.input;
        const item = {
          pk: Item?.['pk']?.S ?? '',
          sk: Item?.['sk']?.S ?? '',
          sealed: Item?.['sealed']?.B ?? new Uint8Array(),
        };
        const at = items.findIndex(({ pk, sk }) => pk === item.pk && sk === item.sk);
        if (at >= 0 && ConditionExpression !== undefined)
          throw Object.assign(new Error('exists'), { name: 'ConditionalCheckFailedException' });
        if (at >= 0) items[at] = item;
        else items.push(item);
        return {};
      }
      if (!(command instanceof QueryCommand)) throw new Error('unexpected command');
      const { ExpressionAttributeValues, Limit = 1000, ExclusiveStartKey, ScanIndexForward } = command.input;
      const start = ExclusiveStartKey?.['sk']?.S;
      const sign = ScanIndexForward === false ? -1 : 1;
      const found = items
        .filter(({ pk }) => pk === ExpressionAttributeValues?.[':pk']?.S)
        .sort((a, b) => (a.sk < b.sk ? -sign : sign))
        .filter(({ sk }) => start === undefined || (sign === 1 ? sk > start : sk < start));
      const page = found.slice(0, Math.min(Limit, pageSize));
      return {
        Items: page.map(({ pk, sk, sealed }) => ({ pk: { S: pk }, sk: { S: sk }, sealed: { B: sealed } })),
        ...(page.length < found.length ? { LastEvaluatedKey: { sk: { S: page.at(-1)?.sk ?? '' } } } : {}),
      };
    },
  };
  const kms = {
    send: async (command: object) => {
      if (command instanceof GenerateDataKeyCommand) {
        const blob = randomBytes(16);
        keys.set(blob.toString('hex'), {
          key: randomBytes(32),
          context: JSON.stringify(command.input.EncryptionContext),
        });
        return { CiphertextBlob: blob };
      }
      if (!(command instanceof DecryptCommand)) throw new Error('unexpected command');
      const known = keys.get(Buffer.from(command.input.CiphertextBlob ?? []).toString('hex'));
      if (known === undefined || known.context !== JSON.stringify(command.input.EncryptionContext))
        throw new Error('invalid ciphertext');
      return { Plaintext: known.key };
    },
  };
  const memoryOf = (agent: string) =>
    sealedMemory(dynamo as unknown as DynamoDBClient, kms as unknown as KMSClient, {
      table: 'Memory',
      keyId: 'key',
      agent,
    });
  return { items, keys, dynamo, kms, memoryOf };
}

describe('sealed memory', () => {
  it('gives back the latest first, as many as asked for, over pages', async () => {
    const { memoryOf } = services(2);
    const memory = memoryOf('memory');
    for (const id of ['1', '3', '2', '4', '5']) await memory.remember('episodes', id, { id });

    expect(await memory.recall('episodes', 3)).toEqual([{ id: '5' }, { id: '4' }, { id: '3' }]);
    expect(await memory.recall('episodes', 100)).toHaveLength(5);
    expect(await memory.recall('other', 3)).toEqual([]);
  });

  it('replaces what is remembered again, and stores nothing that can be read', async () => {
    const { memoryOf, items } = services();
    const memory = memoryOf('memory');
    await memory.remember('episodes', '1', 'secret figures');
    await memory.remember('episodes', '1', 'secret corrections');

    expect(await memory.recall('episodes', 9)).toEqual(['secret corrections']);
    expect(Buffer.concat(items.map(({ sealed }) => sealed)).toString('latin1')).not.toContain('secret');
  });

  it('uses one data key for an agent, whichever of its instances made it', async () => {
    const { memoryOf, items } = services();
    const [one, two] = [memoryOf('memory'), memoryOf('memory')];
    await Promise.all([one.remember('e', '1', 1), two.remember('e', '2', 2)]);

    expect(items.filter(({ sk }) => sk === 'KEY')).toHaveLength(1);
    expect(await memoryOf('memory').recall('e', 9)).toEqual([2, 1]);
  });

  it('opens nothing that was changed, moved, or is of another agent', async () => {
    const { memoryOf, items } = services();
    const memory = memoryOf('memory');
    await memory.remember('e', '1', 1);
    const item = items.find(({ sk }) => sk === '1');
    if (item === undefined) throw new Error('nothing was stored');
    const moved = { ...item, pk: 'memory#f' };
    items.push(moved);
    await expect(memory.recall('f', 1)).rejects.toThrow(MemoryTamperedError);
    item.sealed = item.sealed.with(20, ((item.sealed[20] ?? 0) + 1) % 256);
    await expect(memory.recall('e', 1)).rejects.toThrow('the memory 1 in e of memory');

    items.push(
      {
        pk: 'thief#KEY',
        sk: 'KEY',
        sealed: items.find(({ sk }) => sk === 'KEY')?.sealed ?? new Uint8Array(),
      },
      { ...moved, pk: 'thief#e' },
    );
    await expect(memoryOf('thief').recall('e', 1)).rejects.toThrow('invalid ciphertext');
  });

  it('tries again after its key could not be opened', async () => {
    const { memoryOf, kms } = services();
    const send = kms.send;
    kms.send = async () => {
      throw new Error('throttled');
    };
    const memory = memoryOf('memory');
    await expect(memory.remember('e', '1', 1)).rejects.toThrow('throttled');
    kms.send = send;
    await memory.remember('e', '1', 1);
    expect(await memory.recall('e', 1)).toEqual([1]);
  });

  it('refuses answers without a key in them, and faults of the table', async () => {
    const { memoryOf, kms, dynamo } = services();
    const send = kms.send;
    kms.send = async () => ({}) as never;
    await expect(memoryOf('memory').remember('e', '1', 1)).rejects.toThrow(KmsAnswerError);
    kms.send = async (command) => (command instanceof DecryptCommand ? ({} as never) : send(command));
    await expect(memoryOf('memory').remember('e', '1', 1)).rejects.toThrow('the opened data key');
    kms.send = send;
    const put = dynamo.send;
    dynamo.send = async (command) => {
      if (command instanceof PutItemCommand) throw new Error('the table is gone');
      return put(command);
    };
    await expect(services().memoryOf('memory').remember('e', '1', 1)).resolves.toBeUndefined();
    await expect(
      sealedMemory(dynamo as unknown as DynamoDBClient, kms as unknown as KMSClient, {
        table: 'Memory',
        keyId: 'key',
        agent: 'new',
      }).remember('e', '1', 1),
    ).rejects.toThrow('the table is gone');
  });
});

describe('the KMS signer', () => {
  const signer = (answers: { signature?: Uint8Array; key?: Uint8Array }, seen: object[] = []) =>
    kmsSigner(
      {
        send: async (command: object) => {
          seen.push((command as { input: object }).input);
          if (command instanceof SignCommand) return { Signature: answers.signature };
          if (command instanceof GetPublicKeyCommand) return { PublicKey: answers.key };
          throw new Error('unexpected command');
        },
      } as unknown as KMSClient,
      'key',
    );

  it('sends the digest only, and gives back signature and key', async () => {
    const seen: object[] = [];
    const one = signer({ signature: Uint8Array.of(1), key: Uint8Array.of(2) }, seen);
    expect(await one.sign(Buffer.from('text'))).toEqual(Uint8Array.of(1));
    expect(await one.publicKey()).toEqual(Uint8Array.of(2));
    expect(seen[0]).toEqual({
      KeyId: 'key',
      Message: createHash('sha256').update('text').digest(),
      MessageType: 'DIGEST',
      SigningAlgorithm: 'ECDSA_SHA_256',
    });
  });

  it('refuses an answer without what was asked for', async () => {
    await expect(signer({}).sign(Buffer.from('x'))).rejects.toThrow('without a signature');
    await expect(signer({}).publicKey()).rejects.toThrow('without a public key');
  });
});
