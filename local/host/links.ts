import type { LinkEnd, Links, TaskConnection } from '../aws/ecs/task.ts';
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

/** The host's own server, as far as its connections with tasks are concerned. */
export interface OwnServer {
  readonly port: number;
  connection(callerPort: number): ConnectionCounters | undefined;
  disconnect(callerPort: number): void;
}

/**
 * All ends of tasks' connections within the process: the host's own server, and what is added. A connection is found by
 * the ports of both its ends: the system gives one port to several connections that lead to different servers, and who
 * takes the counters of another one for those of a task does not see the task at work.
 */
export function createLinks(own: () => OwnServer): Links & { add(link: Link): void } {
  const links: Link[] = [];

  const ownEnd = (taskPort: number): LinkEnd | undefined => {
    const found = own().connection(taskPort);
    return found === undefined
      ? undefined
      : { bytesRead: found.bytesRead, bytesWritten: found.bytesWritten, unfinished: found.inFlight };
  };
  const linkEnd = ({ localPort, remotePort }: TaskConnection): LinkEnd | undefined => {
    const found = links
      .find((link) => link.port === remotePort)
      ?.sockets()
      .find((socket) => socket.remotePort === localPort);
    return found === undefined
      ? undefined
      : { bytesRead: found.bytesRead, bytesWritten: found.bytesWritten, unfinished: found.bufferedWrite };
  };

  return {
    add: (link) => void links.push(link),
    isLink: (port) => port === own().port || links.some((link) => link.port === port),
    end: (connection) =>
      connection.remotePort === own().port ? ownEnd(connection.localPort) : linkEnd(connection),
    disconnect(connection) {
      if (connection.remotePort === own().port) own().disconnect(connection.localPort);
    },
  };
}
