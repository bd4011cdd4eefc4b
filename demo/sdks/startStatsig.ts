import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A request that reached the stand-in for Statsig. */
export interface StatsigPost {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A stand-in for the part of Statsig that takes events. */
export interface StatsigStandIn {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Takes posts on loopback and answers them as Statsig answers `log_event`: https://docs.statsig.com/http-api/overview.
 *
 * @param port 0 for any that is free.
 * @param onPost Gets each post that was read whole.
 */
export async function startStatsig(
  port: number,
  onPost: (post: StatsigPost) => void,
): Promise<StatsigStandIn> {
  const server = createServer(async (request, response) => {
    try {
      const body = await buffer(request);
      const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'http://statsig');
      if (request.method === 'POST') onPost({ path, query, headers: request.headers, body });
      response.writeHead(202, { 'content-type': 'application/json' }).end('{"success":true}');
    } catch {
      // The sender has closed the connection.
      request.socket.destroy();
    }
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${taken}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
