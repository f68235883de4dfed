import type * as z from 'zod';
import {
  AwsError,
  type AwsService,
  type Caller,
  type ResourceType,
  type ServiceCall,
} from '../../host/kernel.ts';
import { parseParameters, unknownOperation } from '../../host/parameters.ts';
import type { ServiceParts } from '../../host/service-parts.ts';
import { transaction } from '../../host/store.ts';
import type { KeyDirectory } from '../sqs/sqs.ts';
import { type Bucket, bucketPolicyType, bucketType } from './bucket.ts';
import { checksumMembers, etagOf, verifyChecksums } from './checksums.ts';
import { createContentStore } from './content-store.ts';
import { listCurrent, listVersions } from './listings.ts';
import { changedRetention, initialRetention, requireDeletable } from './object-lock.ts';
import { ObjectTable, type ObjectVersion } from './object-table.ts';
import { deletePermissions, parseCopySource, s3Permissions } from './permissions.ts';
import * as shapes from './shapes.ts';

/** S3 in the host. */
export interface S3Host {
  readonly service: AwsService;
  readonly types: readonly ResourceType[];
}

type Output = Record<string, unknown>;

/**
 * S3: buckets of the template with versions, Object Lock, conditional writes, checksums, ranges, listings, policies.
 *
 * Not modelled: buckets made through the API, multipart uploads, tags, ACLs and public access, lifecycle rules (accepted,
 * nothing expires), replication, event notifications, presigned URLs, S3 Select, encoding of keys in listings. Encryption
 * settings are recorded and ask for the key's permissions; contents lie on disk as they are.
 */
export function createS3(parts: ServiceParts, keys: KeyDirectory): S3Host {
  const { context, authorizer } = parts;
  const buckets = new Map<string, Bucket>();
  const table = new ObjectTable(context.store);
  const contents = createContentStore(context.directory);

  const bucketOf = (name: string): Bucket => {
    const bucket = buckets.get(name);
    if (bucket === undefined)
      throw new AwsError('NoSuchBucket', `The specified bucket does not exist: ${name}`, 404);
    return bucket;
  };

  /** AWS does not tell somebody who may not list a bucket whether a key exists. */
  const missing = (caller: Caller, bucket: Bucket, key: string, versionId: string | undefined): AwsError => {
    const mayList = authorizer.isAllowed(caller, {
      action: 's3:ListBucket',
      resource: bucket.arn,
      context: { 's3:prefix': key },
    });
    if (!mayList)
      return new AwsError(
        'AccessDenied',
        `User: ${authorizer.arnOf(caller)} is not authorized to perform: s3:ListBucket on resource: ${bucket.arn}, so whether ${key} exists is not told`,
        403,
      );
    return versionId === undefined
      ? new AwsError('NoSuchKey', 'The specified key does not exist.', 404)
      : new AwsError('NoSuchVersion', 'The specified version does not exist.', 404);
  };

  const findVersion = (
    caller: Caller,
    bucket: Bucket,
    key: string,
    versionId: string | undefined,
  ): ObjectVersion => {
    const version =
      versionId === undefined ? table.current(bucket.name, key) : table.version(bucket.name, key, versionId);
    if (version === undefined) throw missing(caller, bucket, key, versionId);
    if (version.deleteMarker) {
      if (versionId !== undefined)
        throw new AwsError(
          'MethodNotAllowed',
          'The specified method is not allowed against this resource.',
          405,
          { DeleteMarker: true },
        );
      const error = missing(caller, bucket, key, undefined);
      throw new AwsError(error.code, error.message, error.statusCode, {
        DeleteMarker: true,
        VersionId: version.versionId,
      });
    }
    return version;
  };

  const put = (bucket: Bucket, input: z.infer<typeof shapes.putObject>): ObjectVersion => {
    const body = Buffer.from(input.Body);
    const now = context.clock.now();
    const checksums = verifyChecksums(body, input);
    const retention = initialRetention(bucket, input, now);
    return transaction(context.store, () => {
      const current = table.current(bucket.name, input.Key);
      const existing = current?.deleteMarker === true ? undefined : current;
      if (input.IfNoneMatch !== undefined) {
        if (input.IfNoneMatch !== '*')
          throw new AwsError('NotImplemented', 'If-None-Match of a write takes only *', 501);
        if (existing !== undefined) throw preconditionFailed();
      }
      if (input.IfMatch !== undefined) {
        if (existing === undefined) throw new AwsError('NoSuchKey', 'The specified key does not exist.', 404);
        if (!sameTag(existing.etag, input.IfMatch)) throw preconditionFailed();
      }
      const sequence = table.nextSequence();
      const content = `${bucket.name}-${String(sequence).padStart(12, '0')}`;
      const members: Output = { ...checksums, ...encryptionMembers(bucket, input) };
      for (const member of shapes.storedMembers) {
        const value = (input as Output)[member];
        if (value !== undefined) members[member] = value;
      }
      const version: ObjectVersion = {
        bucket: bucket.name,
        key: input.Key,
        versionId: bucket.versioned ? context.nextId('s3-version') : 'null',
        sequence,
        deleteMarker: false,
        etag: etagOf(body),
        size: body.length,
        lastModified: now,
        members,
        retention,
        legalHold: input.ObjectLockLegalHoldStatus === 'ON',
        content,
      };
      contents.write(content, body);
      table.put(version);
      if (!bucket.versioned && existing !== undefined) contents.remove(existing.content);
      return version;
    });
  };

  const remove = (bucket: Bucket, key: string, versionId: string | undefined, bypass: boolean): Output => {
    const now = context.clock.now();
    if (versionId === undefined && bucket.versioned) {
      const marker: ObjectVersion = {
        bucket: bucket.name,
        key,
        versionId: context.nextId('s3-version'),
        sequence: table.nextSequence(),
        deleteMarker: true,
        etag: '',
        size: 0,
        lastModified: now,
        members: {},
        retention: undefined,
        legalHold: false,
        content: '',
      };
      table.put(marker);
      return { DeleteMarker: true, VersionId: marker.versionId };
    }
    const version = table.version(bucket.name, key, versionId ?? 'null');
    if (version === undefined) return versionId === undefined ? {} : { VersionId: versionId };
    requireDeletable(version, bypass, now);
    table.delete(version);
    if (version.content !== '') contents.remove(version.content);
    return {
      ...(bucket.versioned ? { VersionId: version.versionId } : {}),
      ...(version.deleteMarker ? { DeleteMarker: true } : {}),
    };
  };

  const describe = (version: ObjectVersion): Output => {
    const lock: Output = {};
    if (version.retention !== undefined) {
      lock['ObjectLockMode'] = version.retention.mode;
      lock['ObjectLockRetainUntilDate'] = new Date(version.retention.until);
    }
    if (version.legalHold) lock['ObjectLockLegalHoldStatus'] = 'ON';
    return {
      ContentType: 'binary/octet-stream',
      ...version.members,
      ...lock,
      ETag: version.etag,
      LastModified: new Date(version.lastModified),
      AcceptRanges: 'bytes',
      ...(version.versionId === 'null' ? {} : { VersionId: version.versionId }),
    };
  };

  const read = (call: ServiceCall): Output => {
    const input = parseParameters(call, shapes.getObject, 'InvalidArgument');
    const version = findVersion(call.caller, bucketOf(input.Bucket), input.Key, input.VersionId);
    if (input.IfMatch !== undefined && !sameTag(version.etag, input.IfMatch)) throw preconditionFailed();
    if (input.IfNoneMatch !== undefined && sameTag(version.etag, input.IfNoneMatch))
      throw new AwsError('NotModified', 'Not Modified', 304, { ETag: version.etag });
    const description = describe(version);
    const range = input.Range === undefined ? undefined : parseRange(input.Range, version.size);
    if (range !== undefined || input.ChecksumMode !== 'ENABLED')
      for (const member of checksumMembers) delete description[member];
    const length = range === undefined ? version.size : range.end - range.start + 1;
    const output: Output = { ...description, ContentLength: length };
    if (range !== undefined) output['ContentRange'] = `bytes ${range.start}-${range.end}/${version.size}`;
    if (call.operation === 'HeadObject') return output;
    const content = contents.read(version.content);
    return { ...output, Body: range === undefined ? content : content.subarray(range.start, range.end + 1) };
  };

  const copy = (call: ServiceCall): Output => {
    const { CopySource, MetadataDirective, ...input } = parseParameters(
      call,
      shapes.copyObject,
      'InvalidArgument',
    );
    const source = parseCopySource(CopySource);
    const original = findVersion(call.caller, bucketOf(source.bucket), source.key, source.versionId);
    const members: Output = MetadataDirective === 'COPY' ? { ...original.members } : {};
    for (const member of [...checksumMembers, 'ServerSideEncryption', 'SSEKMSKeyId', 'BucketKeyEnabled'])
      delete members[member];
    const version = put(bucketOf(input.Bucket), {
      ...members,
      ...input,
      Body: contents.read(original.content),
    } as z.infer<typeof shapes.putObject>);
    return {
      CopyObjectResult: { ETag: version.etag, LastModified: new Date(version.lastModified) },
      ...(version.versionId === 'null' ? {} : { VersionId: version.versionId }),
    };
  };

  const handle = async (call: ServiceCall): Promise<Output> => {
    const invalid = 'InvalidArgument';
    switch (call.operation) {
      case 'ListBuckets':
        return {
          Buckets: [...buckets.values()].map(({ name, createdAt }) => ({
            Name: name,
            CreationDate: new Date(createdAt),
          })),
        };
      case 'HeadBucket':
        bucketOf(parseParameters(call, shapes.bucketOnly, invalid).Bucket);
        return { BucketRegion: context.region };
      case 'GetBucketLocation':
        bucketOf(parseParameters(call, shapes.bucketOnly, invalid).Bucket);
        return {};
      case 'GetBucketVersioning':
        return bucketOf(parseParameters(call, shapes.bucketOnly, invalid).Bucket).versioned
          ? { Status: 'Enabled' }
          : {};
      case 'GetBucketEncryption': {
        const { algorithm, keyId } = bucketOf(
          parseParameters(call, shapes.bucketOnly, invalid).Bucket,
        ).encryption;
        return {
          ServerSideEncryptionConfiguration: {
            Rule: [
              { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: algorithm, KMSMasterKeyID: keyId } },
            ],
          },
        };
      }
      case 'GetObjectLockConfiguration': {
        const bucket = bucketOf(parseParameters(call, shapes.bucketOnly, invalid).Bucket);
        if (!bucket.objectLock)
          throw new AwsError(
            'ObjectLockConfigurationNotFoundError',
            'Object Lock configuration does not exist for this bucket',
            404,
          );
        const rule = bucket.defaultRetention;
        const Rule =
          rule === undefined
            ? undefined
            : { DefaultRetention: { Mode: rule.mode, Days: rule.days, Years: rule.years } };
        return { ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule } };
      }
      case 'PutObject': {
        const input = parseParameters(call, shapes.putObject, invalid);
        const version = put(bucketOf(input.Bucket), input);
        const { ETag, VersionId, ServerSideEncryption, SSEKMSKeyId } = describe(version);
        const checksums = Object.fromEntries(
          checksumMembers.map((member) => [member, version.members[member]]),
        );
        return { ETag, VersionId, ServerSideEncryption, SSEKMSKeyId, ...checksums };
      }
      case 'CopyObject':
        return copy(call);
      case 'GetObject':
      case 'HeadObject':
        return read(call);
      case 'DeleteObject': {
        const input = parseParameters(call, shapes.deleteObject, invalid);
        return remove(bucketOf(input.Bucket), input.Key, input.VersionId, input.BypassGovernanceRetention);
      }
      case 'DeleteObjects':
        return removeAll(call);
      case 'PutObjectRetention': {
        const input = parseParameters(call, shapes.putRetention, invalid);
        const bucket = bucketOf(input.Bucket);
        const version = findVersion(call.caller, bucket, input.Key, input.VersionId);
        const retention = changedRetention(
          bucket,
          version,
          input.Retention,
          input.BypassGovernanceRetention,
          context.clock.now(),
        );
        table.lock(version, retention, version.legalHold);
        return {};
      }
      case 'GetObjectRetention': {
        const input = parseParameters(call, shapes.objectOnly, invalid);
        const { retention } = findVersion(call.caller, bucketOf(input.Bucket), input.Key, input.VersionId);
        if (retention === undefined)
          throw new AwsError(
            'NoSuchObjectLockConfiguration',
            'The specified object does not have a ObjectLock configuration',
            404,
          );
        return { Retention: { Mode: retention.mode, RetainUntilDate: new Date(retention.until) } };
      }
      case 'PutObjectLegalHold': {
        const input = parseParameters(call, shapes.putLegalHold, invalid);
        const bucket = bucketOf(input.Bucket);
        if (!bucket.objectLock)
          throw new AwsError('InvalidRequest', 'Bucket is missing Object Lock Configuration');
        const version = findVersion(call.caller, bucket, input.Key, input.VersionId);
        table.lock(version, version.retention, input.LegalHold.Status === 'ON');
        return {};
      }
      case 'GetObjectLegalHold': {
        const input = parseParameters(call, shapes.objectOnly, invalid);
        return {
          LegalHold: {
            Status: findVersion(call.caller, bucketOf(input.Bucket), input.Key, input.VersionId).legalHold
              ? 'ON'
              : 'OFF',
          },
        };
      }
      case 'ListObjectsV2':
        return list(call);
      case 'ListObjectVersions':
        return listAllVersions(call);
      default:
        throw unknownOperation(call);
    }
  };

  const removeAll = (call: ServiceCall): Output => {
    const {
      Bucket: name,
      Delete,
      BypassGovernanceRetention,
    } = parseParameters(call, shapes.deleteObjects, 'MalformedXML');
    const bucket = bucketOf(name);
    const Deleted: unknown[] = [];
    const Errors: unknown[] = [];
    for (const { Key, VersionId } of Delete.Objects) {
      try {
        authorizer.check(
          call.caller,
          deletePermissions(bucket.arn, Key, VersionId, BypassGovernanceRetention),
        );
        const { DeleteMarker, VersionId: removed } = remove(
          bucket,
          Key,
          VersionId,
          BypassGovernanceRetention,
        );
        const marker = DeleteMarker === true ? { DeleteMarker, DeleteMarkerVersionId: removed } : {};
        if (!Delete.Quiet) Deleted.push({ Key, VersionId, ...marker });
      } catch (cause) {
        if (!(cause instanceof AwsError)) throw cause;
        Errors.push({ Key, VersionId, Code: cause.code, Message: cause.message });
      }
    }
    return { Deleted, Errors };
  };

  const list = (call: ServiceCall): Output => {
    const input = parseParameters(call, shapes.listObjects, 'InvalidArgument');
    const bucket = bucketOf(input.Bucket);
    const after =
      input.ContinuationToken === undefined
        ? (input.StartAfter ?? '')
        : Buffer.from(input.ContinuationToken, 'base64').toString('utf8');
    const page = listCurrent(table, input, after);
    return {
      Name: bucket.name,
      Prefix: input.Prefix,
      Delimiter: input.Delimiter,
      MaxKeys: input.MaxKeys,
      KeyCount: page.versions.length + page.commonPrefixes.length,
      IsTruncated: page.next !== undefined,
      ContinuationToken: input.ContinuationToken,
      NextContinuationToken: page.next === undefined ? undefined : Buffer.from(page.next).toString('base64'),
      Contents: page.versions.map((version) => ({
        Key: version.key,
        LastModified: new Date(version.lastModified),
        ETag: version.etag,
        Size: version.size,
        StorageClass: version.members['StorageClass'] ?? 'STANDARD',
      })),
      CommonPrefixes: page.commonPrefixes.map((Prefix) => ({ Prefix })),
    };
  };

  const listAllVersions = (call: ServiceCall): Output => {
    const input = parseParameters(call, shapes.listVersions, 'InvalidArgument');
    const bucket = bucketOf(input.Bucket);
    const after =
      input.KeyMarker === undefined ? undefined : { key: input.KeyMarker, versionId: input.VersionIdMarker };
    const { versions, commonPrefixes, more } = listVersions(table, input, after);
    const last = versions.at(-1);
    const common = (version: (typeof versions)[number]): Output => ({
      Key: version.key,
      VersionId: version.versionId,
      IsLatest: version.isLatest,
      LastModified: new Date(version.lastModified),
    });
    return {
      Name: bucket.name,
      Prefix: input.Prefix,
      MaxKeys: input.MaxKeys,
      IsTruncated: more,
      NextKeyMarker: more ? last?.key : undefined,
      NextVersionIdMarker: more ? last?.versionId : undefined,
      Versions: versions
        .filter(({ deleteMarker }) => !deleteMarker)
        .map((version) => ({
          ...common(version),
          ETag: version.etag,
          Size: version.size,
          StorageClass: 'STANDARD',
        })),
      DeleteMarkers: versions.filter(({ deleteMarker }) => deleteMarker).map(common),
      CommonPrefixes: commonPrefixes.map((Prefix) => ({ Prefix })),
    };
  };

  const encryptionMembers = (
    bucket: Bucket,
    input: { readonly ServerSideEncryption?: string | undefined; readonly SSEKMSKeyId?: string | undefined },
  ): Output => {
    const algorithm = input.ServerSideEncryption ?? bucket.encryption.algorithm;
    const keyId = input.SSEKMSKeyId ?? bucket.encryption.keyId;
    return {
      ServerSideEncryption: algorithm,
      ...(algorithm === 'aws:kms' && keyId !== undefined ? { SSEKMSKeyId: keys.keyArn(keyId) ?? keyId } : {}),
    };
  };

  return {
    service: { name: 's3', permissions: s3Permissions(buckets, table, keys, context.region), handle },
    types: [
      bucketType(
        (bucket) => void buckets.set(bucket.name, bucket),
        () => context.clock.now(),
      ),
      bucketPolicyType((bucketArn, document) => authorizer.putResourcePolicy(bucketArn, document)),
    ],
  };
}

function preconditionFailed(): AwsError {
  return new AwsError(
    'PreconditionFailed',
    'At least one of the pre-conditions you specified did not hold',
    412,
  );
}

function sameTag(etag: string, given: string): boolean {
  return given === '*' || given.replaceAll('"', '') === etag.replaceAll('"', '');
}

/** One range of bytes; undefined for a form that S3 ignores. @throws AwsError InvalidRange */
function parseRange(
  range: string,
  size: number,
): { readonly start: number; readonly end: number } | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(range);
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const [, first, last] = match;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (start > end) throw new AwsError('InvalidRange', 'The requested range is not satisfiable', 416);
  return { start, end };
}
