import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
} from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { signDigest, verifyDigest } from '#local/aws/kms/p256.ts';

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** RFC 6979, appendix A.2.5: the key, and r and s of SHA-256 signatures. */
const key = createPrivateKey({
  format: 'jwk',
  key: {
    kty: 'EC',
    crv: 'P-256',
    d: Buffer.from('C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721', 'hex').toString(
      'base64url',
    ),
    x: Buffer.from('60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6', 'hex').toString(
      'base64url',
    ),
    y: Buffer.from('7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299', 'hex').toString(
      'base64url',
    ),
  },
});

describe('ECDSA over P-256 on a digest', () => {
  it.each([
    [
      'sample',
      'EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716',
      'F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8',
    ],
    [
      'test',
      'F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367',
      '019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083',
    ],
  ])('signs %j as RFC 6979 says', (text, r, s) => {
    const hex = signDigest(key, sha256(text)).toString('hex').toUpperCase();

    expect(hex).toContain(r);
    expect(hex).toContain(s.replace(/^00/, ''));
  });

  it('agrees with OpenSSL in both directions', () => {
    for (let round = 0; round < 8; round++) {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
      const text = `round ${round}`;

      expect(verify('sha256', Buffer.from(text), publicKey, signDigest(privateKey, sha256(text)))).toBe(true);
      expect(verifyDigest(publicKey, sha256(text), sign('sha256', Buffer.from(text), privateKey))).toBe(true);
      expect(verifyDigest(publicKey, sha256(`${text}?`), sign('sha256', Buffer.from(text), privateKey))).toBe(
        false,
      );
    }
  });

  it('refuses signatures that are not well formed', () => {
    const publicKey = createPublicKey(key);
    const valid = signDigest(key, sha256('x'));
    const zero = Buffer.from([0x30, 6, 2, 1, 0, 2, 1, 0]);

    for (const broken of [
      Buffer.alloc(0),
      zero,
      valid.subarray(0, -1),
      Buffer.concat([valid, Buffer.from([0])]),
    ]) {
      expect(verifyDigest(publicKey, sha256('x'), broken)).toBe(false);
    }
  });
});
