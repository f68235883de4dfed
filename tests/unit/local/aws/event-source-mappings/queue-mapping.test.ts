import { describe, expect, it } from 'vitest';
import { mappingSettings } from '#local/aws/event-source-mappings/mapping-settings.ts';
import { QueueMapping } from '#local/aws/event-source-mappings/queue-mapping.ts';
import { createSqs } from '#local/aws/sqs/sqs.ts';
import type { Resource } from '#local/host/kernel.ts';
import { playedFunction, runtimeParts, START } from '../runtime-fixture.ts';

interface Message {
  readonly messageId: string;
  readonly body: string;
}
const messagesOf = (payload: unknown): readonly Message[] =>
  (payload as { readonly Records: readonly Message[] }).Records;

/** `left`: messages of an earlier run of the host: some that it had in hand and that are given back, the others waiting. */
async function world(
  queue: Readonly<Record<string, unknown>>,
  mapping: Readonly<Record<string, unknown>>,
  play: (messages: readonly Message[]) => unknown,
  left: { readonly inHand: readonly string[]; readonly waiting: readonly string[] } = {
    inHand: [],
    waiting: [],
  },
) {
  const parts = runtimeParts();
  const sqs = createSqs(parts, { keyArn: () => undefined });
  const type = sqs.types.find((known) => known.type === 'AWS::SQS::Queue')!;
  const raw = { stack: 'S', logicalId: 'Q', type: 'AWS::SQS::Queue', properties: queue, metadata: {} };
  const identity = type.identify(raw, {
    region: 'us-east-1',
    accountId: '000000000000',
    endpoint: 'http://127.0.0.1:1',
  });
  await type.create({ ...raw, identity });
  const arn = identity.attributes['Arn'] ?? '';
  const target = playedFunction(parts, (payload) => play(messagesOf(payload)));
  const resource: Resource = {
    stack: 'S',
    logicalId: 'M',
    type: 'AWS::Lambda::EventSourceMapping',
    properties: { FunctionName: 'played', EventSourceArn: arn, ...mapping },
    metadata: {},
    identity: { ref: 'M', attributes: {} },
  };
  const send = (body: string, groupId?: string) =>
    sqs.send(arn, { body, senderId: 'test', ...(groupId === undefined ? {} : { groupId }) });
  const groupOf = 'FifoQueue' in queue ? 'group' : undefined;
  for (const body of [...left.inHand, ...left.waiting]) send(body, groupOf);
  sqs.receive(arn, { maximum: left.inHand.length });
  sqs.release(arn);
  new QueueMapping(parts, mappingSettings(resource), target, sqs).start();
  return {
    parts,
    bodies: () => target.payloads.map((payload) => messagesOf(payload).map(({ body }) => body)),
    send,
    counts: () => sqs.counts(arn),
  };
}

describe('a mapping from a queue', () => {
  it('deletes what the function handled and leaves what it reports as failed until its visibility ends', async () => {
    let failing = true;
    const { parts, bodies, send, counts } = await world(
      { VisibilityTimeout: 30 },
      { FunctionResponseTypes: ['ReportBatchItemFailures'] },
      (messages) => ({
        batchItemFailures: messages
          .filter(({ body }) => body === 'bad' && failing)
          .map(({ messageId }) => ({ itemIdentifier: messageId })),
      }),
    );
    for (const body of ['good', 'bad', 'fine']) send(body);
    await parts.clock.advanceUntil(START + 29_000);
    expect(bodies()).toEqual([['good', 'bad', 'fine']]);
    expect(counts()).toMatchObject({ inFlight: 1, visible: 0 });
    failing = false;
    await parts.clock.advanceUntil(START + 31_000);
    expect(bodies().slice(1)).toEqual([['bad']]);
    expect(counts()).toMatchObject({ inFlight: 0, visible: 0 });
  });

  it('keeps every message of a batch when the function fails', async () => {
    const { parts, bodies, send } = await world({ VisibilityTimeout: 30 }, {}, () => {
      throw new Error('no');
    });
    send('a');
    await parts.clock.advanceUntil(START + 61_000);
    expect(bodies()).toEqual([['a'], ['a'], ['a']]);
  });

  it.each([{}, { FifoQueue: true, ContentBasedDeduplication: true }])(
    'takes up at once, in order, what was in hand and is given back (%j)',
    async (kind) => {
      const { parts, bodies, counts } = await world({ VisibilityTimeout: 180, ...kind }, {}, () => null, {
        inHand: ['1', '2'],
        waiting: ['3'],
      });
      await parts.clock.advanceUntil(START);
      expect(bodies()).toEqual([['1', '2', '3']]);
      expect(counts()).toEqual({ inFlight: 0, visible: 0, delayed: 0 });
    },
  );

  it('keeps the order of a group, even past a failure', async () => {
    let failures = 1;
    const { parts, bodies, send } = await world(
      { FifoQueue: true, ContentBasedDeduplication: true, VisibilityTimeout: 30 },
      { BatchSize: 1 },
      () => {
        if (failures-- > 0) throw new Error('once');
        return null;
      },
    );
    for (const body of ['1', '2', '3']) send(body, 'AAPL');
    await parts.clock.advanceUntil(START + 120_000);
    expect(bodies()).toEqual([['1'], ['1'], ['2'], ['3']]);
  });

  it('hands on only what a filter accepts, and deletes the rest', async () => {
    const { parts, bodies, send, counts } = await world(
      {},
      { FilterCriteria: { Filters: [{ Pattern: '{"body":{"kind":["order"]}}' }] } },
      () => null,
    );
    for (const body of ['{"kind":"order"}', '{"kind":"note"}', 'text']) send(body);
    await parts.clock.advanceUntil(START + 1_000);
    expect(bodies()).toEqual([['{"kind":"order"}']]);
    expect(counts()).toMatchObject({ inFlight: 0, visible: 0 });
  });
});
