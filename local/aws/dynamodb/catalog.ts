import type { Database } from './database.ts';
import type { TableDefinition } from './dynalite.ts';
import { isRecord } from './dynalite.ts';
import { keysUnder } from './level.ts';

/** What dynalite's table definitions have no place for. */
export interface TableSettings {
  readonly streamArn: string | null;
  readonly timeToLiveAttribute: string | null;
  /** Recorded and described; nothing is restored from it. */
  readonly pointInTimeRecovery: { readonly days: number; readonly since: number } | null;
  readonly deletionProtection: boolean;
  /** Recorded and described; the local files are not encrypted. */
  readonly encryptionKey: string | null;
  readonly tableClass: string | null;
}

export interface Table {
  readonly definition: TableDefinition;
  readonly settings: TableSettings;
  /** The names of the primary key's attributes. */
  readonly keyNames: readonly string[];
}

const TABLES = 'table~';
const SETTINGS = 'table-settings~';

/** The keys a table is stored under. */
export const tableKeys = (name: string): { definition: string; settings: string } => ({
  definition: TABLES + name,
  settings: SETTINGS + name,
});

/** All tables as they are committed, kept in memory since every request needs one. */
export class Catalog {
  readonly #tables = new Map<string, Table>();

  static async open(database: Database): Promise<Catalog> {
    const catalog = new Catalog();
    for (const name of await keysUnder(database.level, TABLES)) {
      const { definition, settings } = tableKeys(name);
      catalog.#restore(name, database.read(definition), database.read(settings));
    }
    return catalog;
  }

  get(name: string): Table | undefined {
    return this.#tables.get(name);
  }

  values(): IterableIterator<Table> {
    return this.#tables.values();
  }

  set(definition: TableDefinition, settings: TableSettings): void {
    const keyNames = definition.KeySchema.map((element) => element.AttributeName);
    this.#tables.set(definition.TableName, { definition, settings, keyNames });
  }

  delete(name: string): void {
    this.#tables.delete(name);
  }

  #restore(name: string, definition: unknown, settings: unknown): void {
    if (!isTableDefinition(definition) || !isTableSettings(settings)) {
      throw new Error(
        `table ${name} is not stored as this version stores it: delete the local data directory`,
      );
    }
    this.set(definition, settings);
  }
}

export function isTableDefinition(value: unknown): value is TableDefinition {
  return isRecord(value) && Array.isArray(value['KeySchema']) && typeof value['TableArn'] === 'string';
}

function isTableSettings(value: unknown): value is TableSettings {
  return isRecord(value) && 'streamArn' in value && 'timeToLiveAttribute' in value;
}
