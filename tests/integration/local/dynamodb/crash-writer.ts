/**
 * Writes transactions to the directory it is given until it is killed, and prints the number of each one after
 * it has been acknowledged.
 */
import { writeSync } from 'node:fs';
import { openDynamo } from '#local/aws/dynamodb/engine.ts';

const [directory] = process.argv.slice(2);
if (directory === undefined) {
  throw new Error('give the directory to write to');
}
const engine = await openDynamo({
  directory,
  now: () => 1_767_603_600_000,
  region: 'eu-central-1',
  accountId: '123456789012',
});
const table = {
  AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  BillingMode: 'PAY_PER_REQUEST',
};
await engine.handle('CreateTable', {
  ...table,
  TableName: 'journal',
  StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
});
await engine.handle('CreateTable', { ...table, TableName: 'state' });

let next = 0;
const writer = async (): Promise<void> => {
  for (;;) {
    const number = next++;
    await engine.handle('TransactWriteItems', {
      ClientRequestToken: `token-${number}`,
      TransactItems: [
        { Put: { TableName: 'journal', Item: { pk: { S: String(number) }, text: { S: 'x'.repeat(3000) } } } },
        { Put: { TableName: 'state', Item: { pk: { S: `seen-${number}` } } } },
        {
          Update: {
            TableName: 'state',
            Key: { pk: { S: 'count' } },
            UpdateExpression: 'ADD n :one',
            ExpressionAttributeValues: { ':one': { N: '1' } },
          },
        },
      ],
    });
    // synchronous, so that what is printed was acknowledged and what is acknowledged gets printed
    writeSync(1, `${number}\n`);
  }
};
await Promise.all(Array.from({ length: 8 }, writer));
