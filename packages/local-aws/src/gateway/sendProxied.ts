import { type IncomingHttpHeaders, type IncomingMessage, request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import { type Answer, readBody } from './functionAnswer.ts';
import type { HttpProxy } from './HttpApi.ts';

/** A request that the gateway passes on. */
export interface ProxiedRequest {
  readonly method: string;
  /** Path and query as received. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly sourceIp: string;
}

/** Limits of an integration. */
export interface ProxyLimits {
  readonly timeoutMs: number;
  /** Largest answer, bytes. */
  readonly payloadBytes: number;
}

/**
 * Headers that are not passed on: those of a connection (https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1), and `host` and
 * `content-length`, which are set anew.
 */
const OF_CONNECTION: readonly string[] = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
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
        forwarded: `for=${sourceIp};host=${headers.host ?? ''};proto=https`,
        ...(body.length === 0 ? {} : { 'content-length': body.length }),
      },
      signal: AbortSignal.timeout(timeoutMs),
    })
      .once('response', resolve)
      .once('error', reject)
      .end(body);
  });
  const received = await readBody(answer, payloadBytes);
  if (received === undefined) throw new Error(`The answer has more than ${payloadBytes} bytes.`);
  return { status: answer.statusCode ?? 502, headers: ownHeaders(answer.headers), body: received };
}

/** The address that a request goes to: the query is passed on. */
function proxiedUrl({ uri, path }: HttpProxy, target: string): URL {
  const [requested = '/', query] = target.split(/\?(.*)/s);
  const url = new URL(uri);
  if (path !== undefined)
    url.pathname = path.replaceAll(/\$\{request\.path\}|\$request\.path/g, () => requested);
  if (query !== undefined) url.search = query;
  return url;
}

/** The headers without those of the connection. */
function ownHeaders(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]): [string, string | string[]][] =>
      value === undefined || OF_CONNECTION.includes(name) ? [] : [[name, value]],
    ),
  );
}
