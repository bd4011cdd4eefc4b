import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Writable } from 'node:stream';

/** A request as it arrived. */
export interface Recorded {
  readonly method: string;
  /** Path and query, byte for byte. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** How a target answers a request that it has read. */
export type Manner = (response: ServerResponse, request: Recorded) => void;

/** Answers as Statsig does. */
export const taken: Manner = (response) => {
  response.writeHead(202, { 'content-type': 'application/json' }).end('{"success":true}');
};

/** Answers with a status. */
export function status(code: number, headers: Readonly<Record<string, string>> = {}): Manner {
  return (response) => void response.writeHead(code, headers).end('{"success":false}');
}

/** Never answers. */
export const hangs: Manner = () => {};

/** Sends half of an answer's head, then the end of the connection. */
export const halfCloses: Manner = (response) => {
  response.socket?.write('HTTP/1.1 20');
  response.socket?.end();
};

/** Resets the connection. */
export const resets: Manner = (response) => void response.socket?.resetAndDestroy();

/** Takes a request, and answers without an end. */
export const answersEndlessly: Manner = (response) => {
  const part = Buffer.alloc(65_536, 'x');
  response.writeHead(200);
  const write = () => {
    while (!response.destroyed && response.write(part));
  };
  response.on('drain', write);
  write();
};

/** Takes a request, and answers byte by byte, without an end. */
export const drips: Manner = (response) => {
  response.writeHead(200);
  drip(response);
};

/** The same, but for the head of the answer. */
export const dripsHead: Manner = ({ socket }) => {
  socket?.write('HTTP/1.1 200 OK\r\nx-drip: ');
  if (socket !== null) drip(socket);
};

function drip(to: Writable): void {
  const timer = setInterval(() => to.write('x'), 100);
  to.once('close', () => clearInterval(timer));
}

/** Takes a request, and answers with more headers than a client reads. */
export const answersHugeHead: Manner = (response) => {
  response.writeHead(200, { 'x-huge': 'x'.repeat(1_000_000) }).end();
};

/** A server that records what it is sent: the target of relay. */
export type RecordingTarget = Awaited<ReturnType<typeof recordingTarget>>;

/** Starts a recording target on a free port of 127.0.0.1. */
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
      const one = { method, url, headers, body: Buffer.concat(chunks) };
      recorded.push(one);
      manner(response, one);
      for (const look of [...waiting]) look();
    });
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const goDown = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return {
    url: `http://127.0.0.1:${port}`,
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
    comeUp: () => listen(port),
    close: goDown,
  };
}
