import { allow, arnOf, bundle, ref, roleFor, type StackSource } from './assembly-writer.ts';

/**
 * Polls a FIFO queue for ever, answers each command after ten seconds of its own time, and has a heartbeat. Where it has a
 * peer, it reports what that says; where it draws, it tells first what it has drawn at random.
 */
const bridge = `
  import { SQSClient, ReceiveMessageCommand, DeleteMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
  import { connect } from 'node:net';
  import { parentPort } from 'node:worker_threads';
  const client = new SQSClient({});
  parentPort.postMessage({ type: 'health', healthy: process.env.PASSWORD === 'hunter2' });
  let beats = 0;
  setInterval(() => { beats += 1; }, 60_000);
  if (process.env.DRAWS !== undefined) await client.send(new SendMessageCommand({ QueueUrl: process.env.ANSWERS, MessageBody: crypto.randomUUID() }));
  const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const send = (body: unknown) => client.send(new SendMessageCommand({ QueueUrl: process.env.ANSWERS, MessageBody: JSON.stringify(body) }));
  process.on('SIGTERM', () => { void send({ stopped: true }).finally(() => process.exit(0)); });
  if (process.env.PEER !== undefined) {
    // Works for some turns of its event loop on what its peer says, as a client that decodes and journals it does.
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    connect({ host: '127.0.0.1', port: Number(process.env.PEER), localAddress: '127.0.0.1', localPort: Number(process.env.OWN_PORT) })
      .on('data', async (heard) => {
        const at = new Date().toISOString();
        for (let turns = 0; turns < 5_000; turns += 1) await turn();
        await send({ heard: String(heard), at, answered: new Date().toISOString() });
      });
  }
  const loop = async () => {
    for (;;) {
      const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl: process.env.COMMANDS, WaitTimeSeconds: 20, MaxNumberOfMessages: 1 }));
      for (const message of Messages) {
        if (message.Body === 'crash') { await client.send(new DeleteMessageCommand({ QueueUrl: process.env.COMMANDS, ReceiptHandle: message.ReceiptHandle })); process.exit(3); }
        await sleep(10_000);
        await send({ echo: message.Body, at: new Date().toISOString(), beats });
        await client.send(new DeleteMessageCommand({ QueueUrl: process.env.COMMANDS, ReceiptHandle: message.ReceiptHandle }));
      }
    }
  };
  void loop();`;

/** A container task between two queues, as the broker bridge is, with an environment of its own beside theirs. */
export const taskStack = (environment: Readonly<Record<string, string>> = {}): StackSource => ({
  functions: {},
  images: { bridge: { Dockerfile: 'FROM scratch', 'bridge.mjs': bundle(bridge) } },
  resources: {
    Commands: {
      Type: 'AWS::SQS::Queue',
      Properties: { FifoQueue: true, ContentBasedDeduplication: true, VisibilityTimeout: 120 },
    },
    Answers: { Type: 'AWS::SQS::Queue', Properties: {} },
    Password: { Type: 'AWS::SecretsManager::Secret', Properties: { SecretString: '{"password":"hunter2"}' } },
    TaskRole: roleFor('ecs-tasks.amazonaws.com', [
      allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage'], arnOf('Commands')),
      allow(['sqs:SendMessage'], arnOf('Answers')),
    ]),
    ExecutionRole: roleFor('ecs-tasks.amazonaws.com', [
      allow(['secretsmanager:GetSecretValue'], ref('Password')),
    ]),
    Cluster: { Type: 'AWS::ECS::Cluster', Properties: {} },
    Definition: {
      Type: 'AWS::ECS::TaskDefinition',
      Properties: {
        TaskRoleArn: arnOf('TaskRole'),
        ExecutionRoleArn: arnOf('ExecutionRole'),
        ContainerDefinitions: [
          {
            Name: 'bridge',
            Image: 'registry.example/assets:bridge',
            DockerLabels: { 'abc.local.entry': 'bridge.mjs' },
            Environment: [
              { Name: 'COMMANDS', Value: ref('Commands') },
              { Name: 'ANSWERS', Value: ref('Answers') },
              ...Object.entries(environment).map(([Name, Value]) => ({ Name, Value })),
            ],
            Secrets: [
              { Name: 'PASSWORD', ValueFrom: { 'Fn::Join': ['', [ref('Password'), ':password::']] } },
            ],
            StopTimeout: 5,
          },
          { Name: 'sidecar', Image: 'registry.example/gateway:latest' },
        ],
      },
    },
    Service: {
      Type: 'AWS::ECS::Service',
      Properties: {
        Cluster: ref('Cluster'),
        TaskDefinition: ref('Definition'),
        DesiredCount: 1,
        ServiceName: 'broker',
      },
    },
  },
});
