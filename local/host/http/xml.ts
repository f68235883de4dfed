/** Escapes text for an XML element. Carriage returns would be normalised away by the reader otherwise. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"'\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/**
 * Writes a value as XML: an object as its members, a list by `list`, a `Map` as `<entry><key/><value/></entry>`
 * (maps of the query protocol), bytes as base64, undefined as nothing.
 */
export function toXml(
  name: string,
  value: unknown,
  list: (name: string, items: readonly unknown[]) => string = wrappedList,
): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return list(name, value);
  return `<${name}>${content(value, list)}</${name}>`;
}

/** `<Names><member>…</member></Names>`, as the query protocol writes lists. */
export function wrappedList(name: string, items: readonly unknown[]): string {
  return `<${name}>${items.map((item) => toXml('member', item, wrappedList)).join('')}</${name}>`;
}

/** `<Name>…</Name><Name>…</Name>`, as S3 writes most lists. */
export function flatList(name: string, items: readonly unknown[]): string {
  return items.map((item) => toXml(name, item, flatList)).join('');
}

function content(value: unknown, list: (name: string, items: readonly unknown[]) => string): string {
  if (value instanceof Map) {
    return [...value]
      .map(([key, item]) => `<entry>${toXml('key', key, list)}${toXml('value', item, list)}</entry>`)
      .join('');
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .map(([name, item]) => toXml(name, item, list))
      .join('');
  }
  return escapeXml(String(value));
}

/** An element of a parsed document. */
export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

/** First child of that name. */
export function child(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((candidate) => candidate.name === name);
}

/** Text of the first child of that name; undefined where there is none. */
export function childText(element: XmlElement | undefined, name: string): string | undefined {
  return child(element, name)?.text;
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * Reads the small documents that S3 clients send: elements and text; attributes, comments and declarations are skipped.
 * @throws SyntaxError where tags do not match.
 */
export function parseXml(text: string): XmlElement {
  const stack: { name: string; text: string; children: XmlElement[] }[] = [
    { name: '', text: '', children: [] },
  ];
  for (const match of text.matchAll(/<\?[^>]*\?>|<!--[\s\S]*?-->|<(\/?)([^\s/>]+)([^>]*?)(\/?)>|([^<]+)/g)) {
    const [, closing, name, , empty, characters] = match;
    const top = stack.at(-1)!;
    if (characters !== undefined) top.text += decodeEntities(characters);
    else if (name === undefined) continue;
    else if (closing === '/') {
      if (top.name !== name || stack.length < 2)
        throw new SyntaxError(`unexpected </${name}> in the request's XML`);
      stack.pop();
      stack.at(-1)!.children.push(top);
    } else if (empty === '/') top.children.push({ name, text: '', children: [] });
    else stack.push({ name, text: '', children: [] });
  }
  const root = stack[0]!.children[0];
  if (stack.length !== 1 || root === undefined)
    throw new SyntaxError('the request has no complete XML document');
  return root;
}

function decodeEntities(text: string): string {
  return text.replace(/&(#x[0-9a-f]+|#\d+|\w+);/gi, (whole, body: string) => {
    if (body.startsWith('#x')) return String.fromCodePoint(Number.parseInt(body.slice(2), 16));
    if (body.startsWith('#')) return String.fromCodePoint(Number(body.slice(1)));
    return entities[body] ?? whole;
  });
}
