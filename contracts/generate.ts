/**
 * Writes the JSON Schema of every event to `contracts/schemas/` (`npm run contracts:generate`), or checks that what is
 * committed is what the code says and breaks nobody (`npm run contracts:check`): same major version, additions only.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { breakingChanges, type JsonSchema } from './compatibility.ts';
import { metadataSchema } from './envelope.ts';
import { detailType, EVENT_TYPES, EVENTS } from './registry.ts';

const directory = join(import.meta.dirname, 'schemas');
const checking = process.argv.includes('--check');
const problems: string[] = [];
mkdirSync(directory, { recursive: true });

const expected = new Set<string>();
for (const type of EVENT_TYPES) {
  const name = detailType(type);
  const file = join(directory, `${name}.json`);
  expected.add(`${name}.json`);
  const schema = z.toJSONSchema(z.object({ metadata: metadataSchema, data: EVENTS[type].data }), {
    io: 'output',
  });
  const text = `${JSON.stringify({ title: name, ...schema }, null, 1)}\n`;
  const committed = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  if (committed !== undefined) {
    const breaking = breakingChanges(JSON.parse(committed) as JsonSchema, JSON.parse(text) as JsonSchema);
    problems.push(...breaking.map((change) => `${name}: ${change}; raise the major version instead`));
  }
  if (checking && committed !== text)
    problems.push(`${name}: the committed schema is not the code's; run npm run contracts:generate`);
  if (!checking && (committed === undefined || process.argv.includes('--force') || problems.length === 0))
    writeFileSync(file, text);
}
for (const file of readdirSync(directory)) {
  if (!expected.has(file))
    problems.push(
      `${file}: the event is gone from the registry; events are kept as long as journals hold them`,
    );
}
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exitCode = 1;
} else console.error(`contracts: ${EVENT_TYPES.length} event schemas ${checking ? 'checked' : 'written'}`);
