import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** A server that listens. */
export interface Listening {
  /** The address, for example `http://127.0.0.1:4566`, without a slash at the end. */
  readonly url: string;
  /** Stops listening, gives running requests a few seconds to finish, then closes their connections. */
  close(): Promise<void>;
}

/** Milliseconds. A client that never finishes its request must not prevent the delivery of buffered data. */
const CLOSE_GRACE_MS = 5_000;

/** Where a server listens, and how it ends. */
interface ListenOptions {
  /** 0 for any free port. */
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** Time for running requests to finish when it closes, milliseconds. Default 5,000. */
  readonly closeGraceMs?: number | undefined;
}

/** Lets a server listen. @throws Error of the system for a port that is taken. */
export async function listen(
  server: Server,
  { port, host = '127.0.0.1', closeGraceMs = CLOSE_GRACE_MS }: ListenOptions,
): Promise<Listening> {
  const unused = unusedConnections(server);
  server.listen(port, host);
  await once(server, 'listening');
  return {
    url: urlOf(server),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      for (const socket of unused) socket.destroy();
      const cutOff = setTimeout(() => server.closeAllConnections(), closeGraceMs);
      await closed;
      clearTimeout(cutOff);
    },
  };
}

/**
 * The connections that have not had a request. Node does not count them as idle, and they would delay closing. The set changes
 * with the connections.
 */
function unusedConnections(server: Server): ReadonlySet<Socket> {
  const unused = new Set<Socket>();
  server.on('connection', (socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  server.on('request', ({ socket }) => unused.delete(socket));
  return unused;
}

/** The address of a server that listens on a port. */
function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server listens on no port.');
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}
