import { createServer, type IncomingHttpHeaders } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** A request on its way to the collector. */
export interface FrontRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** How the front handles a request: it passes on another body, answers by itself, or both. */
export interface Tampering {
  /** Sent to the collector instead; null nothing. Default what came. */
  readonly forward?: Buffer | null;
  /** Path and query that it is sent to. Default those that came. */
  readonly target?: string;
  /** Answered instead of what the collector answers. */
  readonly status?: number;
  /** JSON of that answer. */
  readonly json?: object;
}

/** Something between the probe and the collector that behaves as AWS should not. */
export async function startFront(
  collector: string,
  tamper: (request: FrontRequest) => Tampering,
  { cors = true }: { readonly cors?: boolean } = {},
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const server = createServer(async (incoming, outgoing) => {
    const { method = 'POST', url: target = '/', headers } = incoming;
    const body = await buffer(incoming);
    const {
      forward = body,
      target: onward = target,
      status,
      json,
    } = tamper({ method, target, headers, body });
    const { host: _host, connection: _connection, 'content-length': _length, ...passed } = headers;
    const reply =
      forward === null
        ? undefined
        : await fetch(`${collector}${onward}`, {
            method,
            headers: Object.fromEntries(Object.entries(passed).map(([name, value]) => [name, String(value)])),
            ...(method === 'POST' ? { body: Uint8Array.from(forward) } : {}),
          });
    const answered = [...(reply?.headers ?? [])].filter(
      ([name]) =>
        (cors || !name.startsWith('access-control-')) && !/^(content-length|connection)$/.test(name),
    );
    outgoing.writeHead(status ?? reply?.status ?? 200, {
      'content-type': 'application/json',
      ...(cors ? { 'access-control-allow-origin': '*' } : {}),
      ...Object.fromEntries(answered),
    });
    outgoing.end(
      status === undefined ? await reply?.text() : JSON.stringify(json ?? { message: 'Tampered' }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
