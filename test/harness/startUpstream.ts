import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** A request as it came over the wire. */
export interface Recorded {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** A server in Statsig's place. */
export interface Upstream {
  readonly url: string;
  readonly requests: Recorded[];
  /** How the next requests are answered. */
  answer: (recorded: Recorded, response: ServerResponse) => void;
  close(): Promise<void>;
}

/** Starts a server on loopback that records its requests, byte for byte, and sends the given answer. */
export async function startUpstream(answer: Upstream['answer']): Promise<Upstream> {
  const requests: Recorded[] = [];
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = '', url: target = '', headers } = request;
    const recorded = { method, target, headers, body: Buffer.concat(chunks) };
    requests.push(recorded);
    upstream.answer(recorded, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const upstream: Upstream = {
    url: `http://127.0.0.1:${port}`,
    requests,
    answer,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return upstream;
}
