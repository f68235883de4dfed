import { describe, expect, it } from 'vitest';
import { createLinks } from '#local/host/links.ts';

const HOST = 4_566;
const GATEWAY = 4_002;
/** A port that the system has given to two connections at once, for they lead to different servers. */
const SHARED = 45_001;

function links() {
  const ended: number[] = [];
  const all = createLinks(() => ({
    port: HOST,
    connection: (callerPort) =>
      callerPort === SHARED ? { remotePort: SHARED, bytesRead: 1, bytesWritten: 2, inFlight: 3 } : undefined,
    disconnect: (callerPort) => void ended.push(callerPort),
  }));
  all.add({
    port: GATEWAY,
    sockets: () => [{ remotePort: SHARED, bytesRead: 4, bytesWritten: 5, bufferedWrite: 6 }],
  });
  return { ...all, ended };
}

describe('links', () => {
  it('tell two connections from one port apart by where they lead', () => {
    const { end } = links();
    expect(end({ localPort: SHARED, remotePort: HOST })).toEqual({
      bytesRead: 1,
      bytesWritten: 2,
      unfinished: 3,
    });
    expect(end({ localPort: SHARED, remotePort: GATEWAY })).toEqual({
      bytesRead: 4,
      bytesWritten: 5,
      unfinished: 6,
    });
  });

  it('know of no other connection', () => {
    const { end, isLink } = links();
    for (const remotePort of [HOST, GATEWAY]) expect(end({ localPort: 1, remotePort })).toBeUndefined();
    expect(end({ localPort: SHARED, remotePort: 443 })).toBeUndefined();
    expect([HOST, GATEWAY, 443].map(isLink)).toEqual([true, true, false]);
  });

  it('end a connection to the host’s own server, and none of another server’s by the way', () => {
    const { disconnect, ended } = links();
    disconnect({ localPort: SHARED, remotePort: GATEWAY });
    expect(ended).toEqual([]);
    disconnect({ localPort: SHARED, remotePort: HOST });
    expect(ended).toEqual([SHARED]);
  });
});
