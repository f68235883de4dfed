import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAwsChunked } from '#local/host/http/aws-chunked.ts';
import { awsJson } from '#local/host/http/aws-json.ts';
import { awsQuery } from '#local/host/http/aws-query.ts';
import type { HttpRequest } from '#local/host/http/protocol.ts';
import { lambdaRest, schedulerRest } from '#local/host/http/rest-json.ts';
import { s3Rest } from '#local/host/http/s3-rest.ts';
import { parseAuthorization, SignatureVerifier } from '#local/host/http/signature.ts';
import { child, childText, flatList, parseXml, toXml } from '#local/host/http/xml.ts';
import { CredentialsRegistry } from '#local/host/iam/credentials.ts';
import { AwsError } from '#local/host/kernel.ts';

const request = (
  method: string,
  path: string,
  body = '',
  headers: HttpRequest['headers'] = {},
): HttpRequest => {
  const [plain = '', query = ''] = path.split('?');
  return { method, path: plain, query, headers, body: Buffer.from(body) };
};

describe('XML', () => {
  it('comes back as it was written, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '<', '>', '&', '"', "'", '\r', '\n', 'ü', ' ', '漢') }),
        (text) => {
          expect(parseXml(toXml('Root', { Inner: text })).children[0]?.text ?? '').toBe(text);
        },
      ),
    );
  });

  it('writes lists by member or flat, maps by entry, and nothing for undefined', () => {
    const value = { List: ['a', { B: 1 }], Map: new Map([['k', 'v']]), None: undefined };

    expect(toXml('R', value)).toBe(
      '<R><List><member>a</member><member><B>1</B></member></List><Map><entry><key>k</key><value>v</value></entry></Map></R>',
    );
    expect(toXml('R', { Item: ['a', 'b'] }, flatList)).toBe('<R><Item>a</Item><Item>b</Item></R>');
  });

  it('reads declarations, comments, attributes, entities and empty elements', () => {
    const root = parseXml(
      '<?xml version="1.0"?><!-- note --><Delete xmlns="x"><Quiet/><Object id="1"><Key>a &amp; b &#x41;&#66;</Key></Object></Delete>',
    );

    expect(childText(root, 'Quiet')).toBe('');
    expect(childText(child(root, 'Object'), 'Key')).toBe('a & b AB');
  });

  it.each(['', '<a>', '<a></b>', '</a>'])('refuses %j', (text) => {
    expect(() => parseXml(text)).toThrow(SyntaxError);
  });
});

describe('aws-chunked', () => {
  it('decodes any division into chunks', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 6 }), (pieces) => {
        const framed = Buffer.concat([
          ...pieces.map((piece) =>
            Buffer.concat([
              Buffer.from(`${piece.length.toString(16)};chunk-signature=00\r\n`),
              piece,
              Buffer.from('\r\n'),
            ]),
          ),
          Buffer.from('0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n'),
        ]);

        const { body, trailers } = decodeAwsChunked(framed);

        expect(body).toEqual(Buffer.concat(pieces));
        expect(trailers).toEqual({ 'x-amz-checksum-crc32': 'AAAAAA==' });
      }),
    );
  });

  it.each(['', '5\r\nhel', 'zz\r\n', '5\r\nhello\r\n'])('refuses the broken body %j', (text) => {
    expect(() => decodeAwsChunked(Buffer.from(text))).toThrow(AwsError);
  });
});

describe('the protocols', () => {
  it('query: puts flattened parameters together in the order of their positions', () => {
    const body =
      'Action=Publish&Version=2010-03-31&L.member.2=b&L.member.10=c&L.member.1=a&M.entry.1.key=k&M.entry.1.value=v%26w&S.T=u';

    const { operation, input } = awsQuery.decode(request('POST', '/', body));

    expect(operation).toBe('Publish');
    expect(input).toEqual({ L: ['a', 'b', 'c'], M: { k: 'v&w' }, S: { T: 'u' } });
    expect(() => awsQuery.decode(request('POST', '/', 'Version=1'))).toThrow(/no Action/);
  });

  it('JSON: refuses a body that is no object', () => {
    for (const body of ['[1]', '{', 'null'])
      expect(() =>
        awsJson.decode(request('POST', '/', body, { 'x-amz-target': 'AmazonSQS.SendMessage' })),
      ).toThrow(/not a JSON object/);
    expect(awsJson.decode(request('POST', '/', '', { 'x-amz-target': 'AWSEvents.PutEvents' }))).toMatchObject(
      { operation: 'PutEvents', input: {} },
    );
  });

  it('REST: finds the operation by method and path, and names what it does not know', () => {
    expect(schedulerRest.decode(request('GET', '/schedules?ScheduleGroup=g&MaxResults=5'))).toMatchObject({
      operation: 'ListSchedules',
      input: { GroupName: 'g', MaxResults: '5' },
    });
    expect(
      lambdaRest.decode(
        request('PUT', '/2017-10-31/functions/f/concurrency', '{"ReservedConcurrentExecutions":2}'),
      ),
    ).toMatchObject({
      operation: 'PutFunctionConcurrency',
      input: { FunctionName: 'f', ReservedConcurrentExecutions: 2 },
    });
    expect(() => lambdaRest.decode(request('POST', '/2015-03-31/functions'))).toThrow(
      'POST /2015-03-31/functions is not an operation that the embedded host knows',
    );
  });

  it('S3: refuses a header whose effect it does not have', () => {
    expect(() => s3Rest.decode(request('PUT', '/b/k', 'x', { 'x-amz-acl': 'public-read' }))).toThrow(
      /x-amz-acl/,
    );
    expect(() => s3Rest.decode(request('PUT', '/b?acl'))).toThrow(/\?acl/);
    expect(() => s3Rest.decode(request('POST', '/b?delete', '<Delete>'))).toThrow(AwsError);
  });
});

describe('signatures', () => {
  it('are those of the example in the documentation of Signature Version 4', () => {
    // "Create a signed AWS API request": GET ListUsers of IAM, with the published key, date and result.
    const credentials = new CredentialsRegistry({
      accessKeyId: 'AKIDEXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
    });
    const signed = parseAuthorization(
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
    )!;
    const listUsers = request('GET', '/?Action=ListUsers&Version=2010-05-08', '', {
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      host: 'iam.amazonaws.com',
      'x-amz-date': '20150830T123600Z',
    });
    const verifier = new SignatureVerifier(credentials);

    expect(verifier.verify(listUsers, signed)).toEqual({ kind: 'operator' });
    expect(() =>
      verifier.verify({ ...listUsers, query: 'Action=ListRoles&Version=2010-05-08' }, signed),
    ).toThrow(/does not match/);
  });

  it('are not read from other headers', () => {
    for (const header of [
      undefined,
      'Basic YTpi',
      `AWS4-HMAC-SHA256 Credential=a/1/r/s/aws4_request, SignedHeaders=h, Signature=${createHmac('sha256', 'k').digest('hex')}`,
    ]) {
      expect(parseAuthorization(header)).toBeUndefined();
    }
  });
});
