import type { AwsService, RequiredPermission } from '../../host/kernel.ts';
import type { KeyDirectory } from '../sqs/sqs.ts';
import type { Bucket } from './bucket.ts';
import type { ObjectTable } from './object-table.ts';

/** What each operation of S3 must be allowed to do, with the keys of encrypted buckets and objects. */
export function s3Permissions(
  buckets: ReadonlyMap<string, Bucket>,
  table: ObjectTable,
  keys: KeyDirectory,
  region: string,
): AwsService['permissions'] {
  const keyPermissions = (
    bucket: Bucket | undefined,
    keyId: unknown,
    actions: readonly string[],
  ): RequiredPermission[] => {
    const resource = bucket === undefined || typeof keyId !== 'string' ? undefined : keys.keyArn(keyId);
    if (resource === undefined) return [];
    const keyContext = {
      'kms:ViaService': `s3.${region}.amazonaws.com`,
      'kms:EncryptionContext:aws:s3:arn': bucket!.arn,
    };
    return actions.map((action) => ({ action, resource, context: keyContext }));
  };

  return (call) => {
    const { input, operation } = call;
    if (operation === 'ListBuckets') return [{ action: 's3:ListAllMyBuckets', resource: '*' }];
    const name = String(input['Bucket']);
    const bucket = buckets.get(name);
    const bucketArn = `arn:aws:s3:::${name}`;
    const objectArn = `${bucketArn}/${String(input['Key'])}`;
    const versionId = typeof input['VersionId'] === 'string' ? input['VersionId'] : undefined;
    const bypass = String(input['BypassGovernanceRetention']) === 'true';
    switch (operation) {
      case 'ListObjectsV2':
        return [
          {
            action: 's3:ListBucket',
            resource: bucketArn,
            context: { 's3:prefix': String(input['Prefix'] ?? '') },
          },
        ];
      case 'ListObjectVersions':
        return [
          {
            action: 's3:ListBucketVersions',
            resource: bucketArn,
            context: { 's3:prefix': String(input['Prefix'] ?? '') },
          },
        ];
      case 'HeadBucket':
        return [{ action: 's3:ListBucket', resource: bucketArn }];
      case 'GetObjectLockConfiguration':
        return [{ action: 's3:GetBucketObjectLockConfiguration', resource: bucketArn }];
      case 'GetBucketEncryption':
        return [{ action: 's3:GetEncryptionConfiguration', resource: bucketArn }];
      case 'DeleteObjects':
        // Each object is authorised by itself, so that one refusal does not stop the others.
        return [];
      case 'GetObject':
      case 'HeadObject': {
        const version =
          versionId === undefined
            ? table.current(name, String(input['Key']))
            : table.version(name, String(input['Key']), versionId);
        return [
          { action: versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion', resource: objectArn },
          ...keyPermissions(bucket, version?.members['SSEKMSKeyId'], ['kms:Decrypt']),
        ];
      }
      case 'DeleteObject':
        return deletePermissions(bucketArn, String(input['Key']), versionId, bypass);
      case 'PutObject':
      case 'CopyObject': {
        const needed: RequiredPermission[] = [
          { action: 's3:PutObject', resource: objectArn, ...writeContext(input) },
        ];
        if (input['ObjectLockMode'] !== undefined)
          needed.push({ action: 's3:PutObjectRetention', resource: objectArn });
        if (input['ObjectLockLegalHoldStatus'] !== undefined)
          needed.push({ action: 's3:PutObjectLegalHold', resource: objectArn });
        if (operation === 'CopyObject') {
          const source = parseCopySource(String(input['CopySource']));
          needed.push({
            action: source.versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion',
            resource: `arn:aws:s3:::${source.bucket}/${source.key}`,
          });
        }
        const keyId =
          input['SSEKMSKeyId'] ??
          (bucket?.encryption.algorithm === 'aws:kms' ? bucket.encryption.keyId : undefined);
        return [...needed, ...keyPermissions(bucket, keyId, ['kms:GenerateDataKey'])];
      }
      case 'PutObjectRetention':
        return [
          { action: 's3:PutObjectRetention', resource: objectArn },
          ...(bypass ? [{ action: 's3:BypassGovernanceRetention', resource: objectArn }] : []),
        ];
      default:
        return [{ action: `s3:${operation}`, resource: input['Key'] === undefined ? bucketArn : objectArn }];
    }
  };
}

/** Deleting the current version, or one by its id, and bypassing governance. */
export function deletePermissions(
  bucketArn: string,
  key: string,
  versionId: string | undefined,
  bypass: boolean,
): RequiredPermission[] {
  const resource = `${bucketArn}/${key}`;
  const action = versionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion';
  return [{ action, resource }, ...(bypass ? [{ action: 's3:BypassGovernanceRetention', resource }] : [])];
}

/** Condition keys of a write that policies commonly look at. */
function writeContext(input: Readonly<Record<string, unknown>>): {
  readonly context?: Record<string, string>;
} {
  const keys = {
    's3:x-amz-server-side-encryption': input['ServerSideEncryption'],
    's3:x-amz-server-side-encryption-aws-kms-key-id': input['SSEKMSKeyId'],
    's3:object-lock-mode': input['ObjectLockMode'],
    's3:object-lock-legal-hold': input['ObjectLockLegalHoldStatus'],
    's3:if-none-match': input['IfNoneMatch'],
  };
  const given = Object.entries(keys).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return given.length === 0 ? {} : { context: Object.fromEntries(given) };
}

/** Bucket, key and version of `x-amz-copy-source`. */
export function parseCopySource(source: string): {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | undefined;
} {
  const [path = '', query = ''] = source.replace(/^\//, '').split('?');
  const slash = path.indexOf('/');
  return {
    bucket: decodeURIComponent(path.slice(0, slash)),
    key: decodeURIComponent(path.slice(slash + 1)),
    versionId: new URLSearchParams(query).get('versionId') ?? undefined,
  };
}
