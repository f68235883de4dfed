import type {
  Branch,
  MapDefinition,
  ParallelDefinition,
  Retrier,
  StateDefinition,
  TaskDefinition,
} from './definition.ts';
import { type ExpressionWorld, evaluate, StateError } from './expressions.ts';
import { type ChildFrame, type Frame, newFrame } from './frame.ts';

/** What the interpreter needs of the execution it runs. */
export interface ExecutionWorld extends ExpressionWorld {
  /** `$states.context` without the parts of a state. */
  readonly context: Readonly<Record<string, unknown>>;
  readonly stopped: boolean;
  /** Saves all frames as they are now, with an event of the history. */
  checkpoint(type: string, details: Readonly<Record<string, unknown>>): void;
  /** Calls a task's resource. @throws StateError */
  call(resource: string, input: unknown): Promise<unknown>;
  sleepUntil(at: number): Promise<void>;
  /** Runs at most so long, in the host's time. @throws StateError `States.Timeout` */
  within<T>(seconds: number | undefined, work: Promise<T>): Promise<T>;
}

/** The execution was stopped; nothing more is to be done or recorded. */
export class StoppedError extends Error {
  readonly code = 'ExecutionStopped';
  readonly retryable = false;
}

/** Runs a branch from where its frame stands to its end. Returns its output. @throws StateError, StoppedError */
export async function runBranch(branch: Branch, frame: Frame, world: ExecutionWorld): Promise<unknown> {
  for (;;) {
    if (world.stopped) throw new StoppedError();
    const definition = branch.States[frame.state]!;
    const step = new Step(definition, frame, world);
    let outcome: { readonly next: string | undefined; readonly output: unknown };
    try {
      outcome = await step.run();
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      const handled = await step.recover(error);
      if (handled === 'retry') continue;
      outcome = handled;
    }
    if (world.stopped) throw new StoppedError();
    const left = frame.state;
    if (outcome.next === undefined) {
      world.checkpoint(`${definition.Type}StateExited`, { name: left, output: outcome.output });
      return outcome.output;
    }
    Object.assign(frame, {
      ...newFrame(outcome.next, outcome.output, frame.variables, world.now()),
      resumeAt: undefined,
      children: undefined,
    });
    world.checkpoint(`${definition.Type}StateExited`, {
      name: left,
      output: outcome.output,
      next: outcome.next,
    });
  }
}

/** One visit of a state. */
class Step {
  readonly #definition: StateDefinition;
  readonly #frame: Frame;
  readonly #world: ExecutionWorld;

  constructor(definition: StateDefinition, frame: Frame, world: ExecutionWorld) {
    this.#definition = definition;
    this.#frame = frame;
    this.#world = world;
  }

  async run(): Promise<{ readonly next: string | undefined; readonly output: unknown }> {
    const definition = this.#definition;
    const frame = this.#frame;
    if (frame.resumeAt !== undefined && definition.Type !== 'Wait') await this.#sleep();
    switch (definition.Type) {
      case 'Pass':
        return { next: definition.Next, output: await this.#conclude(definition, {}, frame.input) };
      case 'Succeed':
        return {
          next: undefined,
          output: definition.Output === undefined ? frame.input : await this.#evaluate(definition.Output, {}),
        };
      case 'Fail':
        throw new StateError(
          String(
            definition.Error === undefined ? 'States.Failed' : await this.#evaluate(definition.Error, {}),
          ),
          String(definition.Cause === undefined ? '' : await this.#evaluate(definition.Cause, {})),
        );
      case 'Wait':
        frame.resumeAt ??= await this.#wakeAt(definition);
        await this.#sleep();
        return { next: definition.Next, output: await this.#conclude(definition, {}, frame.input) };
      case 'Choice': {
        for (const choice of definition.Choices) {
          const holds = await this.#evaluate(choice.Condition, {});
          if (typeof holds !== 'boolean')
            throw new StateError(
              'States.QueryEvaluationError',
              `the condition ${JSON.stringify(choice.Condition)} gives ${JSON.stringify(holds)}, not true or false`,
            );
          if (holds) return { next: choice.Next, output: await this.#conclude(choice, {}, frame.input) };
        }
        if (definition.Default === undefined)
          throw new StateError('States.NoChoiceMatched', `no choice of ${frame.state} matches`);
        return { next: definition.Default, output: await this.#conclude(definition, {}, frame.input) };
      }
      case 'Task': {
        const result = await this.#task(definition);
        return { next: definition.Next, output: await this.#conclude(definition, { result }, result) };
      }
      case 'Parallel': {
        const result = await this.#parallel(definition);
        return { next: definition.Next, output: await this.#conclude(definition, { result }, result) };
      }
      case 'Map': {
        const result = await this.#map(definition);
        return { next: definition.Next, output: await this.#conclude(definition, { result }, result) };
      }
    }
  }

  /** What follows an error: another try of the same state, or the state that catches it. @throws the error, if neither. */
  async recover(error: StateError): Promise<'retry' | { readonly next: string; readonly output: unknown }> {
    const definition = this.#definition;
    const frame = this.#frame;
    if (!('Retry' in definition)) throw error;
    const position = definition.Retry.findIndex(({ ErrorEquals }) => matches(ErrorEquals, error.code));
    const retrier = definition.Retry[position];
    const attempts = frame.attempts[position] ?? 0;
    if (retrier !== undefined && attempts < retrier.MaxAttempts) {
      frame.attempts[position] = attempts + 1;
      frame.resumeAt = this.#world.now() + pauseMillis(retrier, attempts);
      frame.children = undefined;
      this.#world.checkpoint('TaskRetryScheduled', {
        name: frame.state,
        error: error.code,
        cause: error.reason,
        attempt: attempts + 1,
      });
      return 'retry';
    }
    const catcher = definition.Catch.find(({ ErrorEquals }) => matches(ErrorEquals, error.code));
    if (catcher === undefined) throw error;
    const errorOutput = { Error: error.code, Cause: error.reason };
    return { next: catcher.Next, output: await this.#conclude(catcher, { errorOutput }, errorOutput) };
  }

  async #task(definition: TaskDefinition): Promise<unknown> {
    const input =
      definition.Arguments === undefined ? this.#frame.input : await this.#evaluate(definition.Arguments, {});
    this.#world.checkpoint('TaskScheduled', {
      name: this.#frame.state,
      resource: definition.Resource,
      parameters: input,
    });
    return this.#world.within(definition.TimeoutSeconds, this.#world.call(definition.Resource, input));
  }

  async #parallel(definition: ParallelDefinition): Promise<unknown> {
    const frame = this.#frame;
    if (frame.children === undefined) {
      const input =
        definition.Arguments === undefined ? frame.input : await this.#evaluate(definition.Arguments, {});
      frame.children = definition.Branches.map(({ StartAt }) => ({
        frame: newFrame(StartAt, input, frame.variables, this.#world.now(), frame.map),
        done: false,
      }));
      this.#world.checkpoint('ParallelStateStarted', { name: frame.state });
    }
    return this.#runChildren(frame.children, (index) => definition.Branches[index]!, 0);
  }

  async #map(definition: MapDefinition): Promise<unknown> {
    const frame = this.#frame;
    if (frame.children === undefined) {
      const items = definition.Items === undefined ? frame.input : await this.#evaluate(definition.Items, {});
      if (!Array.isArray(items))
        throw new StateError('States.QueryEvaluationError', `Items of ${frame.state} must be an array`);
      const children: ChildFrame[] = [];
      for (const [Index, Value] of (items as readonly unknown[]).entries()) {
        const map = { Item: { Index, Value } };
        const input =
          definition.ItemSelector === undefined
            ? Value
            : await this.#evaluate(definition.ItemSelector, {}, map);
        children.push({
          frame: newFrame(definition.ItemProcessor.StartAt, input, frame.variables, this.#world.now(), map),
          done: false,
        });
      }
      frame.children = children;
      this.#world.checkpoint('MapStateStarted', { name: frame.state, length: children.length });
    }
    return this.#runChildren(frame.children, () => definition.ItemProcessor, definition.MaxConcurrency);
  }

  /** Runs threads side by side; the first error fails them all, and the others come to nothing. */
  async #runChildren(
    children: readonly ChildFrame[],
    branchOf: (index: number) => Branch,
    maxConcurrency: number,
  ): Promise<unknown[]> {
    let next = 0;
    let failed = false;
    const outer = this.#world;
    const world: ExecutionWorld = Object.create(outer, { stopped: { get: () => failed || outer.stopped } });
    const worker = async (): Promise<void> => {
      while (next < children.length && !failed) {
        const index = next;
        next += 1;
        const child = children[index]!;
        if (child.done) continue;
        child.output = await runBranch(branchOf(index), child.frame, world);
        child.done = true;
      }
    };
    const width = maxConcurrency === 0 ? children.length : Math.min(maxConcurrency, children.length);
    const outcomes = await Promise.allSettled(
      Array.from({ length: width }, () =>
        worker().catch((error: unknown) => {
          failed = true;
          throw error;
        }),
      ),
    );
    const errors = outcomes
      .filter((outcome) => outcome.status === 'rejected')
      .map(({ reason }) => reason as unknown);
    const first = errors.find((error) => error instanceof StateError) ?? errors[0];
    if (first !== undefined) throw first;
    return children.map(({ output }) => output);
  }

  async #wakeAt(definition: StateDefinition & { readonly Type: 'Wait' }): Promise<number> {
    if (definition.Timestamp !== undefined) {
      const at = Date.parse(String(await this.#evaluate(definition.Timestamp, {})));
      if (Number.isNaN(at))
        throw new StateError('States.Runtime', `Timestamp of ${this.#frame.state} is not an instant`);
      return at;
    }
    const seconds = await this.#evaluate(definition.Seconds, {});
    if (typeof seconds !== 'number' || !(seconds >= 0))
      throw new StateError(
        'States.Runtime',
        `Seconds of ${this.#frame.state} must be a number, not ${JSON.stringify(seconds)}`,
      );
    return this.#world.now() + seconds * 1000;
  }

  async #sleep(): Promise<void> {
    const frame = this.#frame;
    if (frame.resumeAt === undefined) return;
    if (frame.resumeAt > this.#world.now()) {
      this.#world.checkpoint('WaitStateEntered', { name: frame.state, until: frame.resumeAt });
      await this.#world.sleepUntil(frame.resumeAt);
      if (this.#world.stopped) throw new StoppedError();
    }
    frame.resumeAt = undefined;
  }

  /** Applies Assign and Output; both see the variables as they were before. */
  async #conclude(
    rules: { readonly Output?: unknown; readonly Assign?: Readonly<Record<string, unknown>> | undefined },
    extra: Readonly<Record<string, unknown>>,
    otherwise: unknown,
  ): Promise<unknown> {
    const output = rules.Output === undefined ? otherwise : await this.#evaluate(rules.Output, extra);
    const assigned =
      rules.Assign === undefined
        ? {}
        : ((await this.#evaluate(rules.Assign, extra)) as Readonly<Record<string, unknown>>);
    this.#frame.variables = { ...this.#frame.variables, ...assigned };
    return output;
  }

  #evaluate(
    template: unknown,
    extra: Readonly<Record<string, unknown>>,
    map: Frame['map'] = this.#frame.map,
  ): Promise<unknown> {
    const frame = this.#frame;
    const retryCount = Object.values(frame.attempts).reduce((sum, count) => sum + count, 0);
    const context = {
      ...this.#world.context,
      State: {
        Name: frame.state,
        EnteredTime: new Date(frame.enteredAt).toISOString(),
        RetryCount: retryCount,
      },
      ...(map === undefined ? {} : { Map: map }),
    };
    return evaluate(template, { input: frame.input, context, ...extra }, frame.variables, this.#world);
  }
}

function pauseMillis({ IntervalSeconds, BackoffRate, MaxDelaySeconds }: Retrier, attempts: number): number {
  return (
    1000 * Math.min(MaxDelaySeconds ?? Number.POSITIVE_INFINITY, IntervalSeconds * BackoffRate ** attempts)
  );
}

/** https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html */
function matches(names: readonly string[], code: string): boolean {
  return names.some(
    (name) =>
      name === code ||
      (name === 'States.ALL' && code !== 'States.DataLimitExceeded' && code !== 'States.Runtime') ||
      (name === 'States.TaskFailed' && code !== 'States.Timeout' && !code.startsWith('States.')),
  );
}
