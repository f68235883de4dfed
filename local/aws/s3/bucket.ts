import * as z from 'zod';
import type { Resource, ResourceType } from '../../host/kernel.ts';
import { templateBoolean } from '../../host/parameters.ts';
import { physicalName } from '../../host/physical-name.ts';

/** A bucket as the template declares it. */
export interface Bucket {
  readonly name: string;
  readonly arn: string;
  readonly versioned: boolean;
  readonly objectLock: boolean;
  readonly defaultRetention:
    | {
        readonly mode: 'GOVERNANCE' | 'COMPLIANCE';
        readonly days: number | undefined;
        readonly years: number | undefined;
      }
    | undefined;
  readonly encryption: { readonly algorithm: string; readonly keyId: string | undefined };
  readonly createdAt: number;
}

const bucketProperties = z.object({
  VersioningConfiguration: z.object({ Status: z.enum(['Enabled', 'Suspended']) }).optional(),
  ObjectLockEnabled: templateBoolean.default(false),
  ObjectLockConfiguration: z
    .object({
      ObjectLockEnabled: z.literal('Enabled').optional(),
      Rule: z
        .object({
          DefaultRetention: z.object({
            Mode: z.enum(['GOVERNANCE', 'COMPLIANCE']),
            Days: z.coerce.number().optional(),
            Years: z.coerce.number().optional(),
          }),
        })
        .optional(),
    })
    .optional(),
  BucketEncryption: z
    .object({
      ServerSideEncryptionConfiguration: z.array(
        z.object({
          ServerSideEncryptionByDefault: z
            .object({ SSEAlgorithm: z.string(), KMSMasterKeyID: z.string().optional() })
            .optional(),
          BucketKeyEnabled: templateBoolean.optional(),
        }),
      ),
    })
    .optional(),
});

/** `AWS::S3::Bucket`. Suspended versioning counts as none: the host never had versions to keep under it. */
export function bucketType(create: (bucket: Bucket) => void, now: () => number): ResourceType {
  return {
    type: 'AWS::S3::Bucket',
    properties: {
      honoured: ['BucketName', ...Object.keys(bucketProperties.shape)],
      withoutLocalEffect: [
        'PublicAccessBlockConfiguration',
        'OwnershipControls',
        'AccessControl',
        'LifecycleConfiguration',
        'LoggingConfiguration',
        'IntelligentTieringConfigurations',
        'InventoryConfigurations',
        'MetricsConfigurations',
        'AccelerateConfiguration',
        'CorsConfiguration',
        'Tags',
      ],
    },
    identify: (resource) => {
      const name = physicalName(resource, 'BucketName', 63).toLowerCase();
      const domain = `${name}.s3.amazonaws.com`;
      return {
        ref: name,
        attributes: { Arn: `arn:aws:s3:::${name}`, DomainName: domain, RegionalDomainName: domain },
      };
    },
    create: (resource) => create(readBucket(resource, now())),
  };
}

function readBucket({ properties, identity }: Resource, createdAt: number): Bucket {
  const parsed = bucketProperties.parse(properties);
  const rule = parsed.ObjectLockConfiguration?.Rule?.DefaultRetention;
  const encryption =
    parsed.BucketEncryption?.ServerSideEncryptionConfiguration[0]?.ServerSideEncryptionByDefault;
  return {
    name: identity.ref,
    arn: identity.attributes['Arn']!,
    // Object Lock needs versions, and turns them on.
    versioned: parsed.VersioningConfiguration?.Status === 'Enabled' || parsed.ObjectLockEnabled,
    objectLock: parsed.ObjectLockEnabled,
    defaultRetention:
      rule === undefined ? undefined : { mode: rule.Mode, days: rule.Days, years: rule.Years },
    encryption: { algorithm: encryption?.SSEAlgorithm ?? 'AES256', keyId: encryption?.KMSMasterKeyID },
    createdAt,
  };
}

/** `AWS::S3::BucketPolicy`. */
export function bucketPolicyType(put: (bucketArn: string, document: unknown) => void): ResourceType {
  return {
    type: 'AWS::S3::BucketPolicy',
    properties: { honoured: ['Bucket', 'PolicyDocument'], withoutLocalEffect: [] },
    identify: ({ properties }) => ({ ref: String(properties['Bucket']), attributes: {} }),
    create: ({ properties }) =>
      put(`arn:aws:s3:::${String(properties['Bucket'])}`, properties['PolicyDocument']),
  };
}
