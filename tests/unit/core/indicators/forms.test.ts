import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const FOLDER = join(import.meta.dirname, '../../../../core/indicators');
/** What indicators are made of, and no indicators. */
const PARTS = ['checkPeriod', 'checkLengths', 'typicalPrice', 'trueRangeOf'];
/** Where the column form says more in its name than the stream's. */
const STREAM_OF: Readonly<Record<string, string>> = { sessionVwap: 'Vwap' };

const modules = await Promise.all(
  readdirSync(FOLDER).map(
    (file) => import(join(FOLDER, file)) as Promise<Readonly<Record<string, (() => unknown) | undefined>>>,
  ),
);
const exported = modules.flatMap((module) => Object.keys(module));
const columnForms = exported.filter((name) => /^[a-z]/.test(name) && !PARTS.includes(name));

describe('every indicator over a column', () => {
  it.each(columnForms)('%s has a form for streams', (name) => {
    const stream = STREAM_OF[name] ?? `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    expect(exported).toContain(stream);
    const form = modules.find((module) => stream in module)?.[stream];
    for (const method of ['update', 'reset']) expect(method in (form?.prototype ?? {}), method).toBe(true);
  });

  it('are all there', () => {
    expect(columnForms.length).toBeGreaterThanOrEqual(26);
  });
});
