import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Host } from '#local/host/host.ts';
import { drainQueue, MONDAY_9_NEW_YORK, OPERATOR, startOn, temporaryDirectory } from './harness.ts';
import { taskStack } from './task-assembly.ts';

describe('a container task in stepped time', () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  let host: Host;
  beforeEach(async () => {
    directory = temporaryDirectory();
    host = await startOn(taskStack(), directory.path);
  });
  afterEach(async () => {
    await host.close();
    directory.remove();
  });

  const command = (body: string) =>
    host.call(
      'sqs',
      'SendMessage',
      { QueueUrl: host.resource('Commands').identity.ref, MessageBody: body, MessageGroupId: 'AAPL' },
      OPERATOR,
    );
  const answers = (): unknown[] => drainQueue(host, 'Answers').map((body) => JSON.parse(body) as unknown);
  const minutes = (count: number): Promise<void> =>
    host.clock.advanceUntil(host.clock.now() + count * 60_000);

  it('sees the host’s time in its date and its timers, and gets its secrets', async () => {
    await minutes(5);
    await command('first');
    await minutes(1);

    expect(answers()).toEqual([
      { echo: 'first', at: new Date(MONDAY_9_NEW_YORK + 5 * 60_000 + 10_000).toISOString(), beats: 5 },
    ]);
    expect(host.ecs.tasks).toEqual([
      { service: 'broker', container: 'bridge', state: 'running', restarts: 0, healthy: true },
      { service: 'broker', container: 'sidecar', state: 'not-run-locally', restarts: 0, healthy: undefined },
    ]);
  });

  it('is started again when it exits', async () => {
    await command('crash');
    await minutes(1);
    await command('second');
    await minutes(1);

    expect(answers()).toMatchObject([{ echo: 'second' }]);
    expect(host.ecs.tasks[0]).toMatchObject({ state: 'running', restarts: 1 });
  });

  it('gets the chance to say goodbye when its service is scaled to nothing, and comes back', async () => {
    await minutes(1);
    await host.ecs.setDesiredCount('broker', 0);
    expect(answers()).toEqual([{ stopped: true }]);
    expect(host.ecs.tasks[0]).toMatchObject({ state: 'stopped' });

    await command('later');
    await minutes(1);
    expect(answers()).toEqual([]);

    // A poll that ended with the old task may have taken the message with it: then it is there again after its time-out.
    await host.ecs.setDesiredCount('broker', 1);
    await minutes(3);
    expect(answers()).toMatchObject([{ echo: 'later' }]);
  });
});

describe('what a container task draws at random', () => {
  it('is the same when a run is repeated, and never the same again when one goes on after a kill', async () => {
    const [assembly, first, second] = [temporaryDirectory(), temporaryDirectory(), temporaryDirectory()];
    const drawn = async (directory: string): Promise<readonly string[]> => {
      const host = await startOn(taskStack({ DRAWS: 'yes' }), assembly.path, { directory });
      await host.clock.advanceUntil(host.clock.now() + 1_000);
      const answers = drainQueue(host, 'Answers');
      await host.close();
      return answers;
    };

    const [before, after, repeated] = [
      await drawn(first.path),
      await drawn(first.path),
      await drawn(second.path),
    ];

    expect(before).toHaveLength(1);
    expect(repeated).toEqual(before);
    expect(after).not.toContain(before[0]);
    for (const directory of [assembly, first, second]) directory.remove();
  });
});

describe('a container task of a host that was killed', () => {
  it('is followed by one that gets at once what it had in hand', async () => {
    const [assembly, state] = [temporaryDirectory(), temporaryDirectory()];
    const first = await startOn(taskStack(), assembly.path, { directory: state.path });
    const command = { MessageBody: 'in hand', MessageGroupId: 'AAPL' };
    await first.call(
      'sqs',
      'SendMessage',
      { QueueUrl: first.resource('Commands').identity.ref, ...command },
      OPERATOR,
    );
    // It answers ten seconds after it has taken the command, and has no time for that.
    await first.clock.advanceUntil(MONDAY_9_NEW_YORK + 5_000);
    await first.close();

    const second = await startOn(taskStack(), assembly.path, { directory: state.path });
    await second.clock.advanceUntil(MONDAY_9_NEW_YORK + 15_000);

    const answered = drainQueue(second, 'Answers').map((body) => JSON.parse(body) as unknown);
    expect(answered).toMatchObject([
      { stopped: true },
      { echo: 'in hand', at: new Date(MONDAY_9_NEW_YORK + 15_000).toISOString() },
    ]);
    await second.close();
    for (const directory of [assembly, state]) directory.remove();
  });
});

describe('a container task whose port the system has given away twice', () => {
  const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;

  /** A server that takes one connection, and a port that a task may call it from. */
  async function peer() {
    const server = createServer().listen(0, '127.0.0.1');
    const other = createServer().listen(0, '127.0.0.1');
    await Promise.all([once(server, 'listening'), once(other, 'listening')]);
    const callerPort = portOf(other);
    await new Promise((closed) => other.close(closed));
    return { server, callerPort, called: once(server, 'connection').then(([socket]) => socket as Socket) };
  }

  it('is still seen at work: time waits for it', async () => {
    const directory = temporaryDirectory();
    const { server, callerPort, called } = await peer();
    const port = portOf(server);
    const stack = taskStack({ PEER: String(port), OWN_PORT: String(callerPort) });
    const host = await startOn(stack, directory.path);
    const socket = await called;
    host.addLink({
      port,
      sockets: () => [
        {
          remotePort: callerPort,
          bytesRead: socket.bytesRead,
          bytesWritten: socket.bytesWritten,
          bufferedWrite: socket.writableLength,
        },
      ],
    });
    // Somebody else calls the host from the same port, and then says nothing.
    const idle = connect({
      host: '127.0.0.1',
      port: Number(new URL(host.endpoint).port),
      localAddress: '127.0.0.1',
      localPort: callerPort,
    });
    await once(idle, 'connect');
    await host.clock.advanceUntil(MONDAY_9_NEW_YORK + 90_000);

    host.clock.schedule(MONDAY_9_NEW_YORK + 100_000, () => socket.write('tick'));
    await host.clock.advanceUntil(MONDAY_9_NEW_YORK + 600_000);

    const at = new Date(MONDAY_9_NEW_YORK + 100_000).toISOString();
    expect(drainQueue(host, 'Answers').map((body) => JSON.parse(body) as unknown)).toEqual([
      { heard: 'tick', at, answered: at },
    ]);
    idle.destroy();
    await host.close();
    server.close();
    directory.remove();
  });
});
