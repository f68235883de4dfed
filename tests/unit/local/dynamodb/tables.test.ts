import { describe, expect, it } from 'vitest';
import { ACCOUNT_ID, createTable, keyOf, openFixture, REGION, refusalOf, START_MS } from './fixture.ts';

const simpleTable = {
  TableName: 'orders',
  AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  BillingMode: 'PAY_PER_REQUEST',
};

describe('tables', () => {
  it('are active as soon as they are created, at the time of the host', async () => {
    const { call } = await openFixture();
    const created = await call('CreateTable', simpleTable);
    const described = await call('DescribeTable', { TableName: 'orders' });
    expect(created['TableDescription']).toEqual(described['Table']);
    expect(described['Table']).toMatchObject({
      TableArn: `arn:aws:dynamodb:${REGION}:${ACCOUNT_ID}:table/orders`,
      TableStatus: 'ACTIVE',
      CreationDateTime: START_MS / 1000,
      BillingModeSummary: {
        BillingMode: 'PAY_PER_REQUEST',
        LastUpdateToPayPerRequestDateTime: START_MS / 1000,
      },
    });
    expect(described['Table']).not.toHaveProperty('LatestStreamArn');
  });

  it('show their stream and their settings', async () => {
    const { call, engine } = await openFixture();
    await call('CreateTable', {
      ...simpleTable,
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
      SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: 'arn:aws:kms:x:1:key/abc' },
      TableClass: 'STANDARD',
      DeletionProtectionEnabled: true,
      Tags: [{ Key: 'application', Value: 'abc' }],
    });
    const { Table } = await call('DescribeTable', { TableName: 'orders' });
    const label = '2026-01-05T09:00:00.000';
    const arn = `arn:aws:dynamodb:${REGION}:${ACCOUNT_ID}:table/orders`;
    expect(Table).toMatchObject({
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
      LatestStreamArn: `${arn}/stream/${label}`,
      LatestStreamLabel: label,
      SSEDescription: { Status: 'ENABLED', SSEType: 'KMS', KMSMasterKeyArn: 'arn:aws:kms:x:1:key/abc' },
      TableClassSummary: { TableClass: 'STANDARD' },
      DeletionProtectionEnabled: true,
    });
    expect(engine.streamArn('orders')).toBe(`${arn}/stream/${label}`);
    expect(await call('ListTagsOfResource', { ResourceArn: arn })).toEqual({
      Tags: [{ Key: 'application', Value: 'abc' }],
    });
  });

  it('have the same id in every run', async () => {
    const ids = await Promise.all(
      [0, 1].map(async () => {
        const { call } = await openFixture();
        return (await call('CreateTable', simpleTable))['TableDescription'];
      }),
    );
    expect(ids[0]).toEqual(ids[1]);
    expect(ids[0]).toMatchObject({
      TableId: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    });
  });

  it('cannot be created twice', async () => {
    const { call } = await openFixture();
    await call('CreateTable', simpleTable);
    expect(await refusalOf(call('CreateTable', simpleTable))).toMatchObject({
      code: 'ResourceInUseException',
    });
  });

  it('are listed and deleted with all that is in them', async () => {
    const fixture = await openFixture();
    const { call } = fixture;
    await createTable(fixture, 'journal');
    await createTable(fixture, 'state');
    await call('PutItem', {
      TableName: 'state',
      Item: { ...keyOf('a'), group: { S: 'g' }, rank: { N: '1' } },
    });
    expect(await call('ListTables', {})).toEqual({ TableNames: ['journal', 'state'] });

    expect(await call('DeleteTable', { TableName: 'state' })).toMatchObject({
      TableDescription: { TableStatus: 'DELETING' },
    });

    expect(await call('ListTables', {})).toEqual({ TableNames: ['journal'] });
    expect(await refusalOf(call('DescribeTable', { TableName: 'state' }))).toMatchObject({
      code: 'ResourceNotFoundException',
      message: 'Requested resource not found: Table: state not found',
    });
    await createTable(fixture, 'state');
    expect(await call('Scan', { TableName: 'state' })).toMatchObject({ Count: 0 });
    expect(await call('Scan', { TableName: 'state', IndexName: 'by-group' })).toMatchObject({ Count: 0 });
  });

  it('are kept from deletion while protected', async () => {
    const { call } = await openFixture();
    await call('CreateTable', { ...simpleTable, DeletionProtectionEnabled: true });
    expect(await refusalOf(call('DeleteTable', { TableName: 'orders' }))).toMatchObject({
      code: 'ValidationException',
    });
    await call('UpdateTable', { TableName: 'orders', DeletionProtectionEnabled: false });
    await call('DeleteTable', { TableName: 'orders' });
    expect(await call('ListTables', {})).toEqual({ TableNames: [] });
  });

  it('change their throughput at once', async () => {
    const { call, clock } = await openFixture();
    await call('CreateTable', {
      ...simpleTable,
      BillingMode: 'PROVISIONED',
      ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
    });
    clock.milliseconds += 60_000;
    await call('UpdateTable', {
      TableName: 'orders',
      ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 1 },
    });
    expect((await call('DescribeTable', { TableName: 'orders' }))['Table']).toMatchObject({
      TableStatus: 'ACTIVE',
      CreationDateTime: START_MS / 1000,
      ProvisionedThroughput: { ReadCapacityUnits: 5, LastIncreaseDateTime: START_MS / 1000 + 60 },
    });
  });

  it('take on and end streams', async () => {
    const { call, engine } = await openFixture();
    await call('CreateTable', simpleTable);
    const enable = {
      TableName: 'orders',
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' },
    };
    const updated = await call('UpdateTable', enable);
    const first = engine.streamArn('orders');
    expect(updated['TableDescription']).toMatchObject({ LatestStreamArn: first });
    expect(await refusalOf(call('UpdateTable', enable))).toMatchObject({ code: 'ValidationException' });

    await call('UpdateTable', { TableName: 'orders', StreamSpecification: { StreamEnabled: false } });
    expect(engine.streamArn('orders')).toBeNull();

    await call('UpdateTable', enable);
    expect(engine.streamArn('orders')).not.toBe(first);
  });

  it('record whether they can be restored', async () => {
    const { call, clock } = await openFixture();
    await call('CreateTable', simpleTable);
    expect(await call('DescribeContinuousBackups', { TableName: 'orders' })).toMatchObject({
      ContinuousBackupsDescription: {
        PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'DISABLED' },
      },
    });
    await call('UpdateContinuousBackups', {
      TableName: 'orders',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 7 },
    });
    clock.milliseconds += 10 * 24 * 60 * 60 * 1000;
    expect(await call('DescribeContinuousBackups', { TableName: 'orders' })).toMatchObject({
      ContinuousBackupsDescription: {
        PointInTimeRecoveryDescription: {
          PointInTimeRecoveryStatus: 'ENABLED',
          RecoveryPeriodInDays: 7,
          EarliestRestorableDateTime: START_MS / 1000 + 3 * 24 * 60 * 60,
          LatestRestorableDateTime: clock.milliseconds / 1000,
        },
      },
    });
  });

  it('are tagged and untagged', async () => {
    const { call } = await openFixture();
    await call('CreateTable', simpleTable);
    const ResourceArn = `arn:aws:dynamodb:${REGION}:${ACCOUNT_ID}:table/orders`;
    await call('TagResource', {
      ResourceArn,
      Tags: [
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '2' },
      ],
    });
    await call('UntagResource', { ResourceArn, TagKeys: ['a'] });
    expect(await call('ListTagsOfResource', { ResourceArn })).toEqual({ Tags: [{ Key: 'b', Value: '2' }] });
  });
});

describe('what is not supported', () => {
  it.each([
    ['CreateTable', { ...simpleTable, ResourcePolicy: '{}' }, 'ResourcePolicy'],
    [
      'CreateTable',
      { ...simpleTable, StreamSpecification: { StreamEnabled: true, Shards: 2 } },
      'StreamSpecification.Shards',
    ],
    [
      'PutItem',
      { TableName: 'orders', Item: { pk: { S: 'a' } }, ReturnEverything: true },
      'ReturnEverything',
    ],
    [
      'PutItem',
      { TableName: 'orders', Item: { pk: { S: 'a' } }, ReturnItemCollectionMetrics: 'SIZE' },
      'ReturnItemCollectionMetrics',
    ],
    [
      'BatchGetItem',
      { RequestItems: { orders: { Keys: [{ pk: { S: 'a' } }], Colour: 'red' } } },
      'RequestItems[orders].Colour',
    ],
    [
      'BatchWriteItem',
      { RequestItems: { orders: [{ PutRequest: { Item: { pk: { S: 'a' } }, If: 'x' } }] } },
      'RequestItems[orders][0].PutRequest.If',
    ],
    [
      'UpdateTable',
      { TableName: 'orders', GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'by-x' } }] },
      'GlobalSecondaryIndexUpdates.Delete',
    ],
    [
      'UpdateTimeToLive',
      { TableName: 'orders', TimeToLiveSpecification: { AttributeName: 'x', Enabled: true, Grace: 1 } },
      'TimeToLiveSpecification.Grace',
    ],
    [
      'TransactWriteItems',
      { TransactItems: [{ Put: { TableName: 'orders', Item: { pk: { S: 'a' } }, Expected: {} } }] },
      'TransactItems[0].Put.Expected',
    ],
    ['TransactWriteItems', { TransactItems: [], ReturnConsumedCapacity: 'TOTAL' }, 'ReturnConsumedCapacity'],
    [
      'TransactGetItems',
      { TransactItems: [{ Get: { TableName: 'orders', Key: { pk: { S: 'a' } }, ConsistentRead: true } }] },
      'TransactItems[0].ConsistentRead',
    ],
  ])('%s is refused by the name of the parameter', async (operation, input, name) => {
    const { call } = await openFixture();
    await call('CreateTable', simpleTable);
    const refusal = await refusalOf(call(operation, input));
    expect(refusal.message).toContain(`does not support ${name}`);
    expect(refusal.message).toContain(` of ${operation}`);
  });

  it('names an operation it does not have', async () => {
    const { call } = await openFixture();
    const refusal = await refusalOf(call('ExecuteStatement', {}));
    expect(refusal).toMatchObject({ statusCode: 400, code: 'UnknownOperationException' });
    expect(refusal.message).toContain('ExecuteStatement');
  });
});
