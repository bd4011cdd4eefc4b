import { hash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { MAX_BODY_BYTES, MAX_DECODED_BYTES, MAX_EVENTS } from '../../../lib/wire/limits.ts';
import { down, event, ofCollector, refusedWith, withStream } from './requestCases.ts';
import { KEY, request, type Sent, startCollector } from './startCollector.ts';

describe('a refused request', () => {
  /** The beginning of a gzip member whose bytes were replaced as if they were a text. */
  const mangledGzip = '\u001f\ufffd\b\u0000\u0000';
  const refusedMetrics = (code: string) => [
    { ...ofCollector, latency_ms: 0, received: 0, refused_requests: 1 },
    { ...ofCollector, reason: code, refused_requests: 1 },
  ];

  it('for a path of Statsig names the endpoint and not the path', async () => {
    const { send, log, metrics } = startCollector();
    const answer = await send(request({ path: '/v2/download_config_specs/secret-x.json' }));
    expect(answer).toMatchObject(refusedWith(404, 'SLUICE_PATH_RESERVED'));
    expect(log).toEqual([
      {
        level: 'warn',
        event: 'collect',
        status: 404,
        ms: 0,
        endpoint: 'download_config_specs',
        code: 'SLUICE_PATH_RESERVED',
        sent_key: expect.stringMatching(/^[0-9a-f]{8}$/),
      },
    ]);
    expect(metrics).toEqual(refusedMetrics('SLUICE_PATH_RESERVED'));
  });

  it.each(['GET', 'POST', 'PUT'])('for a path of Statsig is answered 404, also by %s', async (method) => {
    const { send } = startCollector();
    const answer = await send(request({ method, path: '/v1/mark_data_ready_dwh/' }));
    expect(answer).toMatchObject(refusedWith(404, 'SLUICE_PATH_RESERVED'));
  });

  it('for another method names it', async () => {
    const { send, metrics } = startCollector();
    const answer = await send(request({ method: 'PUT' }));
    expect(answer).toMatchObject(refusedWith(405, 'SLUICE_METHOD_NOT_ALLOWED'));
    expect(answer.answer['message']).toContain('It was PUT.');
    expect(metrics).toEqual(refusedMetrics('SLUICE_METHOD_NOT_ALLOWED'));
  });

  it('is logged although no accepted request is sampled', async () => {
    const { send, log } = startCollector({ parts: () => ({ logSuccess: () => false }) });
    await send(request({ method: 'GET' }));
    expect(log).toMatchObject([{ status: 405 }]);
  });

  it.each(['/v1/rgstr', '/v1/initialize', '/'])(
    'is none for a preflight to %s that comes to the collector: it is only counted',
    async (path) => {
      const { send, log, metrics } = startCollector();
      expect(await send(request({ method: 'OPTIONS', path }))).toMatchObject({ status: 204 });
      expect(log).toEqual([]);
      expect(metrics).toMatchObject([{ function: 'collect', preflights: 1 }]);
    },
  );

  it('for a key that only starts sources is answered 401', async () => {
    const sha256 = hash('sha256', KEY);
    const { send, log } = startCollector({
      keys: [{ label: 'ci', sha256, kinds: [], sources: ['a'] }],
    });
    expect(await send(request({ body: { events: [event] } }))).toMatchObject(
      refusedWith(401, 'SLUICE_KEY_NOT_FOR_EVENTS'),
    );
    expect(log).toMatchObject([{ level: 'warn', status: 401, key: 'ci' }]);
  });

  describe('without an accepted key', () => {
    // As `sluice keys list` has it.
    const keyInLog = hash('sha256', KEY).slice(0, 8);

    it('is answered 401, and logged with the SDK and the beginning of a hash of the key', async () => {
      const { send, rows, log } = startCollector({ keys: [] });
      const sdk = { 'statsig-sdk-type': 'js-client', 'statsig-sdk-version': '3.1.0' };
      expect(await send(request({ headers: sdk }))).toMatchObject(refusedWith(401, 'SLUICE_KEY_UNKNOWN'));
      expect(rows.quarantine).toEqual([]);
      expect(log).toMatchObject([{ sdk: 'js-client 3.1.0', sent_key: keyInLog }]);
      expect(log[0]).not.toHaveProperty('key');
      expect(JSON.stringify(log)).not.toContain(KEY);
    });

    it.each([
      { what: 'no key', key: '', logged: undefined },
      { what: "a key of Statsig's console", key: 'console-x', logged: 'of another form' },
    ])('is answered 401 if it has $what, of which nothing is logged', async ({ key, logged }) => {
      const { send, rows, log } = startCollector({ keys: [] });
      const answer = await send(request({ headers: { 'statsig-api-key': key } }));
      expect(answer).toMatchObject(refusedWith(401, 'SLUICE_KEY_MISSING'));
      expect(rows.quarantine).toEqual([]);
      expect(log.map((line) => line['sent_key'])).toEqual([logged]);
      expect(JSON.stringify(log)).not.toContain('console-x');
    });

    it('is logged with the SDK of its query and its key, also if it is refused for its method', async () => {
      const { send, log } = startCollector({ keys: [] });
      await send(request({ method: 'GET', query: 'st=py-server' }));
      expect(log).toMatchObject([{ sdk: 'py-server', sent_key: keyInLog }]);
    });

    it('is answered 503 while the keys cannot be read', async () => {
      const readKeys = () => Promise.reject(new Error('down'));
      const { send, log } = startCollector({ keys: [], readKeys });
      expect(await send(request({}))).toMatchObject(refusedWith(503, 'SLUICE_KEYS_UNAVAILABLE'));
      expect(log).toMatchObject([{ level: 'error', status: 503, code: 'SLUICE_KEYS_UNAVAILABLE' }]);
    });
  });

  it('with a body that the gateway destroyed is answered 503, and nothing is kept', async () => {
    const { send, rows } = startCollector();
    const http = request({ body: mangledGzip, headers: { 'content-encoding': 'gzip' } });
    expect(await send(http)).toMatchObject(refusedWith(503, 'SLUICE_COLLECT_BODY_MANGLED'));
    expect(rows.quarantine).toEqual([]);
  });

  it('with such a body of React Native is answered with the setting that avoids it', async () => {
    const { send } = startCollector();
    // It marks gzip in the query alone, and says application/json.
    const headers = { 'content-encoding': 'gzip', 'content-type': 'application/json' };
    const { answer } = await send(request({ body: mangledGzip, query: 'gz=1', headers }));
    expect(JSON.stringify(answer)).toContain("`logEventCompressionMode: 'd'`");
  });

  it('with a body that is not JSON is kept as it was sent, and counts as one event', async () => {
    const { send, rows, log, metrics } = startCollector();
    const headers = { 'statsig-sdk-type': 'py-server', 'statsig-sdk-version': '0.1.2' };
    expect(await send(request({ body: '{"events":}', headers }))).toMatchObject(
      refusedWith(400, 'SLUICE_BODY_NOT_JSON'),
    );
    expect(rows.quarantine).toMatchObject([
      {
        reason: 'SLUICE_BODY_NOT_JSON',
        key_label: 'any',
        sdk_type: 'py-server',
        sdk_version: '0.1.2',
        path: '/v1/rgstr',
        raw: '{"events":}',
        received_at: '2026-11-20T07:32:00.123Z',
      },
    ]);
    expect(log).toEqual([
      {
        level: 'warn',
        event: 'collect',
        status: 400,
        key: 'any',
        body_bytes: 11,
        decoded_bytes: 11,
        sdk: 'py-server 0.1.2',
        refused: { SLUICE_BODY_NOT_JSON: 1 },
        exposures_landed: 0,
        events_landed: 0,
        quarantined: 1,
        calls: 1,
        billed_bytes: 5_120,
        code: 'SLUICE_BODY_NOT_JSON',
        ms: 0,
      },
    ]);
    expect(metrics).toMatchObject([
      { received: 1, quarantined: 1, refused_requests: 1 },
      { reason: 'SLUICE_BODY_NOT_JSON', refused_requests: 1 },
    ]);
  });

  it.each<{
    readonly what: string;
    readonly status: number;
    readonly code: string;
    readonly body: string | Uint8Array;
    readonly sent?: Sent;
  }>([
    { what: 'is no object', status: 400, code: 'SLUICE_BODY_WRONG_SHAPE', body: '[{"events":[]}]' },
    {
      what: 'is a text of JSON',
      status: 400,
      code: 'SLUICE_BODY_JSON_IN_TEXT',
      body: JSON.stringify('{"events":[]}'),
    },
    { what: 'has a text of a list', status: 400, code: 'SLUICE_BODY_JSON_IN_TEXT', body: '{"events":" []"}' },
    {
      what: 'has an unknown encoding',
      status: 415,
      code: 'SLUICE_BODY_ENCODING_UNKNOWN',
      body: Buffer.from([1, 2, 0xff]),
      sent: { headers: { 'content-encoding': 'snappy' } },
    },
    {
      what: 'is cut off',
      status: 400,
      code: 'SLUICE_BODY_TRUNCATED',
      body: gzipSync('{"events":[]}').subarray(0, 20),
      sent: { query: 'gz=1' },
    },
    {
      what: 'is said to be gzip',
      status: 400,
      code: 'SLUICE_BODY_CORRUPT',
      body: 'x',
      sent: { headers: { 'content-encoding': 'gzip' } },
    },
    {
      what: 'is a bomb',
      status: 413,
      code: 'SLUICE_BODY_INFLATES_TOO_FAR',
      body: gzipSync(Buffer.alloc(MAX_DECODED_BYTES + 1, 0x20)),
    },
  ])('with a body that $what is kept as received', async ({ status, code, body, sent = {} }) => {
    const { send, rows } = startCollector();
    expect(await send(request({ ...sent, body }))).toMatchObject(refusedWith(status, code));
    const raw =
      typeof body === 'string'
        ? { raw: body, raw_encoding: 'text' }
        : { raw: Buffer.from(body).toString('base64'), raw_encoding: 'base64' };
    expect(rows).toMatchObject({ exposures: [], events: [], quarantine: [{ reason: code, ...raw }] });
  });

  it('with a body that is too large for a row is kept in the bucket', async () => {
    const body = 'x'.repeat(MAX_BODY_BYTES + 1);
    const { send, rows, large } = startCollector();
    expect(await send(request({ body }))).toMatchObject(refusedWith(413, 'SLUICE_BODY_TOO_LARGE'));
    expect(rows.quarantine).toMatchObject([{ raw_location: `s3://bucket/${large[0]?.key}` }]);
    expect(rows.quarantine[0]).not.toHaveProperty('raw');
  });

  it('is answered 503, not 400, if nobody takes its row', async () => {
    const parts = () => ({ ...withStream(down), putObject: down });
    expect(await startCollector({ parts }).send(request({ body: 'hello' }))).toMatchObject(
      refusedWith(503, 'SLUICE_COLLECT_NOT_DELIVERED'),
    );
  });

  it('that needs to be sent again is not kept', async () => {
    const { send, rows } = startCollector();
    expect(await send(request({ body: '' }))).toMatchObject(refusedWith(400, 'SLUICE_BODY_EMPTY'));
    expect(rows.quarantine).toEqual([]);
  });

  describe('with private attributes', () => {
    const user = '{"n":9007199254740993,"privateAttributes":{"email":"a@example.com"}}';
    const withoutThem = '{"n":9007199254740993}';

    it.each([
      { what: 'of another shape', body: `{"events":7,"user":${user}}` },
      { what: 'of too many events', body: `{"user":${user},"events":[${'0,'.repeat(MAX_EVENTS)}0]}` },
    ])('loses them if its body is $what, compressed or not', async ({ body }) => {
      const { send, rows } = startCollector();
      await send(request({ body }));
      await send(request({ body: gzipSync(body) }));
      const kept = rows.quarantine.map(({ raw }) => raw === body.replace(user, withoutThem));
      expect(kept).toEqual([true, true]);
    });

    it.each([
      { what: 'ends too early', body: `{"user":${user}` },
      { what: 'is too large to be parsed', body: `{"user":${user},"x":"${'x'.repeat(MAX_BODY_BYTES)}"}` },
    ])('is withheld if its body $what', async ({ body }) => {
      const { send, rows } = startCollector();
      await send(request({ body }));
      const withheld = new RegExp(`^withheld: ${body.length} bytes, [0-9a-f]{64}$`);
      expect(rows.quarantine).toEqual([expect.objectContaining({ raw: expect.stringMatching(withheld) })]);
    });
  });
});
