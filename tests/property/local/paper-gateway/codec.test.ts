import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedFieldError } from '#local/paper-gateway/protocol/fields.ts';
import {
  encodeFrame,
  encodeHello,
  FrameLengthError,
  FrameReader,
  fieldsOf,
  HelloReader,
  NotAClientHelloError,
} from '#local/paper-gateway/protocol/frames.ts';
import {
  decodeRequest,
  encodeRequest,
  REQUESTS,
  type RequestName,
} from '#local/paper-gateway/protocol/requests.ts';
import {
  decodeResponse,
  encodeResponse,
  RESPONSES,
  type ResponseName,
} from '#local/paper-gateway/protocol/responses.ts';

const version = fc.integer({ min: 176, max: 193 });
/** What fields hold on the wire: text of any script, numbers, unset values, flags. */
const field = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }).map((value) => value.replaceAll('\0', '')),
  fc.constantFrom(
    '',
    '0',
    '1',
    'true',
    '2147483647',
    '1.7976931348623157E308',
    'Infinity',
    'NaN',
    '-1',
    '1e9',
    'BAG',
    'IBKRATS',
  ),
  fc.integer().map(String),
  fc.double({ noNaN: true }).map(String),
);
const numeric = fc.oneof(fc.constantFrom('', '0', '1', '3'), fc.nat(5_000).map(String));

const cut = (bytes: Buffer, sizes: readonly number[]): Buffer[] => {
  const pieces: Buffer[] = [];
  let from = 0;
  for (let turn = 0; from < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] as number;
    pieces.push(bytes.subarray(from, from + size));
    from += size;
  }
  return pieces;
};

describe('frames', () => {
  it('come out as they went in, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(field, { minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
        (messages, sizes) => {
          const reader = new FrameReader(0xffffff);
          const read: string[][] = [];
          for (const piece of cut(Buffer.concat(messages.map(encodeFrame)), sizes)) {
            reader.push(piece, (body) => read.push(fieldsOf(body)));
          }
          expect(read.map((fields) => `${fields.join('\0')}\0`)).toEqual(
            messages.map((fields) => `${fields.join('\0')}\0`),
          );
          expect(reader.pending).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('of any bytes at all end in messages or in a named refusal, and never hold more than one frame', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
        (bytes, sizes) => {
          const reader = new FrameReader(64);
          try {
            for (const piece of cut(Buffer.from(bytes), sizes)) {
              reader.push(piece, (body) => void fieldsOf(body));
              expect(reader.pending).toBeLessThan(64 + 4);
            }
          } catch (error) {
            expect(error).toBeInstanceOf(FrameLengthError);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('that come byte by byte are held in few pieces, not in one a byte', () => {
    const reader = new FrameReader(100_000);
    const read: string[][] = [];
    const frame = encodeFrame(['x'.repeat(90_000), 'end']);
    let most = 0;
    for (let at = 0; at < frame.length; at += 1) {
      reader.push(frame.subarray(at, at + 1), (body) => read.push(fieldsOf(body)));
      most = Math.max(most, reader.pieces);
    }
    expect(read).toEqual([['x'.repeat(90_000), 'end']]);
    expect(most).toBeLessThan(300);
    expect(reader.pieces).toBe(0);
  });

  it.each([0, 65, 0x7fffffff, 0x80000000, 0xffffffff])(
    'of length %i are refused before a byte of them is held',
    (length) => {
      const reader = new FrameReader(64);
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(length);
      expect(() => reader.push(bytes, () => {})).toThrow(FrameLengthError);
      expect(reader.pending).toBe(0);
    },
  );

  it('before a bad length are still delivered', () => {
    const read: string[][] = [];
    const reader = new FrameReader(64);
    const bytes = Buffer.concat([encodeFrame(['49', '1']), Buffer.alloc(4)]);
    expect(() => reader.push(bytes, (body) => read.push(fieldsOf(body)))).toThrow(FrameLengthError);
    expect(read).toEqual([['49', '1']]);
  });
});

describe('the opening', () => {
  it('is read byte by byte, and what follows is kept', () => {
    const reader = new HelloReader();
    const bytes = Buffer.concat([
      encodeHello({ minimumVersion: 100, maximumVersion: 193, options: '+PACEAPI' }),
      Buffer.from([1, 2]),
    ]);
    const last = bytes.length - 2;
    for (let index = 0; index < last - 1; index += 1)
      expect(reader.push(bytes.subarray(index, index + 1))).toBeNull();
    expect(reader.push(bytes.subarray(last - 1))).toEqual({
      hello: { minimumVersion: 100, maximumVersion: 193, options: '+PACEAPI' },
      rest: Buffer.from([1, 2]),
    });
  });

  it('of any other program is refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (bytes) => {
        fc.pre(bytes[0] !== 0x41);
        expect(() => new HelloReader().push(Buffer.from(bytes))).toThrow(NotAClientHelloError);
      }),
    );
    expect(() => new HelloReader().push(Buffer.from('API\0\0\0\0\x04vv..', 'latin1'))).toThrow(
      NotAClientHelloError,
    );
    expect(() => new HelloReader().push(Buffer.from('API\0\xff\xff\xff\xff', 'latin1'))).toThrow(
      NotAClientHelloError,
    );
  });
});

describe('messages', () => {
  const requestName = fc.constantFrom(...(Object.keys(REQUESTS) as RequestName[]));
  const responseName = fc.constantFrom(...(Object.keys(RESPONSES) as ResponseName[]));

  it('from clients: whatever decodes is the same after another turn, at every server version', () => {
    fc.assert(
      fc.property(
        requestName,
        fc.array(fc.oneof(numeric, field), { maxLength: 160 }),
        version,
        (name, fields, at) => {
          let decoded: ReturnType<typeof decodeRequest>;
          try {
            decoded = decodeRequest([String(REQUESTS[name].id), ...fields], at);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedFieldError);
            return;
          }
          if (decoded.kind !== 'request') throw new Error('a known id was not recognised');
          const { request, ...values } = decoded.request;
          const again = encodeRequest(request, values as never, at);
          expect(decodeRequest(again, at)).toEqual(decoded);
        },
      ),
      { numRuns: 600 },
    );
  });

  it('to clients: whatever decodes is the same after another turn, at every server version', () => {
    fc.assert(
      fc.property(
        responseName,
        fc.array(fc.oneof(numeric, field), { maxLength: 160 }),
        version,
        (name, fields, at) => {
          let decoded: ReturnType<typeof decodeResponse>;
          try {
            decoded = decodeResponse([String(RESPONSES[name].id), ...fields], at);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedFieldError);
            return;
          }
          if (decoded === null) throw new Error('a known id was not recognised');
          expect(decodeResponse(encodeResponse(decoded, at), at)).toEqual(decoded);
        },
      ),
      { numRuns: 600 },
    );
  });

  /** Fields that every codec can read, whatever stands where: small whole numbers and unset. */
  const readable = fc.array(fc.constantFrom('', '0', '1', '2', '7'), { minLength: 300, maxLength: 300 });
  const versions = Array.from({ length: 18 }, (_, index) => 176 + index);

  it.each(Object.keys(REQUESTS) as RequestName[])(
    '%s is read as it was written at each of the versions',
    (name) => {
      let read = 0;
      fc.assert(
        fc.property(readable, (fields) => {
          for (const at of versions) {
            const decoded = decodeRequest([String(REQUESTS[name].id), ...fields], at);
            if (decoded.kind !== 'request') throw new Error('a known id was not recognised');
            const { request, ...values } = decoded.request;
            const written = encodeRequest(request, values as never, at);
            expect(decodeRequest(written, at)).toEqual(decoded);
            read += 1;
          }
        }),
        { numRuns: 4, seed: 4 },
      );
      expect(read).toBe(4 * versions.length);
    },
  );

  it.each(Object.keys(RESPONSES) as ResponseName[])(
    '%s is read as it was written at each of the versions',
    (name) => {
      let read = 0;
      fc.assert(
        fc.property(readable, (fields) => {
          for (const at of versions) {
            const decoded = decodeResponse([String(RESPONSES[name].id), ...fields], at);
            if (decoded === null) throw new Error('a known id was not recognised');
            expect(decodeResponse(encodeResponse(decoded, at), at)).toEqual(decoded);
            read += 1;
          }
        }),
        { numRuns: 4, seed: 4 },
      );
      expect(read).toBe(4 * versions.length);
    },
  );

  it('of any fields at all end in a request, an unknown id or a named refusal', () => {
    fc.assert(
      fc.property(fc.array(field, { maxLength: 150 }), version, (fields, at) => {
        try {
          expect(['request', 'unknown']).toContain(decodeRequest(fields, at).kind);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedFieldError);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('that claim more items than they carry are refused instead of allocating for them', () => {
    const claim = ['17', '1', 'start', 'end', '2000000000'];
    expect(() => decodeResponse(claim, 193)).toThrow(MalformedFieldError);
  });
});
