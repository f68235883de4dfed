import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AwsError } from '#local/aws/dynamodb/aws-error.ts';
import type { DynaliteOperation } from '#local/aws/dynamodb/dynalite.ts';
import { validate } from '#local/aws/dynamodb/dynalite.ts';
import { ExpressionCache } from '#local/aws/dynamodb/expression-cache.ts';
import type { Rows } from '#local/aws/dynamodb/store.ts';
import { createStore } from '#local/aws/dynamodb/store.ts';

const unused = (): never => {
  throw new Error('validation does not look at rows');
};
const rows: Rows = { get: unused, put: unused, delete: unused, keys: unused, values: unused };
const store = createStore(rows, {
  region: 'eu-central-1',
  accountId: '123456789012',
  table: () => undefined,
});

/** What a request comes to: its parsed form without the request's own expression members, or its refusal. */
function outcome(run: () => Record<string, unknown>): unknown {
  try {
    const {
      ConditionExpression: _condition,
      UpdateExpression: _update,
      ExpressionAttributeNames: _names,
      ExpressionAttributeValues: _values,
      ...data
    } = run();
    return JSON.parse(JSON.stringify(data));
  } catch (error) {
    if (error instanceof AwsError) return error.body;
    throw error;
  }
}

const value = fc.oneof(
  { weight: 4, arbitrary: fc.record({ N: fc.constantFrom('1', '2.50', '7', 'not a number') }) },
  { weight: 4, arbitrary: fc.record({ S: fc.constantFrom('N', 'SS', 'text', '') }) },
  fc.record({ SS: fc.constantFrom(['x'], ['x', 'y'], ['x', 'x']) }),
  fc.record({ L: fc.constantFrom([], [{ S: 'x' }], [{ N: '3.0' }]) }),
  fc.record({ M: fc.constantFrom({}, { deep: { N: '4' } }) }),
  fc.record({ BOOL: fc.boolean() }),
  fc.constantFrom({}, { S: 'x', N: '1' }, { X: 'unknown' }),
);
const condition = fc.constantFrom(
  undefined,
  'attribute_not_exists(pk)',
  'version = :a',
  '#n < :a AND NOT contains(tags, :b)',
  'version BETWEEN :a AND :b',
  'attribute_type(version, :a)',
  'begins_with(label, :a) OR size(label) > :b',
  'version IN (:a, :b, :a)',
  'version = ',
);
const update = fc.constantFrom(
  undefined,
  'SET version = :a',
  'SET #n = #n + :a, other = if_not_exists(other, :b)',
  'ADD tags :b SET label = list_append(label, :a)',
  'DELETE tags :a REMOVE former[1]',
  'SET version = :a, version = :b',
);
const attributeName = fc.constantFrom('count', 'other', 'version');

/** Requests of one caller: the same expressions, with other values each time. */
const requests = fc
  .tuple(condition, update, fc.array(fc.tuple(value, value, attributeName), { minLength: 2, maxLength: 12 }))
  .map(([ConditionExpression, UpdateExpression, arguments_]) => {
    const text = `${ConditionExpression} ${UpdateExpression}`;
    return arguments_.map(([a, b, name]) => ({
      TableName: 'state',
      Key: { pk: { S: 'a' } },
      ...(ConditionExpression === undefined ? {} : { ConditionExpression }),
      ...(UpdateExpression === undefined ? {} : { UpdateExpression }),
      ...(text.includes('#n') ? { ExpressionAttributeNames: { '#n': name } } : {}),
      ...(text.includes(':')
        ? {
            ExpressionAttributeValues: {
              ...(text.includes(':a') ? { ':a': a } : {}),
              ...(text.includes(':b') ? { ':b': b } : {}),
            },
          }
        : {}),
    }));
  });

const operationOf = (input: object): DynaliteOperation =>
  'UpdateExpression' in input ? 'UpdateItem' : 'DeleteItem';

describe('the expression cache', () => {
  it('comes to what dynalite comes to, whatever came before', () => {
    fc.assert(
      fc.property(requests, (inputs) => {
        const cache = new ExpressionCache();
        for (const input of inputs) {
          const expected = outcome(() => validate(operationOf(input), structuredClone(input), store));
          expect(outcome(() => cache.validate(operationOf(input), structuredClone(input), store))).toEqual(
            expected,
          );
        }
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    { Expected: { version: { Exists: false } } },
    { AttributeUpdates: { version: { Value: { N: '1' } } } },
    { ExpressionAttributeNames: { '#n': 'unused' } },
    { ExpressionAttributeValues: { ':a': { N: '1' } } },
  ])('still refuses what must not stand beside a condition it knows: %j', (more) => {
    const cache = new ExpressionCache();
    const input = {
      TableName: 'state',
      Key: { pk: { S: 'a' } },
      ConditionExpression: 'attribute_exists(pk)',
    };
    cache.validate('UpdateItem', { ...input }, store);
    expect(() => cache.validate('UpdateItem', { ...input, ...more }, store)).toThrow(AwsError);
  });

  it('gives each request a copy of what carrying it out changes', () => {
    const cache = new ExpressionCache();
    const input = {
      TableName: 'state',
      Key: { pk: { S: 'a' } },
      UpdateExpression: 'SET version = version + :one REMOVE former',
      ExpressionAttributeValues: { ':one': { N: '1' } },
    };
    const sectionsOf = (): object[] =>
      Object(cache.validate('UpdateItem', structuredClone(input), store)['_updates']).sections;
    const fresh = JSON.stringify(sectionsOf());
    for (const section of sectionsOf()) Object.assign(section, { val: 'resolved' });
    expect(JSON.stringify(sectionsOf())).toBe(fresh);
  });
});
