import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { DynamoDBClient, GetItemCommand, ResourceNotFoundException } from '@aws-sdk/client-dynamodb';
import { GetFunctionCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { CreateScheduleCommand, GetScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { ListQueuesCommand, PurgeQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { PortInUseError, startHttpFront } from '#local/host/http/front.ts';
import { AwsError, type AwsService, type ServiceCall } from '#local/host/kernel.ts';
import { arn, type ServiceHost, startServiceHost } from './service-host.ts';

let host: ServiceHost;
const calls: ServiceCall[] = [];

/** Answers as told, and remembers what it was asked. */
function recording(name: string, answer: (call: ServiceCall) => Record<string, unknown>): AwsService {
  return {
    name,
    permissions: ({ operation }) => [{ action: `${name}:${operation}`, resource: '*' }],
    handle: async (call) => {
      calls.push(call);
      return answer(call);
    },
  };
}

beforeAll(async () => {
  host = await startServiceHost(
    {
      Stack: {
        Resources: {
          Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'queue' } },
          Sender: {
            Type: 'AWS::IAM::Role',
            Properties: {
              RoleName: 'sender',
              AssumeRolePolicyDocument: {
                Statement: [
                  {
                    Effect: 'Allow',
                    Principal: { Service: 'lambda.amazonaws.com' },
                    Action: 'sts:AssumeRole',
                  },
                ],
              },
              Policies: [
                {
                  PolicyName: 'p',
                  PolicyDocument: {
                    Statement: [{ Effect: 'Allow', Action: 'sqs:GetQueueUrl', Resource: '*' }],
                  },
                },
              ],
            },
          },
        },
      },
    },
    {
      extraServices: [
        recording('dynamodb', () => {
          throw new AwsError('ResourceNotFoundException', 'Requested resource not found', 400);
        }),
        recording('lambda', (call) =>
          call.operation === 'Invoke'
            ? { StatusCode: 200, Payload: '{"ok":true}', ExecutedVersion: '$LATEST' }
            : { Configuration: { FunctionName: call.input['FunctionName'] } },
        ),
        recording('scheduler', (call) => ({
          ScheduleArn: 'arn',
          Name: call.input['Name'],
          GroupName: call.input['GroupName'],
        })),
      ],
    },
  );
});

afterAll(async () => {
  await host.close();
});

/** Sends a form with a signature made step by step, as the documentation of Signature Version 4 tells. */
async function signedForm(
  service: string,
  body: string,
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken: string },
): Promise<string> {
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  const hmac = (key: string | Buffer, text: string): Buffer =>
    createHmac('sha256', key).update(text).digest();
  const signed = {
    host: new URL(host.front.endpoint).host,
    'x-amz-date': '20260105T143000Z',
    'x-amz-security-token': credentials.sessionToken,
  };
  const names = Object.keys(signed).join(';');
  const lines = Object.entries(signed).map(([name, value]) => `${name}:${value}\n`);
  const canonical = `POST\n/\n\n${lines.join('')}\n${names}\n${sha256(body)}`;
  const scope = `20260105/us-east-1/${service}/aws4_request`;
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${credentials.secretAccessKey}`);
  const signature = hmac(key, `AWS4-HMAC-SHA256\n20260105T143000Z\n${scope}\n${sha256(canonical)}`).toString(
    'hex',
  );
  const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  const { host: _, ...headers } = signed;
  return (
    await fetch(host.front.endpoint, { method: 'POST', headers: { ...headers, authorization }, body })
  ).text();
}

const queueUrl = (): string => `${host.front.endpoint}/000000000000/queue`;

describe('the HTTP front', () => {
  it('gives a refusal in the words of AWS', async () => {
    const client = new SQSClient(
      host.client(host.credentials.issueCredentials('arn:aws:iam::000000000000:role/sender', 'session')),
    );

    await expect(
      client.send(new SendMessageCommand({ QueueUrl: queueUrl(), MessageBody: 'x' })),
    ).rejects.toMatchObject({
      name: 'AccessDenied',
      message: `User: arn:aws:sts::000000000000:assumed-role/sender/session is not authorized to perform: sqs:SendMessage on resource: ${arn('sqs', 'queue')} because no identity-based policy allows the sqs:SendMessage action`,
    });
    client.destroy();
  });

  it('refuses unknown keys, other secrets and other tokens', async () => {
    const issued = host.credentials.issueCredentials('arn:aws:iam::000000000000:role/sender', 'session');
    const attempt = async (credentials: typeof issued): Promise<unknown> => {
      const client = new SQSClient(host.client(credentials));
      const outcome = await client
        .send(new SendMessageCommand({ QueueUrl: queueUrl(), MessageBody: 'x' }))
        .catch((error: Error) => error.name);
      client.destroy();
      return outcome;
    };

    expect(await attempt({ ...issued, accessKeyId: 'ASIAUNKNOWN' })).toBe('UnrecognizedClientException');
    expect(await attempt({ ...issued, secretAccessKey: 'other' })).toBe('InvalidSignatureException');
    expect(await attempt({ ...issued, sessionToken: 'other' })).toBe('UnrecognizedClientException');
    host.credentials.revoke(issued.accessKeyId);
    expect(await attempt(issued)).toBe('UnrecognizedClientException');
  });

  it('refuses a body that was changed after it was signed', async () => {
    const client = new SQSClient(host.client());
    client.middlewareStack.add(
      (next) => (args) => {
        const sent = args.request as { body: Uint8Array };
        sent.body = Buffer.from(JSON.stringify({ QueueUrl: queueUrl(), MessageBody: 'forged' }));
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );

    await expect(
      client.send(new SendMessageCommand({ QueueUrl: queueUrl(), MessageBody: 'honest' })),
    ).rejects.toMatchObject({ name: 'InvalidSignatureException' });
    client.destroy();
  });

  it('heeds no clock: requests are signed in virtual time', async () => {
    const client = new SQSClient({
      ...host.client(),
      systemClockOffset: Date.parse('2016-03-01T00:00:00Z') - Date.now(),
    });

    await expect(
      client.send(new SendMessageCommand({ QueueUrl: queueUrl(), MessageBody: 'long ago' })),
    ).resolves.toMatchObject({ MessageId: expect.any(String) });
    client.destroy();
  });

  it('speaks to DynamoDB in JSON with its exceptions', async () => {
    const client = new DynamoDBClient(host.client());

    const failure = await client
      .send(new GetItemCommand({ TableName: 'none', Key: { pk: { S: 'a' } } }))
      .catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(ResourceNotFoundException);
    expect(calls.at(-1)).toMatchObject({
      service: 'dynamodb',
      operation: 'GetItem',
      input: { TableName: 'none', Key: { pk: { S: 'a' } } },
      caller: { kind: 'operator' },
    });
    client.destroy();
  });

  it('speaks to Lambda in REST and JSON', async () => {
    const client = new LambdaClient(host.client());

    const { Payload, StatusCode } = await client.send(
      new InvokeCommand({
        FunctionName: arn('lambda', 'function:f'),
        InvocationType: 'RequestResponse',
        Payload: '{"a":1}',
      }),
    );

    expect(Buffer.from(Payload!).toString()).toBe('{"ok":true}');
    expect(StatusCode).toBe(200);
    expect(calls.at(-1)?.input).toMatchObject({
      FunctionName: arn('lambda', 'function:f'),
      InvocationType: 'RequestResponse',
      Payload: Buffer.from('{"a":1}'),
    });
    expect(
      (await client.send(new GetFunctionCommand({ FunctionName: 'f' }))).Configuration?.FunctionName,
    ).toBe('f');
    client.destroy();
  });

  it('speaks to Scheduler in REST and JSON', async () => {
    const client = new SchedulerClient(host.client());
    await client.send(
      new CreateScheduleCommand({
        Name: 'daily',
        GroupName: 'desk',
        ScheduleExpression: 'rate(1 day)',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: { Arn: 'a', RoleArn: 'r' },
      }),
    );
    expect(calls.at(-1)).toMatchObject({
      operation: 'CreateSchedule',
      input: { Name: 'daily', GroupName: 'desk', Target: { Arn: 'a' } },
    });

    expect(await client.send(new GetScheduleCommand({ Name: 'daily', GroupName: 'desk' }))).toMatchObject({
      Name: 'daily',
      GroupName: 'desk',
    });
    client.destroy();
  });

  it('names an operation that it does not know', async () => {
    const client = new S3Client(host.client());
    const { ListPartsCommand } = await import('@aws-sdk/client-s3');

    await expect(
      client.send(new ListPartsCommand({ Bucket: 'b', Key: 'k', UploadId: 'u' })),
    ).rejects.toMatchObject({ name: 'NotImplemented', message: expect.stringContaining('uploadId') });
    await expect(client.send(new ListObjectsV2Command({ Bucket: 'none' }))).rejects.toMatchObject({
      name: 'NoSuchBucket',
    });
    client.destroy();
  });

  it('answers what is not signed with a refusal', async () => {
    const status = await new Promise<number | undefined>((resolve) => {
      request(`${host.front.endpoint}/bucket/key`, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).end();
    });

    expect(status).toBe(403);
  });

  it('tells who one is, whatever the policies say', async () => {
    const issued = host.credentials.issueCredentials('arn:aws:iam::000000000000:role/sender', 'session');
    const answer = await signedForm('sts', 'Action=GetCallerIdentity&Version=2011-06-15', issued);

    expect(answer).toContain('<Arn>arn:aws:sts::000000000000:assumed-role/sender/session</Arn>');
    expect(answer).toContain('<Account>000000000000</Account>');
  });

  it('tells a client to try again while the host is starting, and serves what was asked then', async () => {
    let asked = 0;
    const front = await startHttpFront({
      port: 0,
      services: new Map([['sqs', recording('sqs', () => ({ QueueUrls: [] }))]]),
      authorizer: host.authorizer,
      credentials: host.credentials,
      context: host.context,
      ready: () => ++asked > 2,
    });
    const once = new SQSClient({ ...host.client(), endpoint: front.endpoint, maxAttempts: 1 });
    const patient = new SQSClient({ ...host.client(), endpoint: front.endpoint, maxAttempts: 3 });

    await expect(once.send(new ListQueuesCommand({}))).rejects.toMatchObject({
      name: 'ServiceUnavailable',
      $metadata: { httpStatusCode: 503 },
    });
    await expect(patient.send(new ListQueuesCommand({}))).resolves.toMatchObject({});
    expect(asked).toBe(3);
    once.destroy();
    patient.destroy();
    await front.close();
  });

  it('lets faults in after a call is authorised, and tells observers how each call ended', async () => {
    const seen: string[] = [];
    const services = new Map([['sqs', recording('sqs', () => ({}))]]);
    const front = await startHttpFront({
      port: 0,
      services,
      authorizer: host.authorizer,
      credentials: host.credentials,
      context: host.context,
      intercept: ({ operation }) => {
        if (operation === 'SendMessage') throw new AwsError('ThrottlingException', 'slow down', 429);
      },
      observe:
        ({ operation }) =>
        ({ error }) =>
          void seen.push(`${operation} ${error?.code ?? 'done'}`),
      unsigned: (_, response) => {
        response.end('open');
        return true;
      },
    });
    const client = new SQSClient({ ...host.client(), endpoint: front.endpoint });
    const outsider = new SQSClient({
      ...host.client(host.credentials.issueCredentials('arn:aws:iam::000000000000:role/none', 's')),
      endpoint: front.endpoint,
    });

    await expect(
      client.send(new SendMessageCommand({ QueueUrl: queueUrl(), MessageBody: 'x' })),
    ).rejects.toMatchObject({ name: 'ThrottlingException' });
    await expect(
      outsider.send(new SendMessageCommand({ QueueUrl: queueUrl(), MessageBody: 'x' })),
    ).rejects.toMatchObject({ name: 'AccessDenied' });
    await client.send(new PurgeQueueCommand({ QueueUrl: queueUrl() }));

    expect(seen).toEqual(['SendMessage ThrottlingException', 'SendMessage AccessDenied', 'PurgeQueue done']);
    expect(await (await fetch(front.endpoint)).text()).toBe('open');
    client.destroy();
    outsider.destroy();
    await front.close();
  });

  it('answers a fault of its own as such, and logs it', async () => {
    const before = host.problems.length;
    const services = new Map([
      [
        'sqs',
        recording('sqs', () => {
          throw new TypeError('a bug');
        }),
      ],
    ]);
    const front = await startHttpFront({
      port: 0,
      services,
      authorizer: host.authorizer,
      credentials: host.credentials,
      context: host.context,
    });
    const client = new SQSClient({ ...host.client(), endpoint: front.endpoint });

    await expect(client.send(new PurgeQueueCommand({ QueueUrl: queueUrl() }))).rejects.toMatchObject({
      name: 'InternalFailure',
      $metadata: { httpStatusCode: 500 },
    });

    expect(host.problems.slice(before).join()).toContain('a bug');
    client.destroy();
    await front.close();
  });

  it('answers without a time of its own: a client that lives in another time does not repeat what is refused', async () => {
    const client = new DynamoDBClient({ ...host.client(), maxAttempts: 3 });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2018-01-23T14:45:00Z') });
    try {
      for (let refusals = 1; refusals <= 2; refusals += 1) {
        const before = calls.length;
        await expect(
          client.send(new GetItemCommand({ TableName: 'none', Key: { id: { S: '1' } } })),
        ).rejects.toMatchObject({ name: 'ResourceNotFoundException', $metadata: { attempts: 1 } });
        expect(calls.length - before).toBe(1);
        vi.setSystemTime(Date.now() + 5 * 60_000);
      }
    } finally {
      vi.useRealTimers();
      client.destroy();
    }
  });

  it('counts as busy with a call until that is carried out, although the caller is gone', async () => {
    const carriedOut = Promise.withResolvers<Record<string, unknown>>();
    const started = Promise.withResolvers<void>();
    const slow: AwsService = {
      name: 'dynamodb',
      permissions: () => [],
      handle: () => {
        started.resolve();
        return carriedOut.promise;
      },
    };
    const front = await startHttpFront({
      port: 0,
      services: new Map([['dynamodb', slow]]),
      authorizer: host.authorizer,
      credentials: host.credentials,
      context: host.context,
    });
    const client = new DynamoDBClient({ ...host.client(), endpoint: front.endpoint });
    const caller = new AbortController();
    const call = client.send(new GetItemCommand({ TableName: 't', Key: { id: { S: '1' } } }), {
      abortSignal: caller.signal,
    });
    await started.promise;
    caller.abort();
    await expect(call).rejects.toThrow();
    client.destroy();
    await front.close();
    // The front hears of the end in one of the next turns.
    for (let turn = 0; turn < 10; turn += 1) await new Promise((next) => setImmediate(next));

    expect(host.inFlight()).toBe(1);
    carriedOut.resolve({});
    await vi.waitFor(() => expect(host.inFlight()).toBe(0));
  });

  it('counts the bytes of its connections', async () => {
    const caller = connect({ host: '127.0.0.1', port: host.front.port });
    await once(caller, 'connect');
    const { localPort = 0 } = caller;
    caller.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n${'x'.repeat(1000)}`);
    await once(caller, 'data');

    // The front hears that its answer has left in one of the next turns.
    await vi.waitFor(() =>
      expect(host.front.connection(localPort)).toEqual({
        remotePort: localPort,
        bytesRead: caller.bytesWritten,
        bytesWritten: caller.bytesRead,
        inFlight: 0,
      }),
    );
    expect(host.inFlight()).toBe(0);
    expect(host.front.connection(1)).toBeUndefined();
    caller.destroy();
  });

  it('says how to mend a port in use', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
    const { port } = squatter.address() as { port: number };

    const started = startHttpFront({
      port,
      services: new Map(),
      authorizer: host.authorizer,
      credentials: host.credentials,
      context: host.context,
    });

    await expect(started).rejects.toThrow(PortInUseError);
    await expect(started).rejects.toThrow(/choose another port/);
    await new Promise((resolve) => squatter.close(resolve));
  });
});
