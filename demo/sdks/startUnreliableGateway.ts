import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
  request as send,
} from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { isExceptionReport } from '../../lib/wire/sdkRequest.ts';

/**
 * What becomes of one post. `pass` hands it on; `refuse` answers 503 itself; `reset` cuts the connection and
 * hands nothing on; `lose` hands it on and cuts the connection instead of answering, `deny` hands it on and
 * answers 503, so that the sender resends what has landed; `delayMs` hands the answer on so much later. What the
 * collector itself could not take passes instead, and the next post has its fate.
 */
export type Fate = 'pass' | 'refuse' | 'reset' | 'lose' | 'deny' | { readonly delayMs: number };

/** A post as it came, and what became of it. */
export interface Post {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly fate: Fate;
  /** Status that the collector answered; null when it was never asked. */
  readonly collected: number | null;
}

/** A gateway that fails on purpose, between an SDK and the collector. */
export interface UnreliableGateway {
  readonly url: string;
  /** Every post so far, in the order they were settled; exception reports left out. */
  readonly posts: readonly Post[];
  close(): Promise<void>;
}

/**
 * Starts one on loopback.
 *
 * @param upstream Base URL of the collector.
 * @param script What becomes of the first posts, one after another, those after them pass; or what becomes of
 *   each, by its body. Preflights and the SDKs' exception reports always pass.
 *
 * @example
 * const gateway = await startUnreliableGateway(cloud.collector, ['refuse', 'lose']);
 */
export function startUnreliableGateway(
  upstream: string,
  script: readonly Fate[] | ((body: Buffer) => Fate) = [],
): Promise<UnreliableGateway> {
  const fates = typeof script === 'function' ? [] : [...script];
  const fateOf = (body: Buffer) => (typeof script === 'function' ? script(body) : fates.shift());
  const posts: Post[] = [];

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', upstream);
    const scripted = request.method === 'POST' && !isExceptionReport(url.pathname);
    const body = await buffer(request);
    const planned = (scripted ? fateOf(body) : undefined) ?? 'pass';
    const answer = planned === 'refuse' || planned === 'reset' ? null : await forward(url, request, body);
    const notTaken = answer !== null && answer.status >= 500;
    if (notTaken && planned !== 'pass') fates.unshift(planned);
    const fate = notTaken ? 'pass' : planned;
    if (scripted) {
      const { pathname: path, searchParams: query } = url;
      const collected = answer?.status ?? null;
      posts.push({ path, query, headers: request.headers, body, fate, collected });
    }
    if (fate === 'reset' || fate === 'lose') {
      request.socket.destroy();
      return;
    }
    if (typeof fate === 'object') await setTimeout(fate.delayMs);
    if (answer === null || fate === 'deny') {
      response.writeHead(503, {
        'content-type': 'application/json',
        ...(request.headers.origin === undefined ? {} : { 'access-control-allow-origin': '*' }),
      });
      response.end('{"success":false}');
    } else {
      response.writeHead(answer.status, answer.headers).end(answer.body);
    }
  }

  const server = createServer((request, response) => {
    // A sender that has gone away, or no collector: there is nobody to answer, or nothing to say.
    serve(request, response).catch(() => request.socket.destroy());
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      resolve({
        url: `http://127.0.0.1:${port}`,
        posts,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            server.closeAllConnections();
          }),
      });
    });
  });
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

function forward(url: URL, { method, headers }: IncomingMessage, body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { 'transfer-encoding': _, ...kept } = headers;
    const upstream = send(url, {
      method,
      headers: { ...kept, host: url.host, 'content-length': body.length },
    });
    upstream.once('error', reject).once('response', (response) => {
      buffer(response).then(
        (bytes) => resolve({ status: response.statusCode ?? 502, headers: response.headers, body: bytes }),
        reject,
      );
    });
    upstream.end(body);
  });
}
