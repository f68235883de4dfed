import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  NoSuchKey,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServiceHost, startServiceHost } from './service-host.ts';

let host: ServiceHost;
let client: S3Client;
let role: S3Client;

beforeAll(async () => {
  host = await startServiceHost({
    Buckets: {
      Resources: {
        Key: {
          Type: 'AWS::KMS::Key',
          Properties: {
            KeyPolicy: {
              Statement: [
                {
                  Effect: 'Allow',
                  Principal: { AWS: 'arn:aws:iam::000000000000:root' },
                  Action: 'kms:*',
                  Resource: '*',
                },
              ],
            },
          },
        },
        Plain: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'plain' } },
        Versions: {
          Type: 'AWS::S3::Bucket',
          Properties: { BucketName: 'versions', VersioningConfiguration: { Status: 'Enabled' } },
        },
        Worm: {
          Type: 'AWS::S3::Bucket',
          Properties: {
            BucketName: 'worm',
            ObjectLockEnabled: true,
            ObjectLockConfiguration: {
              ObjectLockEnabled: 'Enabled',
              Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 10 } },
            },
          },
        },
        Governed: {
          Type: 'AWS::S3::Bucket',
          Properties: { BucketName: 'governed', ObjectLockEnabled: true },
        },
        Secret: {
          Type: 'AWS::S3::Bucket',
          Properties: {
            BucketName: 'secret',
            BucketEncryption: {
              ServerSideEncryptionConfiguration: [
                {
                  ServerSideEncryptionByDefault: {
                    SSEAlgorithm: 'aws:kms',
                    KMSMasterKeyID: { 'Fn::GetAtt': ['Key', 'Arn'] },
                  },
                },
              ],
            },
          },
        },
        TlsOnly: {
          Type: 'AWS::S3::BucketPolicy',
          Properties: {
            Bucket: { Ref: 'Plain' },
            PolicyDocument: {
              Statement: [
                {
                  Effect: 'Deny',
                  Principal: { AWS: '*' },
                  Action: 's3:*',
                  Resource: [
                    { 'Fn::GetAtt': ['Plain', 'Arn'] },
                    { 'Fn::Join': ['', [{ 'Fn::GetAtt': ['Plain', 'Arn'] }, '/*']] },
                  ],
                  Condition: { Bool: { 'aws:SecureTransport': 'false' } },
                },
              ],
            },
          },
        },
        Writer: {
          Type: 'AWS::IAM::Role',
          Properties: {
            RoleName: 'writer',
            AssumeRolePolicyDocument: {
              Statement: [
                { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
              ],
            },
            Policies: [
              {
                PolicyName: 'write',
                PolicyDocument: {
                  Statement: [
                    {
                      Effect: 'Allow',
                      Action: ['s3:PutObject', 's3:GetObject', 's3:DeleteObject'],
                      Resource: ['arn:aws:s3:::secret/*', 'arn:aws:s3:::plain/mine/*'],
                    },
                  ],
                },
              },
            ],
          },
        },
      },
    },
  });
  client = new S3Client(host.client());
  role = new S3Client(
    host.client(host.credentials.issueCredentials('arn:aws:iam::000000000000:role/writer', 'test')),
  );
});

afterAll(async () => {
  client.destroy();
  role.destroy();
  await host.close();
});

const put = (Bucket: string, Key: string, Body: string, extra: object = {}) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body, ...extra }));
const text = async (Bucket: string, Key: string, extra: object = {}) =>
  (await client.send(new GetObjectCommand({ Bucket, Key, ...extra }))).Body!.transformToString();

describe('S3 through its SDK client', () => {
  it('stores and gives back an object whose key needs encoding, with its metadata', async () => {
    await put('plain', 'a b/ü+&%.txt', 'content', {
      ContentType: 'text/plain',
      Metadata: { origin: 'test' },
    });

    const found = await client.send(new GetObjectCommand({ Bucket: 'plain', Key: 'a b/ü+&%.txt' }));

    expect(await found.Body?.transformToString()).toBe('content');
    expect(found).toMatchObject({
      ContentType: 'text/plain',
      Metadata: { origin: 'test' },
      ContentLength: 7,
      ETag: '"9a0364b9e99bb480dd25e1f0284c8555"',
    });
  });

  it('decodes a streamed body with its checksum in the trailer', async () => {
    const chunks = [Buffer.alloc(70_000, 'a'), Buffer.alloc(70_000, 'b')];

    await client.send(
      new PutObjectCommand({
        Bucket: 'plain',
        Key: 'stream',
        Body: Readable.from(chunks),
        ContentLength: 140_000,
      }),
    );

    expect(await text('plain', 'stream')).toBe(Buffer.concat(chunks).toString());
  });

  it('refuses a content that its checksum does not fit', async () => {
    await expect(
      put('plain', 'broken', 'content', { ChecksumSHA256: Buffer.alloc(32).toString('base64') }),
    ).rejects.toMatchObject({ name: 'BadDigest' });
  });

  it('gives a range of bytes', async () => {
    await put('plain', 'range', '0123456789');

    const part = await client.send(
      new GetObjectCommand({ Bucket: 'plain', Key: 'range', Range: 'bytes=2-4' }),
    );

    expect(await part.Body?.transformToString()).toBe('234');
    expect(part.ContentRange).toBe('bytes 2-4/10');
  });

  it('creates an object only once under If-None-Match', async () => {
    await put('plain', 'once', 'first', { IfNoneMatch: '*' });

    await expect(put('plain', 'once', 'second', { IfNoneMatch: '*' })).rejects.toMatchObject({
      name: 'PreconditionFailed',
      $metadata: { httpStatusCode: 412 },
    });
    expect(await text('plain', 'once')).toBe('first');
  });

  it('replaces under If-Match only what was read', async () => {
    const { ETag } = await put('plain', 'swap', 'one');
    await put('plain', 'swap', 'two', { IfMatch: ETag });

    await expect(put('plain', 'swap', 'three', { IfMatch: ETag })).rejects.toMatchObject({
      name: 'PreconditionFailed',
    });
  });

  it('raises NoSuchKey and, for HEAD, NotFound', async () => {
    const failure = await client
      .send(new GetObjectCommand({ Bucket: 'plain', Key: 'none' }))
      .catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(NoSuchKey);
    await expect(client.send(new HeadObjectCommand({ Bucket: 'plain', Key: 'none' }))).rejects.toMatchObject({
      name: 'NotFound',
    });
  });

  it('lists by prefix and delimiter, page by page', async () => {
    for (const key of ['list/a', 'list/b/1', 'list/b/2', 'list/c', 'list/d']) await put('plain', key, key);
    const pages: (string | undefined)[][] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await client.send(
        new ListObjectsV2Command({
          Bucket: 'plain',
          Prefix: 'list/',
          Delimiter: '/',
          MaxKeys: 2,
          ContinuationToken,
        }),
      );
      pages.push([
        ...(page.Contents ?? []).map(({ Key }) => Key),
        ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix),
      ]);
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);

    expect(pages).toEqual([
      ['list/a', 'list/b/'],
      ['list/c', 'list/d'],
    ]);
  });

  it('keeps every version, and a delete marker hides them', async () => {
    expect((await client.send(new GetBucketVersioningCommand({ Bucket: 'versions' }))).Status).toBe(
      'Enabled',
    );
    const first = await put('versions', 'k', 'one');
    await put('versions', 'k', 'two');
    const marker = await client.send(new DeleteObjectCommand({ Bucket: 'versions', Key: 'k' }));

    expect(marker.DeleteMarker).toBe(true);
    await expect(text('versions', 'k')).rejects.toMatchObject({ name: 'NoSuchKey' });
    expect(await text('versions', 'k', { VersionId: first.VersionId })).toBe('one');
    const listed = await client.send(new ListObjectVersionsCommand({ Bucket: 'versions', Prefix: 'k' }));
    expect(listed.Versions?.map(({ IsLatest }) => IsLatest)).toEqual([false, false]);
    expect(listed.DeleteMarkers).toMatchObject([{ Key: 'k', IsLatest: true, VersionId: marker.VersionId }]);

    await client.send(new DeleteObjectCommand({ Bucket: 'versions', Key: 'k', VersionId: marker.VersionId }));
    expect(await text('versions', 'k')).toBe('two');
  });

  it('protects a version for the default retention, even from the operator', async () => {
    expect(
      (await client.send(new GetObjectLockConfigurationCommand({ Bucket: 'worm' }))).ObjectLockConfiguration
        ?.Rule?.DefaultRetention,
    ).toMatchObject({ Mode: 'COMPLIANCE', Days: 10 });
    const { VersionId } = await put('worm', 'journal', 'entry');
    const remove = () =>
      client.send(
        new DeleteObjectCommand({
          Bucket: 'worm',
          Key: 'journal',
          VersionId,
          BypassGovernanceRetention: true,
        }),
      );
    await expect(remove()).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining('object lock'),
    });
    const { Retention } = await client.send(
      new GetObjectRetentionCommand({ Bucket: 'worm', Key: 'journal', VersionId }),
    );
    expect(Retention).toMatchObject({
      Mode: 'COMPLIANCE',
      RetainUntilDate: new Date(host.clock.now() + 10 * 86_400_000),
    });

    host.clock.advance(10 * 86_400);

    await remove();
    await expect(text('worm', 'journal', { VersionId })).rejects.toMatchObject({ name: 'NoSuchVersion' });
  });

  it('lets governance be bypassed, and lengthens but never shortens compliance', async () => {
    const until = (days: number): Date => new Date(host.clock.now() + days * 86_400_000);
    const governed = await put('governed', 'g', 'x', {
      ObjectLockMode: 'GOVERNANCE',
      ObjectLockRetainUntilDate: until(5),
    });
    await expect(
      client.send(new DeleteObjectCommand({ Bucket: 'governed', Key: 'g', VersionId: governed.VersionId })),
    ).rejects.toMatchObject({ name: 'AccessDenied' });
    await client.send(
      new DeleteObjectCommand({
        Bucket: 'governed',
        Key: 'g',
        VersionId: governed.VersionId,
        BypassGovernanceRetention: true,
      }),
    );

    await put('governed', 'c', 'x', { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: until(5) });
    const retain = (days: number) =>
      client.send(
        new PutObjectRetentionCommand({
          Bucket: 'governed',
          Key: 'c',
          Retention: { Mode: 'COMPLIANCE', RetainUntilDate: until(days) },
          BypassGovernanceRetention: true,
        }),
      );
    await retain(9);
    await expect(retain(2)).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('holds a version under a legal hold without end', async () => {
    const { VersionId } = await put('governed', 'held', 'x');
    const hold = (Status: 'ON' | 'OFF') =>
      client.send(
        new PutObjectLegalHoldCommand({ Bucket: 'governed', Key: 'held', VersionId, LegalHold: { Status } }),
      );
    await hold('ON');
    expect(
      (await client.send(new GetObjectLegalHoldCommand({ Bucket: 'governed', Key: 'held' }))).LegalHold
        ?.Status,
    ).toBe('ON');
    const remove = () => client.send(new DeleteObjectCommand({ Bucket: 'governed', Key: 'held', VersionId }));
    await expect(remove()).rejects.toMatchObject({ name: 'AccessDenied' });

    await hold('OFF');

    await remove();
  });

  it('copies an object with its metadata', async () => {
    await put('plain', 'from', 'copied', { Metadata: { a: 'b' } });

    await client.send(new CopyObjectCommand({ Bucket: 'versions', Key: 'to', CopySource: 'plain/from' }));

    expect((await client.send(new HeadObjectCommand({ Bucket: 'versions', Key: 'to' }))).Metadata).toEqual({
      a: 'b',
    });
  });

  it('deletes several objects and answers for each', async () => {
    await put('plain', 'mine/1', 'x');
    await put('plain', 'other/1', 'x');

    const { Deleted, Errors } = await role.send(
      new DeleteObjectsCommand({
        Bucket: 'plain',
        Delete: { Objects: [{ Key: 'mine/1' }, { Key: 'other/1' }] },
      }),
    );

    expect(Deleted?.map(({ Key }) => Key)).toEqual(['mine/1']);
    expect(Errors).toMatchObject([{ Key: 'other/1', Code: 'AccessDenied' }]);
  });

  it('asks for the key of an encrypted bucket', async () => {
    const attempt = () => role.send(new PutObjectCommand({ Bucket: 'secret', Key: 'k', Body: 'x' }));
    await expect(attempt()).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('kms:GenerateDataKey'),
    });

    const key = host.resources.find(({ logicalId }) => logicalId === 'Key')!.identity.attributes['Arn']!;
    host.authorizer.putRolePolicy('arn:aws:iam::000000000000:role/writer', 'key', {
      Statement: [
        {
          Effect: 'Allow',
          Action: 'kms:GenerateDataKey',
          Resource: key,
          Condition: { StringEquals: { 'kms:ViaService': 's3.us-east-1.amazonaws.com' } },
        },
      ],
    });

    expect((await attempt()).SSEKMSKeyId).toBe(key);
  });

  it('does not tell whether a key exists to somebody who may not list', async () => {
    await expect(
      role.send(new GetObjectCommand({ Bucket: 'plain', Key: 'mine/none' })),
    ).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('knows its buckets', async () => {
    await client.send(new HeadBucketCommand({ Bucket: 'plain' }));
    await expect(client.send(new HeadBucketCommand({ Bucket: 'none' }))).rejects.toMatchObject({
      name: 'NotFound',
    });
  });
});
