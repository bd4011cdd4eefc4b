import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { listen } from './listen.ts';

/** A request as it arrived. */
interface Recorded {
  /** The method, in capitals. */
  readonly method: string;
  /** Path and query, byte for byte. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: IncomingMessage['headers'];
  /** The body, byte for byte. */
  readonly body: Buffer;
}

/** How a target answers a request that it has read. */
type Manner = (response: ServerResponse, request: Recorded) => void;

/** Answers as Statsig does. */
export const taken: Manner = (response) => {
  response.writeHead(202, { 'content-type': 'application/json' }).end('{"success":true}');
};

/** Answers with a status. */
export function status(code: number, headers: Readonly<Record<string, string>> = {}): Manner {
  return (response) => void response.writeHead(code, headers).end('{"success":false}');
}

/** Starts a server on a free port of 127.0.0.1 that records what it is sent: the target of relay. */
export async function recordingTarget() {
  const recorded: Recorded[] = [];
  const waiting = new Set<() => void>();
  let manner: Manner = taken;
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const recording = { method, url, headers, body: Buffer.concat(chunks) };
      recorded.push(recording);
      manner(response, recording);
      for (const look of [...waiting]) look();
    });
  });
  const url = await listen(server);
  const goDown = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return {
    url,
    recorded,
    /** Sets its behaviour from now on. Default {@link taken}. */
    behave: (next: Manner) => {
      manner = next;
    },
    /** Resolves with all that was recorded as soon as there are so many. */
    received: (count: number) =>
      new Promise<readonly Recorded[]>((resolve) => {
        const look = () => {
          if (recorded.length < count) return;
          waiting.delete(look);
          resolve(recorded);
        };
        waiting.add(look);
        look();
      }),
    /** Refuses connections, and ends those that are open. */
    goDown,
    /** Listens on its port again. */
    comeUp: () => listen(server, Number(new URL(url).port)),
    close: goDown,
  };
}
