import { type IncomingHttpHeaders, type IncomingMessage, request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import type { Answer } from './functionAnswer.ts';
import type { HttpProxy } from './HttpApi.ts';

/** A request that the gateway passes on. */
interface ProxiedRequest {
  /** HTTP method; the integration may set another. */
  readonly method: string;
  /** Path and query as received. */
  readonly target: string;
  /** As received: those of the connection are left out by {@link sendProxied}. */
  readonly headers: IncomingHttpHeaders;
  /** The whole body; empty without one. */
  readonly body: Buffer;
  /** IPv4 or IPv6 address of the client. */
  readonly sourceIp: string;
}

/** Limits of an integration. */
interface ProxyLimits {
  /** How long the server may take for its whole answer, milliseconds. */
  readonly timeoutMs: number;
  /** Largest answer, bytes. */
  readonly payloadBytes: number;
}

/**
 * Headers that are not passed on: those of a connection, and `host` and `content-length`, which are set anew. A message names
 * further headers of its connection in `Connection`. API Gateway's documents don't list them, so it is taken to keep to the RFC.
 * https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
 */
const OF_CONNECTION: readonly string[] = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'content-length',
];

/**
 * Sends a request to the server of an `HTTP_PROXY` integration, and takes its answer as it comes: no redirect is followed, and
 * no body is decompressed.
 *
 * API Gateway says whose request it is in the header `Forwarded`. Whether it sends `X-Forwarded-For` to such servers is not
 * documented, so it is not sent here.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-http.html
 *
 * @throws Error if the server does not answer in time, or with more bytes than an answer may have.
 */
export async function sendProxied(
  proxy: HttpProxy,
  { method, target, headers, body, sourceIp }: ProxiedRequest,
  { timeoutMs, payloadBytes }: ProxyLimits,
): Promise<Answer> {
  const url = proxiedUrl(proxy, target);
  const send = url.protocol === 'https:' ? overHttps : overHttp;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    send(url, {
      method: proxy.method ?? method,
      headers: {
        ...ownHeaders(headers),
        forwarded: forwardedFor(sourceIp, headers.host ?? ''),
        ...(body.length === 0 ? {} : { 'content-length': body.length }),
      },
      signal: AbortSignal.timeout(timeoutMs),
    })
      .once('response', resolve)
      .once('error', reject)
      .end(body);
  });
  const received = await readAnswer(answer, payloadBytes);
  const { statusCode } = answer;
  if (statusCode === undefined) throw new Error('The answer has no status.');
  return { status: statusCode, headers: ownHeaders(answer.headers), body: received };
}

/** The body of an answer. The connection of one with too many bytes is ended. @throws Error */
async function readAnswer(answer: IncomingMessage, payloadBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += chunk.length;
    // To leave the loop destroys the stream.
    if (bytes > payloadBytes) throw new Error(`The answer has more than ${payloadBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** How a mapped path refers to the path of the request. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html */
const REQUEST_PATH = /\$\{request\.path\}|\$request\.path/g;

/** The address that a request goes to. The query of the request follows that of the address. */
function proxiedUrl({ uri, path }: HttpProxy, target: string): URL {
  const url = new URL(uri);
  const queryAt = target.indexOf('?');
  const requestPath = queryAt === -1 ? target : target.slice(0, queryAt);
  // By a function, because `$` has a meaning in a replacement that is a text.
  if (path !== undefined) url.pathname = path.replaceAll(REQUEST_PATH, () => requestPath);
  if (queryAt !== -1) {
    const queries = [url.search.slice(1), target.slice(queryAt + 1)];
    url.search = queries.filter((query) => query !== '').join('&');
  }
  return url;
}

/** The headers of a message without those of its connection. */
function ownHeaders(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  const left = new Set([...OF_CONNECTION, ...named]);
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]): [string, string | string[]][] =>
      value === undefined || left.has(name) ? [] : [[name, value]],
    ),
  );
}

/** Value of the header `Forwarded`: https://www.rfc-editor.org/rfc/rfc7239#section-4 */
function forwardedFor(sourceIp: string, host: string): string {
  const node = sourceIp.includes(':') ? `[${sourceIp}]` : sourceIp;
  return `for=${tokenOrQuoted(node)};host=${tokenOrQuoted(host)};proto=https`;
}

/** A value that is no token is a quoted string: https://www.rfc-editor.org/rfc/rfc9110#section-5.6 */
function tokenOrQuoted(value: string): string {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(value) ? value : `"${value.replaceAll(/["\\]/g, '\\$&')}"`;
}
