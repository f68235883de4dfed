import type { LinkSocket, Links } from '../aws/ecs/task.ts';
import type { ConnectionCounters } from './http/front.ts';

/** A part of the process that tasks connect to, such as the paper gateway, with its view of the connections. */
export interface Link {
  readonly port: number;
  sockets(): readonly {
    readonly remotePort: number;
    readonly bytesRead: number;
    readonly bytesWritten: number;
    /** Bytes accepted for writing that the system has not taken yet. */
    readonly bufferedWrite: number;
  }[];
}

/** All ends of tasks' connections within the process: the host's own port, and what is added. */
export function createLinks(
  connections: () => readonly ConnectionCounters[],
  connection: (remotePort: number) => ConnectionCounters | undefined,
  disconnect: (remotePort: number) => void,
  port: () => number,
): Links & { add(link: Link): void } {
  const links: Link[] = [];
  return {
    add: (link) => void links.push(link),
    disconnect,
    socket(remotePort) {
      const own = connection(remotePort);
      if (own !== undefined)
        return {
          remotePort,
          bytesRead: own.bytesRead,
          bytesWritten: own.bytesWritten,
          unfinished: own.inFlight,
        };
      for (const link of links) {
        const end = link.sockets().find((candidate) => candidate.remotePort === remotePort);
        if (end !== undefined)
          return {
            remotePort,
            bytesRead: end.bytesRead,
            bytesWritten: end.bytesWritten,
            unfinished: end.bufferedWrite,
          };
      }
      return undefined;
    },
    isLink: (remote) => remote === port() || links.some((link) => link.port === remote),
    sockets() {
      const found = new Map<number, LinkSocket>();
      for (const { remotePort, bytesRead, bytesWritten, inFlight } of connections())
        found.set(remotePort, { remotePort, bytesRead, bytesWritten, unfinished: inFlight });
      for (const link of links) {
        for (const { remotePort, bytesRead, bytesWritten, bufferedWrite } of link.sockets())
          found.set(remotePort, { remotePort, bytesRead, bytesWritten, unfinished: bufferedWrite });
      }
      return found;
    },
  };
}
