import { describe, expect, it } from 'vitest';
import { createTable, keyOf, openFixture, refusalOf } from './fixture.ts';

async function openWithTable() {
  const fixture = await openFixture();
  await createTable(fixture, 'state');
  return fixture;
}

describe('items', () => {
  it('are put, read, updated and deleted', async () => {
    const { call } = await openWithTable();
    const Item = { ...keyOf('a'), price: { N: '187.250' }, tags: { SS: ['x', 'y'] } };
    await call('PutItem', { TableName: 'state', Item });
    expect(await call('GetItem', { TableName: 'state', Key: keyOf('a') })).toEqual({
      Item: { ...Item, price: { N: '187.25' } },
    });

    const updated = await call('UpdateItem', {
      TableName: 'state',
      Key: keyOf('a'),
      UpdateExpression: 'SET price = price + :one REMOVE tags',
      ExpressionAttributeValues: { ':one': { N: '1' } },
      ReturnValues: 'ALL_NEW',
    });
    expect({ ...updated }).toEqual({ Attributes: { ...keyOf('a'), price: { N: '188.25' } } });

    const deleted = await call('DeleteItem', {
      TableName: 'state',
      Key: keyOf('a'),
      ReturnValues: 'ALL_OLD',
    });
    expect(deleted).toEqual({ Attributes: { ...keyOf('a'), price: { N: '188.25' } } });
    expect(await call('GetItem', { TableName: 'state', Key: keyOf('a') })).toEqual({});
  });

  it.each([
    ['PutItem', { Item: { ...keyOf('a'), version: { N: '9' } } }],
    ['UpdateItem', { Key: keyOf('a') }],
    ['DeleteItem', { Key: keyOf('a') }],
  ])('%s gives the item that failed its condition, when asked', async (operation, target) => {
    const { call } = await openWithTable();
    const Item = { ...keyOf('a'), version: { N: '1' } };
    await call('PutItem', { TableName: 'state', Item });
    const request = { TableName: 'state', ...target, ConditionExpression: 'attribute_not_exists(pk)' };

    const silent = await refusalOf(call(operation, request));
    const telling = await refusalOf(
      call(operation, { ...request, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }),
    );

    expect(silent).toMatchObject({ statusCode: 400, code: 'ConditionalCheckFailedException' });
    expect(silent.body).not.toHaveProperty('Item');
    expect(telling.body).toEqual({
      __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException',
      message: 'The conditional request failed',
      Item,
    });
    expect(await call('GetItem', { TableName: 'state', Key: keyOf('a') })).toEqual({ Item });
  });

  it('decide one after the other, however they arrive', async () => {
    const { call } = await openWithTable();
    const attempts = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) =>
        call('PutItem', {
          TableName: 'state',
          Item: { ...keyOf('lease'), owner: { N: String(index) } },
          ConditionExpression: 'attribute_not_exists(pk)',
        }),
      ),
    );
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);

    await Promise.all(
      Array.from({ length: 200 }, () =>
        call('UpdateItem', {
          TableName: 'state',
          Key: keyOf('counter'),
          UpdateExpression: 'ADD n :one',
          ExpressionAttributeValues: { ':one': { N: '1' } },
        }),
      ),
    );
    expect(await call('GetItem', { TableName: 'state', Key: keyOf('counter') })).toMatchObject({
      Item: { n: { N: '200' } },
    });
  });

  it('are found by partition, range, index and page', async () => {
    const { call } = await openWithTable();
    for (let index = 0; index < 150; index++) {
      const item = { ...keyOf(`p${index % 2}`, String(index).padStart(3, '0')), rank: { N: String(-index) } };
      await call('PutItem', { TableName: 'state', Item: { ...item, group: { S: `g${index % 3}` } } });
    }
    const query = { TableName: 'state', ExpressionAttributeValues: { ':p': { S: 'p1' }, ':s': { S: '14' } } };

    const begins = await call('Query', {
      ...query,
      KeyConditionExpression: 'pk = :p AND begins_with(sk, :s)',
    });
    expect(sortKeys(begins)).toEqual(['141', '143', '145', '147', '149']);

    const { ':p': partition } = query.ExpressionAttributeValues;
    const whole = {
      TableName: 'state',
      KeyConditionExpression: 'pk = :p',
      ExpressionAttributeValues: { ':p': partition },
    };
    expect(await call('Query', whole)).toMatchObject({ Count: 75, ScannedCount: 75 });

    const page = await call('Query', { ...whole, Limit: 2, ScanIndexForward: false });
    expect(sortKeys(page)).toEqual(['149', '147']);
    const next = await call('Query', {
      ...whole,
      Limit: 2,
      ScanIndexForward: false,
      ExclusiveStartKey: page['LastEvaluatedKey'],
    });
    expect(sortKeys(next)).toEqual(['145', '143']);

    const index = await call('Query', {
      TableName: 'state',
      IndexName: 'by-group',
      KeyConditionExpression: '#group = :g AND #rank < :r',
      ExpressionAttributeNames: { '#group': 'group', '#rank': 'rank' },
      ExpressionAttributeValues: { ':g': { S: 'g1' }, ':r': { N: '-139' } },
    });
    expect(sortKeys(index)).toEqual(['148', '145', '142']);
    expect(await call('Scan', { TableName: 'state' })).toMatchObject({ Count: 150 });
  });

  it('are fetched whole through an index that holds their keys only', async () => {
    const { call } = await openFixture();
    await call('CreateTable', {
      TableName: 'orders',
      AttributeDefinitions: ['pk', 'sk', 'placed'].map((AttributeName) => ({
        AttributeName,
        AttributeType: 'S',
      })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      LocalSecondaryIndexes: [
        {
          IndexName: 'by-time',
          KeySchema: [
            { AttributeName: 'pk', KeyType: 'HASH' },
            { AttributeName: 'placed', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
      BillingMode: 'PAY_PER_REQUEST',
    });
    const items = ['c', 'a', 'b'].map((sk, index) => ({
      ...keyOf('p', sk),
      placed: { S: `t${index}` },
      price: { N: String(index) },
    }));
    for (const Item of items) await call('PutItem', { TableName: 'orders', Item });
    const query = {
      TableName: 'orders',
      IndexName: 'by-time',
      KeyConditionExpression: 'pk = :p',
      ExpressionAttributeValues: { ':p': { S: 'p' } },
    };
    expect(await call('Query', { ...query, Select: 'ALL_ATTRIBUTES' })).toMatchObject({ Items: items });
    expect(await call('Query', query)).toEqual(
      expect.objectContaining({ Items: items.map(({ price: _price, ...keys }) => keys) }),
    );
  });

  it('leave an index with the attribute that put them there', async () => {
    const { call } = await openWithTable();
    const Item = { ...keyOf('a'), group: { S: 'g' }, rank: { N: '1' } };
    await call('PutItem', { TableName: 'state', Item });
    await call('UpdateItem', {
      TableName: 'state',
      Key: keyOf('a'),
      UpdateExpression: 'REMOVE #group',
      ExpressionAttributeNames: { '#group': 'group' },
    });
    expect(await call('Scan', { TableName: 'state', IndexName: 'by-group' })).toMatchObject({ Count: 0 });
    expect(await call('Scan', { TableName: 'state' })).toMatchObject({ Count: 1 });
  });

  it('are written and read in batches over tables', async () => {
    const fixture = await openWithTable();
    const { call } = fixture;
    await createTable(fixture, 'journal');
    await call('PutItem', { TableName: 'state', Item: keyOf('old') });
    expect(
      await call('BatchWriteItem', {
        RequestItems: {
          state: [{ PutRequest: { Item: keyOf('a') } }, { DeleteRequest: { Key: keyOf('old') } }],
          journal: [{ PutRequest: { Item: keyOf('b') } }],
        },
      }),
    ).toEqual({ UnprocessedItems: {} });
    expect(
      await call('BatchGetItem', {
        RequestItems: { state: { Keys: [keyOf('a'), keyOf('old')] }, journal: { Keys: [keyOf('b')] } },
      }),
    ).toEqual({ Responses: { state: [keyOf('a')], journal: [keyOf('b')] }, UnprocessedKeys: {} });
  });

  it('are limited to 400 KB', async () => {
    const { call } = await openWithTable();
    const Item = { ...keyOf('a'), text: { S: 'x'.repeat(400 * 1024) } };
    expect(await refusalOf(call('PutItem', { TableName: 'state', Item }))).toMatchObject({
      code: 'ValidationException',
      message: 'Item size has exceeded the maximum allowed size',
    });
  });

  it('are not touched by what the caller does to its request afterwards', async () => {
    const { call } = await openWithTable();
    const Item = { ...keyOf('a'), detail: { M: { text: { S: 'kept' } } } };
    const put = call('PutItem', { TableName: 'state', Item });
    Item.detail.M.text.S = 'changed';
    await put;
    expect(await call('GetItem', { TableName: 'state', Key: keyOf('a') })).toMatchObject({
      Item: { detail: { M: { text: { S: 'kept' } } } },
    });
  });
});

function sortKeys(answer: Record<string, unknown>): string[] {
  const { Items } = answer;
  if (!Array.isArray(Items)) {
    throw new TypeError('no items');
  }
  return Items.map((item: { sk: { S: string } }) => item.sk.S);
}
