import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Item } from '#local/aws/dynamodb/attribute-value.ts';
import { AwsError } from '#local/aws/dynamodb/aws-error.ts';
import type { Fixture } from './fixture.ts';
import { allRecords, createTable, keyOf, openFixture } from './fixture.ts';

type Write =
  | { readonly kind: 'put'; readonly pk: string; readonly n: number }
  | { readonly kind: 'create'; readonly pk: string; readonly n: number }
  | { readonly kind: 'add'; readonly pk: string; readonly n: number }
  | { readonly kind: 'delete'; readonly pk: string }
  | { readonly kind: 'check'; readonly pk: string; readonly n: number };
type Step =
  | { readonly kind: 'single'; readonly write: Write }
  | { readonly kind: 'transaction'; readonly writes: readonly Write[] };

const item = (pk: string, n: number): Item => ({ ...keyOf(pk), n: { N: String(n) } });

/** The table as a map, and the changes as they must show in the stream. */
class Model {
  readonly items = new Map<string, number>();
  readonly changes: { pk: string; before: number | null; after: number | null }[] = [];

  allows(write: Write): boolean {
    if (write.kind === 'create') return !this.items.has(write.pk);
    if (write.kind === 'check') return this.items.get(write.pk) === write.n;
    return true;
  }

  apply(write: Write): void {
    const before = this.items.get(write.pk) ?? null;
    const after = afterWrite(write, before);
    if (after === before) return;
    if (after === null) this.items.delete(write.pk);
    else this.items.set(write.pk, after);
    this.changes.push({ pk: write.pk, before, after });
  }

  /** Whether the step is done; a transaction is done whole or not at all. */
  step(step: Step): boolean {
    const writes = step.kind === 'single' ? [step.write] : step.writes;
    if (!writes.every((write) => this.allows(write))) return false;
    for (const write of writes) this.apply(write);
    return true;
  }
}

function afterWrite(write: Write, before: number | null): number | null {
  switch (write.kind) {
    case 'put':
    case 'create':
      return write.n;
    case 'add':
      return (before ?? 0) + write.n;
    case 'delete':
      return null;
    case 'check':
      return before;
  }
}

function action(write: Write): { operation: string; kind: string; parameters: object } {
  const TableName = 'journal';
  const Key = keyOf(write.pk);
  switch (write.kind) {
    case 'put':
      return { operation: 'PutItem', kind: 'Put', parameters: { TableName, Item: item(write.pk, write.n) } };
    case 'create': {
      const parameters = {
        TableName,
        Item: item(write.pk, write.n),
        ConditionExpression: 'attribute_not_exists(pk)',
      };
      return { operation: 'PutItem', kind: 'Put', parameters };
    }
    case 'add': {
      const parameters = {
        TableName,
        Key,
        UpdateExpression: 'ADD n :n',
        ExpressionAttributeValues: { ':n': { N: String(write.n) } },
      };
      return { operation: 'UpdateItem', kind: 'Update', parameters };
    }
    case 'delete':
      return { operation: 'DeleteItem', kind: 'Delete', parameters: { TableName, Key } };
    case 'check': {
      const parameters = {
        TableName,
        Key,
        ConditionExpression: 'n = :n',
        ExpressionAttributeValues: { ':n': { N: String(write.n) } },
      };
      return { operation: 'TransactWriteItems', kind: 'ConditionCheck', parameters };
    }
  }
}

function request(step: Step): { operation: string; input: object } {
  if (step.kind === 'single' && step.write.kind !== 'check') {
    const { operation, parameters } = action(step.write);
    return { operation, input: parameters };
  }
  const writes = step.kind === 'single' ? [step.write] : step.writes;
  const TransactItems = writes.map((write) => {
    const { kind, parameters } = action(write);
    return { [kind]: parameters };
  });
  return { operation: 'TransactWriteItems', input: { TransactItems } };
}

async function attempt({ call }: Fixture, step: Step): Promise<boolean> {
  const { operation, input } = request(step);
  try {
    await call(operation, input);
    return true;
  } catch (error) {
    if (
      error instanceof AwsError &&
      ['ConditionalCheckFailedException', 'TransactionCanceledException'].includes(error.code)
    ) {
      return false;
    }
    throw error;
  }
}

const pk = fc.constantFrom('a', 'b', 'c', 'd');
const n = fc.integer({ min: 0, max: 3 });
const write: fc.Arbitrary<Write> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('put' as const, 'create' as const, 'add' as const, 'check' as const),
    pk,
    n,
  }),
  fc.record({ kind: fc.constant('delete' as const), pk }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('single' as const), write }),
  fc.record({
    kind: fc.constant('transaction' as const),
    writes: fc.uniqueArray(write, { minLength: 1, maxLength: 4, selector: (each) => each.pk }),
  }),
);

describe('any sequence of writes', () => {
  it('gives the items and the records of the model, whether one by one or all at once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.boolean(), async (steps, atOnce) => {
        const fixture = await openFixture();
        await createTable(fixture, 'journal', 'NEW_AND_OLD_IMAGES');
        const model = new Model();
        const expected = steps.map((each) => model.step(each));

        const done: boolean[] = [];
        if (atOnce) done.push(...(await Promise.all(steps.map((each) => attempt(fixture, each)))));
        else for (const each of steps) done.push(await attempt(fixture, each));

        expect(done).toEqual(expected);
        const { Items } = await fixture.call('Scan', { TableName: 'journal' });
        const scanned = new Map(
          (Array.isArray(Items) ? Items : []).map((each: { pk: { S: string }; n: { N: string } }) => [
            each.pk.S,
            Number(each.n.N),
          ]),
        );
        expect(isDeepStrictEqual(scanned, model.items)).toBe(true);
        const records = allRecords(fixture.engine, 'journal').map(({ dynamodb, eventName }) => ({
          eventName,
          NewImage: dynamodb.NewImage,
          OldImage: dynamodb.OldImage,
        }));
        expect(records.map((record) => JSON.parse(JSON.stringify(record)))).toEqual(
          model.changes.map(({ pk: key, before, after }) => ({
            eventName: before === null ? 'INSERT' : after === null ? 'REMOVE' : 'MODIFY',
            ...(after === null ? {} : { NewImage: item(key, after) }),
            ...(before === null ? {} : { OldImage: item(key, before) }),
          })),
        );
        await fixture.engine.close();
      }),
      { numRuns: 150 },
    );
  });
});
