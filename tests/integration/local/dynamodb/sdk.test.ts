import {
  ConditionalCheckFailedException,
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTagsOfResourceCommand,
  PutItemCommand,
  QueryCommand,
  ResourceNotFoundException,
  TagResourceCommand,
  TransactGetItemsCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DynamoEngine } from '#local/aws/dynamodb/engine.ts';
import { openDynamo } from '#local/aws/dynamodb/engine.ts';
import { startServer } from './dynamodb-server.ts';

let engine: DynamoEngine;
let client: DynamoDBClient;
let closeServer: () => Promise<void>;

beforeAll(async () => {
  engine = await openDynamo({
    directory: null,
    now: () => 1_767_603_600_000,
    region: 'eu-central-1',
    accountId: '123456789012',
  });
  const server = await startServer(engine);
  closeServer = () => server.close();
  client = new DynamoDBClient({
    endpoint: server.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  await client.send(
    new CreateTableCommand({
      TableName: 'journal',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'N' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      BillingMode: 'PAY_PER_REQUEST',
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
    }),
  );
});

afterAll(async () => {
  client.destroy();
  await closeServer();
  await engine.close();
});

const key = (pk: string, sk = 1) => ({ pk: { S: pk }, sk: { N: String(sk) } });

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('expected an error');
}

describe('the AWS SDK', () => {
  it('finds the table there, with its stream', async () => {
    const waited = await waitUntilTableExists(
      { client, minDelay: 1, maxDelay: 1, maxWaitTime: 2 },
      { TableName: 'journal' },
    );
    expect(waited.state).toBe('SUCCESS');
    const { Table } = await client.send(new DescribeTableCommand({ TableName: 'journal' }));
    expect(Table?.CreationDateTime).toEqual(new Date(1_767_603_600_000));
    expect(Table?.LatestStreamArn).toBe(engine.streamArn('journal'));
  });

  it('writes and reads every type of attribute', async () => {
    const Item = {
      ...key('types'),
      binary: { B: new Uint8Array([1, 2, 255]) },
      binaries: { BS: [new Uint8Array([1]), new Uint8Array([2])] },
      list: { L: [{ S: 'a' }, { NULL: true as const }, { M: { n: { N: '-1.5' } } }] },
      flag: { BOOL: false },
      numbers: { NS: ['1', '2'] },
      text: { S: 'Grüße, 世界 🌍' },
      empty: { S: '' },
    };
    await client.send(new PutItemCommand({ TableName: 'journal', Item }));
    const read = await client.send(new GetItemCommand({ TableName: 'journal', Key: key('types') }));
    expect(read.Item).toEqual(Item);
  });

  it('queries and updates', async () => {
    for (const sk of [3, -20, 100]) {
      await client.send(new PutItemCommand({ TableName: 'journal', Item: key('query', sk) }));
    }
    await client.send(
      new UpdateItemCommand({
        TableName: 'journal',
        Key: key('query', 3),
        UpdateExpression: 'SET note = :note',
        ExpressionAttributeValues: { ':note': { S: 'hello' } },
      }),
    );
    const { Items } = await client.send(
      new QueryCommand({
        TableName: 'journal',
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :low AND :high',
        ExpressionAttributeValues: { ':pk': { S: 'query' }, ':low': { N: '-20' }, ':high': { N: '3' } },
      }),
    );
    expect(Items).toEqual([key('query', -20), { ...key('query', 3), note: { S: 'hello' } }]);
  });

  it('gets a failed condition as its exception, with the item', async () => {
    await client.send(new PutItemCommand({ TableName: 'journal', Item: key('once') }));
    const error = await errorOf(
      client.send(
        new PutItemCommand({
          TableName: 'journal',
          Item: key('once'),
          ConditionExpression: 'attribute_not_exists(pk)',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      ),
    );
    expect(error).toBeInstanceOf(ConditionalCheckFailedException);
    expect(error).toMatchObject({ Item: key('once'), message: 'The conditional request failed' });
  });

  it('gets a cancelled transaction as its exception, with the reasons', async () => {
    await client.send(new PutItemCommand({ TableName: 'journal', Item: key('taken') }));
    const put = (pk: string) => ({
      Put: {
        TableName: 'journal',
        Item: key(pk),
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
      },
    });
    const error = await errorOf(
      client.send(new TransactWriteItemsCommand({ TransactItems: [put('free'), put('taken')] })),
    );
    expect(error).toBeInstanceOf(TransactionCanceledException);
    expect(error).toMatchObject({
      message:
        'Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]',
      CancellationReasons: [
        { Code: 'None' },
        { Code: 'ConditionalCheckFailed', Item: key('taken'), Message: 'The conditional request failed' },
      ],
    });
    const { Responses } = await client.send(
      new TransactGetItemsCommand({
        TransactItems: ['free', 'taken'].map((pk) => ({ Get: { TableName: 'journal', Key: key(pk) } })),
      }),
    );
    expect(Responses).toEqual([{}, { Item: key('taken') }]);
  });

  it('gets a missing table as its exception', async () => {
    const error = await errorOf(client.send(new DescribeTableCommand({ TableName: 'nowhere' })));
    expect(error).toBeInstanceOf(ResourceNotFoundException);
  });

  it('tags tables and sets their expiry', async () => {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: 'journal' }));
    const ResourceArn = Table?.TableArn;
    await client.send(new TagResourceCommand({ ResourceArn, Tags: [{ Key: 'owner', Value: 'desk' }] }));
    expect((await client.send(new ListTagsOfResourceCommand({ ResourceArn }))).Tags).toEqual([
      { Key: 'owner', Value: 'desk' },
    ]);
    const updated = await client.send(
      new UpdateTimeToLiveCommand({
        TableName: 'journal',
        TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
      }),
    );
    expect(updated.TimeToLiveSpecification).toEqual({ AttributeName: 'expires', Enabled: true });
  });
});
