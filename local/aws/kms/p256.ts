import { createHmac, type KeyObject } from 'node:crypto';

/**
 * ECDSA over P-256 on a digest that is computed already (KMS `MessageType: DIGEST`). `node:crypto` hashes whatever it
 * signs, so that the curve is done here, in big integers and Jacobian coordinates. It takes no care to run in constant
 * time: these keys protect a development machine. Nonces are deterministic (RFC 6979).
 */

interface Point {
  readonly x: bigint;
  readonly y: bigint;
  readonly z: bigint;
}

// FIPS 186-5 / SEC 2 domain parameters of secp256r1.
const p = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const generator: Point = {
  x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
  z: 1n,
};
const infinity: Point = { x: 1n, y: 1n, z: 0n };

/** A DER signature of a 32-byte digest. */
export function signDigest(privateKey: KeyObject, digest: Buffer): Buffer {
  const secret = integer(Buffer.from(privateKey.export({ format: 'jwk' }).d!, 'base64url'));
  const hashed = integer(digest);
  for (const nonce of nonces(secret, digest)) {
    const r = modulo(affine(multiply(generator, nonce)).x, n);
    const s = modulo(inverse(nonce, n) * (hashed + r * secret), n);
    if (r !== 0n && s !== 0n) return encodeSignature(r, s);
  }
  throw new RangeError('the nonces of RFC 6979 ended');
}

/** Whether a DER signature belongs to a 32-byte digest. */
export function verifyDigest(publicKey: KeyObject, digest: Buffer, signature: Buffer): boolean {
  const decoded = decodeSignature(signature);
  if (decoded === undefined) return false;
  const { r, s } = decoded;
  if (r <= 0n || r >= n || s <= 0n || s >= n) return false;
  const jwk = publicKey.export({ format: 'jwk' });
  const point: Point = {
    x: integer(Buffer.from(jwk.x!, 'base64url')),
    y: integer(Buffer.from(jwk.y!, 'base64url')),
    z: 1n,
  };
  const w = inverse(s, n);
  const sum = add(multiply(generator, modulo(integer(digest) * w, n)), multiply(point, modulo(r * w, n)));
  return sum.z !== 0n && modulo(affine(sum).x, n) === r;
}

/** RFC 6979, section 3.2, with SHA-256. */
function* nonces(secret: bigint, digest: Buffer): Generator<bigint> {
  const seed = Buffer.concat([bytes(secret), bytes(modulo(integer(digest), n))]);
  let value: Buffer = Buffer.alloc(32, 1);
  let key: Buffer = Buffer.alloc(32, 0);
  const hmac = (...parts: Buffer[]): Buffer =>
    createHmac('sha256', key).update(Buffer.concat(parts)).digest();
  for (const separator of [0, 1]) {
    key = hmac(value, Buffer.from([separator]), seed);
    value = hmac(value);
  }
  for (;;) {
    value = hmac(value);
    const candidate = integer(value);
    if (candidate > 0n && candidate < n) yield candidate;
    key = hmac(value, Buffer.from([0]));
    value = hmac(value);
  }
}

function multiply(point: Point, scalar: bigint): Point {
  let result = infinity;
  for (let bit = 255n; bit >= 0n; bit--) {
    result = double(result);
    if ((scalar >> bit) & 1n) result = add(result, point);
  }
  return result;
}

// dbl-2001-b (a = -3) and add-2007-bl of the Explicit-Formulas Database.
function double({ x, y, z }: Point): Point {
  if (z === 0n) return infinity;
  const delta = (z * z) % p;
  const gamma = (y * y) % p;
  const beta = (x * gamma) % p;
  const alpha = (3n * (x - delta) * (x + delta)) % p;
  const x3 = modulo(alpha * alpha - 8n * beta, p);
  return {
    x: x3,
    y: modulo(alpha * (4n * beta - x3) - 8n * gamma * gamma, p),
    z: modulo((y + z) * (y + z) - gamma - delta, p),
  };
}

function add(left: Point, right: Point): Point {
  if (left.z === 0n) return right;
  if (right.z === 0n) return left;
  const z1z1 = (left.z * left.z) % p;
  const z2z2 = (right.z * right.z) % p;
  const u1 = (left.x * z2z2) % p;
  const s1 = (left.y * right.z * z2z2) % p;
  const h = modulo(right.x * z1z1 - u1, p);
  const half = modulo(right.y * left.z * z1z1 - s1, p);
  if (h === 0n) return half === 0n ? double(left) : infinity;
  const i = (4n * h * h) % p;
  const j = (h * i) % p;
  const r = 2n * half;
  const v = (u1 * i) % p;
  const x = modulo(r * r - j - 2n * v, p);
  return {
    x,
    y: modulo(r * (v - x) - 2n * s1 * j, p),
    z: modulo(((left.z + right.z) ** 2n - z1z1 - z2z2) * h, p),
  };
}

function affine({ x, y, z }: Point): { readonly x: bigint; readonly y: bigint } {
  const inverted = inverse(z, p);
  const squared = (inverted * inverted) % p;
  return { x: (x * squared) % p, y: (y * squared * inverted) % p };
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [r0, r1, t0, t1] = [modulus, modulo(value, modulus), 0n, 1n];
  while (r1 !== 0n) {
    const quotient = r0 / r1;
    [r0, r1, t0, t1] = [r1, r0 - quotient * r1, t1, t0 - quotient * t1];
  }
  return modulo(t0, modulus);
}

function modulo(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

function integer(buffer: Buffer): bigint {
  return BigInt(`0x${buffer.toString('hex')}`);
}

function bytes(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
}

function encodeSignature(r: bigint, s: bigint): Buffer {
  const parts = [r, s].map((value) => {
    const trimmed = Buffer.from(
      value.toString(16).padStart(value.toString(16).length + (value.toString(16).length % 2), '0'),
      'hex',
    );
    const positive = trimmed[0]! >= 0x80 ? Buffer.concat([Buffer.from([0]), trimmed]) : trimmed;
    return Buffer.concat([Buffer.from([0x02, positive.length]), positive]);
  });
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

function decodeSignature(der: Buffer): { readonly r: bigint; readonly s: bigint } | undefined {
  if (der[0] !== 0x30 || der[1] !== der.length - 2) return undefined;
  const values: bigint[] = [];
  let position = 2;
  while (position < der.length && values.length < 2) {
    const length = der[position + 1] ?? 0;
    if (der[position] !== 0x02 || length === 0 || position + 2 + length > der.length) return undefined;
    values.push(integer(der.subarray(position + 2, position + 2 + length)));
    position += 2 + length;
  }
  const [r, s] = values;
  return r === undefined || s === undefined || position !== der.length ? undefined : { r, s };
}
