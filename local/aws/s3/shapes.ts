import * as z from 'zod';

/** Inputs of the S3 API as the host takes them; a member that is not listed is refused by name. */

const place = {
  Bucket: z.string(),
  Key: z.string().min(1).max(1024),
  ExpectedBucketOwner: z.string().optional(),
};
const VersionId = z.string().optional();
const flag = z
  .union([z.boolean(), z.enum(['true', 'false']).transform((word) => word === 'true')])
  .default(false);
const instant = z.union([z.date(), z.iso.datetime({ offset: true }).transform((text) => new Date(text))]);
const mode = z.enum(['GOVERNANCE', 'COMPLIANCE']);
const hold = z.enum(['ON', 'OFF']);

/** What is stored with an object as it was given. */
const stored = {
  ContentType: z.string().optional(),
  ContentDisposition: z.string().optional(),
  ContentEncoding: z.string().optional(),
  ContentLanguage: z.string().optional(),
  CacheControl: z.string().optional(),
  Metadata: z.record(z.string(), z.string()).optional(),
  StorageClass: z.string().optional(),
  ServerSideEncryption: z.string().optional(),
  SSEKMSKeyId: z.string().optional(),
  BucketKeyEnabled: z.union([z.boolean(), z.string()]).optional(),
};
export const storedMembers = Object.keys(stored);

const lock = {
  ObjectLockMode: mode.optional(),
  ObjectLockRetainUntilDate: instant.optional(),
  ObjectLockLegalHoldStatus: hold.optional(),
};
const checksums = {
  ChecksumAlgorithm: z.string().optional(),
  ChecksumCRC32: z.string().optional(),
  ChecksumCRC32C: z.string().optional(),
  ChecksumSHA1: z.string().optional(),
  ChecksumSHA256: z.string().optional(),
  ContentMD5: z.string().optional(),
};
const conditions = { IfMatch: z.string().optional(), IfNoneMatch: z.string().optional() };

export const putObject = z.strictObject({
  ...place,
  ...stored,
  ...lock,
  ...checksums,
  ...conditions,
  Body: z.union([z.instanceof(Uint8Array), z.string()]).default(''),
});
export const copyObject = z.strictObject({
  ...place,
  ...stored,
  ...lock,
  ChecksumAlgorithm: z.string().optional(),
  CopySource: z.string(),
  MetadataDirective: z.enum(['COPY', 'REPLACE']).default('COPY'),
});
export const getObject = z.strictObject({
  ...place,
  ...conditions,
  VersionId,
  Range: z.string().optional(),
  ChecksumMode: z.string().optional(),
  ContentType: z.string().optional(),
});
export const deleteObject = z.strictObject({ ...place, VersionId, BypassGovernanceRetention: flag });
export const putRetention = z.strictObject({
  ...place,
  ...checksums,
  VersionId,
  BypassGovernanceRetention: flag,
  ContentType: z.string().optional(),
  Retention: z.strictObject({ Mode: mode.optional(), RetainUntilDate: instant.optional() }),
});
export const putLegalHold = z.strictObject({
  ...place,
  ...checksums,
  VersionId,
  ContentType: z.string().optional(),
  LegalHold: z.strictObject({ Status: hold }),
});
export const objectOnly = z.strictObject({ ...place, VersionId });
export const bucketOnly = z.strictObject({ Bucket: z.string() });
export const deleteObjects = z.strictObject({
  ...checksums,
  Bucket: z.string(),
  ContentType: z.string().optional(),
  ExpectedBucketOwner: z.string().optional(),
  BypassGovernanceRetention: flag,
  Delete: z.strictObject({
    Objects: z.array(z.strictObject({ Key: z.string(), VersionId })).max(1000),
    Quiet: z.boolean().default(false),
  }),
});
const listing = {
  Bucket: z.string(),
  Prefix: z.string().default(''),
  Delimiter: z.string().optional(),
  MaxKeys: z.number().int().min(0).max(1000).default(1000),
};
export const listObjects = z.strictObject({
  ...listing,
  ContinuationToken: z.string().optional(),
  StartAfter: z.string().optional(),
});
export const listVersions = z.strictObject({
  ...listing,
  KeyMarker: z.string().optional(),
  VersionIdMarker: z.string().optional(),
});
