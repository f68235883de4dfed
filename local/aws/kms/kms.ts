import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import * as z from 'zod';
import {
  AwsError,
  type AwsService,
  type RequiredPermission,
  type ResourceType,
  type ServiceCall,
} from '../../host/kernel.ts';
import { parseParameters, templateBoolean, unknownOperation } from '../../host/parameters.ts';
import type { ServiceParts } from '../../host/service-parts.ts';
import { type EncryptionContext, keyIdOf, open, seal } from './envelope.ts';
import { KeyStore, type StoredKey, stableKeyId } from './key-store.ts';
import { signDigest, verifyDigest } from './p256.ts';

/** KMS in the host. */
export interface KmsHost {
  readonly service: AwsService;
  readonly types: readonly ResourceType[];
  /** ARN of a customer managed key by id, ARN or alias; undefined for AWS managed keys, which need no grant. */
  keyArn(reference: string): string | undefined;
  /** Encryption at rest for the host's own services, without a permission check. AWS managed keys are made on first use. */
  encrypt(reference: string, plaintext: Uint8Array, context: EncryptionContext): Buffer;
  /** @throws AwsError InvalidCiphertextException */
  decrypt(ciphertext: Buffer, context: EncryptionContext): Buffer;
}

interface Key {
  readonly stored: StoredKey;
  readonly arn: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly rotation: boolean;
  readonly managedByAws: boolean;
  readonly usage: 'ENCRYPT_DECRYPT' | 'SIGN_VERIFY' | 'GENERATE_VERIFY_MAC';
}

const usageOf = {
  SYMMETRIC_DEFAULT: 'ENCRYPT_DECRYPT',
  ECC_NIST_P256: 'SIGN_VERIFY',
  HMAC_256: 'GENERATE_VERIFY_MAC',
} as const;

const keyProperties = z.object({
  KeyPolicy: z.unknown(),
  KeySpec: z.enum(['SYMMETRIC_DEFAULT', 'ECC_NIST_P256', 'HMAC_256']).default('SYMMETRIC_DEFAULT'),
  Description: z.string().default(''),
  Enabled: templateBoolean.default(true),
  EnableKeyRotation: templateBoolean.default(false),
});

const KeyId = z.string();
const context = z.record(z.string(), z.string()).default({});
const base64 = z.base64().transform((text) => Buffer.from(text, 'base64'));
const encryptionAlgorithm = z.literal('SYMMETRIC_DEFAULT').optional();
const signing = {
  KeyId,
  Message: base64,
  MessageType: z.enum(['RAW', 'DIGEST']).default('RAW'),
  SigningAlgorithm: z.literal('ECDSA_SHA_256'),
};
const shapes = {
  Encrypt: z.strictObject({
    KeyId,
    Plaintext: base64,
    EncryptionContext: context,
    EncryptionAlgorithm: encryptionAlgorithm,
  }),
  Decrypt: z.strictObject({
    KeyId: KeyId.optional(),
    CiphertextBlob: base64,
    EncryptionContext: context,
    EncryptionAlgorithm: encryptionAlgorithm,
  }),
  ReEncrypt: z.strictObject({
    CiphertextBlob: base64,
    SourceKeyId: KeyId.optional(),
    DestinationKeyId: KeyId,
    SourceEncryptionContext: context,
    DestinationEncryptionContext: context,
  }),
  GenerateDataKey: z.strictObject({
    KeyId,
    EncryptionContext: context,
    KeySpec: z.enum(['AES_256', 'AES_128']).optional(),
    NumberOfBytes: z.number().int().min(1).max(1024).optional(),
  }),
  GenerateRandom: z.strictObject({ NumberOfBytes: z.number().int().min(1).max(1024) }),
  Sign: z.strictObject(signing),
  Verify: z.strictObject({ ...signing, Signature: base64 }),
  Mac: z.strictObject({ KeyId, Message: base64, MacAlgorithm: z.literal('HMAC_SHA_256') }),
  VerifyMac: z.strictObject({ KeyId, Message: base64, MacAlgorithm: z.literal('HMAC_SHA_256'), Mac: base64 }),
  KeyOnly: z.strictObject({ KeyId }),
  List: z.strictObject({ Limit: z.number().optional(), KeyId: KeyId.optional() }),
};

/**
 * KMS: symmetric keys (AES-256-GCM with the encryption context authenticated), P-256 signing keys, HMAC keys, aliases,
 * key policies. Key material lies in `directory/kms`, one private file a key.
 *
 * Not modelled: keys created through the API, grants, imported material, multi-region keys, deletion windows (a key
 * that leaves the template keeps its file), other key specs, RSA, ciphertexts that AWS could read. Rotation is
 * reported and does not change the material.
 */
export function createKms(parts: ServiceParts): KmsHost {
  const { context: host, authorizer } = parts;
  const store = new KeyStore(host.directory);
  const keys = new Map<string, Key>();
  const aliases = new Map<string, string>();
  const keyObjects = new Map<string, KeyObject>();
  const arnOf = (keyId: string): string => `arn:aws:kms:${host.region}:${host.accountId}:key/${keyId}`;

  const keyIdOfReference = (reference: string): string | undefined => {
    const tail = reference.startsWith('arn:') ? reference.slice(reference.lastIndexOf(':') + 1) : reference;
    if (tail.startsWith('alias/')) return aliases.get(tail);
    return tail.startsWith('key/') ? tail.slice('key/'.length) : tail;
  };

  const find = (reference: string): Key => {
    const key = keys.get(keyIdOfReference(reference) ?? '');
    if (key === undefined) {
      const what = reference.includes('alias/')
        ? `Alias ${reference} is not found.`
        : `Key '${reference}' does not exist`;
      throw new AwsError('NotFoundException', what);
    }
    return key;
  };

  const usable = (reference: string, usage: Key['usage']): Key => {
    const key = find(reference);
    if (!key.enabled) throw new AwsError('DisabledException', `${key.arn} is disabled.`);
    if (key.usage !== usage)
      throw new AwsError(
        'InvalidKeyUsageException',
        `${key.arn} key usage is ${key.usage} which is not valid for this operation.`,
      );
    return key;
  };

  /** AWS managed keys (`alias/aws/secretsmanager`) exist from their first use. */
  const findOrManage = (reference: string): Key => {
    if (!/(^|:)alias\/aws\//.test(reference)) return usable(reference, 'ENCRYPT_DECRYPT');
    const alias = reference.slice(reference.indexOf('alias/'));
    const keyId = stableKeyId('aws', alias);
    if (!keys.has(keyId)) {
      const stored = store.findOrCreate(keyId, 'SYMMETRIC_DEFAULT', host.clock.now());
      keys.set(keyId, {
        stored,
        arn: arnOf(keyId),
        description: alias,
        enabled: true,
        rotation: true,
        managedByAws: true,
        usage: 'ENCRYPT_DECRYPT',
      });
      aliases.set(alias, keyId);
    }
    return keys.get(keyId)!;
  };

  const encrypt = (key: Key, plaintext: Uint8Array, encryptionContext: EncryptionContext): Buffer =>
    seal(key.stored.keyId, Buffer.from(key.stored.material, 'base64'), plaintext, encryptionContext);

  const decrypt = (
    ciphertext: Buffer,
    encryptionContext: EncryptionContext,
    expected?: string,
  ): { readonly key: Key; readonly plaintext: Buffer } => {
    const keyId = keyIdOf(ciphertext);
    const key = keyId === undefined ? undefined : keys.get(keyId);
    if (key === undefined)
      throw new AwsError('InvalidCiphertextException', 'the ciphertext was not made by a key of this host');
    if (expected !== undefined && find(expected) !== key) {
      throw new AwsError(
        'IncorrectKeyException',
        'The key ID in the request does not identify a CMK that can perform this operation.',
      );
    }
    if (!key.enabled) throw new AwsError('DisabledException', `${key.arn} is disabled.`);
    const plaintext = open(Buffer.from(key.stored.material, 'base64'), ciphertext, encryptionContext);
    if (plaintext === undefined)
      throw new AwsError(
        'InvalidCiphertextException',
        'the ciphertext or its encryption context is not the one that was encrypted',
      );
    return { key, plaintext };
  };

  const privateKey = (key: Key): KeyObject => {
    const known = keyObjects.get(key.stored.keyId) ?? createPrivateKey(key.stored.material);
    keyObjects.set(key.stored.keyId, known);
    return known;
  };

  const describe = (key: Key): Record<string, unknown> => ({
    AWSAccountId: host.accountId,
    KeyId: key.stored.keyId,
    Arn: key.arn,
    CreationDate: key.stored.createdAt / 1000,
    Enabled: key.enabled,
    Description: key.description,
    KeyUsage: key.usage,
    KeyState: key.enabled ? 'Enabled' : 'Disabled',
    Origin: 'AWS_KMS',
    KeyManager: key.managedByAws ? 'AWS' : 'CUSTOMER',
    KeySpec: key.stored.spec,
    CustomerMasterKeySpec: key.stored.spec,
    MultiRegion: false,
    ...(key.usage === 'ENCRYPT_DECRYPT' ? { EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'] } : {}),
    ...(key.usage === 'SIGN_VERIFY' ? { SigningAlgorithms: ['ECDSA_SHA_256'] } : {}),
    ...(key.usage === 'GENERATE_VERIFY_MAC' ? { MacAlgorithms: ['HMAC_SHA_256'] } : {}),
  });

  const handle = async (call: ServiceCall): Promise<Record<string, unknown>> => {
    switch (call.operation) {
      case 'Encrypt': {
        const input = parseParameters(call, shapes.Encrypt);
        if (input.Plaintext.length > 4096)
          throw new AwsError('ValidationException', 'Plaintext must have length less than or equal to 4096');
        const key = usable(input.KeyId, 'ENCRYPT_DECRYPT');
        return {
          CiphertextBlob: text(encrypt(key, input.Plaintext, input.EncryptionContext)),
          KeyId: key.arn,
          EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
        };
      }
      case 'Decrypt': {
        const input = parseParameters(call, shapes.Decrypt);
        const { key, plaintext } = decrypt(input.CiphertextBlob, input.EncryptionContext, input.KeyId);
        return { Plaintext: text(plaintext), KeyId: key.arn, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
      }
      case 'ReEncrypt': {
        const input = parseParameters(call, shapes.ReEncrypt);
        const { key: source, plaintext } = decrypt(
          input.CiphertextBlob,
          input.SourceEncryptionContext,
          input.SourceKeyId,
        );
        const key = usable(input.DestinationKeyId, 'ENCRYPT_DECRYPT');
        return {
          CiphertextBlob: text(encrypt(key, plaintext, input.DestinationEncryptionContext)),
          SourceKeyId: source.arn,
          KeyId: key.arn,
        };
      }
      case 'GenerateDataKey':
      case 'GenerateDataKeyWithoutPlaintext': {
        const input = parseParameters(call, shapes.GenerateDataKey);
        if ((input.KeySpec === undefined) === (input.NumberOfBytes === undefined)) {
          throw new AwsError('ValidationException', 'Please specify either number of bytes or key spec.');
        }
        const key = usable(input.KeyId, 'ENCRYPT_DECRYPT');
        const dataKey = randomBytes(input.NumberOfBytes ?? (input.KeySpec === 'AES_128' ? 16 : 32));
        const CiphertextBlob = text(encrypt(key, dataKey, input.EncryptionContext));
        return {
          CiphertextBlob,
          KeyId: key.arn,
          ...(call.operation === 'GenerateDataKey' ? { Plaintext: text(dataKey) } : {}),
        };
      }
      case 'GenerateRandom':
        return { Plaintext: text(randomBytes(parseParameters(call, shapes.GenerateRandom).NumberOfBytes)) };
      case 'Sign': {
        const input = parseParameters(call, shapes.Sign);
        const key = usable(input.KeyId, 'SIGN_VERIFY');
        checkMessage(input.Message, input.MessageType);
        const signature =
          input.MessageType === 'DIGEST'
            ? signDigest(privateKey(key), input.Message)
            : sign('sha256', input.Message, privateKey(key));
        return { KeyId: key.arn, Signature: text(signature), SigningAlgorithm: input.SigningAlgorithm };
      }
      case 'Verify': {
        const input = parseParameters(call, shapes.Verify);
        const key = usable(input.KeyId, 'SIGN_VERIFY');
        checkMessage(input.Message, input.MessageType);
        const publicKey = createPublicKey(privateKey(key));
        const valid =
          input.MessageType === 'DIGEST'
            ? verifyDigest(publicKey, input.Message, input.Signature)
            : verify('sha256', input.Message, publicKey, input.Signature);
        if (!valid)
          throw new AwsError('KMSInvalidSignatureException', 'the signature does not belong to the message');
        return { KeyId: key.arn, SignatureValid: true, SigningAlgorithm: input.SigningAlgorithm };
      }
      case 'GenerateMac': {
        const input = parseParameters(call, shapes.Mac);
        const key = usable(input.KeyId, 'GENERATE_VERIFY_MAC');
        return { KeyId: key.arn, Mac: text(mac(key, input.Message)), MacAlgorithm: input.MacAlgorithm };
      }
      case 'VerifyMac': {
        const input = parseParameters(call, shapes.VerifyMac);
        const key = usable(input.KeyId, 'GENERATE_VERIFY_MAC');
        const expected = mac(key, input.Message);
        if (expected.length !== input.Mac.length || !timingSafeEqual(expected, input.Mac)) {
          throw new AwsError('KMSInvalidMacException', 'the MAC does not belong to the message');
        }
        return { KeyId: key.arn, MacValid: true, MacAlgorithm: input.MacAlgorithm };
      }
      case 'GetPublicKey': {
        const key = usable(parseParameters(call, shapes.KeyOnly).KeyId, 'SIGN_VERIFY');
        const der = createPublicKey(privateKey(key)).export({ type: 'spki', format: 'der' });
        return {
          KeyId: key.arn,
          PublicKey: text(der),
          KeySpec: key.stored.spec,
          CustomerMasterKeySpec: key.stored.spec,
          KeyUsage: key.usage,
          SigningAlgorithms: ['ECDSA_SHA_256'],
        };
      }
      case 'DescribeKey':
        return { KeyMetadata: describe(find(parseParameters(call, shapes.KeyOnly).KeyId)) };
      case 'GetKeyRotationStatus': {
        const key = find(parseParameters(call, shapes.KeyOnly).KeyId);
        return { KeyId: key.arn, KeyRotationEnabled: key.rotation };
      }
      case 'ListKeys':
        parseParameters(call, shapes.List);
        return {
          Keys: [...keys.values()].map(({ stored, arn }) => ({ KeyId: stored.keyId, KeyArn: arn })),
          Truncated: false,
        };
      case 'ListAliases': {
        const { KeyId: wanted } = parseParameters(call, shapes.List);
        const entries = [...aliases].filter(
          ([, keyId]) => wanted === undefined || keyIdOfReference(wanted) === keyId,
        );
        return {
          Aliases: entries.map(([AliasName, TargetKeyId]) => ({
            AliasName,
            AliasArn: `arn:aws:kms:${host.region}:${host.accountId}:${AliasName}`,
            TargetKeyId,
          })),
          Truncated: false,
        };
      }
      default:
        throw unknownOperation(call);
    }
  };

  const permissions = (call: ServiceCall): readonly RequiredPermission[] => {
    const { input, operation } = call;
    if (operation === 'GenerateRandom' || operation === 'ListKeys' || operation === 'ListAliases')
      return [{ action: `kms:${operation}`, resource: '*' }];
    if (operation === 'ReEncrypt') {
      return [
        {
          action: 'kms:ReEncryptFrom',
          resource: keyOfCiphertext(input['CiphertextBlob']),
          context: contextKeys(input['SourceEncryptionContext']),
        },
        {
          action: 'kms:ReEncryptTo',
          resource: find(String(input['DestinationKeyId'])).arn,
          context: contextKeys(input['DestinationEncryptionContext']),
        },
      ];
    }
    const resource =
      operation === 'Decrypt' ? keyOfCiphertext(input['CiphertextBlob']) : find(String(input['KeyId'])).arn;
    const keys: Record<string, string | readonly string[]> = contextKeys(input['EncryptionContext']);
    if (typeof input['SigningAlgorithm'] === 'string')
      keys['kms:SigningAlgorithm'] = input['SigningAlgorithm'];
    if (typeof input['MessageType'] === 'string') keys['kms:MessageType'] = input['MessageType'];
    const action = `kms:${operation}`;
    return Object.keys(keys).length === 0 ? [{ action, resource }] : [{ action, resource, context: keys }];
  };

  const keyOfCiphertext = (blob: unknown): string => {
    const keyId = keyIdOf(Buffer.from(String(blob), 'base64'));
    const key = keyId === undefined ? undefined : keys.get(keyId);
    if (key === undefined)
      throw new AwsError('InvalidCiphertextException', 'the ciphertext was not made by a key of this host');
    return key.arn;
  };

  const keyType: ResourceType = {
    type: 'AWS::KMS::Key',
    properties: {
      honoured: [...Object.keys(keyProperties.shape), 'KeyUsage'],
      withoutLocalEffect: [
        'PendingWindowInDays',
        'Tags',
        'MultiRegion',
        'RotationPeriodInDays',
        'BypassPolicyLockoutSafetyCheck',
      ],
    },
    identify: ({ stack, logicalId }) => {
      const keyId = stableKeyId(stack, logicalId);
      return { ref: keyId, attributes: { Arn: arnOf(keyId), KeyId: keyId } };
    },
    create: ({ properties, identity }) => {
      const { KeyPolicy, KeySpec, Description, Enabled, EnableKeyRotation } = keyProperties.parse(properties);
      const stored = store.findOrCreate(identity.ref, KeySpec, host.clock.now());
      const arn = identity.attributes['Arn']!;
      keys.set(identity.ref, {
        stored,
        arn,
        description: Description,
        enabled: Enabled,
        rotation: EnableKeyRotation,
        managedByAws: false,
        usage: usageOf[KeySpec],
      });
      authorizer.putResourcePolicy(arn, KeyPolicy);
    },
  };

  const aliasType: ResourceType = {
    type: 'AWS::KMS::Alias',
    properties: { honoured: ['AliasName', 'TargetKeyId'], withoutLocalEffect: [] },
    identify: ({ properties }) => {
      const name = String(properties['AliasName']);
      return { ref: name, attributes: { Arn: `arn:aws:kms:${host.region}:${host.accountId}:${name}` } };
    },
    create: ({ properties }) => {
      aliases.set(String(properties['AliasName']), find(String(properties['TargetKeyId'])).stored.keyId);
    },
  };

  return {
    service: { name: 'kms', permissions, handle },
    types: [keyType, aliasType],
    keyArn: (reference) => (/(^|:)alias\/aws\//.test(reference) ? undefined : find(reference).arn),
    encrypt: (reference, plaintext, encryptionContext) =>
      encrypt(findOrManage(reference), plaintext, encryptionContext),
    decrypt: (ciphertext, encryptionContext) => {
      const keyId = keyIdOf(ciphertext);
      // After a restart an AWS managed key is on disk but not yet known by its alias.
      if (keyId !== undefined && !keys.has(keyId)) {
        const stored = store.find(keyId);
        if (stored !== undefined)
          keys.set(keyId, {
            stored,
            arn: arnOf(keyId),
            description: '',
            enabled: true,
            rotation: true,
            managedByAws: true,
            usage: 'ENCRYPT_DECRYPT',
          });
      }
      return decrypt(ciphertext, encryptionContext).plaintext;
    },
  };
}

function contextKeys(encryptionContext: unknown): Record<string, string | readonly string[]> {
  const pairs = Object.entries((encryptionContext ?? {}) as EncryptionContext);
  if (pairs.length === 0) return {};
  const keys: Record<string, string | readonly string[]> = {
    'kms:EncryptionContextKeys': pairs.map(([name]) => name),
  };
  for (const [name, value] of pairs) keys[`kms:EncryptionContext:${name}`] = value;
  return keys;
}

function checkMessage(message: Buffer, type: 'RAW' | 'DIGEST'): void {
  if (type === 'RAW' && message.length > 4096)
    throw new AwsError(
      'ValidationException',
      'Message must have length less than or equal to 4096; sign its digest instead',
    );
  if (type === 'DIGEST' && message.length !== 32)
    throw new AwsError('ValidationException', 'Digest is invalid length for algorithm ECDSA_SHA_256.');
}

function mac(key: Key, message: Buffer): Buffer {
  return createHmac('sha256', Buffer.from(key.stored.material, 'base64')).update(message).digest();
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
