import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DynamoDBClient, type DynamoDBClientConfig, paginateListTables } from '@aws-sdk/client-dynamodb';
import { dynamoDeskStore } from '#adapters/aws/dynamo-desk-store.ts';
import type { DeskStore } from '#core/events/desk-store.ts';
import { type AccountBook, EMPTY_BOOK } from '#core/portfolio/account-book.ts';
import type { EpochMillis } from '#core/values/clock.ts';
import { readEndpoint } from '#local/day/endpoint-file.ts';
import { ConfigurationError } from '#local/day/errors.ts';

/** A desk that an operator looks at or acts upon, and its time. */
export interface OperatedDesk {
  readonly store: DeskStore;
  readonly now: EpochMillis;
}

/** Which desk is meant: the only one that runs on this machine where neither is given. */
export interface DeskChoice {
  /** State directory of a desk on this machine. */
  readonly state?: string;
  /** Environment of a desk on AWS, `dev`, `paper` or `live`, in the account and region of the caller's AWS settings. */
  readonly environment?: string;
}

const ENVIRONMENTS: readonly string[] = ['dev', 'paper', 'live'];

export type Stored = { readonly value: unknown } | null | undefined;

/** The account book as it was read; before the account has been observed there is none. */
export const bookIn = (stored: Stored): AccountBook =>
  (stored?.value as AccountBook | undefined) ?? EMPTY_BOOK;

/** Finds a desk and opens its store. @throws ConfigurationError where there is none, or it is not clear which */
export async function operatedDesk({ state, environment }: DeskChoice): Promise<OperatedDesk> {
  if (environment === undefined) return deskHere(state);
  if (state !== undefined)
    throw new ConfigurationError('--state names a desk on this machine, --environment one on AWS; give one');
  if (!ENVIRONMENTS.includes(environment))
    throw new ConfigurationError(
      `there is no environment ${environment}; name one of ${ENVIRONMENTS.join(', ')}`,
    );
  const now = Date.now();
  return {
    store: await storeOf({}, `Abc-${environment}-State-`, now, `the environment ${environment}`),
    now,
  };
}

async function deskHere(given: string | undefined): Promise<OperatedDesk> {
  const candidates = given === undefined ? stateDirectories() : [resolve(given)];
  const running = candidates.flatMap((directory) => {
    const endpoint = readEndpoint(directory);
    return endpoint === null ? [] : [{ directory, ...endpoint }];
  });
  const [only] = running;
  if (only === undefined)
    throw new ConfigurationError(
      `no running desk was found${given === undefined ? ' below .abc' : ` in ${given}`}; start one with \`npm start\`, name its state directory with --state, or one on AWS with --environment`,
    );
  if (running.length > 1)
    throw new ConfigurationError(
      `several desks are running (${running.map(({ directory }) => directory).join(', ')}); name one with --state`,
    );
  const { endpoint, region, credentials } = only;
  const now = virtualNow(only.directory);
  return {
    store: await storeOf({ endpoint, region, credentials }, 'Abc-local-State-', now, 'the running desk'),
    now,
  };
}

/** The store of the desk whose state stack's tables begin with `prefix`. */
async function storeOf(
  settings: DynamoDBClientConfig,
  prefix: string,
  now: EpochMillis,
  desk: string,
): Promise<DeskStore> {
  const client = new DynamoDBClient(settings);
  const names = await tablesOf(client, desk);
  const table = (part: string) => {
    const [name, ...others] = names.filter((candidate) => candidate.startsWith(`${prefix}${part}`));
    if (name === undefined)
      throw new ConfigurationError(`${desk} has no table ${prefix}${part}… in this account and region`);
    if (others.length > 0)
      throw new ConfigurationError(
        `${desk} has several tables ${prefix}${part}… (${[name, ...others].join(', ')}): remove what is left of an earlier deployment`,
      );
    return name;
  };
  return dynamoDeskStore(
    client,
    {
      journalTable: table('Journal'),
      stateTable: table('State'),
      idempotencyTable: table('Idempotency'),
      processedDays: 14,
    },
    { now: () => now },
  );
}

async function tablesOf(client: DynamoDBClient, desk: string): Promise<readonly string[]> {
  const names: string[] = [];
  try {
    for await (const page of paginateListTables({ client }, {})) names.push(...(page.TableNames ?? []));
  } catch (fault) {
    const reason = fault instanceof Error ? fault.message : String(fault);
    throw new ConfigurationError(
      `the tables of ${desk} could not be listed: ${reason}; on AWS the region is AWS_REGION, and the credentials (AWS_PROFILE) need the operator policy`,
      fault,
    );
  }
  return names;
}

function stateDirectories(): readonly string[] {
  const root = resolve('.abc');
  return existsSync(root) ? readdirSync(root).map((name) => join(root, name)) : [];
}

/** The desk's own time, from the host's store: in a replay it is not ours. */
function virtualNow(directory: string): number {
  const host = join(directory, 'host');
  const file = existsSync(host)
    ? readdirSync(host).find((name) => name.endsWith('.sqlite') || name.endsWith('.db'))
    : undefined;
  if (file === undefined) return Date.now();
  const database = new DatabaseSync(join(host, file), { readOnly: true });
  try {
    const now = database.prepare('SELECT now FROM host_clock').get()?.['now'];
    return typeof now === 'number' ? now : Date.now();
  } finally {
    database.close();
  }
}
