import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { CLIENT_SETTINGS } from '#adapters/aws/client-settings.ts';
import { dynamoDeskStore } from '#adapters/aws/dynamo-desk-store.ts';
import { s3ObjectStore } from '#adapters/aws/s3-object-store.ts';
import type { Speaker } from '#core/cycle/cycle-events.ts';
import type { DeskStore } from '#core/events/desk-store.ts';
import type { ObjectStore } from '#core/events/object-store.ts';
import type { Clock } from '#core/values/clock.ts';
import { type DeskEnvironment, parseDeskEnvironment } from './environment.ts';
import { jsonLog, type Log } from './log.ts';

/** What every function of the desk works with. Composed once, at module scope. */
export interface Desk {
  /** The function's name in events (`sender`) and logs. */
  readonly name: string;
  readonly environment: DeskEnvironment;
  readonly store: DeskStore;
  readonly objects: ObjectStore;
  readonly clock: Clock;
  readonly log: Log;
}

/** The function as it speaks now. */
export const speaking = ({ name, clock }: Desk): Speaker => ({ name, now: clock.now() });

export const systemClock: Clock = { now: () => Date.now() };

/** The desk on AWS (or the embedded host, which speaks the same protocols). */
export function composeDesk(
  name: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Desk {
  const parsed = parseDeskEnvironment(environment);
  const settings = {
    journalTable: parsed.JOURNAL_TABLE,
    stateTable: parsed.STATE_TABLE,
    idempotencyTable: parsed.IDEMPOTENCY_TABLE,
    processedDays: parsed.PROCESSED_DAYS,
  };
  return {
    name,
    environment: parsed,
    store: dynamoDeskStore(new DynamoDBClient(CLIENT_SETTINGS), settings, systemClock),
    objects: s3ObjectStore(new S3Client({ ...CLIENT_SETTINGS, forcePathStyle: true }), parsed.OBJECT_BUCKET),
    clock: systemClock,
    log: jsonLog(
      parsed.DESK_ENVIRONMENT,
      { function: name, mode: parsed.DESK_MODE },
      systemClock.now,
      (line) => console.log(line),
    ),
  };
}
