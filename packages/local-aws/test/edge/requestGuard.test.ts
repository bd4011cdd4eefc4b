import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../src/base/index.ts';
import { parseAllowedHosts } from '../../src/edge/requestGuard.ts';
import { type Edge, startEdge } from '../../src/edge/startEdge.ts';
import { type Gateway, startGateway } from '../../src/gateway/index.ts';
import { type RawRequest, send, signedRequest } from './signedRequest.ts';

const clock = new ManualClock(Date.now());
const allowedHosts = ['app.test', '.shop.test', '10.0.0.7', '[fd00::7]'];

/** Sends bytes that no client of HTTP would; the status and body of the answer. */
async function sendBytes(port: string, text: string): Promise<{ status: number; body: string }> {
  const socket = connect(Number(port), '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.end(text);
  await once(socket, 'close');
  const answer = Buffer.concat(chunks).toString();
  return {
    status: Number(answer.split(' ')[1]),
    body: answer.slice(answer.indexOf('\r\n\r\n') + 4),
  };
}

const LOCAL = [
  '127.0.0.1',
  '127.0.0.1:4566',
  '127.8.9.10',
  'localhost',
  'LOCALHOST:80',
  'localhost.',
  'localhost.:4566',
  'localhost:',
  'shop.localhost:3000',
  'acme-drops.s3.localhost:4566',
  'acme-drops.s3.us-east-1.localhost',
  '[::1]:4566',
  '[0:0:0:0:0:0:0:1]',
  '[::FFFF:127.0.0.1]',
  'host.docker.internal:4566',
  'host.containers.internal',
  'app.test',
  'eu.shop.test:80',
  '10.0.0.7:4566',
  '[fd00:0::7]',
  // Android's emulator calls its machine so: https://developer.android.com/studio/run/emulator-networking-address
  '10.0.2.2:4566',
  '192.168.0.5',
  '[fd00::8]',
  '[::ffff:10.0.0.1]',
];
const AWS = [
  's3.amazonaws.com',
  'acme.drops.s3.eu-west-1.amazonaws.com',
  's3-us-west-2.amazonaws.com',
  'glue.us-east-1.amazonaws.com',
  'us-east-1.queue.amazonaws.com:443',
];
const FOREIGN = [
  'rebound.example.com',
  'rebound.example.com:4566',
  'localhost.example.com',
  '127.0.0.1.example.com',
  'notlocalhost',
  'xn--localhost-9f.example',
  'shop.test',
  'evilshop.test',
  '10.0.2.2.example.com',
  '10.0.2.2.nip.io',
  'evil.s3-website-us-east-1.amazonaws.com',
  'ec2-1-2-3-4.compute-1.amazonaws.com',
  's3.amazonaws.com.example.com',
];
const MALFORMED = [
  '',
  'localhost@evil.example',
  'localhost/evil',
  '127.0.0.1:99999',
  '[::1',
  '::1',
  'a b',
  '127.0.0.1,evil',
];

describe('the guard of requests', () => {
  let edge: Edge;
  let gateway: Gateway;
  let calls = 0;
  const defects: unknown[] = [];
  beforeAll(async () => {
    edge = await startEdge({
      clock,
      allowedHosts,
      services: [
        {
          signingName: 's3',
          operations: [],
          async handle() {
            calls += 1;
            return { status: 200, body: 's3' };
          },
        },
        {
          signingName: 'glue',
          targetPrefix: 'AWSGlue',
          operations: [],
          handle: async () => ({ status: 200, body: 'glue' }),
        },
      ],
      control: async (_, response) => {
        response.end('control');
        return true;
      },
    });
    gateway = await startGateway({
      api: {
        apiId: 'local',
        routes: [{ routeKey: 'POST /{proxy+}', functionName: 'collect', timeoutMs: 1_000 }],
        cors: {
          allowOrigins: ['*'],
          allowMethods: ['POST'],
          allowHeaders: ['*'],
          exposeHeaders: [],
          maxAgeSeconds: undefined,
        },
      },
      accountId: '000000000000',
      onDefect: (error) => defects.push(error),
      invoke: async () => JSON.stringify({ statusCode: 202, body: 'taken' }),
      clock,
      allowedHosts,
      port: 0,
    });
  });
  afterAll(async () => {
    expect(defects).toEqual([]);
    await edge.close();
    await gateway.close();
  });

  const signed = (host: string, more: Partial<RawRequest> = {}) =>
    signedRequest({ url: edge.url, path: '/', at: new Date(clock.now()), headers: { host }, ...more });
  const control = (headers: Record<string, string>, path = '/_local/status') =>
    send({ url: edge.url, path }, headers);
  const collect = (headers: Record<string, string>, method = 'POST') =>
    send({ url: gateway.url, path: '/v1/rgstr', method, body: '{}' }, headers);

  it.each(LOCAL)('accepts %s on each endpoint', async (host) => {
    expect(await signed(host)).toMatchObject({ status: 200 });
    expect(await control({ host })).toMatchObject({ status: 200, body: 'control' });
    expect(await collect({ host })).toMatchObject({ status: 202, body: 'taken' });
  });

  it.each(AWS)("accepts AWS's %s for AWS's clients only", async (host) => {
    expect(await signed(host)).toMatchObject({ status: 200 });
    expect(await control({ host })).toMatchObject({ status: 403 });
    expect(await collect({ host })).toMatchObject({ status: 403 });
  });

  it.each(FOREIGN)('rejects %s on each endpoint without calling a service', async (host) => {
    const before = calls;
    const refusal = { status: 403, body: expect.stringContaining('LOCAL_AWS_LOCAL_HOST_REFUSED') };
    expect(await signed(host)).toMatchObject(refusal);
    expect(await signed(host, { service: 'glue' })).toMatchObject(refusal);
    expect(await signed(host, { service: 'quicksight' })).toMatchObject(refusal);
    expect(await control({ host })).toMatchObject(refusal);
    expect(await collect({ host })).toMatchObject(refusal);
    expect(await collect({ host, origin: `http://${host}` }, 'OPTIONS')).toMatchObject(refusal);
    expect(calls).toBe(before);
  });

  it.each(MALFORMED)('answers 400 for the Host %j', async (host) => {
    for (const { url } of [edge, gateway]) {
      const text = `POST /_local/flush HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
      const answer = await sendBytes(new URL(url).port, text);
      expect(answer).toMatchObject({
        status: 400,
        body: expect.stringContaining('LOCAL_AWS_LOCAL_HOST_REFUSED'),
      });
    }
  });

  it.each([
    { what: 'no Host', text: 'GET /_local/status HTTP/1.1\r\nConnection: close\r\n\r\n', status: 400 },
    { what: 'no Host in HTTP/1.0', text: 'GET /_local/status HTTP/1.0\r\n\r\n', status: 400 },
    {
      what: 'two Hosts',
      text: 'GET /_local/status HTTP/1.0\r\nHost: localhost\r\nhost: evil.example\r\n\r\n',
      status: 400,
    },
    {
      what: 'a target of another host',
      text: 'GET http://evil.example/_local/status HTTP/1.0\r\nHost: localhost\r\n\r\n',
      status: 403,
    },
    {
      what: 'a Host of another target',
      text: 'GET http://localhost/_local/status HTTP/1.0\r\nHost: evil.example\r\n\r\n',
      status: 403,
    },
    {
      what: 'user information in the target',
      text: 'GET http://localhost@evil/ HTTP/1.0\r\nHost: localhost\r\n\r\n',
      status: 400,
    },
  ])('rejects $what', async ({ text, status }) => {
    for (const { url } of [edge, gateway]) {
      const answer = await sendBytes(new URL(url).port, text);
      expect(answer.status).toEqual(status);
      expect(answer.body).toContain('LOCAL_AWS_LOCAL_HOST_REFUSED');
    }
  });

  it('treats a request target with an allowed host as a path', async () => {
    const text = 'GET HTTP://127.0.0.1:4566/_local/status HTTP/1.0\r\nHost: localhost\r\n\r\n';
    expect(await sendBytes(new URL(edge.url).port, text)).toEqual({ status: 200, body: 'control' });
    const post = 'POST http://localhost/v1/rgstr HTTP/1.0\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}';
    expect(await sendBytes(new URL(gateway.url).port, post)).toEqual({ status: 202, body: 'taken' });
  });

  it('explains the remedy in the error format of the protocol', async () => {
    expect(JSON.parse((await control({ host: 'evil.example' })).body)).toEqual({
      code: 'LOCAL_AWS_LOCAL_HOST_REFUSED',
      message: 'The Host of the request is not a name of this machine. Host: evil.example.',
      cure: expect.stringContaining('allowedHosts'),
    });
    expect(JSON.parse((await signed('evil.example', { service: 'glue' })).body)).toEqual({
      __type: 'LOCAL_AWS_LOCAL_HOST_REFUSED',
      message: expect.stringContaining('allowedHosts'),
    });
  });

  describe('by the origins of pages', () => {
    it.each(['http://localhost:3000', 'https://shop.localhost', 'http://[::1]:8080', 'http://eu.shop.test'])(
      'accepts requests from pages of %s',
      async (origin) => {
        expect(await control({ host: 'localhost', origin })).toMatchObject({ status: 200 });
        expect(await signed('localhost', { unsigned: { origin } })).toMatchObject({ status: 200 });
      },
    );

    it.each([
      'https://shop.example',
      'http://localhost.example.com',
      'null',
      '',
      'file://',
      'http://localhost, https://evil.example',
      'http://192.0.2.7',
      'http://[fd00::8]',
      'https://s3.amazonaws.com',
    ])('rejects requests from pages of %j, except event uploads', async (origin) => {
      const refusal = { status: 403, body: expect.stringContaining('LOCAL_AWS_LOCAL_ORIGIN_REFUSED') };
      const host = 'localhost';
      expect(await control({ host, origin })).toMatchObject(refusal);
      expect(await signed(host, { unsigned: { origin } })).toMatchObject(refusal);
      const preflight = await send({ url: edge.url, path: '/', method: 'OPTIONS' }, { host, origin });
      expect(preflight).toMatchObject(refusal);
      expect(preflight.headers).not.toHaveProperty('access-control-allow-origin');
      expect(await collect({ host, origin, 'sec-fetch-site': 'cross-site' })).toMatchObject({
        status: 202,
        headers: { 'access-control-allow-origin': '*' },
      });
    });

    it('rejects resources that a page of another site loads without an Origin, and answers a followed link', async () => {
      const ask = (mode: string, dest: string, method = 'GET') =>
        send(
          { url: edge.url, path: '/_local/status', method },
          {
            host: 'localhost',
            'sec-fetch-site': 'cross-site',
            'sec-fetch-mode': mode,
            'sec-fetch-dest': dest,
          },
        );
      expect(await ask('no-cors', 'script')).toMatchObject({ status: 403 });
      expect(await ask('navigate', 'iframe')).toMatchObject({ status: 403 });
      expect(await ask('navigate', 'document', 'POST')).toMatchObject({ status: 403 });
      expect(await ask('navigate', 'document')).toMatchObject({ status: 200 });
    });
  });
});

describe('parseAllowedHosts', () => {
  it.each([
    { text: 'App.Test', hosts: ['app.test'] },
    { text: ' a.test , .b.test,10.0.0.7', hosts: ['a.test', '.b.test', '10.0.0.7'] },
    { text: 'fd00::7,[FD00:0::8]', hosts: ['[fd00::7]', '[fd00::8]'] },
    { text: '', hosts: { wrong: '' } },
    { text: 'a.test,,b.test', hosts: { wrong: '' } },
    { text: 'a.test:80', hosts: { wrong: 'a.test:80' } },
    { text: 'http://a.test', hosts: { wrong: 'http://a.test' } },
    { text: '*', hosts: { wrong: '*' } },
    { text: '.', hosts: { wrong: '.' } },
  ])('reads $text', ({ text, hosts }) => {
    expect(parseAllowedHosts(text)).toEqual(hosts);
  });
});
