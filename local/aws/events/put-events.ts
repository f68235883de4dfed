import { AwsError } from '../../host/kernel.ts';

/** An entry of PutEvents that stands up to EventBridge's own checks. */
export interface CheckedEntry {
  readonly source: string;
  readonly detailType: string;
  readonly detailText: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly resources: readonly string[];
  readonly time: number | undefined;
  readonly busReference: string;
}

/** An entry that is refused, while the others of its call are not. */
export interface RefusedEntry {
  readonly ErrorCode: string;
  readonly ErrorMessage: string;
}

const MOST_ENTRIES = 10;
/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html, "Calculating PutEvents event entry size" */
const LARGEST_REQUEST = 256 * 1024;
const TIME_SIZE = 14;

const KNOWN_MEMBERS = new Set([
  'Time',
  'Source',
  'Resources',
  'DetailType',
  'Detail',
  'EventBusName',
  'TraceHeader',
]);

/** Checks a PutEvents call. @throws AwsError `ValidationException` where EventBridge refuses the call as a whole. */
export function checkEntries(
  input: Readonly<Record<string, unknown>>,
): readonly (CheckedEntry | RefusedEntry)[] {
  const entries = input['Entries'];
  if (!Array.isArray(entries) || entries.length === 0 || entries.length > MOST_ENTRIES) {
    throw new AwsError(
      'ValidationException',
      `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and ${MOST_ENTRIES}`,
    );
  }
  if (input['EndpointId'] !== undefined)
    throw new AwsError('ValidationException', 'the local host has no global endpoints (EndpointId)');
  const size = entries.reduce(
    (sum: number, entry: Readonly<Record<string, unknown>>) => sum + entrySize(entry),
    0,
  );
  if (size > LARGEST_REQUEST)
    throw new AwsError('ValidationException', 'Total size of the entries in the request is over the limit.');
  return entries.map(checkEntry);
}

function entrySize(entry: Readonly<Record<string, unknown>>): number {
  let size = entry['Time'] === undefined ? 0 : TIME_SIZE;
  for (const member of ['Source', 'DetailType', 'Detail']) {
    const value = entry[member];
    if (typeof value === 'string') size += Buffer.byteLength(value);
  }
  for (const resource of resourcesOf(entry)) size += Buffer.byteLength(resource);
  return size;
}

function resourcesOf(entry: Readonly<Record<string, unknown>>): readonly string[] {
  const resources = entry['Resources'];
  return Array.isArray(resources) ? resources.map(String) : [];
}

function checkEntry(entry: Readonly<Record<string, unknown>>): CheckedEntry | RefusedEntry {
  for (const member of Object.keys(entry)) {
    if (!KNOWN_MEMBERS.has(member))
      throw new AwsError('ValidationException', `unknown member of a PutEvents entry: ${member}`);
  }
  const { Source: source, DetailType: detailType, Detail: detailText, EventBusName: bus, Time: time } = entry;
  for (const [name, value] of Object.entries({
    Source: source,
    DetailType: detailType,
    Detail: detailText,
  })) {
    if (typeof value !== 'string' || value === '') {
      return {
        ErrorCode: 'InvalidArgument',
        ErrorMessage: `Parameter ${name} is not valid. Reason: ${name} is a required argument.`,
      };
    }
  }
  if (String(detailType).length > 128) {
    return {
      ErrorCode: 'InvalidArgument',
      ErrorMessage:
        'Parameter DetailType is not valid. Reason: DetailType must have length less than or equal to 128.',
    };
  }
  if (String(source).startsWith('aws.')) {
    return {
      ErrorCode: 'NotAuthorizedForSourceException',
      ErrorMessage: `Not authorized for the source ${String(source)}.`,
    };
  }
  const detail = parseObject(String(detailText));
  if (detail === undefined) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  return {
    source: String(source),
    detailType: String(detailType),
    detailText: String(detailText),
    detail,
    resources: resourcesOf(entry),
    time: time === undefined ? undefined : instantOf(time),
    busReference: typeof bus === 'string' && bus !== '' ? bus : 'default',
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The JSON protocol carries instants as seconds since the epoch. */
function instantOf(time: unknown): number {
  const at = typeof time === 'number' ? time * 1000 : Date.parse(String(time));
  if (Number.isNaN(at))
    throw new AwsError('ValidationException', `Time is not an instant: ${JSON.stringify(time)}`);
  return at;
}
