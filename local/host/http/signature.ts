import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { CredentialsRegistry } from '../iam/credentials.ts';
import { AwsError, type Caller } from '../kernel.ts';

/** What the Authorization header of a signed request says. */
export interface SignedRequest {
  readonly accessKeyId: string;
  /** Date of the credential scope, e.g. `20260105`. */
  readonly date: string;
  readonly region: string;
  /** The service as it stands in the credential scope, e.g. `sqs`. */
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const header =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

/** Takes an Authorization header apart; undefined where the request is not signed with Signature Version 4. */
export function parseAuthorization(authorization: string | undefined): SignedRequest | undefined {
  const match = header.exec(authorization ?? '');
  if (match === null) return undefined;
  const [, accessKeyId, date, region, service, signedHeaders, signature] = match;
  return {
    accessKeyId: accessKeyId!,
    date: date!,
    region: region!,
    service: service!,
    signedHeaders: signedHeaders!.split(';'),
    signature: signature!,
  };
}

/**
 * Verifies Signature Version 4. The date of the request is signed but not compared with any clock: callers live in
 * virtual time. Signing keys are kept by access key and day, so that a request costs two hashes and one HMAC.
 */
export class SignatureVerifier {
  readonly #credentials: CredentialsRegistry;
  readonly #keys = new Map<string, (text: string) => Buffer>();

  constructor(credentials: CredentialsRegistry) {
    this.#credentials = credentials;
  }

  /**
   * Who signed the request.
   * @throws AwsError where the access key is unknown, the token is another's, or the signature does not match.
   */
  verify(
    request: {
      readonly method: string;
      readonly path: string;
      readonly query: string;
      readonly headers: IncomingHttpHeaders;
      readonly body: Buffer;
    },
    signed: SignedRequest,
  ): Caller {
    const issued = this.#credentials.find(signed.accessKeyId);
    const s3 = signed.service === 's3';
    if (issued === undefined) {
      throw s3
        ? new AwsError(
            'InvalidAccessKeyId',
            'The AWS Access Key Id you provided does not exist in our records.',
            403,
          )
        : new AwsError(
            'UnrecognizedClientException',
            'The security token included in the request is invalid.',
            403,
          );
    }
    if (
      issued.sessionToken !== undefined &&
      request.headers['x-amz-security-token'] !== issued.sessionToken
    ) {
      throw s3
        ? new AwsError('InvalidToken', 'The provided token is malformed or otherwise invalid.', 400)
        : new AwsError(
            'UnrecognizedClientException',
            'The security token included in the request is invalid.',
            403,
          );
    }
    const expected = this.#sign(request, signed, issued.secretAccessKey);
    if (!timingSafeEqual(expected, Buffer.from(signed.signature, 'hex'))) {
      throw new AwsError(
        s3 ? 'SignatureDoesNotMatch' : 'InvalidSignatureException',
        'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
        403,
      );
    }
    return issued.caller;
  }

  #sign(
    request: {
      readonly method: string;
      readonly path: string;
      readonly query: string;
      readonly headers: IncomingHttpHeaders;
      readonly body: Buffer;
    },
    signed: SignedRequest,
    secret: string,
  ): Buffer {
    const declaredHash = headerText(request.headers['x-amz-content-sha256']);
    const bodyHash =
      declaredHash === '' || /^[0-9a-f]{64}$/.test(declaredHash)
        ? hash('sha256', request.body)
        : declaredHash;
    const canonicalHeaders = signed.signedHeaders
      .map((name) => `${name}:${headerText(request.headers[name]).trim().replace(/ +/g, ' ')}\n`)
      .join('');
    // S3 signs the path as sent; the other services encode it once more.
    const path =
      signed.service === 's3'
        ? request.path
        : request.path.split('/').map(encodeURIComponentStrictly).join('/');
    const canonical = `${request.method}\n${path}\n${canonicalQuery(request.query)}\n${canonicalHeaders}\n${signed.signedHeaders.join(';')}\n${bodyHash}`;
    const scope = `${signed.date}/${signed.region}/${signed.service}/aws4_request`;
    const toSign = `AWS4-HMAC-SHA256\n${headerText(request.headers['x-amz-date'])}\n${scope}\n${hash('sha256', canonical)}`;
    return this.#signingKey(signed, secret)(toSign);
  }

  #signingKey(signed: SignedRequest, secret: string): (text: string) => Buffer {
    const id = `${signed.accessKeyId}/${signed.date}/${signed.region}/${signed.service}`;
    const known = this.#keys.get(id);
    if (known !== undefined) return known;
    let key: Buffer = Buffer.from(`AWS4${secret}`);
    for (const part of [signed.date, signed.region, signed.service, 'aws4_request'])
      key = createHmac('sha256', key).update(part).digest();
    // Virtual days pass quickly: keep the map from growing for ever.
    if (this.#keys.size > 1_000) this.#keys.clear();
    const sign = preparedHmac(key);
    this.#keys.set(id, sign);
    return sign;
  }
}

/**
 * HMAC-SHA-256 (RFC 2104) of a key of at most 64 bytes, with its padded keys prepared. Two one-shot hashes cost a
 * fraction of what an `Hmac` object does, and this runs on every request.
 */
function preparedHmac(key: Buffer): (text: string) => Buffer {
  const pad = (byte: number): Buffer => {
    const block = Buffer.alloc(64);
    key.copy(block);
    return block.map((value) => value ^ byte) as Buffer;
  };
  const inner = pad(0x36);
  const outer = pad(0x5c);
  return (text) => {
    const digest = hash('sha256', Buffer.concat([inner, Buffer.from(text)]), 'buffer');
    return hash('sha256', Buffer.concat([outer, digest]), 'buffer');
  };
}

function headerText(value: string | readonly string[] | undefined): string {
  return value === undefined ? '' : typeof value === 'string' ? value : value.join(',');
}

function encodeURIComponentStrictly(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function canonicalQuery(query: string): string {
  if (query === '') return '';
  return query
    .split('&')
    .map((pair) => (pair.includes('=') ? pair : `${pair}=`))
    .sort()
    .join('&');
}
