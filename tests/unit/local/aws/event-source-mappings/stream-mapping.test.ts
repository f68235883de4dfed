import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StreamRecord } from '#local/aws/dynamodb/streams.ts';
import { mappingSettings } from '#local/aws/event-source-mappings/mapping-settings.ts';
import { StreamMapping } from '#local/aws/event-source-mappings/stream-mapping.ts';
import { playedFunction, recordingTarget, runtimeParts, START } from '../runtime-fixture.ts';

const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:failed';
const sequence = (number: number): string => String(number).padStart(21, '0');
const record = (number: number, at = START): StreamRecord => ({
  eventID: String(number),
  eventName: 'INSERT',
  eventVersion: '1.1',
  eventSource: 'aws:dynamodb',
  awsRegion: 'us-east-1',
  eventSourceARN: 'arn',
  dynamodb: {
    ApproximateCreationDateTime: at / 1000,
    Keys: { pk: { N: String(number) } },
    SequenceNumber: sequence(number),
    SizeBytes: 1,
    StreamViewType: 'KEYS_ONLY',
  },
});
const numbersOf = (payload: unknown): number[] =>
  (payload as { readonly Records: StreamRecord[] }).Records.map(({ eventID }) => Number(eventID));

function world(
  properties: Readonly<Record<string, unknown>>,
  play: (numbers: number[]) => unknown,
  records = [1, 2, 3, 4, 5].map((number) => record(number)),
) {
  const parts = runtimeParts();
  const target = playedFunction(parts, (payload) => play(numbersOf(payload)));
  const failed = recordingTarget(QUEUE);
  parts.targets.register(failed);
  const listeners: (() => void)[] = [];
  const settings = mappingSettings({
    stack: 'S',
    logicalId: 'M',
    type: 'AWS::Lambda::EventSourceMapping',
    properties: {
      FunctionName: 'played',
      EventSourceArn: 'arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/current',
      StartingPosition: 'TRIM_HORIZON',
      DestinationConfig: { OnFailure: { Destination: QUEUE } },
      ...properties,
    },
    metadata: {},
    identity: { ref: 'M', attributes: {} },
  });
  const saved: string[] = [];
  const start = (): StreamMapping => {
    const mapping = new StreamMapping(
      parts,
      settings,
      target,
      {
        read: (after, limit) =>
          records.filter(({ dynamodb }) => after === null || dynamodb.SequenceNumber > after).slice(0, limit),
        onRecords: (listener) => void listeners.push(listener),
      },
      { load: () => saved.at(-1), save: (position) => void saved.push(position) },
    );
    mapping.start();
    return mapping;
  };
  return {
    parts,
    failed,
    saved,
    start,
    calls: () => target.payloads.map(numbersOf),
    add: (...more: StreamRecord[]) => {
      records.push(...more);
      for (const listener of listeners) listener();
    },
  };
}

describe('a mapping from a table’s stream', () => {
  it('hands on records in order, in batches, and goes on after a restart where it was', async () => {
    const { parts, start, calls, add, saved } = world({ BatchSize: 2 }, () => null);
    const first = start();
    await parts.clock.advanceUntil(START + 1);
    expect(calls()).toEqual([[1, 2], [3, 4], [5]]);
    first.close();
    expect(saved.at(-1)).toBe(sequence(5));

    start();
    add(record(6));
    await parts.clock.advanceUntil(START + 2);
    expect(calls().slice(3)).toEqual([[6]]);
  });

  it('hands over together what came while it waited to be let in, up to its size', async () => {
    const { parts, start, calls, add, saved } = world({ BatchSize: 4 }, () => null, [record(1)]);
    const end = parts.context.activity.begin('a writer that has not finished');
    start();
    for (const number of [2, 3, 4, 5]) {
      await new Promise((resolve) => setImmediate(resolve));
      add(record(number));
    }
    expect(calls()).toEqual([]);
    end();
    await parts.clock.advanceUntil(START + 1);
    expect(calls()).toEqual([[1, 2, 3, 4], [5]]);
    expect(saved).toEqual([sequence(4), sequence(5)]);
  });

  it('waits for a full batch as long as its window allows', async () => {
    const { parts, start, calls, add } = world(
      { BatchSize: 3, MaximumBatchingWindowInSeconds: 10 },
      () => null,
      [record(1)],
    );
    start();
    await parts.clock.advanceUntil(START + 9_000);
    expect(calls()).toEqual([]);
    add(record(2));
    await parts.clock.advanceUntil(START + 11_000);
    expect(calls()).toEqual([[1, 2]]);
    add(record(3), record(4), record(5));
    await parts.clock.advanceUntil(START + 11_500);
    expect(calls()[1]).toEqual([3, 4, 5]);
  });

  it('retries from the first record that the function reports as failed', async () => {
    let failures = 1;
    const { parts, start, calls } = world(
      { FunctionResponseTypes: ['ReportBatchItemFailures'] },
      (numbers) =>
        numbers.includes(3) && failures-- > 0
          ? { batchItemFailures: [{ itemIdentifier: sequence(4) }, { itemIdentifier: sequence(3) }] }
          : null,
    );
    start();
    await parts.clock.advanceUntil(START + 60_000);
    expect(calls()).toEqual([
      [1, 2, 3, 4, 5],
      [3, 4, 5],
    ]);
  });

  it('gives up after its retries and tells the destination which records', async () => {
    const { parts, start, calls, failed, saved } = world({ MaximumRetryAttempts: 2, BatchSize: 5 }, () => {
      throw new Error('never');
    });
    start();
    await parts.clock.advanceUntil(START + 60_000);
    expect(calls()).toHaveLength(3);
    expect(failed.taken).toMatchObject([
      {
        requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 3 },
        DDBStreamBatchInfo: {
          startSequenceNumber: sequence(1),
          endSequenceNumber: sequence(5),
          batchSize: 5,
        },
      },
    ]);
    expect(saved.at(-1)).toBe(sequence(5));
  });

  it('drops records that are too old', async () => {
    const { parts, start, calls, failed } = world({ MaximumRecordAgeInSeconds: 60 }, () => null, [
      record(1, START - 61_000),
      record(2),
    ]);
    start();
    await parts.clock.advanceUntil(START + 1);
    expect(calls()).toEqual([[2]]);
    expect(failed.taken).toMatchObject([{ requestContext: { condition: 'RecordAgeExceeded' } }]);
  });

  it('leaves out what its filters do not accept, without calling for nothing', async () => {
    const { parts, start, calls, saved } = world(
      { FilterCriteria: { Filters: [{ Pattern: JSON.stringify({ eventID: ['2', '4'] }) }] }, BatchSize: 3 },
      () => null,
    );
    start();
    await parts.clock.advanceUntil(START + 1);
    expect(calls()).toEqual([[2], [4]]);
    expect(saved.at(-1)).toBe(sequence(5));
  });

  it('with bisecting, loses exactly the poisonous records and delivers every other one, in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.subarray([1, 2, 3, 4, 5, 6, 7, 8]),
        fc.integer({ min: 1, max: 8 }),
        async (poison, BatchSize) => {
          const done: number[] = [];
          const play = (numbers: number[]): null => {
            if (numbers.some((number) => poison.includes(number))) throw new Error('poison');
            done.push(...numbers);
            return null;
          };
          const { parts, start, failed } = world(
            { BatchSize, BisectBatchOnFunctionError: true, MaximumRetryAttempts: 1 },
            play,
            [1, 2, 3, 4, 5, 6, 7, 8].map((number) => record(number)),
          );
          start();
          await parts.clock.advanceUntil(START + 3_600_000);
          expect(done).toEqual([1, 2, 3, 4, 5, 6, 7, 8].filter((number) => !poison.includes(number)));
          expect(failed.taken).toHaveLength(poison.length);
        },
      ),
      { numRuns: 25 },
    );
  });
});
