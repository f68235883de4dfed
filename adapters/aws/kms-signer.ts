import { createHash } from 'node:crypto';
import { GetPublicKeyCommand, type KMSClient, SignCommand } from '@aws-sdk/client-kms';

/** KMS answered without what was asked for. */
export class KmsAnswerError extends Error {
  readonly code = 'KmsAnswer';
  readonly retryable = true;
  constructor(what: string) {
    super(`the key management service answered without ${what}`);
    this.name = 'KmsAnswerError';
  }
}

/** Signs with an ECC P-256 key in KMS; only the digest leaves, the key never does. */
export function kmsSigner(
  client: KMSClient,
  keyId: string,
): { sign(text: Uint8Array): Promise<Uint8Array>; publicKey(): Promise<Uint8Array> } {
  return {
    async sign(text) {
      const digest = createHash('sha256').update(text).digest();
      const answer = await client.send(
        new SignCommand({
          KeyId: keyId,
          Message: digest,
          MessageType: 'DIGEST',
          SigningAlgorithm: 'ECDSA_SHA_256',
        }),
      );
      if (answer.Signature === undefined) throw new KmsAnswerError('a signature');
      return answer.Signature;
    },
    async publicKey() {
      const answer = await client.send(new GetPublicKeyCommand({ KeyId: keyId }));
      if (answer.PublicKey === undefined) throw new KmsAnswerError('a public key');
      return answer.PublicKey;
    },
  };
}
