import type { Server } from 'node:http';

/** A server that listens. */
export interface Listening {
  readonly url: string;
  /** Stops listening, gives running requests a few seconds to finish, then closes their connections. */
  close(): Promise<void>;
}

/** Milliseconds. A client that never finishes its request must not prevent the delivery of buffered data. */
const CLOSE_GRACE_MS = 5000;

/**
 * Lets a server listen on loopback.
 *
 * @param port 0 for any free port.
 * @param closeGraceMs Time for running requests to finish when it closes, milliseconds. Default 5,000.
 * @throws Error of the system for a port that is taken.
 */
export async function listen(
  server: Server,
  port: number,
  closeGraceMs = CLOSE_GRACE_MS,
): Promise<Listening> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve, reject) => {
        const cutOff = setTimeout(() => server.closeAllConnections(), closeGraceMs);
        server.close((error) => {
          clearTimeout(cutOff);
          if (error === undefined) resolve();
          else reject(error);
        });
        server.closeIdleConnections();
      }),
  };
}
