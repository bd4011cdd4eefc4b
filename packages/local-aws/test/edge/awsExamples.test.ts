import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DAY_MS } from '../../src/base/clock.ts';
import { ManualClock } from '../../src/base/index.ts';
import { type Edge, startEdge } from '../../src/edge/startEdge.ts';
import { signingKey } from '../../src/protocol/sigv4.ts';
import { s3Service } from '../../src/s3/index.ts';
import { ObjectStore } from '../../src/s3/model/ObjectStore.ts';
import { chunkedBody } from '../../src/s3/wire/chunkedBody.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';
import { closedAfterEach } from '../harness/closedAfterEach.ts';
import { send } from './signedRequest.ts';

const opened = closedAfterEach();

/**
 * The worked examples of AWS's own documents: their keys, requests and signatures, nothing of ours in them.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
const KEY = 'AKIAIOSFODNN7EXAMPLE';
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const SCOPE = '20130524/us-east-1/s3/aws4_request';
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const HOST = 'examplebucket.s3.amazonaws.com';
/** When the examples are signed. */
const START = Date.UTC(2013, 4, 24);

describe("AWS's signature examples", () => {
  const clock = new ManualClock(START);
  const { path: directory, remove } = temporaryDirectory();
  const store = ObjectStore.open({ directory, clock });
  let edge: Edge;
  const edgeAt = (time: ManualClock) =>
    startEdge({ services: [s3Service({ store })], clock: time, credentials: new Map([[KEY, SECRET]]) });

  beforeAll(async () => {
    store.createBucket('examplebucket');
    await store.put('examplebucket', 'test.txt', 'Welcome to Amazon S3.');
    edge = await edgeAt(clock);
  });
  afterAll(async () => {
    await edge.close();
    store.close();
    remove();
  });

  const authorization = (signedHeaders: string, signature: string) =>
    `AWS4-HMAC-SHA256 Credential=${KEY}/${SCOPE},SignedHeaders=${signedHeaders},Signature=${signature}`;

  it('accepts GET with a range, the bucket in the host', async () => {
    const answer = await send(
      { url: edge.url, path: '/test.txt' },
      {
        host: HOST,
        authorization: authorization(
          'host;range;x-amz-content-sha256;x-amz-date',
          'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
        ),
        range: 'bytes=0-9',
        'x-amz-content-sha256': EMPTY,
        'x-amz-date': '20130524T000000Z',
      },
    );
    expect(answer).toMatchObject({ status: 206, body: 'Welcome to' });
  });

  it('accepts the signature of a list', async () => {
    const headers = {
      host: HOST,
      authorization: authorization(
        'host;x-amz-content-sha256;x-amz-date',
        '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
      ),
      'x-amz-content-sha256': EMPTY,
      'x-amz-date': '20130524T000000Z',
    };
    const path = '/?max-keys=2&prefix=J';
    // The example lists by the first version of the call, which the emulator refuses once the signature is right.
    expect(await send({ url: edge.url, path }, headers)).toMatchObject({
      status: 501,
      body: expect.stringContaining('<Code>NotImplemented</Code>'),
    });
    expect(await send({ url: edge.url, path: `${path}a` }, headers)).toMatchObject({
      status: 403,
      body: expect.stringContaining('<Code>SignatureDoesNotMatch</Code>'),
    });
  });

  it('accepts the signature of PUT and rejects its storage class, which is not emulated', async () => {
    const answer = await send(
      { url: edge.url, path: '/test%24file.text', method: 'PUT', body: 'Welcome to Amazon S3.' },
      {
        host: HOST,
        authorization: authorization(
          'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
          '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
        ),
        date: 'Fri, 24 May 2013 00:00:00 GMT',
        'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
        'x-amz-date': '20130524T000000Z',
        'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      },
    );
    expect(answer).toMatchObject({ status: 501, body: expect.stringContaining('REDUCED_REDUNDANCY') });
  });

  const presigned = (from: string, to: string, at = edge) => {
    const path =
      `/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${KEY}%2F${SCOPE.replaceAll('/', '%2F')}` +
      '&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host' +
      '&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404';
    return send({ url: at.url, path: path.replace(from, to) }, { host: HOST });
  };

  it.each([
    { seconds: '86401', code: 'SignatureDoesNotMatch' },
    { seconds: '604801', code: 'AuthorizationQueryParametersError' },
  ])('rejects the presigned URL with $seconds seconds', async ({ seconds, code }) => {
    expect((await presigned('86400', seconds)).body).toContain(`<Code>${code}</Code>`);
  });

  it('accepts the presigned URL until the second at which it expires', async () => {
    const own = new ManualClock(START);
    const at = opened(await edgeAt(own), (one) => one.close());
    const get = () => presigned('', '', at);
    expect(await get()).toMatchObject({ status: 200, body: 'Welcome to Amazon S3.' });
    own.advance(DAY_MS);
    expect(await get()).toMatchObject({ status: 200 });
    own.advance(1);
    expect(await get()).toMatchObject({
      status: 403,
      body: expect.stringContaining('<Code>AccessDenied</Code><Message>Request has expired.'),
    });
  });

  const signature = {
    accessKeyId: KEY,
    payloadHash: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    seedSignature: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
    signingKey: signingKey(SECRET, SCOPE),
    timestamp: '20130524T000000Z',
    scope: SCOPE,
  };
  const chunks = [
    `10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n${'a'.repeat(65536)}\r\n`,
    `400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n${'a'.repeat(1024)}\r\n`,
    '0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n',
  ];
  const decode = async (body: string, piece = 1000) => {
    const pieces = Array.from({ length: Math.ceil(body.length / piece) }, (_, i) =>
      Buffer.from(body.slice(i * piece, (i + 1) * piece)),
    );
    let length = 0;
    const source = Readable.from(pieces, { objectMode: false });
    for await (const bytes of chunkedBody(source, { signature, trailer: false, onTrailer: () => {} })) {
      length += bytes.byteLength;
    }
    return length;
  };

  it.each([1000, 17, 100_000])(
    'accepts the chunks of a signed upload that arrive in pieces of %i bytes',
    async (piece) => {
      expect(await decode(chunks.join(''), piece)).toBe(66_560);
    },
  );

  it.each<{
    readonly what: string;
    readonly alter: (first: string, second: string, last: string) => string;
    readonly code: string;
  }>([
    { what: 'without the first', alter: (_, second, last) => second + last, code: 'SignatureDoesNotMatch' },
    { what: 'without the second', alter: (first, _, last) => first + last, code: 'SignatureDoesNotMatch' },
    {
      what: 'altered',
      alter: (first, second, last) => first.replace('aaa\r\n', 'aab\r\n') + second + last,
      code: 'SignatureDoesNotMatch',
    },
    { what: 'without the last', alter: (first, second) => first + second, code: 'IncompleteBody' },
    { what: 'truncated', alter: (first) => first.slice(0, -10), code: 'IncompleteBody' },
    {
      what: 'followed by more data',
      alter: (first, second, last) => `${first}${second}${last}more`,
      code: 'IncompleteBody',
    },
    { what: 'unsigned', alter: () => `10000\r\n${'a'.repeat(65536)}\r\n`, code: 'IncompleteBody' },
  ])('rejects chunks $what', async ({ alter, code }) => {
    const [first = '', second = '', last = ''] = chunks;
    await expect(decode(alter(first, second, last))).rejects.toMatchObject({ code });
  });
});
