import { allow, arnOf, ref, type StackSource } from './assembly-writer.ts';

/**
 * The path of every event of the product in small: bus → function (one transaction: state and journal) → table →
 * stream → relay function → bus → queue.
 */
export const pipeline: StackSource = {
  functions: {
    Consumer: {
      source: `
        import { DynamoDBClient, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
        const client = new DynamoDBClient({});
        export const handler = async (event: any) => {
          const { number } = event.detail;
          await client.send(new TransactWriteItemsCommand({
            TransactItems: [
              { Put: { TableName: process.env.STATE, Item: { pk: { S: 'state/' + number }, at: { N: String(Date.now()) } } } },
              { Put: { TableName: process.env.JOURNAL, Item: { pk: { S: 'journal/' + number }, detail: { S: JSON.stringify({ number }) } } } },
            ],
          }));
        };`,
      properties: { Environment: { Variables: { STATE: ref('State'), JOURNAL: ref('Journal') } } },
      statements: [allow(['dynamodb:PutItem'], [arnOf('State'), arnOf('Journal')])],
    },
    Relay: {
      source: `
        import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
        const client = new EventBridgeClient({});
        export const handler = async (event: any) => {
          const entries = event.Records.filter((record: any) => record.eventName === 'INSERT').map((record: any) => ({
            EventBusName: process.env.BUS, Source: 'pipeline', DetailType: 'Journaled.v1', Detail: record.dynamodb.NewImage.detail.S,
          }));
          for (let at = 0; at < entries.length; at += 10) {
            const answer = await client.send(new PutEventsCommand({ Entries: entries.slice(at, at + 10) }));
            if (answer.FailedEntryCount) throw new Error(JSON.stringify(answer));
          }
          return { batchItemFailures: [] };
        };`,
      properties: { Environment: { Variables: { BUS: ref('Bus') } }, ReservedConcurrentExecutions: 1 },
      statements: [
        allow(['events:PutEvents'], arnOf('Bus')),
        allow(['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'], {
          'Fn::GetAtt': ['Journal', 'StreamArn'],
        }),
      ],
    },
  },
  resources: {
    Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'desk' } },
    State: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
      },
    },
    Journal: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
        StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
      },
    },
    Out: { Type: 'AWS::SQS::Queue', Properties: {} },
    OutPolicy: {
      Type: 'AWS::SQS::QueuePolicy',
      Properties: {
        Queues: [ref('Out')],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: 'events.amazonaws.com' },
              Action: 'sqs:SendMessage',
              Resource: arnOf('Out'),
              Condition: { ArnEquals: { 'aws:SourceArn': arnOf('ToQueue') } },
            },
          ],
        },
      },
    },
    ToConsumer: {
      Type: 'AWS::Events::Rule',
      Properties: {
        EventBusName: ref('Bus'),
        EventPattern: { 'detail-type': ['Requested.v1'] },
        State: 'ENABLED',
        Targets: [{ Id: 'Target0', Arn: arnOf('Consumer') }],
      },
    },
    ConsumerPermission: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunction',
        FunctionName: arnOf('Consumer'),
        Principal: 'events.amazonaws.com',
        SourceArn: arnOf('ToConsumer'),
      },
    },
    ToQueue: {
      Type: 'AWS::Events::Rule',
      Properties: {
        EventBusName: ref('Bus'),
        EventPattern: { 'detail-type': ['Journaled.v1'] },
        State: 'ENABLED',
        Targets: [{ Id: 'Target0', Arn: arnOf('Out') }],
      },
    },
    RelayMapping: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        FunctionName: ref('Relay'),
        EventSourceArn: { 'Fn::GetAtt': ['Journal', 'StreamArn'] },
        StartingPosition: 'TRIM_HORIZON',
        BatchSize: 100,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        BisectBatchOnFunctionError: true,
        MaximumRetryAttempts: 3,
      },
    },
  },
};
