import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type RunningS3, startS3 } from '../../src/testing/startS3.ts';
import { type RawRequest, send, sha256, sign, signedRequest } from '../edge/signedRequest.ts';
import { closedAfterEach } from '../harness/closedAfterEach.ts';
import { until } from '../harness/until.ts';

const opened = closedAfterEach();

/** Requests that the SDK never sends: uploads signed by hand, some of them torn or with false lengths or hashes. */
describe('the local S3 with raw uploads', () => {
  let s3: RunningS3;
  const CRC32_OF_HELLO = 'NhCmhg==';
  const put = (raw: Partial<RawRequest>) =>
    signedRequest({ url: s3.url, path: '/raw/key', method: 'PUT', ...raw });
  const code = (body: string) => /<Code>(.*?)<\/Code>/.exec(body)?.[1];

  beforeAll(async () => {
    s3 = await startS3();
    s3.store.createBucket('raw');
  });
  afterEach(() => {
    expect(readdirSync(join(s3.directory, '.store', 'raw', 'tmp'))).toEqual([]);
    s3.store.delete('raw', 'key');
  });
  afterAll(async () => {
    await s3.close();
    expect(s3.defects).toEqual([]);
  });

  const stored = async () => {
    let text = '';
    for await (const chunk of s3.store.get('raw', 'key').body) text += String(chunk);
    return text;
  };
  const nothingStored = () => expect(s3.store.bucket('raw').find('key')).toBeUndefined();

  it('accepts a plain body with a signed hash, and rejects another body with the same hash', async () => {
    expect(await put({ body: 'hello' })).toMatchObject({ status: 200 });
    expect(await stored()).toBe('hello');
    const answer = await put({ body: 'hullo', payloadHash: sha256('hello'), path: '/raw/other' });
    expect(answer.status).toBe(400);
    expect(code(answer.body)).toBe('XAmzContentSHA256Mismatch');
    expect(answer.body).toContain(
      `<ClientComputedContentSHA256>${sha256('hello')}</ClientComputedContentSHA256>`,
    );
    expect(s3.store.bucket('raw').find('other')).toBeUndefined();
  });

  it.each([
    { what: 'a wrong checksum', headers: { 'x-amz-checksum-crc32': 'AAAAAA==' }, expected: 'BadDigest' },
    {
      what: 'a checksum that is none',
      headers: { 'x-amz-checksum-crc32': 'AAAA' },
      expected: 'InvalidRequest',
    },
    {
      what: 'two checksums',
      headers: {
        'x-amz-checksum-crc32': CRC32_OF_HELLO,
        'x-amz-checksum-sha256': 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=',
      },
      expected: 'InvalidRequest',
    },
    {
      what: 'a checksum announced and not sent',
      headers: { 'x-amz-sdk-checksum-algorithm': 'CRC32' },
      expected: 'InvalidRequest',
    },
    {
      what: 'a trailer that is no checksum',
      headers: { 'x-amz-trailer': 'x-amz-meta-late' },
      expected: 'InvalidRequest',
    },
  ])('rejects $what', async ({ headers, expected }) => {
    const answer = await put({ body: 'hello', headers });
    expect(answer.status).toBe(400);
    expect(code(answer.body)).toEqual(expected);
    nothingStored();
  });

  const trailing = (body: string, more: Record<string, string> = {}): Partial<RawRequest> => ({
    body,
    payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    headers: {
      'content-encoding': 'aws-chunked',
      'x-amz-decoded-content-length': '5',
      'x-amz-trailer': 'x-amz-checksum-crc32',
      ...more,
    },
  });

  it('accepts a checksum in the trailer', async () => {
    const answer = await put(trailing(`5\r\nhello\r\n0\r\nx-amz-checksum-crc32:${CRC32_OF_HELLO}\r\n\r\n`));
    expect(answer).toMatchObject({ status: 200, headers: { 'x-amz-checksum-crc32': CRC32_OF_HELLO } });
    expect(await stored()).toBe('hello');
    expect(s3.store.head('raw', 'key').attributes.headers).not.toHaveProperty('content-encoding');
  });

  it.each([
    {
      what: 'another checksum in the trailer',
      body: '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n',
      expected: 'BadDigest',
    },
    { what: 'no trailer', body: '5\r\nhello\r\n0\r\n\r\n', expected: 'InvalidRequest' },
    { what: 'a chunk that is cut off', body: '5\r\nhel', expected: 'IncompleteBody' },
    { what: 'a chunk longer than it says', body: '3\r\nhello\r\n0\r\n\r\n', expected: 'IncompleteBody' },
    { what: 'a size that is no number', body: 'five\r\nhello\r\n0\r\n\r\n', expected: 'IncompleteBody' },
    {
      what: 'fewer bytes than announced',
      body: `4\r\nhell\r\n0\r\nx-amz-checksum-crc32:${CRC32_OF_HELLO}\r\n\r\n`,
      expected: 'IncompleteBody',
    },
    {
      what: 'more bytes than announced',
      body: `6\r\nhello!\r\n0\r\nx-amz-checksum-crc32:${CRC32_OF_HELLO}\r\n\r\n`,
      expected: 'IncompleteBody',
    },
    { what: 'an endless line', body: 'f'.repeat(100_000), expected: 'IncompleteBody' },
  ])('rejects $what', async ({ body, expected }) => {
    const answer = await put(trailing(body));
    expect(answer.status).toBe(400);
    expect(code(answer.body)).toEqual(expected);
    nothingStored();
  });

  /** Sends `hello` in signed chunks with a signed trailer, after `alter` has changed the text of the body. */
  function putSigned(alter: (text: string) => string) {
    const request: RawRequest = {
      url: s3.url,
      path: '/raw/key',
      method: 'PUT',
      payloadHash: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
      headers: { ...trailing('').headers },
    };
    const { headers: signed, signature, key, timestamp, scope } = sign(request);
    let previous = signature;
    const next = (kind: string, ...hashes: string[]) => {
      const text = [kind, timestamp, scope, previous, ...hashes].join('\n');
      previous = createHmac('sha256', key).update(text).digest('hex');
      return previous;
    };
    const first = next('AWS4-HMAC-SHA256-PAYLOAD', sha256(''), sha256('hello'));
    const last = next('AWS4-HMAC-SHA256-PAYLOAD', sha256(''), sha256(''));
    const trailer = `x-amz-checksum-crc32:${CRC32_OF_HELLO}\n`;
    const lines = [
      `5;chunk-signature=${first}`,
      'hello',
      `0;chunk-signature=${last}`,
      trailer,
      `x-amz-trailer-signature:${next('AWS4-HMAC-SHA256-TRAILER', sha256(trailer))}`,
    ];
    return send({ ...request, body: alter(`${lines.join('\r\n')}\r\n\r\n`) }, signed);
  }

  it('accepts signed chunks with a signed trailer', async () => {
    expect(await putSigned((body) => body)).toMatchObject({ status: 200 });
    expect(await stored()).toBe('hello');
  });

  it.each([
    { what: 'chunk', from: 'hello', to: 'hullo' },
    { what: 'trailer', from: 'x-amz-checksum-crc32:N', to: 'x-amz-checksum-crc32:M' },
    { what: 'signature of the trailer', from: 'x-amz-trailer-signature:', to: 'x-amz-trailer-signature:0' },
  ])('rejects signed chunks whose $what was changed', async ({ from, to }) => {
    const answer = await putSigned((body) => body.replace(from, to));
    expect(answer.status).toBe(403);
    expect(code(answer.body)).toBe('SignatureDoesNotMatch');
    nothingStored();
  });

  it.each<{
    readonly what: string;
    readonly request: Parameters<typeof put>[0];
    readonly status: number;
    readonly name: string;
  }>([
    {
      what: 'of unknown length',
      request: { body: 'hello', headers: { 'transfer-encoding': 'chunked' } },
      status: 411,
      name: 'MissingContentLength',
    },
    {
      what: 'whose length is no number',
      request: {
        body: 'x',
        payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
        headers: { 'x-amz-decoded-content-length': 'five' },
      },
      status: 411,
      name: 'MissingContentLength',
    },
    {
      what: 'with signatures of another kind',
      request: {
        body: 'x',
        payloadHash: 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD',
        headers: { 'x-amz-decoded-content-length': '1' },
      },
      status: 501,
      name: 'NotImplemented',
    },
    {
      what: 'with a hash that is none',
      request: { body: 'x', payloadHash: 'nonsense' },
      status: 400,
      name: 'InvalidArgument',
    },
    {
      what: 'without the name of its hash',
      request: { body: 'x', unnamedHash: true },
      status: 400,
      name: 'InvalidRequest',
    },
  ])('rejects a body $what', async ({ request, status, name }) => {
    const answer = await put(request);
    expect([answer.status, code(answer.body)]).toEqual([status, name]);
    nothingStored();
  });

  it('discards an upload whose client disconnects', async () => {
    const { hostname, port } = new URL(s3.url);
    const { headers } = sign({
      url: s3.url,
      path: '/raw/key',
      method: 'PUT',
      payloadHash: 'UNSIGNED-PAYLOAD',
      headers: { 'content-length': '100000' },
    });
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`PUT /raw/key HTTP/1.1\r\n${lines.join('')}\r\n${'x'.repeat(5000)}`);
    const temporary = () => readdirSync(join(s3.directory, '.store', 'raw', 'tmp')).length;
    await until('the upload has a file', () => temporary() === 1);
    socket.destroy();
    await until('the file is removed', () => temporary() === 0);
    nothingStored();
  });

  it('keeps the connection open after rejecting an upload midway', async () => {
    const agent = opened(new Agent({ keepAlive: true, maxSockets: 1 }), (one) => one.destroy());
    const body = `3\r\n${'x'.repeat(3_000_000)}`;
    expect((await put({ ...trailing(body), agent })).status).toBe(400);
    expect((await put({ body: 'hello', agent })).status).toBe(200);
  });

  it('also finds the bucket by the host name', async () => {
    for (const host of ['raw.localhost:4566', 'raw.s3.localhost', 'raw.s3.eu-west-1.localhost']) {
      expect(await put({ path: '/key', body: host, headers: { host } })).toMatchObject({ status: 200 });
      expect(await stored()).toBe(host);
    }
    const list = await signedRequest({ url: s3.url, path: '/', headers: { host: 's3.localhost' } });
    expect(list.body).toContain('<Name>raw</Name>');
  });

  it.each([
    { name: 'no signature', headers: {}, expected: 'AccessDenied', status: 403 },
    {
      name: 'the old signature',
      headers: { authorization: 'AWS test:c2ln' },
      expected: 'InvalidRequest',
      status: 400,
    },
    {
      name: 'a header that is no signature',
      headers: { authorization: 'AWS4-HMAC-SHA256 nonsense' },
      expected: 'AuthorizationHeaderMalformed',
      status: 400,
    },
  ])('rejects $name', async ({ headers, expected, status }) => {
    const answer = await send({ url: s3.url, path: '/raw/key' }, headers);
    expect(answer.status).toEqual(status);
    expect(code(answer.body)).toEqual(expected);
    // S3's errors have no namespace.
    expect(answer.body).toMatch(/\?>\n<Error><Code>.*<RequestId>[0-9a-f-]{36}<\/RequestId><HostId>/);
  });

  it('rejects a signature over a header that is not sent', async () => {
    const raw: RawRequest = { url: s3.url, path: '/raw/key' };
    const { headers } = sign(raw);
    const authorization = String(headers['authorization']).replace(
      'SignedHeaders=',
      'SignedHeaders=constructor;',
    );
    const answer = await send(raw, { ...headers, authorization });
    expect(answer.status).toBe(403);
    expect(code(answer.body)).toBe('SignatureDoesNotMatch');
  });

  it.each([
    { what: 'an unknown key', raw: { accessKeyId: 'nobody' }, expected: 'InvalidAccessKeyId' },
    { what: 'a wrong secret', raw: { secret: 'guess' }, expected: 'SignatureDoesNotMatch' },
    {
      what: 'a time long gone',
      raw: { at: new Date(Date.now() - 16 * 60_000) },
      expected: 'RequestTimeTooSkewed',
    },
    {
      what: 'a time to come',
      raw: { at: new Date(Date.now() + 16 * 60_000) },
      expected: 'RequestTimeTooSkewed',
    },
    {
      what: 'a header of weight that is not signed',
      raw: { unsigned: { 'x-amz-meta-a': '1' } },
      expected: 'AccessDenied',
    },
  ])('rejects $what', async ({ raw, expected }) => {
    const answer = await put({ body: 'hello', ...raw });
    expect(answer.status).toBe(403);
    expect(code(answer.body)).toEqual(expected);
    nothingStored();
  });
});
