import { randomInt } from 'node:crypto';
import * as z from 'zod';
import type { SecretReference } from '../../host/assembly/intrinsics.ts';
import {
  AwsError,
  type AwsService,
  type Resource,
  type ResourceType,
  type ServiceCall,
} from '../../host/kernel.ts';
import { parseParameters, templateBoolean, unknownOperation } from '../../host/parameters.ts';
import { physicalName } from '../../host/physical-name.ts';
import type { ServiceParts } from '../../host/service-parts.ts';
import { transaction } from '../../host/store.ts';
import type { KmsHost } from '../kms/kms.ts';

/** Secrets Manager in the host. */
export interface SecretsManagerHost {
  readonly service: AwsService;
  readonly types: readonly ResourceType[];
  /** The value behind a dynamic reference of a template. @throws AwsError ResourceNotFoundException */
  resolve(reference: SecretReference): string;
}

interface Secret {
  readonly name: string;
  readonly arn: string;
  readonly description: string;
  readonly kmsKey: string;
}

interface Version {
  readonly versionId: string;
  readonly stages: readonly string[];
  readonly secretString: string | undefined;
  readonly secretBinary: string | undefined;
  readonly createdAt: number;
}

const generateShape = z.strictObject({
  SecretStringTemplate: z.string().optional(),
  GenerateStringKey: z.string().optional(),
  PasswordLength: z.coerce.number().int().min(1).max(4096).default(32),
  ExcludeCharacters: z.string().default(''),
  ExcludeLowercase: templateBoolean.default(false),
  ExcludeUppercase: templateBoolean.default(false),
  ExcludeNumbers: templateBoolean.default(false),
  ExcludePunctuation: templateBoolean.default(false),
  IncludeSpace: templateBoolean.default(false),
  RequireEachIncludedType: templateBoolean.default(true),
});

const secretProperties = z.object({
  Description: z.string().default(''),
  SecretString: z.string().optional(),
  GenerateSecretString: generateShape.optional(),
  KmsKeyId: z.string().default('alias/aws/secretsmanager'),
});

const SecretId = z.string();
const shapes = {
  GetSecretValue: z.strictObject({
    SecretId,
    VersionId: z.string().optional(),
    VersionStage: z.string().optional(),
  }),
  PutSecretValue: z.strictObject({
    SecretId,
    ClientRequestToken: z.string().optional(),
    SecretString: z.string().optional(),
    SecretBinary: z.string().optional(),
    VersionStages: z.array(z.string()).default(['AWSCURRENT']),
  }),
  SecretOnly: z.strictObject({ SecretId }),
  ListSecrets: z.strictObject({ MaxResults: z.number().optional(), NextToken: z.string().optional() }),
  GetRandomPassword: generateShape.omit({ SecretStringTemplate: true, GenerateStringKey: true }),
};

/**
 * Secrets Manager: secrets of the template, generated values, versions and stages, encrypted at rest with the secret's
 * key. A second start keeps the values there are.
 *
 * Not modelled: secrets made or deleted through the API, rotation, replication, tags, resource policies of other
 * accounts, the hundred versions' limit (all versions are kept).
 */
export function createSecretsManager(parts: ServiceParts, kms: KmsHost): SecretsManagerHost {
  const { context, authorizer } = parts;
  const secrets = new Map<string, Secret>();
  context.store.exec(`
    CREATE TABLE IF NOT EXISTS secret_versions (
      secret TEXT NOT NULL, version_id TEXT NOT NULL, stages TEXT NOT NULL, content BLOB NOT NULL, created_at INTEGER NOT NULL,
      PRIMARY KEY (secret, version_id)
    ) WITHOUT ROWID`);
  const select = context.store.prepare(
    'SELECT * FROM secret_versions WHERE secret = ? ORDER BY created_at, version_id',
  );
  const insert = context.store.prepare('INSERT INTO secret_versions VALUES (?, ?, ?, ?, ?)');
  const restage = context.store.prepare(
    'UPDATE secret_versions SET stages = ? WHERE secret = ? AND version_id = ?',
  );

  const find = (secretId: string): Secret => {
    const secret =
      secrets.get(secretId) ??
      [...secrets.values()].find(
        ({ arn, name }) => arn === secretId || name === secretId || arn.slice(0, -7) === secretId,
      );
    if (secret === undefined)
      throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    return secret;
  };

  const encryptionContext = (secret: Secret, versionId: string): Record<string, string> => ({
    SecretARN: secret.arn,
    SecretVersionId: versionId,
  });

  const versions = (secret: Secret): Version[] =>
    select.all(secret.name).map((row) => {
      const versionId = String(row['version_id']);
      const content = kms
        .decrypt(Buffer.from(row['content'] as Uint8Array), encryptionContext(secret, versionId))
        .toString('utf8');
      const { secretString, secretBinary } = JSON.parse(content) as {
        secretString?: string;
        secretBinary?: string;
      };
      return {
        versionId,
        stages: JSON.parse(String(row['stages'])) as string[],
        secretString,
        secretBinary,
        createdAt: Number(row['created_at']),
      };
    });

  const put = (
    secret: Secret,
    versionId: string,
    value: { readonly secretString: string | undefined; readonly secretBinary: string | undefined },
    stages: readonly string[],
  ): void => {
    const content = kms.encrypt(
      secret.kmsKey,
      Buffer.from(JSON.stringify(value)),
      encryptionContext(secret, versionId),
    );
    transaction(context.store, () => {
      const existing = versions(secret);
      const current = existing.find((version) => version.stages.includes('AWSCURRENT'));
      for (const version of existing) {
        let kept = version.stages.filter((stage) => !stages.includes(stage));
        // What was current becomes the previous version, as AWS moves the label by itself.
        if (stages.includes('AWSCURRENT'))
          kept =
            version === current ? [...kept, 'AWSPREVIOUS'] : kept.filter((stage) => stage !== 'AWSPREVIOUS');
        restage.run(JSON.stringify(kept), secret.name, version.versionId);
      }
      insert.run(secret.name, versionId, JSON.stringify(stages), content, context.clock.now());
    });
  };

  const read = (secret: Secret, versionId?: string, versionStage?: string): Version => {
    const stage = versionStage ?? (versionId === undefined ? 'AWSCURRENT' : undefined);
    const version = versions(secret).find(
      (candidate) =>
        (versionId === undefined || candidate.versionId === versionId) &&
        (stage === undefined || candidate.stages.includes(stage)),
    );
    if (version === undefined) {
      throw new AwsError(
        'ResourceNotFoundException',
        `Secrets Manager can't find the specified secret value for ${versionId === undefined ? `staging label: ${stage}` : `VersionId: ${versionId}`}`,
      );
    }
    return version;
  };

  const handle = async (call: ServiceCall): Promise<Record<string, unknown>> => {
    const invalid = 'InvalidParameterException';
    switch (call.operation) {
      case 'GetSecretValue': {
        const input = parseParameters(call, shapes.GetSecretValue, invalid);
        const secret = find(input.SecretId);
        const version = read(secret, input.VersionId, input.VersionStage);
        return {
          ARN: secret.arn,
          Name: secret.name,
          VersionId: version.versionId,
          VersionStages: version.stages,
          CreatedDate: version.createdAt / 1000,
          ...(version.secretString === undefined ? {} : { SecretString: version.secretString }),
          ...(version.secretBinary === undefined ? {} : { SecretBinary: version.secretBinary }),
        };
      }
      case 'PutSecretValue': {
        const input = parseParameters(call, shapes.PutSecretValue, invalid);
        if ((input.SecretString === undefined) === (input.SecretBinary === undefined)) {
          throw new AwsError(invalid, 'You must provide either SecretString or SecretBinary, but not both.');
        }
        const secret = find(input.SecretId);
        const versionId = input.ClientRequestToken ?? context.nextId('secret-version');
        const existing = versions(secret).find((version) => version.versionId === versionId);
        if (
          existing !== undefined &&
          (existing.secretString !== input.SecretString || existing.secretBinary !== input.SecretBinary)
        ) {
          throw new AwsError(
            'ResourceExistsException',
            `A version of ${secret.name} with the id ${versionId} has another value.`,
          );
        }
        if (existing === undefined)
          put(
            secret,
            versionId,
            { secretString: input.SecretString, secretBinary: input.SecretBinary },
            input.VersionStages,
          );
        return {
          ARN: secret.arn,
          Name: secret.name,
          VersionId: versionId,
          VersionStages: existing?.stages ?? input.VersionStages,
        };
      }
      case 'DescribeSecret': {
        const secret = find(parseParameters(call, shapes.SecretOnly, invalid).SecretId);
        const stages = versions(secret).filter((version) => version.stages.length > 0);
        return {
          ARN: secret.arn,
          Name: secret.name,
          Description: secret.description,
          KmsKeyId: secret.kmsKey,
          VersionIdsToStages: Object.fromEntries(
            stages.map((version) => [version.versionId, version.stages]),
          ),
        };
      }
      case 'ListSecretVersionIds': {
        const secret = find(parseParameters(call, shapes.SecretOnly, invalid).SecretId);
        return {
          ARN: secret.arn,
          Name: secret.name,
          Versions: versions(secret).map(({ versionId, stages, createdAt }) => ({
            VersionId: versionId,
            VersionStages: stages,
            CreatedDate: createdAt / 1000,
          })),
        };
      }
      case 'ListSecrets':
        parseParameters(call, shapes.ListSecrets, invalid);
        return {
          SecretList: [...secrets.values()].map(({ arn, name, description }) => ({
            ARN: arn,
            Name: name,
            Description: description,
          })),
        };
      case 'GetRandomPassword':
        return { RandomPassword: generatePassword(parseParameters(call, shapes.GetRandomPassword, invalid)) };
      default:
        throw unknownOperation(call);
    }
  };

  const create = (resource: Resource): void => {
    const properties = secretProperties.parse(resource.properties);
    const secret: Secret = {
      name: resource.identity.attributes['Name']!,
      arn: resource.identity.ref,
      description: properties.Description,
      kmsKey: properties.KmsKeyId,
    };
    secrets.set(secret.arn, secret);
    if (versions(secret).length > 0) return;
    const value = properties.SecretString ?? generateSecretString(properties.GenerateSecretString);
    if (value !== undefined)
      put(secret, context.nextId('secret-version'), { secretString: value, secretBinary: undefined }, [
        'AWSCURRENT',
      ]);
  };

  const secretType: ResourceType = {
    type: 'AWS::SecretsManager::Secret',
    properties: {
      honoured: ['Name', ...Object.keys(secretProperties.shape)],
      withoutLocalEffect: ['Tags', 'ReplicaRegions'],
    },
    identify: (resource) => {
      const name = physicalName(resource, 'Name', 512);
      // AWS appends six random characters; a fixed suffix keeps the ARN the same from start to start.
      const arn = `arn:aws:secretsmanager:${context.region}:${context.accountId}:secret:${name}-local1`;
      return { ref: arn, attributes: { Id: arn, Name: name, Arn: arn } };
    },
    create,
  };

  const policyType: ResourceType = {
    type: 'AWS::SecretsManager::ResourcePolicy',
    properties: { honoured: ['SecretId', 'ResourcePolicy'], withoutLocalEffect: ['BlockPublicPolicy'] },
    identify: ({ properties }) => ({
      ref: String(properties['SecretId']),
      attributes: { Id: String(properties['SecretId']) },
    }),
    create: ({ properties }) =>
      authorizer.putResourcePolicy(find(String(properties['SecretId'])).arn, properties['ResourcePolicy']),
  };

  return {
    service: {
      name: 'secretsmanager',
      permissions: (call) => {
        const action = `secretsmanager:${call.operation}`;
        if (call.operation === 'ListSecrets' || call.operation === 'GetRandomPassword')
          return [{ action, resource: '*' }];
        const secret = find(String(call.input['SecretId']));
        const keyArn = kms.keyArn(secret.kmsKey);
        const reads = call.operation === 'GetSecretValue';
        const writes = call.operation === 'PutSecretValue';
        const keyActions =
          keyArn === undefined
            ? []
            : reads
              ? ['kms:Decrypt']
              : writes
                ? ['kms:GenerateDataKey', 'kms:Decrypt']
                : [];
        const keyContext = {
          'kms:ViaService': `secretsmanager.${context.region}.amazonaws.com`,
          'kms:EncryptionContext:SecretARN': secret.arn,
        };
        return [
          { action, resource: secret.arn },
          ...keyActions.map((keyAction) => ({ action: keyAction, resource: keyArn!, context: keyContext })),
        ];
      },
      handle,
    },
    types: [secretType, policyType],
    resolve: ({ secretId, jsonKey, versionStage, versionId }) => {
      const { secretString = '' } = read(find(secretId), versionId, versionStage);
      if (jsonKey === undefined) return secretString;
      const value = (JSON.parse(secretString) as Record<string, unknown>)[jsonKey];
      if (value === undefined)
        throw new AwsError('ResourceNotFoundException', `the secret ${secretId} has no member ${jsonKey}`);
      return String(value);
    },
  };
}

function generateSecretString(settings: z.infer<typeof generateShape> | undefined): string | undefined {
  if (settings === undefined) return undefined;
  const password = generatePassword(settings);
  if (settings.GenerateStringKey === undefined) return password;
  return JSON.stringify({
    ...(JSON.parse(settings.SecretStringTemplate ?? '{}') as Record<string, unknown>),
    [settings.GenerateStringKey]: password,
  });
}

/** A random password of the kinds of characters that are not excluded, one of each at least. */
function generatePassword(
  settings: Omit<z.infer<typeof generateShape>, 'SecretStringTemplate' | 'GenerateStringKey'>,
): string {
  const kinds = [
    settings.ExcludeLowercase ? '' : 'abcdefghijklmnopqrstuvwxyz',
    settings.ExcludeUppercase ? '' : 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
    settings.ExcludeNumbers ? '' : '0123456789',
    settings.ExcludePunctuation ? '' : '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
    settings.IncludeSpace ? ' ' : '',
  ]
    .map((kind) => [...kind].filter((character) => !settings.ExcludeCharacters.includes(character)))
    .filter((kind) => kind.length > 0);
  const alphabet = kinds.flat();
  if (alphabet.length === 0)
    throw new AwsError('InvalidParameterException', 'no character is left to make the password of');
  const pick = (characters: readonly string[]): string => characters[randomInt(characters.length)]!;
  const password = Array.from({ length: settings.PasswordLength }, () => pick(alphabet));
  if (settings.RequireEachIncludedType && kinds.length <= password.length) {
    const places = password.map((_, position) => position);
    for (const kind of kinds) password[places.splice(randomInt(places.length), 1)[0]!] = pick(kind);
  }
  return password.join('');
}
