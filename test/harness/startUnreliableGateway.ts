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
import { listen } from './listen.ts';

/**
 * The treatment of one post by the gateway. `pass` forwards it; `refuse` answers 503 itself; `reset` closes the connection without
 * forwarding; `lose` forwards it and closes the connection instead of answering; `deny` forwards it and answers 503, so that
 * the sender resends what was accepted; `delayMs` delays the response. If the collector itself fails, its response is
 * passed on, and the action applies to the next post.
 */
export type Fate = 'pass' | 'refuse' | 'reset' | 'lose' | 'deny' | { readonly delayMs: number };

/** A post, and what the gateway did with it. */
export interface Post {
  /** The path that was posted to. */
  readonly path: string;
  /** The parameters of the query. */
  readonly query: URLSearchParams;
  /** The headers of the post, names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** The body as it was sent. */
  readonly body: Buffer;
  /** What the gateway did with it. */
  readonly fate: Fate;
  /** Status of the collector; null if the post was not forwarded. */
  readonly collected: number | null;
}

/** A gateway between an SDK and the collector that fails on purpose. */
interface UnreliableGateway {
  /** Address of the gateway, which an SDK is given. */
  readonly url: string;
  /** Every post so far, in the order of completion, without exception reports. */
  readonly posts: readonly Post[];
  close(): Promise<void>;
}

/**
 * Starts an unreliable gateway on loopback.
 *
 * @param upstream Base URL of the collector.
 * @param script Actions for the first posts, after which posts pass, or a function from a post's body to its action.
 *   Preflights and the SDKs' exception reports always pass.
 *
 * @example
 * const gateway = await startUnreliableGateway(cloud.collector, ['refuse', 'lose']);
 */
export async function startUnreliableGateway(
  upstream: string,
  script: readonly Fate[] | ((body: Buffer) => Fate) = [],
): Promise<UnreliableGateway> {
  const fates = typeof script === 'function' ? [] : [...script];
  const fateOf = (body: Buffer) => (typeof script === 'function' ? script(body) : fates.shift());
  const posts: Post[] = [];

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', upstream);
    const isScripted = request.method === 'POST' && !isExceptionReport(url.pathname);
    const body = await buffer(request);
    const planned = (isScripted ? fateOf(body) : undefined) ?? 'pass';
    const answer = planned === 'refuse' || planned === 'reset' ? null : await forward(url, request, body);
    const isRefused = answer !== null && answer.status >= 500;
    if (isRefused && planned !== 'pass') fates.unshift(planned);
    const fate = isRefused ? 'pass' : planned;
    if (isScripted) {
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
    // The sender has closed the connection, or there is no collector: no response is possible.
    serve(request, response).catch(() => request.socket.destroy());
  });
  return {
    url: await listen(server),
    posts,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

/** What the collector has answered. */
interface Answer {
  /** The status of HTTP. */
  readonly status: number;
  /** Its headers, names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** Its whole body. */
  readonly body: Buffer;
}

/** Sends a post on to the collector, with its body as it was. */
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
