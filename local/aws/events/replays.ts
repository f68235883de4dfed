import * as z from 'zod';
import { AwsError, type HostContext, type ServiceCall } from '../../host/kernel.ts';
import { parseParameters } from '../../host/parameters.ts';
import { transaction } from '../../host/store.ts';
import type { Archives } from './archives.ts';

type Publish = (
  destinationArn: string,
  event: Readonly<Record<string, unknown>>,
  text: string,
  only: ReadonlySet<string>,
) => void;

interface Row {
  readonly name: string;
  readonly archive_arn: string;
  readonly destination_arn: string;
  readonly filter_arns: string;
  readonly start_at: number;
  readonly end_at: number;
  readonly last_id: number;
  readonly state: 'RUNNING' | 'COMPLETED';
  readonly began_at: number;
}

const PAGE = 100;
const instant = z.union([
  z.number().transform((seconds) => seconds * 1000),
  z.string().transform((value) => Date.parse(value)),
]);
const startReplay = z
  .object({
    ReplayName: z.string().regex(/^[.\-_A-Za-z0-9]{1,64}$/),
    EventSourceArn: z.string(),
    EventStartTime: instant,
    EventEndTime: instant,
    Destination: z.object({ Arn: z.string(), FilterArns: z.array(z.string()).default([]) }).strict(),
    Description: z.string().optional(),
  })
  .strict();

/** Replays of archives: a page of events a transaction, so that a replay goes on after a crash where it was. */
export class Replays {
  readonly #context: HostContext;
  readonly #archives: Archives;
  readonly #publish: Publish;

  constructor(context: HostContext, archives: Archives, publish: Publish) {
    this.#context = context;
    this.#archives = archives;
    this.#publish = publish;
    context.store.exec(`CREATE TABLE IF NOT EXISTS event_replays (
      name TEXT PRIMARY KEY, archive_arn TEXT NOT NULL, destination_arn TEXT NOT NULL, filter_arns TEXT NOT NULL,
      start_at INTEGER NOT NULL, end_at INTEGER NOT NULL, last_id INTEGER NOT NULL, state TEXT NOT NULL, began_at INTEGER NOT NULL) STRICT`);
  }

  /** StartReplay. */
  begin(call: ServiceCall): Readonly<Record<string, unknown>> {
    const input = parseParameters(call, startReplay);
    const archive = this.#archives.find(input.EventSourceArn);
    if (archive === undefined)
      throw new AwsError('ResourceNotFoundException', `Archive ${input.EventSourceArn} does not exist.`);
    if (archive.busArn !== input.Destination.Arn)
      throw new AwsError(
        'ValidationException',
        'Parameter Destination.Arn is not valid. Reason: Must be the event bus of the archive.',
      );
    if (this.#find(input.ReplayName) !== undefined)
      throw new AwsError('ResourceAlreadyExistsException', `Replay ${input.ReplayName} already exists.`);
    const now = this.#context.clock.now();
    this.#context.store
      .prepare('INSERT INTO event_replays VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)')
      .run(
        input.ReplayName,
        archive.arn,
        input.Destination.Arn,
        JSON.stringify(input.Destination.FilterArns),
        input.EventStartTime,
        input.EventEndTime,
        'RUNNING',
        now,
      );
    this.#run(input.ReplayName);
    return { ReplayArn: this.#arn(input.ReplayName), State: 'STARTING', ReplayStartTime: now / 1000 };
  }

  /** DescribeReplay. */
  describe(call: ServiceCall): Readonly<Record<string, unknown>> {
    const { ReplayName } = parseParameters(call, z.object({ ReplayName: z.string() }).strict());
    const row = this.#find(ReplayName);
    if (row === undefined)
      throw new AwsError('ResourceNotFoundException', `Replay ${ReplayName} does not exist.`);
    return {
      ReplayName,
      ReplayArn: this.#arn(ReplayName),
      State: row.state,
      EventSourceArn: row.archive_arn,
      Destination: { Arn: row.destination_arn, FilterArns: JSON.parse(row.filter_arns) },
      EventStartTime: row.start_at / 1000,
      EventEndTime: row.end_at / 1000,
      ReplayStartTime: row.began_at / 1000,
    };
  }

  /** Goes on with replays that an earlier run of the host left unfinished. */
  start(): void {
    const rows = this.#context.store
      .prepare("SELECT name FROM event_replays WHERE state = 'RUNNING'")
      .all() as unknown as { readonly name: string }[];
    for (const { name } of rows) this.#run(name);
  }

  #run(name: string): void {
    const end = this.#context.activity.begin('replay');
    setImmediate(() => {
      if (this.#context.store.isOpen && this.#step(name)) this.#run(name);
      end();
    });
  }

  /** Replays a page. Returns whether more is left. */
  #step(name: string): boolean {
    const { store } = this.#context;
    return transaction(store, () => {
      const row = this.#find(name);
      if (row === undefined || row.state === 'COMPLETED') return false;
      const only: ReadonlySet<string> = new Set(z.array(z.string()).parse(JSON.parse(row.filter_arns)));
      const page = this.#archives.page(row.archive_arn, row.start_at, row.end_at, row.last_id, PAGE);
      for (const { event } of page) {
        const replayed = { ...(JSON.parse(event) as Readonly<Record<string, unknown>>), 'replay-name': name };
        this.#publish(row.destination_arn, replayed, JSON.stringify(replayed), only);
      }
      const done = page.length < PAGE;
      store
        .prepare('UPDATE event_replays SET last_id = ?, state = ? WHERE name = ?')
        .run(page.at(-1)?.id ?? row.last_id, done ? 'COMPLETED' : 'RUNNING', name);
      return !done;
    });
  }

  #find(name: string): Row | undefined {
    return this.#context.store.prepare('SELECT * FROM event_replays WHERE name = ?').get(name) as unknown as
      | Row
      | undefined;
  }

  #arn(name: string): string {
    return `arn:aws:events:${this.#context.region}:${this.#context.accountId}:replay/${name}`;
  }
}
