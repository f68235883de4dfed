import { hash } from 'node:crypto';
import type { Item } from './attribute-value.ts';
import type { Catalog } from './catalog.ts';
import type { CommitSink, Database, ItemChange } from './database.ts';
import { isRecord, itemSize } from './dynalite.ts';
import { keysUnder } from './level.ts';
import type { WriteScope } from './write-scope.ts';

export type StreamViewType = 'KEYS_ONLY' | 'NEW_IMAGE' | 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES';

/** One record, in the shape a Lambda function gets. Records are shared: never change one. */
export interface StreamRecord {
  readonly eventID: string;
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  readonly eventVersion: '1.1';
  readonly eventSource: 'aws:dynamodb';
  readonly awsRegion: string;
  readonly dynamodb: {
    /** Seconds since 1970. */
    readonly ApproximateCreationDateTime: number;
    readonly Keys: Item;
    readonly NewImage?: Item;
    readonly OldImage?: Item;
    /** 21 digits, so that the order of the text is the order of the numbers. */
    readonly SequenceNumber: string;
    readonly SizeBytes: number;
    readonly StreamViewType: StreamViewType;
  };
  readonly eventSourceARN: string;
  /** Only on what the service did itself, which is to delete expired items. */
  readonly userIdentity?: { readonly type: 'Service'; readonly principalId: 'dynamodb.amazonaws.com' };
}

export interface StreamDescription {
  readonly arn: string;
  readonly label: string;
  readonly table: string;
  readonly view: StreamViewType;
  /** A stream that has ended takes no more records; what it has can be read until it is trimmed. */
  readonly open: boolean;
}

interface StreamState {
  description: StreamDescription;
  /** The counts behind the sequence numbers, in order; those before `first` are trimmed. */
  counts: number[];
  first: number;
}

const SEQUENCE_KEY = 'stream-sequence';
const DESCRIPTIONS = 'stream-description~';
/** How many characters of records are kept parsed, over all streams. */
const MEMORY_CHARACTERS = 32 * 1024 * 1024;
/** As the service: a record is gone after 24 hours. */
const RETENTION_SECONDS = 24 * 60 * 60;
const SERVICE_IDENTITY = { type: 'Service', principalId: 'dynamodb.amazonaws.com' } as const;

const recordPrefix = (arn: string): string => `stream-record~${arn}~`;
const sequenceNumber = (count: number): string => `1${String(count).padStart(20, '0')}`;

function countOf(sequence: string): number {
  if (!/^1[0-9]{20}$/.test(sequence)) {
    throw new Error(`${sequence} is no sequence number: take it from a stream record`);
  }
  return Number(sequence.slice(1));
}

interface StreamOptions {
  readonly database: Database;
  readonly catalog: Catalog;
  readonly now: () => number;
  readonly region: string;
}

/** The streams of all tables: their records are written with the change they tell of. */
export class Streams {
  readonly #options: StreamOptions;
  readonly #streams = new Map<string, StreamState>();
  readonly #listeners = new Set<(streamArn: string) => void>();
  /** The latest records of all streams, by count: the others are read from the database. */
  readonly #recent = new Map<number, { readonly record: StreamRecord; readonly characters: number }>();
  #recentCharacters = 0;
  readonly #touched = new Set<string>();
  #sequence = 0;

  private constructor(options: StreamOptions) {
    this.#options = options;
  }

  /** Restores the streams from what is committed and starts recording. */
  static async open(options: StreamOptions): Promise<Streams> {
    const streams = new Streams(options);
    await streams.#restore();
    options.database.observe((change, sink) => streams.#record(change, sink));
    options.database.onCommit(() => streams.#announce());
    return streams;
  }

  /** The stream that records a table now, or null. */
  describe(arn: string | null): StreamDescription | null {
    return arn === null ? null : (this.#streams.get(arn)?.description ?? null);
  }

  onRecords(listener: (streamArn: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Adds a stream to a commit; it takes records from the next commit on. */
  create(scope: WriteScope, table: { name: string; arn: string }, view: StreamViewType): StreamDescription {
    const { arn, label } = this.#uniqueArn(table.arn);
    const description = { arn, label, table: table.name, view, open: true };
    scope.put(DESCRIPTIONS + arn, description);
    scope.afterCommit(() => this.#streams.set(arn, { description, counts: [], first: 0 }));
    return description;
  }

  /** Ends a stream in a commit; its records stay until they are trimmed. */
  end(scope: WriteScope, arn: string): void {
    const state = this.#streams.get(arn);
    if (state === undefined) {
      return;
    }
    const closed = { ...state.description, open: false };
    scope.put(DESCRIPTIONS + arn, closed);
    scope.afterCommit(() => {
      state.description = closed;
    });
  }

  /**
   * Up to `limit` records after `afterSequence` (from the oldest that is left when it is null).
   * @throws Error when there is no such stream
   */
  read(arn: string, afterSequence: string | null, limit: number): StreamRecord[] {
    const state = this.#state(arn);
    const start = afterSequence === null ? state.first : firstAfter(state, countOf(afterSequence));
    return state.counts.slice(start, start + limit).map((count) => this.#load(arn, count));
  }

  /** Removes the records up to and with `throughSequence`, durably. */
  trim(arn: string, throughSequence: string): Promise<void> {
    const state = this.#state(arn);
    const through = countOf(throughSequence);
    return this.#options.database.write(async (scope) => {
      const end = firstAfter(state, through);
      for (let index = state.first; index < end; index++) {
        scope.delete(recordPrefix(arn) + sequenceNumber(state.counts[index]!));
      }
      const emptied = !state.description.open && end === state.counts.length;
      if (emptied) scope.delete(DESCRIPTIONS + arn);
      scope.afterCommit(() => {
        // found again: another trim of the same commit may have compacted the array
        const trimmed = firstAfter(state, through);
        for (; state.first < trimmed; state.first++) this.#forget(state.counts[state.first]!);
        if (state.first > 1024 && state.first * 2 > state.counts.length) {
          state.counts = state.counts.slice(state.first);
          state.first = 0;
        }
        if (emptied) this.#streams.delete(arn);
      });
    });
  }

  /** Trims what is older than the service keeps. */
  async trimExpired(): Promise<void> {
    const horizon = this.#options.now() / 1000 - RETENTION_SECONDS;
    for (const [arn, state] of this.#streams) {
      let last: string | null = null;
      for (let index = state.first; index < state.counts.length; index++) {
        const { dynamodb } = this.#load(arn, state.counts[index]!);
        if (dynamodb.ApproximateCreationDateTime >= horizon) break;
        last = dynamodb.SequenceNumber;
      }
      if (last !== null) await this.trim(arn, last);
    }
  }

  async #restore(): Promise<void> {
    const { level } = this.#options.database;
    const sequence = this.#options.database.read(SEQUENCE_KEY);
    this.#sequence = typeof sequence === 'number' ? sequence : 0;
    for (const arn of await keysUnder(level, DESCRIPTIONS)) {
      const description = this.#options.database.read(DESCRIPTIONS + arn);
      if (!isStreamDescription(description)) {
        throw new Error(`stream ${arn} has no readable description: delete the local data directory`);
      }
      const sequences = await keysUnder(level, recordPrefix(arn));
      this.#streams.set(arn, { description, counts: sequences.map(countOf), first: 0 });
    }
  }

  #record(change: ItemChange, sink: CommitSink): void {
    const table = this.#options.catalog.get(change.table);
    const arn = table?.settings.streamArn;
    const state = arn === undefined || arn === null ? undefined : this.#streams.get(arn);
    if (table === undefined || state === undefined || !state.description.open) {
      return;
    }
    const { record, text } = this.#build(change, state.description, table.keyNames);
    const count = this.#sequence;
    sink.put(recordPrefix(state.description.arn) + sequenceNumber(count), text);
    sink.put(SEQUENCE_KEY, String(this.#sequence));
    sink.afterCommit(() => {
      state.counts.push(count);
      this.#remember(count, record, text.length);
      this.#touched.add(state.description.arn);
    });
  }

  /** The record and its JSON, made from the images' JSON, which is already there. */
  #build(
    change: ItemChange,
    { arn, view }: StreamDescription,
    keyNames: readonly string[],
  ): { record: StreamRecord; text: string } {
    const { before, after } = change;
    const some = (after ?? before)!;
    const keys: Item = Object.fromEntries(keyNames.map((name) => [name, some.item[name]!]));
    const newImage = view === 'NEW_IMAGE' || view === 'NEW_AND_OLD_IMAGES' ? after : null;
    const oldImage = view === 'OLD_IMAGE' || view === 'NEW_AND_OLD_IMAGES' ? before : null;
    const sequence = sequenceNumber(++this.#sequence);
    const head = {
      eventID: hash('md5', `${arn}/${sequence}`),
      eventName: before === null ? 'INSERT' : after === null ? 'REMOVE' : 'MODIFY',
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: this.#options.region,
      eventSourceARN: arn,
      ...(change.byService ? { userIdentity: SERVICE_IDENTITY } : {}),
    } as const;
    const detail = {
      ApproximateCreationDateTime: Math.floor(this.#options.now() / 1000),
      Keys: keys,
      SequenceNumber: sequence,
      SizeBytes:
        itemSize(keys) +
        (newImage === null ? 0 : itemSize(newImage.item)) +
        (oldImage === null ? 0 : itemSize(oldImage.item)),
      StreamViewType: view,
    };
    const images =
      (newImage === null ? '' : `,"NewImage":${newImage.text}`) +
      (oldImage === null ? '' : `,"OldImage":${oldImage.text}`);
    return {
      record: {
        ...head,
        dynamodb: {
          ...detail,
          ...(newImage === null ? {} : { NewImage: newImage.item }),
          ...(oldImage === null ? {} : { OldImage: oldImage.item }),
        },
      },
      text: `${JSON.stringify(head).slice(0, -1)},"dynamodb":${JSON.stringify(detail).slice(0, -1)}${images}}}`,
    };
  }

  #remember(count: number, record: StreamRecord, characters: number): void {
    this.#recent.set(count, { record, characters });
    this.#recentCharacters += characters;
    if (this.#recentCharacters <= MEMORY_CHARACTERS) {
      return;
    }
    // half at once: finding the oldest key of a map takes longer the more were deleted before it
    for (const oldest of this.#recent.keys()) {
      if (this.#recentCharacters <= MEMORY_CHARACTERS / 2) break;
      this.#forget(oldest);
    }
  }

  #forget(count: number): void {
    this.#recentCharacters -= this.#recent.get(count)?.characters ?? 0;
    this.#recent.delete(count);
  }

  #load(arn: string, count: number): StreamRecord {
    const recent = this.#recent.get(count);
    if (recent !== undefined) {
      return recent.record;
    }
    const record = this.#options.database.read(recordPrefix(arn) + sequenceNumber(count));
    if (!isStreamRecord(record)) {
      throw new Error(`stream ${arn} lacks record ${sequenceNumber(count)}: delete the local data directory`);
    }
    return record;
  }

  #state(arn: string): StreamState {
    const state = this.#streams.get(arn);
    if (state === undefined) {
      throw new Error(`no stream ${arn}: take the ARN from the table's LatestStreamArn`);
    }
    return state;
  }

  /** The label is the time of creation; a clock that stands still must not give two streams one name. */
  #uniqueArn(tableArn: string): { arn: string; label: string } {
    for (let milliseconds = this.#options.now(); ; milliseconds++) {
      const label = new Date(milliseconds).toISOString().replace('Z', '');
      const arn = `${tableArn}/stream/${label}`;
      if (!this.#streams.has(arn)) {
        return { arn, label };
      }
    }
  }

  /** Once for each stream a commit has added to. A listener that throws is a fault, but not of the commit. */
  #announce(): void {
    for (const arn of this.#touched) {
      for (const listener of this.#listeners) queueMicrotask(() => listener(arn));
    }
    this.#touched.clear();
  }
}

/** The index of the first untrimmed record with a higher count. */
function firstAfter(state: StreamState, count: number): number {
  let low = state.first;
  let high = state.counts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (state.counts[middle]! > count) high = middle;
    else low = middle + 1;
  }
  return low;
}

// what these two read was written by this module and nothing else

function isStreamDescription(value: unknown): value is StreamDescription {
  return isRecord(value) && typeof value['arn'] === 'string';
}

function isStreamRecord(value: unknown): value is StreamRecord {
  return isRecord(value) && isRecord(value['dynamodb']);
}
