import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listCurrent, listVersions } from '#local/aws/s3/listings.ts';
import { ObjectTable, type ObjectVersion } from '#local/aws/s3/object-table.ts';
import { openStore } from '#local/host/store.ts';

const key = fc
  .array(fc.constantFrom('a', 'b', '/', 'ü'), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join(''));
const write = fc.record({ key, deleteMarker: fc.boolean() });
const request = fc.record({
  Bucket: fc.constant('b'),
  Prefix: fc.constantFrom('', 'a', 'a/', 'ü'),
  Delimiter: fc.constantFrom(undefined, '/', 'b'),
  MaxKeys: fc.integer({ min: 1, max: 3 }),
});

function tableOf(writes: readonly { readonly key: string; readonly deleteMarker: boolean }[]): ObjectTable {
  const table = new ObjectTable(openStore(null));
  for (const [position, { key: name, deleteMarker }] of writes.entries()) {
    const version: ObjectVersion = {
      bucket: 'b',
      key: name,
      versionId: `v${position}`,
      sequence: table.nextSequence(),
      deleteMarker,
      etag: '',
      size: 0,
      lastModified: 0,
      members: {},
      retention: undefined,
      legalHold: false,
      content: '',
    };
    table.put(version);
  }
  return table;
}

const inBytes = (left: string, right: string): number =>
  Buffer.compare(Buffer.from(left), Buffer.from(right));

describe('listings, whatever was written and deleted', () => {
  it('give every current key or common prefix once, in order, page by page', () => {
    fc.assert(
      fc.property(fc.array(write, { maxLength: 12, size: 'max' }), request, (writes, asked) => {
        const current = new Map(writes.map(({ key: name, deleteMarker }) => [name, deleteMarker]));
        const expected = new Set<string>();
        for (const name of [...current.keys()].sort(inBytes)) {
          if (current.get(name) === true || !name.startsWith(asked.Prefix)) continue;
          const at = asked.Delimiter === undefined ? -1 : name.indexOf(asked.Delimiter, asked.Prefix.length);
          expected.add(at < 0 ? name : name.slice(0, at + 1));
        }

        const table = tableOf(writes);
        const listed: string[] = [];
        let after = '';
        for (let pages = 0; pages <= expected.size; pages++) {
          const page = listCurrent(table, asked, after);
          const given = [...page.versions.map(({ key: name }) => name), ...page.commonPrefixes];
          expect(given.length).toBeLessThanOrEqual(asked.MaxKeys);
          listed.push(...given.sort(inBytes));
          if (page.next === undefined) break;
          after = page.next;
        }

        expect(listed).toEqual([...expected]);
      }),
      { numRuns: 200 },
    );
  });

  it('give every version once, newest first within a key, page by page', () => {
    fc.assert(
      fc.property(fc.array(write, { maxLength: 10 }), fc.integer({ min: 1, max: 3 }), (writes, MaxKeys) => {
        const table = tableOf(writes);
        const expected = writes
          .map(({ key: name }, position) => ({ name, position }))
          .sort((left, right) => inBytes(left.name, right.name) || right.position - left.position);

        const listed: string[] = [];
        const latest = new Set<string>();
        let after: { readonly key: string; readonly versionId: string | undefined } | undefined;
        for (let pages = 0; pages <= writes.length; pages++) {
          const page = listVersions(table, { Bucket: 'b', Prefix: '', MaxKeys }, after);
          for (const version of page.versions) {
            listed.push(version.versionId);
            if (version.isLatest) latest.add(version.versionId);
          }
          const last = page.versions.at(-1);
          if (!page.more || last === undefined) break;
          after = last;
        }

        expect(listed).toEqual(expected.map(({ position }) => `v${position}`));
        expect(latest).toEqual(
          new Set([...new Map(writes.map(({ key: name }, position) => [name, `v${position}`])).values()]),
        );
      }),
      { numRuns: 100 },
    );
  });
});
