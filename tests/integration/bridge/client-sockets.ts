import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

const sockets = new Set<Socket>();

// Every TCP client of this process announces itself here; the bridge's link is one of them.
subscribe('net.client.socket', (message) => {
  const { socket } = message as { readonly socket: Socket };
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
});

/** What the other end has counted of one connection. */
export interface PeerFigures {
  readonly remotePort: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly bufferedWrite: number;
}

/** Whether every byte written on either end of the connections to `port` has been read on the other. */
export function bytesAreAllRead(port: number, peers: readonly PeerFigures[]): boolean {
  const ours = [...sockets].filter((socket) => socket.remotePort === port || socket.connecting);
  if (ours.some((socket) => socket.connecting) || ours.length !== peers.length) return false;
  return ours.every((socket) => {
    const peer = peers.find(({ remotePort }) => remotePort === socket.localPort);
    return (
      peer !== undefined &&
      socket.writableLength === 0 &&
      peer.bufferedWrite === 0 &&
      peer.bytesRead === socket.bytesWritten &&
      peer.bytesWritten === socket.bytesRead
    );
  });
}
