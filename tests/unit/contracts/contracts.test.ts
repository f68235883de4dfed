import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { breakingChanges, type JsonSchema } from '#contracts/compatibility.ts';
import {
  detailType,
  EVENT_TYPES,
  EVENTS,
  InvalidEventError,
  isEventType,
  parseEvent,
  parseEventOf,
} from '#contracts/registry.ts';
import { eventId } from '#core/events/event-id.ts';
import { journalEntry } from '#core/events/new-event.ts';
import { barClosed, deskEvent, NOW } from '../../support/desk-events.ts';

const bar = barClosed('100', 60);
const changed = (metadata: object, data: object = {}) => ({
  metadata: { ...bar.metadata, ...metadata },
  data: { ...bar.data, ...data },
});

describe('parseEvent', () => {
  it('takes what was journaled, and drops what a later minor version added', () => {
    expect(parseEvent(bar)).toEqual(bar);
    expect(parseEvent(changed({ later: 1 }, { later: 1 }))).toEqual(bar);
    expect(parseEventOf(['BarClosed'], bar)).toEqual(bar);
  });

  it.each([
    ['no object', null, 'unknown'],
    ['no metadata', { data: {} }, 'unknown'],
    ['an id that is none', changed({ id: 'x' }), 'id'],
    ['a type nobody knows', changed({ type: 'ToString' }), 'no such type'],
    ['a type every object has', changed({ type: 'toString' }), 'no such type'],
    ['another version', changed({ version: 2 }), 'version 2; this code speaks version 1'],
    ['a time without its zone', changed({ occurredAt: '2018-01-23T15:00:00.000' }), 'occurredAt'],
    ['a time to live of nothing', changed({ ttlSeconds: 0 }), 'ttlSeconds'],
    ['a price as a float', changed({}, { close: 100 }), 'close'],
    ['an exponent', changed({}, { close: '1e2' }), 'close'],
    ['a date that is none', changed({}, { session: '2018-02-30' }), 'session'],
    ['an instrument in small letters', changed({}, { instrument: 'aapl' }), 'instrument'],
    ['a negative volume', changed({}, { volume: '-1' }), 'volume'],
  ])('refuses %s, naming it', (_, value, words) => {
    expect(() => parseEvent(value)).toThrow(InvalidEventError);
    expect(() => parseEvent(value)).toThrow(words);
  });

  it('refuses a type that its consumer does not take', () => {
    expect(() => parseEventOf(['SessionPrepared'], bar)).toThrow('expected one of SessionPrepared');
  });
});

describe('the registry', () => {
  it('names every event in the past tense of its own major version', () => {
    expect(EVENT_TYPES.length).toBeGreaterThan(50);
    for (const type of EVENT_TYPES) expect(detailType(type)).toBe(`${type}.v${EVENTS[type].version}`);
    expect(isEventType('OrderAuthorized')).toBe(true);
    expect(isEventType('hasOwnProperty')).toBe(false);
  });
});

describe('event ids', () => {
  it('are the same for the same work, another for any other, and version 8 UUIDs', () => {
    const id = eventId('c', 's', 'T', 'k');
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(eventId('c', 's', 'T', 'k')).toBe(id);
    expect(
      new Set([id, eventId('cs', '', 'T', 'k'), eventId('c', 's', 'Tk', ''), eventId('c', 's', 'T', 'l')])
        .size,
    ).toBe(4);
  });

  it('follow from what the event is, not when or with what it was said', () => {
    const entry = (occurredAt: number, close: string) =>
      journalEntry({
        type: 'BarClosed',
        key: 'k',
        correlationId: 'c',
        causationId: null,
        sender: 's',
        occurredAt,
        data: barClosed(close, 60).data,
      });
    expect(entry(NOW, '1').event.metadata.id).toBe(entry(NOW + 1, '2').event.metadata.id);
    expect(entry(NOW, '1').event.metadata).toMatchObject({
      urgency: 'normal',
      recipients: [],
      sequence: 0,
      requiresResponse: false,
      ttlSeconds: null,
    });
    expect(deskEvent('BarClosed', bar.data, { ttlSeconds: 9 }).metadata.ttlSeconds).toBe(9);
  });
});

describe('breakingChanges', () => {
  const object = (properties: Record<string, JsonSchema>, required: readonly string[] = []): JsonSchema => ({
    type: 'object',
    properties,
    required,
  });
  const text: JsonSchema = { type: 'string' };
  const of = (before: JsonSchema, after: JsonSchema) => breakingChanges(before, after);

  it('allows what only adds', () => {
    expect(of(object({ a: text }, ['a']), object({ a: text, b: text }, ['a']))).toEqual([]);
    expect(of({ enum: ['a'] }, { enum: ['a', 'b'] })).toEqual([]);
    expect(
      of(object({ a: { ...text, description: 'x' } }), object({ a: { ...text, description: 'y' } })),
    ).toEqual([]);
  });

  it.each<[string, JsonSchema, JsonSchema, string]>([
    ['a removed member', object({ a: text }), object({}), '$.a: removed'],
    ['a member newly required', object({ a: text }), object({ a: text }, ['a']), '$.a: newly required'],
    [
      'a member no longer guaranteed',
      object({ a: text }, ['a']),
      object({ a: text }),
      '$.a: no longer guaranteed',
    ],
    [
      'another type',
      object({ a: text }),
      object({ a: { type: 'number' } }),
      '$.a: type changed from "string" to "number"',
    ],
    ['an enum value removed', { enum: ['a', 'b'] }, { enum: ['a'] }, 'enum value "b" removed'],
    ['an enum taken away', { enum: ['a'] }, {}, 'enum value "a" removed'],
    ['an enum put on', text, { type: 'string', enum: ['a'] }, 'enum'],
    [
      'items of another type',
      { type: 'array', items: text },
      { type: 'array', items: { type: 'number' } },
      '$[]: type changed',
    ],
    ['items no longer described', { type: 'array', items: text }, { type: 'array' }, 'items'],
    [
      'an alternative more',
      { anyOf: [text] },
      { anyOf: [text, { type: 'null' }] },
      'alternatives changed from 1 to 2',
    ],
    [
      'an alternative changed',
      { anyOf: [text, { type: 'null' }] },
      { anyOf: [{ type: 'number' }, { type: 'null' }] },
      '$|0: type changed',
    ],
    [
      'values of a record',
      { type: 'object', additionalProperties: text },
      { type: 'object', additionalProperties: { type: 'number' } },
      'type changed',
    ],
    [
      'unknown members forbidden',
      object({}),
      { ...object({}), additionalProperties: false },
      'additionalProperties',
    ],
    ...(
      [
        'pattern',
        'minimum',
        'maximum',
        'exclusiveMinimum',
        'exclusiveMaximum',
        'minItems',
        'maxItems',
        'minLength',
        'maxLength',
        'format',
        'const',
      ] as const
    ).map((keyword): [string, JsonSchema, JsonSchema, string] => [
      `another ${keyword}`,
      { [keyword]: 1 },
      { [keyword]: 2 },
      `$: ${keyword} changed from 1 to 2`,
    ]),
  ])('names %s', (_, before, after, words) => {
    expect(of(before, after).join()).toContain(words);
  });

  it('finds nothing between the committed schemas and themselves', () => {
    for (const type of EVENT_TYPES) {
      const schema = JSON.parse(
        readFileSync(new URL(`../../../contracts/schemas/${detailType(type)}.json`, import.meta.url), 'utf8'),
      ) as JsonSchema;
      expect(breakingChanges(schema, schema)).toEqual([]);
    }
  });
});
