import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FunctionWorker, type InvocationOutcome } from '#local/aws/lambda/function-worker.ts';
import { sharedThreads, type ThreadSource, threadPerInstance } from '#local/aws/lambda/runtime-thread.ts';
import { SharedModules } from '#local/aws/lambda/shared-modules.ts';

const SOURCE = `
  if (process.env.BROKEN) throw new RangeError('no start');
  let calls = 0;
  export const handler = async (event, context) => {
    calls += 1;
    switch (event.do) {
      case 'context': return { id: context.awsRequestId, name: context.functionName, left: context.getRemainingTimeInMillis(), memory: context.memoryLimitInMB };
      case 'now': return [Date.now(), new Date().toISOString(), new Date(5).getTime(), new Date() instanceof Date];
      case 'random': return [crypto.randomUUID(), Math.random()];
      case 'environment': return Object.keys(process.env).sort();
      case 'late environment': await new Promise((done) => setTimeout(done, 2)); return Object.keys(process.env);
      case 'calls': return calls;
      case 'print': console.log('one\\ntwo'); console.error('three'); return null;
      case 'throw': { const error = new Error('as asked'); error.name = 'Asked'; throw error; }
      case 'hang': return new Promise(() => {});
      case 'stand still': Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500); await new Promise((done) => setTimeout(done, 50)); return calls;
      case 'spin': for (;;);
      case 'exit': process.exit(7);
      case 'memory': { const kept = []; for (;;) kept.push(new Array(1e5).fill(calls)); }
      default: return undefined;
    }
  };`;

const clockOf = (mode: 'wall' | 'stepped' = 'wall') => ({ mode, scale: mode === 'stepped' ? 0 : 1, now: 0 });

describe('a function’s worker', () => {
  let directory = '';
  let gone = 0;
  const lines: string[] = [];
  const workers: FunctionWorker[] = [];
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'abc-worker-'));
    writeFileSync(join(directory, 'index.mjs'), SOURCE);
  });
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
    gone = 0;
    lines.length = 0;
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const spawn = (
    options: {
      readonly timeoutMillis?: number;
      readonly mode?: 'wall' | 'stepped';
      readonly environment?: Record<string, string>;
      readonly threads?: ThreadSource;
      readonly file?: string;
      readonly sharedModules?: Record<string, string>;
      readonly onLines?: (lines: readonly string[]) => void;
    } = {},
  ): FunctionWorker => {
    const threads = options.threads ?? threadPerInstance(() => clockOf(options.mode));
    const code = {
      name: 'subject',
      arn: 'arn:aws:lambda:us-east-1:000000000000:function:subject',
      moduleUrl: pathToFileURL(join(directory, options.file ?? 'index.mjs')).href,
      exportName: 'handler',
      memoryMegabytes: 128,
      timeoutMillis: options.timeoutMillis ?? 20_000,
      environment: options.environment ?? { ONLY: 'this' },
      sharedModules: options.sharedModules ?? {},
    };
    const worker = new FunctionWorker(code, threads(code), {
      onLines: options.onLines ?? ((some) => void lines.push(...some)),
      onGone: () => {
        gone += 1;
      },
    });
    workers.push(worker);
    return worker;
  };
  const call = async (
    worker: FunctionWorker,
    what: string,
    id = 'id-1',
    now = 1_517_841_000_000,
  ): Promise<unknown> => {
    const outcome: InvocationOutcome = await worker.invoke({
      id,
      payload: JSON.stringify({ do: what }),
      now,
      crash: false,
    });
    return outcome.kind === 'succeeded'
      ? JSON.parse(outcome.payload)
      : { failed: JSON.parse(outcome.payload) };
  };

  it('gives the handler its context and nothing of the host’s environment, and keeps its module between calls', async () => {
    const worker = spawn({ timeoutMillis: 3_000 });
    expect(await call(worker, 'context')).toMatchObject({
      id: 'id-1',
      name: 'subject',
      memory: '128',
      left: expect.closeTo(3_000, -3),
    });
    expect(await call(worker, 'environment')).toEqual(['ONLY']);
    expect(await call(worker, 'calls')).toBe(3);
    expect(await call(worker, 'nothing')).toBe(null);
  });

  it('sees the host’s time, and draws the same at random for the same call, in stepped time', async () => {
    const now = 1_517_841_000_000;
    const worker = spawn({ mode: 'stepped' });
    expect(await call(worker, 'now', 'a', now)).toEqual([now, new Date(now).toISOString(), 5, true]);
    expect(await call(worker, 'now', 'b', now + 60_000)).toEqual([
      now + 60_000,
      new Date(now + 60_000).toISOString(),
      5,
      true,
    ]);
    const drawn = await call(worker, 'random', 'c');
    expect(await call(spawn({ mode: 'stepped' }), 'random', 'c')).toEqual(drawn);
    expect(await call(worker, 'random', 'd')).not.toEqual(drawn);
  });

  it('captures what the handler prints by line, before the answer', async () => {
    await call(spawn(), 'print');
    expect(lines).toEqual(['one', 'two', 'three']);
  });

  it('reports what the handler throws, and lives on', async () => {
    const worker = spawn();
    expect(await call(worker, 'throw')).toMatchObject({
      failed: { errorType: 'Asked', errorMessage: 'as asked' },
    });
    expect(await call(worker, 'calls')).toBe(2);
    expect(gone).toBe(0);
  });

  it.each(['hang', 'spin'])('ends a call that runs out of time (%s)', async (what) => {
    const worker = spawn({ timeoutMillis: 150 });
    expect(await call(worker, what)).toMatchObject({
      failed: {
        errorType: 'Sandbox.Timedout',
        errorMessage: expect.stringContaining('Task timed out after 0.15 seconds'),
      },
    });
    expect(gone).toBe(1);
  });

  it('does not count against a call the time in which the whole process stood still', async () => {
    const worker = spawn({ timeoutMillis: 1_000 });
    await call(worker, 'calls');
    const answer = call(worker, 'stand still');
    // As when the machine sleeps, or the process is stopped, in the middle of a call.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
    expect(await answer).toBe(2);
    expect(gone).toBe(0);
  });

  it('survives the death of the thread', async () => {
    expect(await call(spawn(), 'exit')).toMatchObject({
      failed: { errorType: 'Runtime.ExitError', errorMessage: expect.stringContaining('exit status 7') },
    });
    expect(gone).toBe(1);
  });

  it('survives a handler that needs more memory than it has', async () => {
    expect(await call(spawn(), 'memory')).toMatchObject({ failed: { errorType: 'Runtime.OutOfMemory' } });
    expect(gone).toBe(1);
  });

  it('reports a module that cannot be loaded', async () => {
    expect(await call(spawn({ environment: { BROKEN: '1' } }), 'calls')).toMatchObject({
      failed: { errorType: 'RangeError', errorMessage: 'no start' },
    });
    expect(gone).toBe(1);
  });

  describe('that shares its thread', () => {
    const together = (mode?: 'stepped') => sharedThreads(1, () => clockOf(mode));

    it('has an environment, lines, randomness and module state of its own, also while calls overlap', async () => {
      const threads = together('stepped');
      const [left, right] = ['left', 'right'].map((name) => {
        const own: string[] = [];
        const worker = spawn({
          mode: 'stepped',
          threads,
          environment: { [name]: name },
          onLines: (some) => void own.push(...some),
        });
        return { worker, own };
      });
      if (left === undefined || right === undefined) throw new Error('two were asked for');
      const both = (what: string, ids: readonly [string, string] = ['a', 'b']) =>
        Promise.all([call(left.worker, what, ids[0]), call(right.worker, what, ids[1])]);

      expect(await both('environment')).toEqual([['left'], ['right']]);
      expect(await both('calls')).toEqual([2, 2]);
      const [first, second] = await both('random');
      expect(first).not.toEqual(second);
      expect(await both('random', ['b', 'a'])).toEqual([second, first]);
      expect(await both('late environment')).toEqual([['left'], ['right']]);
      await call(left.worker, 'print');
      expect([left.own, right.own]).toEqual([['one', 'two', 'three'], []]);
    });

    it('loads a chunk that two assets hold in the same bytes once', async () => {
      const chunk = 'export const seen = { count: 0 };';
      const entry = "import { seen } from './chunk-ABCDEFGH.mjs'; export const handler = () => ++seen.count;";
      const urls = ['one', 'two', 'three'].map((name) => {
        const asset = join(directory, name);
        mkdirSync(asset, { recursive: true });
        writeFileSync(join(asset, 'index.mjs'), entry);
        writeFileSync(join(asset, 'chunk-ABCDEFGH.mjs'), name === 'three' ? `${chunk}\n` : chunk);
        return asset;
      });
      const shared = new SharedModules();
      for (const asset of urls) shared.add(asset);
      const threads = together();
      const counts: unknown[] = [];
      for (const asset of urls) {
        const worker = spawn({
          threads,
          file: join(asset.slice(directory.length + 1), 'index.mjs'),
          sharedModules: shared.urls,
        });
        counts.push(await call(worker, 'count'));
      }
      expect(counts).toEqual([1, 2, 1]);
    });

    it('goes with it when another call ends the thread, and the next instance gets a new one', async () => {
      const threads = together();
      const [first, second] = [spawn({ threads }), spawn({ threads, timeoutMillis: 150 })];
      expect(await call(first, 'calls')).toBe(1);
      const [waiting, ended] = await Promise.all([call(first, 'hang'), call(second, 'spin')]);
      expect(ended).toMatchObject({ failed: { errorType: 'Sandbox.Timedout' } });
      expect(waiting).toMatchObject({ failed: { errorType: 'Runtime.ExitError' } });
      expect(gone).toBe(2);
      expect(await call(spawn({ threads }), 'calls')).toBe(1);
    });

    it('leaves the others alone where its own module cannot be loaded', async () => {
      const threads = together();
      const broken = spawn({ threads, environment: { BROKEN: '1' } });
      const sound = spawn({ threads });
      expect(await call(broken, 'calls')).toMatchObject({ failed: { errorType: 'RangeError' } });
      expect(await call(sound, 'calls')).toBe(1);
    });
  });
});
