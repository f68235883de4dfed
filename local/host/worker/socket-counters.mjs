import { Socket } from 'node:net';

/**
 * Tracks the thread's outgoing connections from now on.
 *
 * @returns {() => { localPort: number, remotePort: number, bytesRead: number, bytesWritten: number, connecting: boolean }[]}
 */
export function trackSockets() {
  const sockets = new Set();
  const connect = Socket.prototype.connect;
  Socket.prototype.connect = function (...parts) {
    if (!sockets.has(this)) {
      sockets.add(this);
      this.once('close', () => sockets.delete(this));
    }
    return connect.apply(this, parts);
  };
  return () =>
    [...sockets].map((socket) => ({
      localPort: socket.localPort ?? 0,
      remotePort: socket.remotePort ?? 0,
      bytesRead: socket.bytesRead,
      bytesWritten: socket.bytesWritten ?? 0,
      connecting: socket.connecting,
    }));
}
