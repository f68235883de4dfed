import type { Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/**
 * The lines of a text file, some at a time, so that the file may be larger than memory. Ends of lines are LF or CRLF and
 * not part of them; a byte order mark is dropped. A line of more than `longest` characters comes cut to `longest + 1`, so
 * that a file without line ends can't fill the memory. The bytes go through `hash` on the way.
 */
export async function* textLines(
  file: string,
  hash: Hash,
  longest: number,
): AsyncGenerator<readonly string[], void, undefined> {
  const decoder = new TextDecoder('utf-8');
  let carried = '';
  for await (const chunk of createReadStream(file)) {
    hash.update(chunk as Buffer);
    const lines = (carried + decoder.decode(chunk as Buffer, { stream: true })).split('\n');
    carried = lines.pop() ?? '';
    if (carried.length > longest) carried = carried.slice(0, longest + 1);
    yield lines.map((line) => lineOf(line, longest));
  }
  carried += decoder.decode();
  if (carried !== '') yield [lineOf(carried, longest)];
}

function lineOf(text: string, longest: number): string {
  const line = text.endsWith('\r') ? text.slice(0, -1) : text;
  return line.length > longest ? line.slice(0, longest + 1) : line;
}
