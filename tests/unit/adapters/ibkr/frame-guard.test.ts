import { describe, expect, it } from 'vitest';
import { FrameGuard, MalformedStreamError } from '#adapters/ibkr/frame-guard.ts';

const frame = (...fields: readonly string[]): Buffer => {
  const body = Buffer.from(`${fields.join('\0')}\0`);
  const prefix = Buffer.alloc(4);
  prefix.writeInt32BE(body.length, 0);
  return Buffer.concat([prefix, body]);
};

describe('the guard in front of the parser', () => {
  it('gives whole frames however the bytes arrive', () => {
    const frames = [frame('9', '1', '5'), frame('49', '1', '1517842800')];
    const bytes = Buffer.concat(frames);
    const guard = new FrameGuard();
    const out = [...bytes].flatMap((byte) => guard.push(Buffer.from([byte])));
    expect(out).toEqual(frames);
    expect(new FrameGuard().push(bytes)).toEqual(frames);
  });

  it('refuses lengths that no frame has, at once', () => {
    for (const bytes of [
      [0xff, 0xff, 0xff, 0xff],
      [0, 0, 0, 0],
      [0x7f, 0xff, 0xff, 0xff],
      [1, 0, 0, 0],
    ]) {
      expect(() => new FrameGuard().push(Buffer.from(bytes))).toThrow(MalformedStreamError);
    }
  });

  it('refuses a frame without its last NUL, which would run into the next', () => {
    const bytes = frame('9', '1', '5');
    bytes[bytes.length - 1] = 0x35;
    expect(() => new FrameGuard().push(bytes)).toThrow(/does not end in NUL/);
  });

  it.each(['{"broken', '{"a":1}', '{"a":"\\u0022"}'])(
    'takes %s out of an error report and leaves its code and text',
    (json) => {
      const [out] = new FrameGuard().push(frame('4', '2', '7', '201', 'no', json));
      expect(out).toEqual(frame('4', '2', '7', '201', 'no', ''));
      const bare = frame('4', '2', '7', '201', 'no', '');
      expect(new FrameGuard().push(bare)).toEqual([bare]);
    },
  );
});
