import { AwsError } from '../kernel.ts';
import type { Protocol } from './protocol.ts';
import { toXml } from './xml.ts';

/** A node of the flattened parameters while they are being put together. */
type Node = { [name: string]: Node | string };

const namespaces: Readonly<Record<string, string>> = {
  '2010-03-31': 'http://sns.amazonaws.com/doc/2010-03-31/',
  '2011-06-15': 'https://sts.amazonaws.com/doc/2011-06-15/',
  '2010-08-01': 'http://monitoring.amazonaws.com/doc/2010-08-01/',
};

/**
 * The AWS query protocol: flattened form parameters in, XML out. Values stay text (the services that speak it have
 * little else); `member.N` becomes a list, `entry.N` an object by its key.
 */
export const awsQuery: Protocol = {
  decode(request) {
    const root: Node = {};
    for (const [name, value] of new URLSearchParams(request.body.toString('utf8') || request.query))
      insert(root, name.split('.'), value);
    const { Action, Version, ...rest } = root;
    if (typeof Action !== 'string')
      throw new AwsError('MissingAction', 'the request has no Action parameter');
    const namespace = namespaces[String(Version)] ?? '';
    return {
      operation: Action,
      input: Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, assemble(value)])),
      encode: (output, requestId) => ({
        statusCode: 200,
        headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
        body: `<${Action}Response xmlns="${namespace}">${toXml(`${Action}Result`, output)}<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${Action}Response>`,
      }),
    };
  },
  encodeError(error, requestId) {
    const type = error.statusCode >= 500 ? 'Receiver' : 'Sender';
    return {
      statusCode: error.statusCode,
      headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
      body: `<ErrorResponse>${toXml('Error', { Type: type, Code: error.code.replace(/Exception$/, ''), Message: error.message })}<RequestId>${requestId}</RequestId></ErrorResponse>`,
    };
  },
};

function insert(node: Node, path: readonly string[], value: string): void {
  const [head, ...tail] = path;
  if (head === undefined) return;
  if (tail.length === 0) {
    node[head] = value;
    return;
  }
  const existing = node[head];
  const next: Node = typeof existing === 'object' ? existing : {};
  node[head] = next;
  insert(next, tail, value);
}

function assemble(value: Node | string): unknown {
  if (typeof value === 'string') return value;
  const names = Object.keys(value);
  if (names.length === 1 && names[0] === 'member' && typeof value['member'] === 'object')
    return byPosition(value['member']).map(assemble);
  if (names.length === 1 && names[0] === 'entry' && typeof value['entry'] === 'object') {
    return Object.fromEntries(
      byPosition(value['entry']).map((entry) => {
        if (typeof entry === 'string')
          throw new AwsError('MalformedInput', 'an entry of a map needs a key and a value');
        return [String(entry['key'] ?? entry['Name']), assemble(entry['value'] ?? entry['Value'] ?? '')];
      }),
    );
  }
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, assemble(item)]));
}

function byPosition(node: Node): (Node | string)[] {
  return Object.keys(node)
    .sort((left, right) => Number(left) - Number(right))
    .map((position) => node[position]!);
}
