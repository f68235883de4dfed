import { createHash, createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateMacCommand,
  GetKeyRotationStatusCommand,
  GetPublicKeyCommand,
  InvalidCiphertextException,
  KMSClient,
  KMSInvalidSignatureException,
  NotFoundException,
  ReEncryptCommand,
  SignCommand,
  VerifyCommand,
  VerifyMacCommand,
} from '@aws-sdk/client-kms';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServiceHost, type Stacks, startServiceHost } from './service-host.ts';

const root = {
  Effect: 'Allow',
  Principal: {
    AWS: {
      'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iam::', { Ref: 'AWS::AccountId' }, ':root']],
    },
  },
  Action: 'kms:*',
  Resource: '*',
};
const roleNamed = (RoleName: string, Statement: readonly object[]): object => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    RoleName,
    AssumeRolePolicyDocument: {
      Statement: [
        { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
      ],
    },
    Policies: [{ PolicyName: 'inline', PolicyDocument: { Statement } }],
  },
});
const stacks: Stacks = {
  Keys: {
    Resources: {
      Data: {
        Type: 'AWS::KMS::Key',
        Properties: { KeyPolicy: { Statement: [root] }, EnableKeyRotation: true, Description: 'data' },
      },
      DataAlias: {
        Type: 'AWS::KMS::Alias',
        Properties: { AliasName: 'alias/data', TargetKeyId: { 'Fn::GetAtt': ['Data', 'Arn'] } },
      },
      Sealed: {
        Type: 'AWS::KMS::Key',
        Properties: {
          KeyPolicy: {
            Statement: [
              {
                Effect: 'Allow',
                Principal: { AWS: { 'Fn::GetAtt': ['Holder', 'Arn'] } },
                Action: 'kms:Decrypt',
                Resource: '*',
              },
            ],
          },
        },
      },
      Signing: {
        Type: 'AWS::KMS::Key',
        Properties: { KeyPolicy: { Statement: [root] }, KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' },
      },
      Mac: {
        Type: 'AWS::KMS::Key',
        Properties: {
          KeyPolicy: { Statement: [root] },
          KeySpec: 'HMAC_256',
          KeyUsage: 'GENERATE_VERIFY_MAC',
        },
      },
      Holder: roleNamed('holder', [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }]),
      Reader: roleNamed('reader', [
        {
          Effect: 'Allow',
          Action: 'kms:Decrypt',
          Resource: { 'Fn::GetAtt': ['Data', 'Arn'] },
          Condition: { StringEquals: { 'kms:EncryptionContext:agent': 'macro' } },
        },
        { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: { Ref: 'Password' } },
      ]),
      Password: {
        Type: 'AWS::SecretsManager::Secret',
        Properties: {
          Name: 'desk/password',
          KmsKeyId: { 'Fn::GetAtt': ['Data', 'Arn'] },
          GenerateSecretString: {
            SecretStringTemplate: '{"user":"desk"}',
            GenerateStringKey: 'password',
            PasswordLength: 24,
            ExcludeCharacters: '"\\',
          },
        },
      },
      Token: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 'token', SecretString: 'first' } },
    },
  },
};

let host: ServiceHost;
let kms: KMSClient;
let secrets: SecretsManagerClient;
let directory: string;
const attribute = (logicalId: string): string =>
  host.resources.find((resource) => resource.logicalId === logicalId)!.identity.attributes['Arn']!;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'keys-'));
  host = await startServiceHost(stacks, { directory });
  kms = new KMSClient(host.client());
  secrets = new SecretsManagerClient(host.client());
});

afterAll(async () => {
  kms.destroy();
  secrets.destroy();
  await host.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('KMS through its SDK client', () => {
  it('decrypts what it encrypted, under the same encryption context only', async () => {
    const { CiphertextBlob } = await kms.send(
      new EncryptCommand({
        KeyId: 'alias/data',
        Plaintext: Buffer.from('memory'),
        EncryptionContext: { agent: 'macro', kind: 'm' },
      }),
    );

    const { Plaintext, KeyId } = await kms.send(
      new DecryptCommand({ CiphertextBlob, EncryptionContext: { kind: 'm', agent: 'macro' } }),
    );

    expect(Buffer.from(Plaintext!).toString()).toBe('memory');
    expect(KeyId).toBe(attribute('Data'));
    const other = await kms
      .send(new DecryptCommand({ CiphertextBlob, EncryptionContext: { agent: 'risk' } }))
      .catch((error: unknown) => error);
    expect(other).toBeInstanceOf(InvalidCiphertextException);
  });

  it('gives data keys that only it can unwrap', async () => {
    const { Plaintext, CiphertextBlob } = await kms.send(
      new GenerateDataKeyCommand({ KeyId: attribute('Data'), KeySpec: 'AES_256' }),
    );

    expect(Plaintext).toHaveLength(32);
    expect((await kms.send(new DecryptCommand({ CiphertextBlob }))).Plaintext).toEqual(Plaintext);
  });

  it('moves a ciphertext to another context without showing it', async () => {
    const { CiphertextBlob } = await kms.send(
      new EncryptCommand({ KeyId: 'alias/data', Plaintext: Buffer.from('x'), EncryptionContext: { a: '1' } }),
    );

    const moved = await kms.send(
      new ReEncryptCommand({
        CiphertextBlob,
        DestinationKeyId: 'alias/data',
        SourceEncryptionContext: { a: '1' },
        DestinationEncryptionContext: { a: '2' },
      }),
    );

    expect(
      Buffer.from(
        (
          await kms.send(
            new DecryptCommand({ CiphertextBlob: moved.CiphertextBlob, EncryptionContext: { a: '2' } }),
          )
        ).Plaintext!,
      ).toString(),
    ).toBe('x');
  });

  it.each(['RAW', 'DIGEST'] as const)(
    'signs %s messages so that anybody with the public key can verify them',
    async (MessageType) => {
      const message = Buffer.from('merkle root');
      const KeyId = attribute('Signing');
      const Message = MessageType === 'RAW' ? message : createHash('sha256').update(message).digest();

      const { Signature } = await kms.send(
        new SignCommand({ KeyId, Message, MessageType, SigningAlgorithm: 'ECDSA_SHA_256' }),
      );

      const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId }));
      const publicKey = createPublicKey({ key: Buffer.from(PublicKey!), format: 'der', type: 'spki' });
      expect(verify('sha256', message, publicKey, Signature!)).toBe(true);
      expect(
        (
          await kms.send(
            new VerifyCommand({ KeyId, Message, MessageType, Signature, SigningAlgorithm: 'ECDSA_SHA_256' }),
          )
        ).SignatureValid,
      ).toBe(true);
      const Other = createHash('sha256').update('other').digest();
      const failure = await kms
        .send(
          new VerifyCommand({
            KeyId,
            Message: Other,
            MessageType,
            Signature,
            SigningAlgorithm: 'ECDSA_SHA_256',
          }),
        )
        .catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(KMSInvalidSignatureException);
    },
  );

  it('authenticates with an HMAC key', async () => {
    const KeyId = attribute('Mac');
    const { Mac } = await kms.send(
      new GenerateMacCommand({ KeyId, Message: Buffer.from('m'), MacAlgorithm: 'HMAC_SHA_256' }),
    );

    expect(
      (
        await kms.send(
          new VerifyMacCommand({ KeyId, Message: Buffer.from('m'), Mac, MacAlgorithm: 'HMAC_SHA_256' }),
        )
      ).MacValid,
    ).toBe(true);
    await expect(
      kms.send(new VerifyMacCommand({ KeyId, Message: Buffer.from('n'), Mac, MacAlgorithm: 'HMAC_SHA_256' })),
    ).rejects.toMatchObject({ name: 'KMSInvalidMacException' });
  });

  it('describes its keys', async () => {
    expect((await kms.send(new DescribeKeyCommand({ KeyId: 'alias/data' }))).KeyMetadata).toMatchObject({
      KeySpec: 'SYMMETRIC_DEFAULT',
      KeyUsage: 'ENCRYPT_DECRYPT',
      KeyState: 'Enabled',
      Description: 'data',
    });
    expect(
      (await kms.send(new GetKeyRotationStatusCommand({ KeyId: 'alias/data' }))).KeyRotationEnabled,
    ).toBe(true);
    const failure = await kms
      .send(new DescribeKeyCommand({ KeyId: 'alias/none' }))
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NotFoundException);
  });

  it('allows a role only the encryption context that its policy names', async () => {
    const reader = new KMSClient(
      host.client(host.credentials.issueCredentials('arn:aws:iam::000000000000:role/reader', 's')),
    );
    const encrypt = (agent: string) =>
      kms.send(
        new EncryptCommand({
          KeyId: 'alias/data',
          Plaintext: Buffer.from(agent),
          EncryptionContext: { agent },
        }),
      );
    const decrypt = async (agent: string) =>
      reader.send(
        new DecryptCommand({
          CiphertextBlob: (await encrypt(agent)).CiphertextBlob,
          EncryptionContext: { agent },
        }),
      );

    await decrypt('macro');

    await expect(decrypt('risk')).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('no identity-based policy allows the kms:Decrypt action'),
    });
    reader.destroy();
  });

  it('heeds no identity policy where the key policy does not delegate to the account', async () => {
    const holder = new KMSClient(
      host.client(host.credentials.issueCredentials('arn:aws:iam::000000000000:role/holder', 's')),
    );

    await expect(
      holder.send(new EncryptCommand({ KeyId: attribute('Sealed'), Plaintext: Buffer.from('x') })),
    ).rejects.toMatchObject({
      message: expect.stringContaining('no resource-based policy allows the kms:Encrypt action'),
    });
    holder.destroy();
  });

  it('keeps each key in a private file, and has it again after a restart', async () => {
    const files = readdirSync(join(directory, 'kms'));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect(statSync(join(directory, 'kms', file)).mode & 0o777).toBe(0o600);
    const { CiphertextBlob } = await kms.send(
      new EncryptCommand({ KeyId: 'alias/data', Plaintext: Buffer.from('still here') }),
    );

    const again = await startServiceHost(stacks, { directory });
    const client = new KMSClient(again.client());

    expect(
      Buffer.from((await client.send(new DecryptCommand({ CiphertextBlob }))).Plaintext!).toString(),
    ).toBe('still here');
    client.destroy();
    await again.close();
  });
});

describe('Secrets Manager through its SDK client', () => {
  it('generates a secret once, and keeps it over restarts', async () => {
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: 'desk/password' }));
    const value = JSON.parse(SecretString!) as { user: string; password: string };
    expect(value.user).toBe('desk');
    expect(value.password).toMatch(/^[^"\\]{24}$/);

    const again = await startServiceHost(stacks, { directory });
    expect(
      again.secrets.resolve({
        secretId: 'desk/password',
        jsonKey: 'password',
        versionStage: undefined,
        versionId: undefined,
      }),
    ).toBe(value.password);
    await again.close();
  });

  it('keeps no secret readable on disk', async () => {
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: 'desk/password' }));
    const { password } = JSON.parse(SecretString!) as { password: string };

    const files = readdirSync(directory).filter((name) => name.startsWith('host.sqlite'));

    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect(readFileSync(join(directory, file)).includes(password)).toBe(false);
  });

  it('moves the labels of versions', async () => {
    await secrets.send(new PutSecretValueCommand({ SecretId: 'token', SecretString: 'second' }));
    const value = async (VersionStage: string) =>
      (await secrets.send(new GetSecretValueCommand({ SecretId: 'token', VersionStage }))).SecretString;

    expect([await value('AWSCURRENT'), await value('AWSPREVIOUS')]).toEqual(['second', 'first']);
    expect(
      Object.values(
        (await secrets.send(new DescribeSecretCommand({ SecretId: 'token' }))).VersionIdsToStages!,
      ),
    ).toHaveLength(2);
  });

  it('asks the reader of a secret for the key that encrypts it', async () => {
    const reader = new SecretsManagerClient(
      host.client(host.credentials.issueCredentials('arn:aws:iam::000000000000:role/reader', 's')),
    );

    await expect(reader.send(new GetSecretValueCommand({ SecretId: 'desk/password' }))).rejects.toMatchObject(
      { name: 'AccessDeniedException', message: expect.stringContaining('kms:Decrypt') },
    );
    await expect(reader.send(new GetSecretValueCommand({ SecretId: 'token' }))).rejects.toMatchObject({
      message: expect.stringContaining('secretsmanager:GetSecretValue'),
    });
    reader.destroy();
  });

  it('raises ResourceNotFoundException for a secret that does not exist', async () => {
    const failure = await secrets
      .send(new GetSecretValueCommand({ SecretId: 'none' }))
      .catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(ResourceNotFoundException);
  });
});
