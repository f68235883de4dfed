import { describe, expect, it } from 'vitest';
import { allRecords, createTable, keyOf, openFixture, refusalOf } from './fixture.ts';

async function openWithTables() {
  const fixture = await openFixture();
  await createTable(fixture, 'journal', 'NEW_IMAGE');
  await createTable(fixture, 'state');
  return fixture;
}

const notExists = { ConditionExpression: 'attribute_not_exists(pk)' };
const add = (pk: string, amount: number) => ({
  Update: {
    TableName: 'state',
    Key: keyOf(pk),
    UpdateExpression: 'ADD amount :amount',
    ExpressionAttributeValues: { ':amount': { N: String(amount) } },
  },
});

describe('a transaction that writes', () => {
  it('does all of its actions', async () => {
    const { call } = await openWithTables();
    await call('PutItem', { TableName: 'state', Item: keyOf('gone') });
    await call('PutItem', { TableName: 'state', Item: { ...keyOf('guard'), halted: { BOOL: false } } });
    const answer = await call('TransactWriteItems', {
      TransactItems: [
        { Put: { TableName: 'journal', Item: keyOf('e1'), ...notExists } },
        add('sum', 5),
        { Delete: { TableName: 'state', Key: keyOf('gone'), ConditionExpression: 'attribute_exists(pk)' } },
        {
          ConditionCheck: {
            TableName: 'state',
            Key: keyOf('guard'),
            ConditionExpression: 'halted = :no',
            ExpressionAttributeValues: { ':no': { BOOL: false } },
          },
        },
      ],
    });
    expect(answer).toEqual({});
    expect(await call('Scan', { TableName: 'state' })).toMatchObject({ Count: 2 });
    const read = await call('TransactGetItems', {
      TransactItems: [
        { Get: { TableName: 'journal', Key: keyOf('e1') } },
        { Get: { TableName: 'state', Key: keyOf('gone') } },
        { Get: { TableName: 'state', Key: keyOf('sum'), ProjectionExpression: 'amount' } },
        { Get: { TableName: 'state', Key: keyOf('guard') } },
      ],
    });
    expect(JSON.parse(JSON.stringify(read))).toEqual({
      Responses: [
        { Item: keyOf('e1') },
        {},
        { Item: { amount: { N: '5' } } },
        { Item: { ...keyOf('guard'), halted: { BOOL: false } } },
      ],
    });
  });

  it('does nothing when one condition fails, and says which', async () => {
    const { call, engine } = await openWithTables();
    const Item = { ...keyOf('lease'), owner: { S: 'other' } };
    await call('PutItem', { TableName: 'state', Item });
    const refusal = await refusalOf(
      call('TransactWriteItems', {
        TransactItems: [
          { Put: { TableName: 'journal', Item: keyOf('e1') } },
          {
            Put: {
              TableName: 'state',
              Item: keyOf('lease'),
              ...notExists,
              ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
            },
          },
          add('sum', 1),
          {
            ConditionCheck: {
              TableName: 'state',
              Key: keyOf('nothing'),
              ConditionExpression: 'attribute_exists(pk)',
            },
          },
        ],
      }),
    );
    expect(refusal.statusCode).toBe(400);
    expect(refusal.body).toMatchObject({
      __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
      Message:
        'Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed, None, ConditionalCheckFailed]',
      CancellationReasons: [
        { Code: 'None' },
        { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed', Item },
        { Code: 'None' },
        { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed' },
      ],
    });
    expect(await call('Scan', { TableName: 'state' })).toMatchObject({ Count: 1, Items: [Item] });
    expect(await call('Scan', { TableName: 'journal' })).toMatchObject({ Count: 0 });
    expect(allRecords(engine, 'journal')).toEqual([]);
  });

  it('is cancelled by an update that does not fit the item', async () => {
    const { call } = await openWithTables();
    await call('PutItem', { TableName: 'state', Item: { ...keyOf('sum'), amount: { S: 'text' } } });
    const refusal = await refusalOf(
      call('TransactWriteItems', {
        TransactItems: [{ Put: { TableName: 'journal', Item: keyOf('e') } }, add('sum', 1)],
      }),
    );
    expect(refusal.body).toMatchObject({
      CancellationReasons: [
        { Code: 'None' },
        { Code: 'ValidationError', Message: expect.stringContaining('incorrect data type') },
      ],
    });
    expect(await call('Scan', { TableName: 'journal' })).toMatchObject({ Count: 0 });
  });

  it('is cancelled by a key that does not fit the table', async () => {
    const { call } = await openWithTables();
    const refusal = await refusalOf(
      call('TransactWriteItems', {
        TransactItems: [{ Delete: { TableName: 'state', Key: { pk: { S: 'a' } } } }],
      }),
    );
    expect(refusal.body).toMatchObject({
      CancellationReasons: [
        { Code: 'ValidationError', Message: 'The provided key element does not match the schema' },
      ],
    });
  });

  it.each([
    ['no action', [], 'greater than or equal to 1'],
    [
      'more than 100 actions',
      Array.from({ length: 101 }, (_, index) => add(`a${index}`, 1)),
      'less than or equal to 100',
    ],
    ['an empty action', [{}], 'can only contain one of'],
    [
      'two kinds in one action',
      [{ ...add('a', 1), Delete: { TableName: 'state', Key: keyOf('b') } }],
      'can only contain one of',
    ],
    [
      'two actions on one item',
      [add('a', 1), { Delete: { TableName: 'state', Key: keyOf('a') } }],
      'multiple operations on one item',
    ],
    [
      'a check without a condition',
      [{ ConditionCheck: { TableName: 'state', Key: keyOf('a') } }],
      'transactItems.1.member.conditionCheck.conditionExpression',
    ],
    [
      'an update without an expression',
      [{ Update: { TableName: 'state', Key: keyOf('a') } }],
      'transactItems.1.member.update.updateExpression',
    ],
    [
      'an unknown choice on failure',
      [{ Put: { TableName: 'state', Item: keyOf('a'), ReturnValuesOnConditionCheckFailure: 'SOME' } }],
      'enum value set: [ALL_OLD, NONE]',
    ],
  ])('is refused with %s', async (_, TransactItems, message) => {
    const { call } = await openWithTables();
    const refusal = await refusalOf(call('TransactWriteItems', { TransactItems }));
    expect(refusal.code).toBe('ValidationException');
    expect(refusal.message).toContain(message);
    expect(await call('Scan', { TableName: 'state' })).toMatchObject({ Count: 0 });
  });

  it('is refused over 4 MB', async () => {
    const { call } = await openWithTables();
    const TransactItems = Array.from({ length: 12 }, (_, index) => ({
      Put: { TableName: 'state', Item: { ...keyOf(`p${index}`), text: { S: 'x'.repeat(380_000) } } },
    }));
    expect((await refusalOf(call('TransactWriteItems', { TransactItems }))).message).toContain('4194304');
    expect(await call('Scan', { TableName: 'state', Select: 'COUNT' })).toMatchObject({ Count: 0 });
  });

  it('is refused when a table does not exist', async () => {
    const { call } = await openWithTables();
    const TransactItems = [{ Put: { TableName: 'nowhere', Item: keyOf('a') } }];
    expect(await refusalOf(call('TransactWriteItems', { TransactItems }))).toMatchObject({
      code: 'ResourceNotFoundException',
    });
  });

  it('is done once for one token within ten minutes', async () => {
    const { call, clock } = await openWithTables();
    const request = { ClientRequestToken: 'token-1', TransactItems: [add('sum', 1)] };
    await Promise.all([call('TransactWriteItems', request), call('TransactWriteItems', request)]);
    clock.milliseconds += 10 * 60 * 1000 - 1;
    await call('TransactWriteItems', request);
    expect(await call('GetItem', { TableName: 'state', Key: keyOf('sum') })).toMatchObject({
      Item: { amount: { N: '1' } },
    });

    const other = { ...request, TransactItems: [add('sum', 2)] };
    expect(await refusalOf(call('TransactWriteItems', other))).toMatchObject({
      code: 'IdempotentParameterMismatchException',
    });

    clock.milliseconds += 1;
    await call('TransactWriteItems', other);
    expect(await call('GetItem', { TableName: 'state', Key: keyOf('sum') })).toMatchObject({
      Item: { amount: { N: '3' } },
    });
  });

  it('knows each of many tokens until its own time is over', async () => {
    const { call, clock } = await openWithTables();
    const write = (token: number) =>
      call('TransactWriteItems', {
        ClientRequestToken: `token-${token}`,
        TransactItems: [add(`sum-${token}`, 1)],
      });
    for (let token = 0; token < 40; token++) {
      await write(token);
      clock.milliseconds += 30_000;
    }
    // twenty minutes have passed: the first half has expired, and what is used anew counts from now
    for (let token = 0; token < 40; token++) await write(token);
    clock.milliseconds += 5 * 60 * 1000;
    for (let token = 0; token < 20; token++) await write(token);
    const { Items } = await call('Scan', { TableName: 'state' });
    const sums = new Map(
      (Array.isArray(Items) ? Items : []).map((item: { pk: { S: string }; amount: { N: string } }) => [
        item.pk.S,
        item.amount.N,
      ]),
    );
    for (let token = 0; token < 40; token++) expect(sums.get(`sum-${token}`)).toBe(token <= 20 ? '2' : '1');
  });

  it('may be repeated with its token after it was cancelled', async () => {
    const { call } = await openWithTables();
    const TransactItems = [{ Put: { TableName: 'state', Item: keyOf('a'), ...notExists } }];
    await call('PutItem', { TableName: 'state', Item: keyOf('a') });
    const request = { ClientRequestToken: 'token-1', TransactItems };
    expect(await refusalOf(call('TransactWriteItems', request))).toMatchObject({
      code: 'TransactionCanceledException',
    });
    await call('DeleteItem', { TableName: 'state', Key: keyOf('a') });
    await call('TransactWriteItems', request);
    expect(await call('Scan', { TableName: 'state' })).toMatchObject({ Count: 1 });
  });
});

describe('a transaction that reads', () => {
  it('refuses one item twice and tables that do not exist', async () => {
    const { call } = await openWithTables();
    const get = { Get: { TableName: 'state', Key: keyOf('a') } };
    expect(await refusalOf(call('TransactGetItems', { TransactItems: [get, get] }))).toMatchObject({
      code: 'ValidationException',
    });
    const nowhere = { Get: { TableName: 'nowhere', Key: keyOf('a') } };
    expect(await refusalOf(call('TransactGetItems', { TransactItems: [nowhere] }))).toMatchObject({
      code: 'ResourceNotFoundException',
    });
  });
});
