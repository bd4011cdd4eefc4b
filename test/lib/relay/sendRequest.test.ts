import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { httpSender } from '../../../lib/relay/sendRequest.ts';
import { listen } from '../../harness/listen.ts';
import { within } from '../../harness/waiting.ts';

const WITHIN_MS = 400;
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A server that runs a callback on a connection, after each piece that it gets. */
async function serve(answer: (socket: Socket, requests: number, piece: Buffer) => void): Promise<string> {
  const sockets = new Set<Socket>();
  let requests = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (piece) => {
      if (piece.includes('POST ')) requests += 1;
      answer(socket, requests, piece);
    });
  });
  const address = await listen(server);
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return address;
}

/** As {@link httpSender}, under a name. */
const namedSender = (): ReturnType<typeof httpSender> => {
  const sender = httpSender(WITHIN_MS);
  return (request) => within(`the answer of ${request.origin}${request.path}`, sender(request));
};
const send = (origin: string) =>
  namedSender()({ origin, path: '/v1/log_event', headers: {}, body: Buffer.from('{}') });
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';
const ended = (text: string) => (socket: Socket) => void socket.end(text);

describe('a request to the target', () => {
  it.each([
    {
      status: 202,
      text: 'HTTP/1.1 202 Accepted\r\ncontent-length: 16\r\n\r\n{"success":true}',
      retryAfter: null,
      saysFailure: false,
    },
    {
      status: 200,
      text: 'HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n{"success":false}',
      retryAfter: null,
      saysFailure: true,
    },
    {
      status: 429,
      text: 'HTTP/1.1 429 Slow\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n',
      retryAfter: '7',
      saysFailure: false,
    },
    {
      status: 307,
      text: 'HTTP/1.1 307 There\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n',
      retryAfter: null,
      saysFailure: false,
    },
    {
      status: 200,
      text: `HTTP/1.1 200 OK\r\ncontent-length: 65536\r\n\r\n${'{"success":false}'.padEnd(65_536)}`,
      retryAfter: null,
      saysFailure: true,
    },
    {
      status: 200,
      text: `HTTP/1.1 200 OK\r\ncontent-length: 65537\r\n\r\n${'{"success":false}'.padEnd(65_537)}`,
      retryAfter: null,
      saysFailure: false,
    },
  ])('is told its status: $status', async ({ status, text, retryAfter, saysFailure }) => {
    expect(await send(await serve(ended(text)))).toEqual({ status, retryAfter, saysFailure, isPage: false });
  });

  it.each([
    { type: 'text/html; charset=utf-8', body: ' \n<!DOCTYPE html><p>Back soon</p>', isPage: true },
    { type: 'TEXT/HTML', body: `<html>${' '.repeat(70_000)}</html>`, isPage: true },
    { type: 'text/html', body: '<p>ok</p>', isPage: false },
    { type: 'text/html', body: '<htmlx>', isPage: false },
    { type: 'text/html', body: 'ok', isPage: false },
    { type: 'text/html', body: '{"success":true}', isPage: false },
    { type: 'text/html', body: '', isPage: false },
    { type: 'text/xml', body: '<ok/>', isPage: false },
    { type: 'text/plain', body: '<ok>', isPage: false },
  ])('is told as a page if $isPage: $type of $body', async ({ type, body, isPage }) => {
    const head = `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}`;
    const answer = await send(await serve(ended(`${head}\r\n\r\n${body}`)));
    expect(answer).toEqual({ status: 200, retryAfter: null, saysFailure: false, isPage });
  });

  it('has its headers and its length, and speaks TLS where the origin is https', async () => {
    const got: Buffer[] = [];
    const origin = await serve((socket, _requests, piece) => {
      got.push(piece);
      socket.end(OK);
    });
    const request = { path: '/v1/rgstr', headers: { 'statsig-api-key': 'k' }, body: Buffer.from('{}') };
    await namedSender()({ origin, ...request });
    const text = Buffer.concat(got.splice(0)).toString();
    for (const line of ['POST /v1/rgstr HTTP/1.1', 'statsig-api-key: k', 'content-length: 2', '', '{}'])
      expect(text.split('\r\n')).toContain(line);
    const secure = namedSender()({ origin: origin.replace('http:', 'https:'), ...request });
    await expect(secure).rejects.toMatchObject({ name: 'Error' });
    // The type of a TLS record with a handshake.
    expect(got[0]?.[0]).toBe(0x16);
  });

  it('reads no more than it needs of an answer without end, be it fast or slow', async () => {
    let sent = 0;
    const flood = await serve((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const more = () => {
        while (!socket.destroyed && sent < 2 ** 26) {
          sent += 65_536;
          if (!socket.write('x'.repeat(65_536))) return;
        }
      };
      socket.on('drain', more);
      more();
    });
    expect(await send(flood)).toMatchObject({ status: 200, saysFailure: false });
    expect(sent).toBeLessThan(2 ** 26);
    const slow = await serve((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n{"suc');
      const timer = setInterval(() => socket.write(' '), 20);
      socket.on('close', () => clearInterval(timer));
    });
    expect(await send(slow)).toMatchObject({ status: 200 });
  });

  it('fails when the target switches to a protocol that nobody asked for', async () => {
    const text = 'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: x\r\n\r\n';
    const origin = await serve((socket) => void socket.write(text));
    await expect(send(origin)).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('takes a 2xx for one whose answer breaks off', async () => {
    const broken = await serve(ended('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"success":fal'));
    expect(await send(broken)).toEqual({ status: 200, retryAfter: null, saysFailure: false, isPage: false });
  });

  it.each([
    { what: 'hangs', answer: () => undefined, name: 'TimeoutError' },
    {
      what: 'sends half of a head',
      answer: (socket: Socket) => void socket.write('HTTP/1.1 20'),
      name: 'TimeoutError',
    },
    { what: 'closes', answer: (socket: Socket) => void socket.end(), name: 'Error' },
    { what: 'speaks another language', answer: ended('SSH-2.0-OpenSSH_9.6\r\n\r\n'), name: 'Error' },
    {
      what: 'sends headers without end',
      answer: (socket: Socket) => void socket.write(`HTTP/1.1 200 OK\r\n${'x-a: b\r\n'.repeat(20_000)}`),
      name: 'Error',
    },
  ])('fails in time when the target $what', async ({ answer, name }) => {
    await expect(send(await serve(answer))).rejects.toMatchObject({ name });
  });

  it('is sent once more over a new connection when several that were kept are gone', async () => {
    const requests = new Map<Socket, number>();
    const origin = await serve((socket) => {
      requests.set(socket, (requests.get(socket) ?? 0) + 1);
      if (requests.get(socket) !== 1) socket.resetAndDestroy();
      // The first two are answered together, so that both connections are kept.
      else if (requests.size === 2) for (const connection of requests.keys()) connection.write(OK);
      else if (requests.size > 2) socket.write(OK);
    });
    const sender = namedSender();
    const request = { origin, path: '/', headers: {}, body: Buffer.alloc(0) };
    await Promise.all([sender(request), sender(request)]);
    expect(await sender(request)).toMatchObject({ status: 200 });
    // Two that were answered, one over a connection that is gone, and one over a new one.
    expect([...requests.values()].sort()).toEqual([1, 1, 2]);
  });

  it('is not sent once more if a new connection is reset', async () => {
    let sent = 0;
    const origin = await serve((socket, requests) => {
      sent = requests;
      socket.resetAndDestroy();
    });
    await expect(send(origin)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(sent).toBe(1);
  });

  it('is not sent once more after an answer that is no HTTP', async () => {
    let sent = 0;
    const origin = await serve((socket, requests) => {
      sent = requests;
      socket.write(requests === 1 ? OK : 'SSH-2.0-OpenSSH_9.6\r\n\r\n');
    });
    const sender = namedSender();
    const request = { origin, path: '/', headers: {}, body: Buffer.alloc(0) };
    await sender(request);
    await expect(sender(request)).rejects.toMatchObject({ code: 'HPE_INVALID_CONSTANT' });
    expect(sent).toBe(2);
  });

  it('that is sent once more ends before one that began between its two tries', async () => {
    const request = { path: '/', headers: {}, body: Buffer.alloc(0) };
    const ended: string[] = [];
    let retried = 0;
    let later: Promise<unknown> | undefined;
    const hanging = await serve(() => kept?.resetAndDestroy());
    let kept: Socket | undefined;
    const origin = await serve((socket, requests) => {
      if (requests === 1) socket.write(OK);
      if (requests === 2) {
        kept = socket;
        later = send(hanging).catch(() => ended.push('later'));
      }
      if (requests === 3) retried += 1;
    });
    const sender = namedSender();
    await sender({ origin, ...request });
    await sender({ origin, ...request }).catch(() => ended.push('tried twice'));
    await later;
    expect(retried).toBe(1);
    expect(ended).toEqual(['tried twice', 'later']);
  });
});
