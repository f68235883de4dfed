import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchWriteItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { describe, expect, it } from 'vitest';
import { inMemoryObjectStore } from '#adapters/memory/in-memory-object-store.ts';
import { leafHash } from '#core/audit/merkle-tree.ts';
import { verifyExport } from '#core/audit/verification.ts';
import type { ObjectStore } from '#core/events/object-store.ts';
import { type CheckpointSigner, JournalMismatchError, seal } from '#functions/audit/checkpoint/seal.ts';
import {
  type CheckpointRecord,
  checkpointName,
  dynamoLeafStore,
  type LeafStore,
  type PendingBatch,
} from '#functions/audit/leaf-store.ts';
import { publish } from '#functions/audit/relay/publish.ts';
import { appendedEntries, JournalTamperedError } from '#functions/audit/stream.ts';
import { testKey } from '../../../support/audit-export.ts';
import { barClosed, entryOf, NOW } from '../../../support/desk-events.ts';
import { memoryDesk } from '../../../support/memory-desk.ts';

const KEY = testKey();
class Crash extends Error {}

/** Everything a sealing works with, outside the function that may die: its table, its bucket, its key's record of use. */
function world() {
  const desk = memoryDesk('checkpoint');
  const pending = new Map<string, PendingBatch>();
  const checkpoints: CheckpointRecord[] = [];
  const objects = inMemoryObjectStore();
  const signed: string[] = [];
  const notes = new Map<string, Set<string>>();
  let calls = 0;
  let crashAt = Number.POSITIVE_INFINITY;
  let after = false;
  /** One call outside; the run dies before or after the call whose turn it is. */
  const outside = async <T>(work: () => T | Promise<T>): Promise<T> => {
    const dies = calls++ === crashAt;
    if (dies && !after) throw new Crash();
    const result = await work();
    if (dies) throw new Crash();
    return result;
  };
  const leaves: LeafStore = {
    addPending: async (batch) => {
      pending.set(batch.id, batch);
    },
    pending: () => outside(() => [...pending.values()]),
    removePending: (ids) =>
      outside(() => {
        for (const id of ids) pending.delete(id);
      }),
    latestCheckpoint: () => outside(() => checkpoints.at(-1) ?? null),
    addCheckpoint: (record) =>
      outside(() => {
        if (checkpoints.some(({ number }) => number === record.number)) return false;
        checkpoints.push(record);
        return true;
      }),
  };
  const worm: ObjectStore = {
    put: (key, bytes) =>
      outside(async () => {
        if (key.endsWith('.checkpoint'))
          notes.set(key, (notes.get(key) ?? new Set()).add(Buffer.from(bytes).toString()));
        await objects.put(key, bytes);
      }),
    get: (key) => outside(() => objects.get(key)),
  };
  const signer: CheckpointSigner = {
    sign: (text) =>
      outside(() => {
        signed.push(Buffer.from(text).toString());
        return KEY.sign(text);
      }),
    publicKey: () => outside(() => KEY.spki),
  };
  let bars = 0;
  return {
    desk,
    pending,
    checkpoints,
    signed,
    notes,
    objects,
    run: () => {
      calls = 0;
      return seal({ desk, leaves, worm, signer, origin: 'abc/test' });
    },
    crash(at: number, afterwards: boolean) {
      crashAt = at;
      after = afterwards;
    },
    calls: () => calls,
    /** Appends entries to the journal, and what the integrator keeps of them. */
    async append(count: number, id: string) {
      const entries = Array.from({ length: count }, () =>
        entryOf('BarClosed', barClosed('100', 60).data, {
          key: `${++bars}`,
          correlationId: `c${bars % 3}`,
          occurredAt: NOW + bars,
        }),
      );
      await desk.store.commit({ entries });
      const all = desk.store.all();
      await leaves.addPending({
        id,
        leaves: entries.map(({ key, event: { metadata } }) => {
          const stored = all.find(
            (one) => one.correlationId === metadata.correlationId && one.sortKey === `BarClosed#${key}`,
          );
          return {
            correlationId: metadata.correlationId,
            sortKey: `BarClosed#${key}`,
            occurredAt: metadata.occurredAt,
            hash: leafHash(Buffer.from(stored?.canonical ?? '')).toString('hex'),
          };
        }),
      });
    },
    async verification() {
      const parts = await Promise.all(
        checkpoints.map(async ({ number, entriesKey, note }) => ({
          name: checkpointName(number),
          lines: Buffer.from((await objects.get(entriesKey)) ?? [])
            .toString()
            .split('\n')
            .filter((line) => line !== ''),
          note,
        })),
      );
      return { parts, ...verifyExport(parts, KEY.spki) };
    },
  };
}

describe('sealing', () => {
  it('signs what was appended, part by part, and the export verifies', async () => {
    const one = world();
    await one.append(3, 's1');
    expect(await one.run()).toMatchObject({ kind: 'sealed', number: 1, size: 3 });
    expect(await one.run()).toEqual({ kind: 'nothing new' });
    await one.append(2, 's2');
    await one.append(1, 's3');
    expect(await one.run()).toMatchObject({ kind: 'sealed', number: 2, size: 6 });

    expect(await one.verification()).toMatchObject({ verified: true, leaves: 6 });
    expect(one.pending.size).toBe(0);
    expect(one.objects.keys()).toEqual([
      'audit/000001.checkpoint',
      'audit/000001.entries',
      'audit/000002.checkpoint',
      'audit/000002.entries',
      'audit/public-key.der',
    ]);
  });

  it('has one order for what happened, however the stream delivered it', async () => {
    const sealed = await Promise.all(
      [
        ['a', 'b'],
        ['b', 'a'],
      ].map(async (ids) => {
        const one = world();
        await one.append(4, 'x');
        const [batch] = one.pending.values();
        one.pending.clear();
        if (batch === undefined) throw new Error('nothing is pending');
        const halves = [batch.leaves.slice(0, 2), batch.leaves.slice(2)];
        for (const [index, id] of ids.entries()) one.pending.set(id, { id, leaves: halves[index] ?? [] });
        // Delivered once more under another position, as after a failed batch.
        one.pending.set('c', { id: 'c', leaves: batch.leaves.slice(1, 3) });
        await one.run();
        const { parts } = await one.verification();
        return parts[0]?.lines.map(
          (line) => (JSON.parse(line.slice(65)) as { metadata: { occurredAt: string } }).metadata.occurredAt,
        );
      }),
    );
    expect(sealed[0]).toHaveLength(4);
    expect(sealed[0]).toEqual([...(sealed[0] ?? [])].sort());
  });

  it('signs nothing over an entry that is gone or not what it was', async () => {
    const one = world();
    await one.append(2, 's1');
    const [batch] = one.pending.values();
    if (batch === undefined) throw new Error('nothing is pending');
    one.pending.set('s1', {
      id: 's1',
      leaves: batch.leaves.map((leaf) => ({ ...leaf, hash: '0'.repeat(64) })),
    });
    await expect(one.run()).rejects.toThrow(JournalMismatchError);
    one.pending.set('s1', {
      id: 's1',
      leaves: batch.leaves.map((leaf) => ({ ...leaf, sortKey: 'BarClosed#gone' })),
    });
    await expect(one.run()).rejects.toThrow('the entry is gone');
    expect(one.signed).toEqual([]);
    expect(one.objects.keys()).toEqual([]);
  });

  it.each([false, true])(
    'dies at any step (after the step: %s) and comes to the end on the next run: nothing lost, nothing twice, one text for one number',
    async (after) => {
      for (let step = 0; step < 40; step++) {
        const one = world();
        await one.append(3, 's1');
        await one.run();
        await one.append(2, 's2');
        one.crash(step, after);
        const died = await one.run().then(
          () => false,
          (error: unknown) => {
            expect(error).toBeInstanceOf(Crash);
            return true;
          },
        );
        // What comes meanwhile must not slip into what was settled; and the second run dies too.
        await one.append(2, 's3');
        one.crash(step + 1, after);
        await one.run().catch((error: unknown) => expect(error).toBeInstanceOf(Crash));
        await one.append(1, 's4');
        one.crash(Number.POSITIVE_INFINITY, after);
        await one.run();
        await one.run();

        const result = await one.verification();
        expect(result, `step ${step}`).toMatchObject({ verified: true, leaves: 8, faults: [] });
        const entries = result.parts.flatMap(({ lines }) => lines);
        expect(new Set(entries).size).toBe(8);
        expect(one.pending.size).toBe(0);
        for (const [key, written] of one.notes)
          expect([...new Set([...written].map((note) => note.split('\n\n')[0]))], key).toHaveLength(1);
        // Each number was signed over one size only.
        expect(new Set(one.signed).size).toBe(one.checkpoints.length);
        if (!died) return;
      }
      throw new Error('the run has more steps than were tried');
    },
  );

  it('leaves a checkpoint that is there already as it is', async () => {
    const one = world();
    await one.append(1, 's1');
    await one.run();
    const [first] = one.checkpoints;
    await one.append(1, 's2');
    await one.run();
    expect(one.checkpoints[0]).toBe(first);
    expect(one.checkpoints.map(({ number }) => number)).toEqual([1, 2]);
  });
});

describe('the journal stream', () => {
  const record = (
    eventName: string,
    image: object | undefined = {
      pk: { S: 'c' },
      sk: { S: 'BarClosed#1' },
      type: { S: 'BarClosed' },
      version: { N: '1' },
      occurredAt: { S: 't' },
      event: { S: '{}' },
      id: { S: 'x' },
    },
  ) => ({
    eventName,
    dynamodb: { SequenceNumber: '7', ...(image === undefined ? {} : { NewImage: image }) },
  });
  it('is read as what was appended', () => {
    expect(appendedEntries({ Records: [record('INSERT')] })).toEqual([
      {
        sequenceNumber: '7',
        correlationId: 'c',
        sortKey: 'BarClosed#1',
        detailType: 'BarClosed.v1',
        occurredAt: 't',
        canonical: '{}',
      },
    ]);
  });
  it.each(['MODIFY', 'REMOVE'])('shows a %s as tampering', (name) => {
    expect(() => appendedEntries({ Records: [record(name)] })).toThrow(JournalTamperedError);
  });
  it('is not guessed at', () => {
    expect(() =>
      appendedEntries({ Records: [{ eventName: 'INSERT', dynamodb: { SequenceNumber: '7' } }] }),
    ).toThrow(JournalTamperedError);
    expect(() => appendedEntries({})).toThrow();
  });
});

describe('publish', () => {
  const messages = (count: number, size = 2) =>
    Array.from({ length: count }, (_, index) => ({
      id: `m${index}`,
      detailType: 'BarClosed.v1',
      occurredAt: '2018-01-23T15:00:00.000Z',
      canonical: 'x'.repeat(size),
    }));
  function busOf(failing: readonly string[] = []) {
    const calls: string[][] = [];
    let count = 0;
    const send = async (command: PutEventsCommand) => {
      const entries = command.input.Entries ?? [];
      const ids = entries.map(() => `m${count++}`);
      calls.push(ids);
      return { Entries: ids.map((id) => (failing.includes(id) ? { ErrorCode: 'InternalFailure' } : {})) };
    };
    return { calls, client: { send } as unknown as EventBridgeClient };
  }
  const { log } = memoryDesk();

  it('puts messages in order, ten and a quarter megabyte a call', async () => {
    const { calls, client } = busOf();
    expect(await publish(client, 'bus', messages(23), log)).toBeNull();
    expect(calls.map((ids) => ids.length)).toEqual([10, 10, 3]);
    const large = busOf();
    await publish(large.client, 'bus', messages(3, 120_000), log);
    expect(large.calls.map((ids) => ids.length)).toEqual([2, 1]);
    expect(await publish(client, 'bus', [], log)).toBeNull();
  });

  it('names the first that the bus did not take, and puts nothing of a later call', async () => {
    const { calls, client } = busOf(['m4', 'm7']);
    expect(await publish(client, 'bus', messages(15), log)).toBe('m4');
    expect(calls).toHaveLength(1);
  });
});

describe('the leaf store', () => {
  function table() {
    const items = new Map<string, { pk: string; sk: string; body: string }>();
    const unprocessed = { once: true };
    const send = async (command: object) => {
      if (command instanceof PutItemCommand) {
        const { Item, ConditionExpression } = command.input;
        const item = { pk: Item?.['pk']?.S ?? '', sk: Item?.['sk']?.S ?? '', body: Item?.['body']?.S ?? '' };
        const key = `${item.pk}/${item.sk}`;
        if (item.sk === '000009') throw new Error('the table is gone');
        if (ConditionExpression !== undefined && items.has(key))
          throw Object.assign(new Error('exists'), { name: 'ConditionalCheckFailedException' });
        items.set(key, item);
        return {};
      }
      if (command instanceof BatchWriteItemCommand) {
        const [name, requests = []] = Object.entries(command.input.RequestItems ?? {})[0] ?? ['', []];
        const done = unprocessed.once ? requests.slice(0, 1) : requests;
        unprocessed.once = false;
        for (const { DeleteRequest } of done)
          items.delete(`${DeleteRequest?.Key?.['pk']?.S}/${DeleteRequest?.Key?.['sk']?.S}`);
        return done.length < requests.length
          ? { UnprocessedItems: { [name]: requests.slice(done.length) } }
          : {};
      }
      if (!(command instanceof QueryCommand)) throw new Error('unexpected command');
      const { ExpressionAttributeValues, ScanIndexForward, Limit = 2, ExclusiveStartKey } = command.input;
      const found = [...items.values()]
        .filter(({ pk }) => pk === ExpressionAttributeValues?.[':pk']?.S)
        .sort((a, b) => (a.sk < b.sk ? -1 : 1) * (ScanIndexForward === false ? -1 : 1));
      const start =
        ExclusiveStartKey === undefined
          ? 0
          : found.findIndex(({ sk }) => sk === ExclusiveStartKey['sk']?.S) + 1;
      const page = found.slice(start, start + Limit);
      return {
        Items: page.map(({ pk, sk, body }) => ({ pk: { S: pk }, sk: { S: sk }, body: { S: body } })),
        ...(start + Limit < found.length ? { LastEvaluatedKey: { sk: { S: page.at(-1)?.sk ?? '' } } } : {}),
      };
    };
    return dynamoLeafStore({ send } as unknown as DynamoDBClient, 'Leaves');
  }
  const leaf = { correlationId: 'c', sortKey: 's', occurredAt: 't', hash: 'h' };
  const record = (number: number): CheckpointRecord => ({
    number,
    size: number,
    root: 'r',
    frontier: [],
    note: 'n',
    entriesKey: 'k',
  });

  it('keeps pending batches over pages until they are let go of', async () => {
    const leaves = table();
    for (let index = 0; index < 30; index++)
      await leaves.addPending({ id: `b${String(index).padStart(2, '0')}`, leaves: [leaf] });
    const all = await leaves.pending();
    expect(all).toHaveLength(30);
    expect(all[0]).toEqual({ id: 'b00', leaves: [leaf] });
    await leaves.removePending(all.slice(1).map(({ id }) => id));
    expect((await leaves.pending()).map(({ id }) => id)).toEqual(['b00']);
  });

  it('keeps one checkpoint a number and finds the latest', async () => {
    const leaves = table();
    expect(await leaves.latestCheckpoint()).toBeNull();
    expect(await leaves.addCheckpoint(record(1))).toBe(true);
    expect(await leaves.addCheckpoint({ ...record(1), root: 'other' })).toBe(false);
    expect(await leaves.addCheckpoint(record(2))).toBe(true);
    expect(await leaves.latestCheckpoint()).toEqual(record(2));
    await expect(leaves.addCheckpoint(record(9))).rejects.toThrow('the table is gone');
  });
});
