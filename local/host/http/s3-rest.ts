import type { IncomingHttpHeaders } from 'node:http';
import { AwsError } from '../kernel.ts';
import type { HttpRequest, HttpResponse, Protocol } from './protocol.ts';
import { childText, flatList, parseXml, toXml, type XmlElement } from './xml.ts';

type Members = Readonly<Record<string, unknown>>;

/** How an operation is told apart and carried: `query` is the sub-resource, absent for the plain one. */
interface Operation {
  readonly name: string;
  readonly method: string;
  readonly level: 'service' | 'bucket' | 'object';
  readonly query?: string;
  /** A header whose presence selects this operation. */
  readonly header?: string;
  readonly read: (request: HttpRequest, query: URLSearchParams) => Members;
  readonly write: (
    output: Members,
  ) => Omit<HttpResponse, 'headers'> & { readonly headers?: Readonly<Record<string, string>> };
}

const namespace = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

/** Request headers that are members of object operations. */
const objectHeaders: Readonly<Record<string, string>> = {
  'content-type': 'ContentType',
  'content-disposition': 'ContentDisposition',
  'cache-control': 'CacheControl',
  'content-language': 'ContentLanguage',
  'if-match': 'IfMatch',
  'if-none-match': 'IfNoneMatch',
  'content-md5': 'ContentMD5',
  range: 'Range',
  'x-amz-checksum-crc32': 'ChecksumCRC32',
  'x-amz-checksum-crc32c': 'ChecksumCRC32C',
  'x-amz-checksum-sha1': 'ChecksumSHA1',
  'x-amz-checksum-sha256': 'ChecksumSHA256',
  'x-amz-checksum-mode': 'ChecksumMode',
  'x-amz-sdk-checksum-algorithm': 'ChecksumAlgorithm',
  'x-amz-object-lock-mode': 'ObjectLockMode',
  'x-amz-object-lock-retain-until-date': 'ObjectLockRetainUntilDate',
  'x-amz-object-lock-legal-hold': 'ObjectLockLegalHoldStatus',
  'x-amz-bypass-governance-retention': 'BypassGovernanceRetention',
  'x-amz-server-side-encryption': 'ServerSideEncryption',
  'x-amz-server-side-encryption-aws-kms-key-id': 'SSEKMSKeyId',
  'x-amz-server-side-encryption-bucket-key-enabled': 'BucketKeyEnabled',
  'x-amz-storage-class': 'StorageClass',
  'x-amz-tagging': 'Tagging',
  'x-amz-copy-source': 'CopySource',
  'x-amz-metadata-directive': 'MetadataDirective',
  'x-amz-expected-bucket-owner': 'ExpectedBucketOwner',
};

/** Headers of other `x-amz-` names that change what is stored are refused rather than ignored. */
const neutralHeaders =
  /^x-amz-(?:content-sha256|date|security-token|user-agent|decoded-content-length|trailer|meta-.*|request-payer)$/;

/** Response headers by output member. */
const answerHeaders: Readonly<Record<string, string>> = {
  ContentType: 'content-type',
  ContentDisposition: 'content-disposition',
  CacheControl: 'cache-control',
  ContentLanguage: 'content-language',
  ContentRange: 'content-range',
  AcceptRanges: 'accept-ranges',
  ETag: 'etag',
  VersionId: 'x-amz-version-id',
  DeleteMarker: 'x-amz-delete-marker',
  ChecksumCRC32: 'x-amz-checksum-crc32',
  ChecksumCRC32C: 'x-amz-checksum-crc32c',
  ChecksumSHA1: 'x-amz-checksum-sha1',
  ChecksumSHA256: 'x-amz-checksum-sha256',
  ChecksumType: 'x-amz-checksum-type',
  ObjectLockMode: 'x-amz-object-lock-mode',
  ObjectLockLegalHoldStatus: 'x-amz-object-lock-legal-hold',
  ServerSideEncryption: 'x-amz-server-side-encryption',
  SSEKMSKeyId: 'x-amz-server-side-encryption-aws-kms-key-id',
  BucketKeyEnabled: 'x-amz-server-side-encryption-bucket-key-enabled',
  StorageClass: 'x-amz-storage-class',
  BucketRegion: 'x-amz-bucket-region',
};

const operations: readonly Operation[] = [
  { name: 'ListBuckets', method: 'GET', level: 'service', read: () => ({}), write: listBuckets },
  { name: 'HeadBucket', method: 'HEAD', level: 'bucket', read: () => ({}), write: headersOnly(200) },
  {
    name: 'GetBucketVersioning',
    method: 'GET',
    level: 'bucket',
    query: 'versioning',
    read: () => ({}),
    write: document('VersioningConfiguration'),
  },
  {
    name: 'GetBucketLocation',
    method: 'GET',
    level: 'bucket',
    query: 'location',
    read: () => ({}),
    write: () => xml('LocationConstraint', {}),
  },
  {
    name: 'GetObjectLockConfiguration',
    method: 'GET',
    level: 'bucket',
    query: 'object-lock',
    read: () => ({}),
    write: payload('ObjectLockConfiguration'),
  },
  {
    name: 'GetBucketEncryption',
    method: 'GET',
    level: 'bucket',
    query: 'encryption',
    read: () => ({}),
    write: payload('ServerSideEncryptionConfiguration'),
  },
  {
    name: 'ListObjectVersions',
    method: 'GET',
    level: 'bucket',
    query: 'versions',
    read: readList,
    write: listVersions,
  },
  {
    name: 'ListObjectsV2',
    method: 'GET',
    level: 'bucket',
    query: 'list-type',
    read: readList,
    write: listObjects,
  },
  {
    name: 'DeleteObjects',
    method: 'POST',
    level: 'bucket',
    query: 'delete',
    read: readDeleteObjects,
    write: deleteResult,
  },
  {
    name: 'PutObjectRetention',
    method: 'PUT',
    level: 'object',
    query: 'retention',
    read: readRetention,
    write: headersOnly(200),
  },
  {
    name: 'GetObjectRetention',
    method: 'GET',
    level: 'object',
    query: 'retention',
    read: readObject,
    write: payload('Retention'),
  },
  {
    name: 'PutObjectLegalHold',
    method: 'PUT',
    level: 'object',
    query: 'legal-hold',
    read: readLegalHold,
    write: headersOnly(200),
  },
  {
    name: 'GetObjectLegalHold',
    method: 'GET',
    level: 'object',
    query: 'legal-hold',
    read: readObject,
    write: payload('LegalHold'),
  },
  {
    name: 'CopyObject',
    method: 'PUT',
    level: 'object',
    header: 'x-amz-copy-source',
    read: readObject,
    write: copyResult,
  },
  {
    name: 'PutObject',
    method: 'PUT',
    level: 'object',
    read: (request, query) => ({ ...readObject(request, query), Body: request.body }),
    write: headersOnly(200),
  },
  { name: 'GetObject', method: 'GET', level: 'object', read: readObject, write: objectContent },
  { name: 'HeadObject', method: 'HEAD', level: 'object', read: readObject, write: objectContent },
  { name: 'DeleteObject', method: 'DELETE', level: 'object', read: readObject, write: headersOnly(204) },
];

/** Query parameters that are not sub-resources. */
const plainParameters = new Set([
  'x-id',
  'prefix',
  'delimiter',
  'max-keys',
  'continuation-token',
  'start-after',
  'key-marker',
  'version-id-marker',
  'encoding-type',
  'fetch-owner',
  'versionId',
  'response-content-type',
  'response-content-disposition',
  'partNumber',
]);

/** REST-XML of S3, path style (`/bucket/key`). Bodies are `Buffer`s both ways. */
export const s3Rest: Protocol = {
  decode(request) {
    const [bucket = '', ...rest] = request.path.slice(1).split('/');
    const key = rest.map(decodeURIComponent).join('/');
    const query = new URLSearchParams(request.query);
    const level = bucket === '' ? 'service' : key === '' ? 'bucket' : 'object';
    const subresource = [...query.keys()].find((name) => !plainParameters.has(name));
    const operation = operations.find(
      (candidate) =>
        candidate.method === request.method &&
        candidate.level === level &&
        candidate.query === subresource &&
        (candidate.header === undefined || request.headers[candidate.header] !== undefined),
    );
    if (operation === undefined) {
      throw new AwsError(
        'NotImplemented',
        `${request.method} on a ${level}${subresource === undefined ? '' : `, ?${subresource},`} is not implemented by the embedded host`,
        501,
      );
    }
    const place =
      level === 'service'
        ? {}
        : level === 'bucket'
          ? { Bucket: decodeURIComponent(bucket) }
          : { Bucket: decodeURIComponent(bucket), Key: key };
    return {
      operation: operation.name,
      input: { ...place, ...operation.read(request, query) },
      encode: (output, requestId) => {
        const answer = operation.write(output);
        return { ...answer, headers: { 'x-amz-request-id': requestId, ...answer.headers } };
      },
    };
  },
  encodeError(error, requestId, request) {
    return {
      statusCode: error.statusCode,
      headers: {
        'content-type': 'application/xml',
        'x-amz-request-id': requestId,
        ...headersOf(error.details),
      },
      body: `<?xml version="1.0" encoding="UTF-8"?>${toXml('Error', { Code: error.code, Message: error.message, Resource: decodeURIComponent(request.path), RequestId: requestId })}`,
    };
  },
};

function readObject(request: HttpRequest, query: URLSearchParams): Members {
  const input: Record<string, unknown> = {};
  const metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    const member = objectHeaders[name];
    if (member !== undefined) input[member] = value;
    else if (name.startsWith('x-amz-meta-')) metadata[name.slice('x-amz-meta-'.length)] = String(value);
    else if (name.startsWith('x-amz-') && !neutralHeaders.test(name)) {
      throw new AwsError('NotImplemented', `the header ${name} is not implemented by the embedded host`, 501);
    }
  }
  const encoding = contentEncoding(request.headers);
  if (encoding !== '') input['ContentEncoding'] = encoding;
  if (Object.keys(metadata).length > 0) input['Metadata'] = metadata;
  const version = query.get('versionId');
  if (version !== null) input['VersionId'] = version;
  return input;
}

/** `aws-chunked` belongs to the transport, not to the object. */
function contentEncoding(headers: IncomingHttpHeaders): string {
  return String(headers['content-encoding'] ?? '')
    .split(',')
    .map((encoding) => encoding.trim())
    .filter((encoding) => encoding !== '' && encoding !== 'aws-chunked')
    .join(', ');
}

function readList(_: HttpRequest, query: URLSearchParams): Members {
  const members: Record<string, string> = {
    prefix: 'Prefix',
    delimiter: 'Delimiter',
    'max-keys': 'MaxKeys',
    'continuation-token': 'ContinuationToken',
    'start-after': 'StartAfter',
    'key-marker': 'KeyMarker',
    'version-id-marker': 'VersionIdMarker',
    'encoding-type': 'EncodingType',
  };
  const input: Record<string, unknown> = {};
  for (const [parameter, member] of Object.entries(members)) {
    const value = query.get(parameter);
    if (value !== null) input[member] = parameter === 'max-keys' ? Number(value) : value;
  }
  return input;
}

function readBody(request: HttpRequest): XmlElement {
  try {
    return parseXml(request.body.toString('utf8'));
  } catch (cause) {
    throw new AwsError('MalformedXML', cause instanceof Error ? cause.message : 'the XML is not well formed');
  }
}

function readDeleteObjects(request: HttpRequest, query: URLSearchParams): Members {
  const root = readBody(request);
  const objects = root.children
    .filter(({ name }) => name === 'Object')
    .map((object) => ({ Key: childText(object, 'Key'), VersionId: childText(object, 'VersionId') }));
  return {
    ...readObject(request, query),
    Delete: { Objects: objects, Quiet: childText(root, 'Quiet') === 'true' },
  };
}

function readRetention(request: HttpRequest, query: URLSearchParams): Members {
  const root = readBody(request);
  return {
    ...readObject(request, query),
    Retention: { Mode: childText(root, 'Mode'), RetainUntilDate: childText(root, 'RetainUntilDate') },
  };
}

function readLegalHold(request: HttpRequest, query: URLSearchParams): Members {
  return { ...readObject(request, query), LegalHold: { Status: childText(readBody(request), 'Status') } };
}

function headersOf(output: Members): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [member, name] of Object.entries(answerHeaders)) {
    if (output[member] !== undefined) headers[name] = String(output[member]);
  }
  if (output['LastModified'] instanceof Date) headers['last-modified'] = output['LastModified'].toUTCString();
  if (output['ObjectLockRetainUntilDate'] instanceof Date)
    headers['x-amz-object-lock-retain-until-date'] = output['ObjectLockRetainUntilDate'].toISOString();
  for (const [name, value] of Object.entries((output['Metadata'] ?? {}) as Record<string, string>))
    headers[`x-amz-meta-${name}`] = value;
  return headers;
}

function headersOnly(statusCode: number): Operation['write'] {
  return (output) => ({ statusCode, headers: headersOf(output), body: '' });
}

function objectContent(output: Members): ReturnType<Operation['write']> {
  const encoding: Record<string, string> =
    output['ContentEncoding'] === undefined ? {} : { 'content-encoding': String(output['ContentEncoding']) };
  return {
    statusCode: output['ContentRange'] === undefined ? 200 : 206,
    headers: { ...headersOf(output), ...encoding, 'content-length': String(output['ContentLength']) },
    body: (output['Body'] as Uint8Array | undefined) ?? '',
  };
}

function xml(name: string, output: Members): ReturnType<Operation['write']> {
  const text = toXml(name, output, flatList).replace(`<${name}>`, `<${name}${namespace}>`);
  return {
    statusCode: 200,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?>${text}`,
  };
}

function document(name: string): Operation['write'] {
  return (output) => xml(name, output);
}

function payload(name: string): Operation['write'] {
  return (output) => xml(name, output[name] as Members);
}

function copyResult(output: Members): ReturnType<Operation['write']> {
  const answer = xml('CopyObjectResult', output['CopyObjectResult'] as Members);
  return { ...answer, headers: { ...answer.headers, ...headersOf(output) } };
}

function deleteResult(output: Members): ReturnType<Operation['write']> {
  return xml('DeleteResult', { Deleted: output['Deleted'], Error: output['Errors'] });
}

function listBuckets(output: Members): ReturnType<Operation['write']> {
  return xml('ListAllMyBucketsResult', { Buckets: { Bucket: output['Buckets'] } });
}

function listObjects(output: Members): ReturnType<Operation['write']> {
  return xml('ListBucketResult', output);
}

function listVersions(output: Members): ReturnType<Operation['write']> {
  const { Versions, DeleteMarkers, ...rest } = output;
  return xml('ListVersionsResult', { ...rest, Version: Versions, DeleteMarker: DeleteMarkers });
}
