import { createServer, type Server, Socket } from 'node:net';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CLIENT_SETTINGS, QUEUE_CLIENT_SETTINGS } from '#adapters/aws/client-settings.ts';
import { sqsCommandQueue } from '#adapters/aws/sqs-command-queue.ts';

const SECOND = 1_000;

describe('clients of services that take a request and never answer it', () => {
  let server: Server;
  let endpoint: string;
  let asked: Promise<void>;

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    asked = new Promise((resolve) => {
      server = createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', () => resolve());
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    endpoint = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
    server.close();
  });

  const common = () => ({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
  });

  it('a store is given up after ten seconds of silence, by the clock of the system', async () => {
    const silence = new Promise<{ millis: number; isOver: () => void }>((resolve) => {
      vi.spyOn(Socket.prototype, 'setTimeout').mockImplementation(function (this: Socket, millis, isOver) {
        if (isOver !== undefined) resolve({ millis, isOver });
        return this;
      });
    });
    const client = new DynamoDBClient({ ...CLIENT_SETTINGS, ...common() });
    const answer = expect(
      client.send(new GetItemCommand({ TableName: 'state', Key: { pk: { S: 'a' } } })),
    ).rejects.toMatchObject({ name: 'TimeoutError' });
    await asked;
    await vi.advanceTimersByTimeAsync(3 * SECOND);
    const { millis, isOver } = await silence;
    expect(millis).toBe(10 * SECOND);
    isOver();
    await answer;
  });

  it('a queue may be silent for as long as nothing comes, hours of virtual time', async () => {
    const abort = new AbortController();
    const queue = sqsCommandQueue(
      new SQSClient({ ...QUEUE_CLIENT_SETTINGS, ...common() }),
      `${endpoint}/000000000000/commands.fifo`,
      60,
    );
    let isOver = false;
    const answer = queue.receive(abort.signal).finally(() => {
      isOver = true;
    });
    await asked;
    await vi.advanceTimersByTimeAsync(12 * 3_600 * SECOND);
    expect(isOver).toBe(false);
    abort.abort();
    expect(await answer).toEqual([]);
  });
});
