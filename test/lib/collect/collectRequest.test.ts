import { hash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { quarantineWriter } from '../../../lib/landing/quarantineWriter.ts';
import type { PutRecord } from '../../../lib/landing/store/land.ts';
import { StreamBreaker } from '../../../lib/landing/store/StreamBreaker.ts';
import { MAX_BODY_BYTES, MAX_DECODED_BYTES, MAX_EVENTS } from '../../../lib/wire/limits.ts';
import { ManualClock } from '../../../packages/local-aws/src/base/index.ts';
import { KEY, NOW, request, type Sent, startCollector } from './startCollector.ts';

const event = { eventName: 'e', time: NOW };
const gate = { eventName: 'statsig::gate_exposure', time: NOW, metadata: { gate: 'g', ruleID: 'r' } };
const own = { function: 'collect', stage: 'test' };
const accepted = { status: 202, answer: { success: true } };
const refusedWith = (status: number, code: string) => ({ status, answer: { success: false, code } });
class Gone extends Error {
  override readonly name = 'Gone';
}
const down = () => Promise.reject(new Gone());
const oneStream = (putRecord: PutRecord) => ({ putRecord });

describe('an accepted request', () => {
  const odd = [{ eventName: '' }, { eventName: 'statsig::diagnostics' }, { eventName: 'f' }];
  const body = {
    events: [event, event, gate, ...odd],
    statsigMetadata: { sdkType: 'js-client', sdkVersion: '3.1.0' },
  };

  it('is logged in one line with all of its counts', async () => {
    const { send, log } = startCollector();
    const sent = request({ body });
    expect(await send(sent)).toEqual(accepted);
    const bytes = sent.body?.length;
    expect(log).toEqual([
      {
        level: 'info',
        event: 'collect',
        status: 202,
        key: 'any',
        body_bytes: bytes,
        decoded_bytes: bytes,
        sdk: 'js-client 3.1.0',
        events: 6,
        duplicates: 1,
        counted: { 'statsig::diagnostics': 1 },
        noted: { time_missing: 1 },
        refused: { SLUICE_EVENT_NO_NAME: 1 },
        exposures_landed: 1,
        events_landed: 3,
        quarantined: 1,
        calls: 1,
        billed_bytes: 5_120,
        ms: 0,
      },
    ]);
  });

  it('has refused events on the day on which it came, although it is stored after midnight', async () => {
    const { send, rows } = startCollector({
      clock: new ManualClock(Date.parse('2026-11-20T23:59:59.999Z')),
      readGroups: async (clock) => {
        clock.advance(1);
        return 'none';
      },
    });
    expect(await send(request({ body: { events: [{ eventName: '' }] } }))).toEqual(accepted);
    expect(rows.quarantine).toMatchObject([{ received_at: '2026-11-20T23:59:59.999Z', ds: '2026-11-20' }]);
  });

  it('says its hour in each line of its record, so that the writer need not look into rows', async () => {
    const records: Uint8Array[] = [];
    const { send } = startCollector({
      parts: () => ({ stream: oneStream(async (record) => void records.push(record)) }),
    });
    await send(request({ body }));
    const lines = records.flatMap((record) => gunzipSync(record).toString().trim().split('\n'));
    expect(lines.map((line) => JSON.parse(line).hour)).toEqual(Array(5).fill('2026-11-20T07'));
  });

  it('has no fields in its log line for what did not happen', async () => {
    const { send, log, rows, metrics } = startCollector();
    await send(request({ body: { events: [] } }));
    expect(Object.keys(log[0] ?? {}).join(' ')).toBe(
      'level event status key body_bytes decoded_bytes sdk events exposures_landed events_landed quarantined calls billed_bytes ms',
    );
    expect(rows).toEqual({ exposures: [], events: [], quarantine: [] });
    expect(metrics).toEqual([{ ...own, received: 0, latency_ms: 0 }]);
  });

  it('is counted by stream and by reason, in one line', async () => {
    const { send, metrics, log } = startCollector({
      readGroups: async (clock) => {
        clock.advance(70);
        return 'none';
      },
    });
    await send(request({ body, headers: { 'statsig-client-time': String(NOW - 40) } }));
    expect(metrics).toMatchObject([
      {
        ...own,
        latency_ms: 70,
        ignored_as: { 'statsig::diagnostics': 1 },
        received: 6,
        exposures_landed: 1,
        events_landed: 3,
        quarantined: 1,
        ignored: 1,
      },
    ]);
    expect(metrics).toHaveLength(1);
    expect(log).toMatchObject([{ refused: { SLUICE_EVENT_NO_NAME: 1 }, duplicates: 1, clock_skew_ms: 40 }]);
    expect(metrics[0]).not.toHaveProperty('refused_requests');
  });

  it('says in its log line when bytes of the body were repaired', async () => {
    const { send, log } = startCollector();
    const bytes = Buffer.concat([Buffer.from('{"events":[],"x":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    await send({ ...request({}), isBase64Encoded: true, body: bytes.toString('base64') });
    expect(log).toMatchObject([{ status: 202, repaired_utf8: true, body_bytes: 21, decoded_bytes: 21 }]);
  });

  it('is logged only if it is sampled, or something needs attention', async () => {
    const parts = () => ({ logSuccess: () => false });
    const clean = startCollector({ parts });
    await clean.send(request({ body: { events: [event, { eventName: 'statsig::diagnostics' }] } }));
    expect([clean.log.length, clean.metrics.length]).toEqual([0, 1]);
    const refusing = startCollector({ parts });
    await refusing.send(request({ body: { events: [7] } }));
    expect(refusing.log).toMatchObject([{ refused: { SLUICE_EVENT_NOT_AN_OBJECT: 1 } }]);
    const spilling = startCollector({
      parts: () => ({
        ...parts(),
        stream: oneStream(down),
      }),
    });
    expect(await spilling.send(request({ body: { events: [event] } }))).toEqual(accepted);
    expect(spilling.log).toMatchObject([{ overflowed: 1 }]);
    const old = startCollector({ parts });
    await old.send(request({ body: { events: [{ ...event, time: Math.floor(NOW / 1_000) }] } }));
    expect(old.log).toMatchObject([{ status: 202, key: 'any', noted: { before_2000: 1 } }]);
    const skewed = startCollector({ parts });
    const by = (ms: number) => ({ 'statsig-client-time': String(NOW + ms) });
    for (const ms of [-3_600_000, 3_600_000, -3_299_999])
      await skewed.send(request({ body: { events: [{ ...event, time: NOW + ms }] }, headers: by(ms) }));
    expect(skewed.log.map((line) => line['clock_skew_ms'])).toEqual([3_600_000, -3_600_000]);
    const failing = startCollector({ parts });
    await failing.send(request({ method: 'GET' }));
    await failing.send(request({ body: '' }));
    expect(failing.log).toMatchObject([{ status: 405 }, { status: 400 }]);
  });

  it('takes its sender from headers, query and key', async () => {
    const sha256 = hash('sha256', KEY);
    const { send, rows, log } = startCollector({
      keys: [{ label: 'web', sha256, environment: 'staging', kinds: ['events'] }],
    });
    const headers = { 'statsig-sdk-type': 'go-sdk', 'statsig-sdk-version': '1.2.3' };
    const inQuery = { ...headers, 'statsig-api-key': '' };
    await send(request({ body: { events: [event, gate] }, headers: inQuery, query: `k=${KEY}&sid=session` }));
    expect(rows.events).toMatchObject([
      {
        environment: 'staging',
        session_id: 'session',
        sdk_type: 'go-sdk',
        sdk_version: '1.2.3',
        received_at: '2026-11-20T07:32:00.123Z',
      },
    ]);
    expect(rows.quarantine).toMatchObject([
      {
        reason: 'SLUICE_EVENT_KIND_NOT_ALLOWED',
        key_label: 'web',
        key_environment: 'staging',
        sdk_type: 'go-sdk',
        sdk_version: '1.2.3',
        path: '/v1/rgstr',
      },
    ]);
    expect(log).toMatchObject([{ key: 'web', sdk: 'go-sdk 1.2.3' }]);
  });

  it.each([
    ['statsig-server-core', '0.12.1', 'statsig-server-core 0.12.1'],
    ['javascript-client-rn', '3.31.0', 'javascript-client-rn 3.31.0'],
    ['go-sdk', 'v1.40.2', 'go-sdk 1.40.2'],
    ['statsig-server-core', 'x1.2.3', 'statsig-server-core'],
    ['made-up', '1.2.3', 'other 1.2.3'],
  ])('names the SDK %s %s in the log: %s', async (type, version, label) => {
    const { send, log } = startCollector();
    const headers = { 'statsig-sdk-type': type, 'statsig-sdk-version': version };
    await send(request({ body: { events: [event] }, headers }));
    expect(log).toMatchObject([{ sdk: label }]);
  });
});

describe('an error report of an SDK', () => {
  it.each(['/v1/sdk_exception', '/v1/rgstr_e'])('on %s is counted and not read', async (path) => {
    const { send, log, metrics } = startCollector();
    expect(await send(request({ path, body: 'not JSON' }))).toEqual(accepted);
    expect(log).toEqual([
      { level: 'info', event: 'collect', status: 202, key: 'any', counted: { exception_report: 1 }, ms: 0 },
    ]);
    expect(metrics).toEqual([
      { ...own, latency_ms: 0, ignored_as: { exception_report: 1 }, received: 1, ignored: 1 },
    ]);
  });
});

describe('a refused request', () => {
  const refusedMetrics = (code: string) => [
    { ...own, latency_ms: 0, received: 0, refused_requests: 1 },
    { ...own, reason: code, refused_requests: 1 },
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
    expect(await send(request({ method: 'GET', path: '/v1/mark_data_ready_dwh/' }))).toMatchObject(
      refusedWith(404, 'SLUICE_PATH_RESERVED'),
    );
  });

  it('for another method names it', async () => {
    const { send, metrics } = startCollector();
    const answer = await send(request({ method: 'PUT' }));
    expect(answer).toMatchObject(refusedWith(405, 'SLUICE_METHOD_NOT_ALLOWED'));
    expect(answer.answer['message']).toContain('It was PUT.');
    expect(metrics).toEqual(refusedMetrics('SLUICE_METHOD_NOT_ALLOWED'));
  });

  it.each(['/v1/rgstr', '/v1/initialize', '/'])(
    'is no refusal for a preflight to %s that gets through to the collector: it is only counted',
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

  it('for an unknown key is answered 401, and 503 while the keys cannot be read', async () => {
    const { send, rows, log } = startCollector({ keys: [] });
    const sdk = { 'statsig-sdk-type': 'js-client', 'statsig-sdk-version': '3.1.0' };
    expect(await send(request({ headers: sdk }))).toMatchObject(refusedWith(401, 'SLUICE_KEY_UNKNOWN'));
    for (const key of ['', 'console-x'])
      expect(await send(request({ headers: { 'statsig-api-key': key } }))).toMatchObject(
        refusedWith(401, 'SLUICE_KEY_MISSING'),
      );
    await send(request({ method: 'GET', query: 'st=py-server' }));
    expect(rows.quarantine).toEqual([]);
    // Whose key it is, as `sluice keys list` has it, and nothing of the key.
    const sent_key = hash('sha256', KEY).slice(0, 8);
    expect(log.map((line) => [line['sdk'], line['sent_key'], line['key']])).toEqual([
      ['js-client 3.1.0', sent_key, undefined],
      [undefined, undefined, undefined],
      [undefined, 'of another form', undefined],
      ['py-server', sent_key, undefined],
    ]);
    expect(JSON.stringify(log)).not.toMatch(/client-key|console-x/);
    const failing = startCollector({
      keys: [],
      readKeys: async () => {
        throw new Error('down');
      },
    });
    expect(await failing.send(request({}))).toMatchObject(refusedWith(503, 'SLUICE_KEYS_UNAVAILABLE'));
    expect(failing.log).toMatchObject([{ level: 'error', status: 503, code: 'SLUICE_KEYS_UNAVAILABLE' }]);
  });

  it('with a body that the gateway destroyed is answered 503, and nothing is kept', async () => {
    const { send, rows } = startCollector();
    const http = request({ body: '\u001f\ufffd\b\u0000\u0000', headers: { 'content-encoding': 'gzip' } });
    expect(await send(http)).toMatchObject(refusedWith(503, 'SLUICE_COLLECT_BODY_MANGLED'));
    expect(rows.quarantine).toEqual([]);
    // React Native marks gzip in the query alone, and says application/json.
    const headers = { 'content-type': 'application/json' };
    const { answer } = await send({
      ...http,
      rawQueryString: 'gz=1',
      headers: { ...http.headers, ...headers },
    });
    expect(JSON.stringify(answer)).toContain("`logEventCompressionMode: 'd'`");
  });

  it('with a body that is not JSON is kept as it was sent, and counts as one event', async () => {
    const { send, rows, log, metrics } = startCollector();
    const headers = { 'statsig-sdk-type': 'py-server', 'statsig-sdk-version': '0.1.2' };
    expect(await send(request({ body: '{"events":', headers }))).toMatchObject(
      refusedWith(400, 'SLUICE_BODY_NOT_JSON'),
    );
    expect(rows.quarantine).toMatchObject([
      {
        reason: 'SLUICE_BODY_NOT_JSON',
        key_label: 'any',
        sdk_type: 'py-server',
        sdk_version: '0.1.2',
        path: '/v1/rgstr',
        raw: '{"events":',
        received_at: '2026-11-20T07:32:00.123Z',
      },
    ]);
    expect(log).toEqual([
      {
        level: 'warn',
        event: 'collect',
        status: 400,
        key: 'any',
        body_bytes: 10,
        decoded_bytes: 10,
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

  it.each<[string, number, string, string | Uint8Array, Sent?]>([
    ['is no object', 400, 'SLUICE_BODY_WRONG_SHAPE', '[{"events":[]}]'],
    ['has no events', 400, 'SLUICE_BODY_WRONG_SHAPE', '{"event":{}}'],
    ['has a user that is no object', 400, 'SLUICE_BODY_WRONG_SHAPE', '{"events":[],"user":"u"}'],
    ['has metadata of no object', 400, 'SLUICE_BODY_WRONG_SHAPE', '{"events":[],"statsigMetadata":[]}'],
    [
      'has an unknown encoding',
      415,
      'SLUICE_BODY_ENCODING_UNKNOWN',
      Buffer.from([1, 2, 0xff]),
      { headers: { 'content-encoding': 'snappy' } },
    ],
    [
      'is cut off',
      400,
      'SLUICE_BODY_TRUNCATED',
      gzipSync('{"events":[]}').subarray(0, 20),
      { query: 'gz=1' },
    ],
    ['is said to be gzip', 400, 'SLUICE_BODY_CORRUPT', 'x', { headers: { 'content-encoding': 'gzip' } }],
    ['is a bomb', 413, 'SLUICE_BODY_INFLATES_TOO_FAR', gzipSync(Buffer.alloc(MAX_DECODED_BYTES + 1, 0x20))],
  ])('with a body that %s is kept as received', async (_what, status, code, body, sent = {}) => {
    const { send, rows } = startCollector();
    expect(await send(request({ ...sent, body }))).toMatchObject(refusedWith(status, code));
    const raw =
      typeof body === 'string'
        ? { raw: body, raw_encoding: 'text' }
        : { raw: Buffer.from(body).toString('base64'), raw_encoding: 'base64' };
    expect(rows).toMatchObject({ exposures: [], events: [], quarantine: [{ reason: code, ...raw }] });
  });

  it('with a body that is too large for a row is kept in the bucket, or answered 503', async () => {
    const body = 'x'.repeat(MAX_BODY_BYTES + 1);
    const { send, rows, large } = startCollector();
    expect(await send(request({ body }))).toMatchObject(refusedWith(413, 'SLUICE_BODY_TOO_LARGE'));
    expect(rows.quarantine).toMatchObject([{ raw_location: `s3://bucket/${large[0]?.key}` }]);
    expect(rows.quarantine[0]).not.toHaveProperty('raw');
    const failing = startCollector({ parts: () => ({ putQuarantineLarge: down }) });
    expect(await failing.send(request({ body }))).toMatchObject(
      refusedWith(503, 'SLUICE_COLLECT_NO_QUARANTINE'),
    );
  });

  it('is answered 503, not 400, if nobody takes its row', async () => {
    const parts = () => ({ stream: oneStream(down), putObject: down });
    expect(await startCollector({ parts }).send(request({ body: 'hello' }))).toMatchObject(
      refusedWith(503, 'SLUICE_COLLECT_NOT_DELIVERED'),
    );
  });

  it('that needs to be sent again is not kept', async () => {
    const { send, rows } = startCollector();
    expect(await send(request({ body: '' }))).toMatchObject(refusedWith(400, 'SLUICE_BODY_EMPTY'));
    expect(rows.quarantine).toEqual([]);
  });

  it('loses private attributes, or is withheld where they cannot be found', async () => {
    const { send, rows } = startCollector();
    const user = '{"n":9007199254740993,"privateAttributes":{"email":"a@example.com"}}';
    for (const body of [
      `{"events":7,"user":${user}}`,
      `{"user":${user},"events":[${'0,'.repeat(MAX_EVENTS)}0]}`,
    ])
      for (const sent of [body, gzipSync(body)]) {
        await send(request({ body: sent }));
        expect(rows.quarantine.pop()?.['raw'] === body.replace(user, '{"n":9007199254740993}')).toBe(true);
      }
    for (const body of [`{"user":${user}`, `{"user":${user},"x":"${'x'.repeat(MAX_BODY_BYTES)}"}`]) {
      await send(request({ body }));
      expect(rows.quarantine.pop()?.['raw']).toMatch(
        new RegExp(`^withheld: ${body.length} bytes, [0-9a-f]{64}$`),
      );
    }
  });
});

describe('a request whose events cannot be stored', () => {
  it('is accepted if they are an object of their own', async () => {
    const { send, log, metrics, objects } = startCollector({
      parts: () => ({ stream: oneStream(down) }),
    });
    expect(await send(request({ body: { events: [event, { ...event, value: 1 }, gate] } }))).toEqual(
      accepted,
    );
    expect(log).toMatchObject([
      {
        level: 'info',
        exposures_landed: 0,
        events_landed: 0,
        not_streamed: 'not_acknowledged: Gone',
        overflowed: 3,
      },
    ]);
    expect(log[0]).not.toHaveProperty('object_error');
    expect(objects.map(({ rows }) => rows)).toEqual([3]);
    expect(metrics).toMatchObject([
      { received: 3, overflowed: 3, exposures_overflowed: 1, events_overflowed: 2 },
    ]);
    expect(metrics[0]).not.toHaveProperty('events_landed');
  });

  it.each([
    [
      'may be in the stream twice if a connection broke',
      'ECONNRESET',
      1,
      { events_landed: 1, events_not_delivered: 1 },
    ],
    [
      'may be in the stream, too, if that did not answer',
      'Gone',
      2,
      { events_overflowed: 1, events_not_delivered: 1 },
    ],
    [
      'may be in the stream, too, if that was unavailable',
      'ServiceUnavailableException',
      2,
      { events_overflowed: 1, events_not_delivered: 1 },
    ],
    ['is not in a stream that has refused it', 'ThrottlingException', 2, { events_overflowed: 1 }],
  ])('%s', async (_what, name, failures, counts) => {
    let calls = 0;
    const failing = async () => {
      calls += 1;
      if (calls <= failures) throw Object.assign(new Error(), { name });
    };
    const { send, metrics } = startCollector({ parts: () => ({ stream: oneStream(failing) }) });
    expect(await send(request({ body: { events: [event] } }))).toEqual(accepted);
    const ofEvents = Object.entries(metrics[0] ?? {}).filter(([name]) => name.startsWith('events_'));
    expect(Object.fromEntries(ofEvents)).toEqual(counts);
  });

  it('may be nowhere else if the stream was not asked: by configuration, or because it has refused others', async () => {
    const refusing = async () => {
      throw Object.assign(new Error(), { name: 'ThrottlingException' });
    };
    const breaker = new StreamBreaker({ clock: { now: () => NOW }, random: () => 0.5, log: () => {} });
    for (const [stream, counts] of [
      [null, { events_landed: 1 }],
      [{ putRecord: refusing, breaker }, { events_overflowed: 1 }],
    ] as const) {
      const { send, metrics } = startCollector({ parts: () => ({ stream }) });
      for (let i = 0; i < 3; i += 1) await send(request({ body: { events: [event] } }));
      const ofEvents = metrics.map((line) =>
        Object.fromEntries(Object.entries(line).filter(([name]) => name.startsWith('events_'))),
      );
      expect(ofEvents).toEqual([counts, counts, counts]);
    }
    expect(breaker.isOpen).toBe(true);
  });

  it('is refused if the bucket fails too', async () => {
    const { send, log, metrics } = startCollector({
      parts: () => ({
        stream: oneStream(down),
        putObject: async () => {
          throw Object.assign(new Error('not authorized to perform: s3:PutObject'), { name: 'AccessDenied' });
        },
      }),
    });
    expect(await send(request({ body: { events: [event, gate] } }))).toMatchObject(
      refusedWith(503, 'SLUICE_COLLECT_NOT_DELIVERED'),
    );
    expect(log).toMatchObject([
      {
        level: 'error',
        status: 503,
        not_streamed: 'not_acknowledged: Gone',
        overflowed: 0,
        object_error: 'AccessDenied: not authorized to perform: s3:PutObject',
        code: 'SLUICE_COLLECT_NOT_DELIVERED',
      },
    ]);
    expect(metrics).toMatchObject([
      // The stream may have it, and so may the bucket.
      { received: 2, refused_requests: 1, exposures_not_delivered: 2, events_not_delivered: 2 },
      { reason: 'SLUICE_COLLECT_NOT_DELIVERED', refused_requests: 1 },
    ]);
  });

  it('names the reason when no time was left', async () => {
    const { send, log } = startCollector({
      parts: (clock) => ({
        writeQuarantine: () => {
          clock.advance(2_500);
          return { documents: [], large: [] };
        },
      }),
    });
    expect(await send(request({ body: { events: [event, 7] } }))).toMatchObject(
      refusedWith(503, 'SLUICE_COLLECT_NOT_DELIVERED'),
    );
    expect(log).toMatchObject([{ not_streamed: 'not_acknowledged: OutOfTime', object_error: 'OutOfTime' }]);
  });

  it('says nothing of a record that is large by itself', async () => {
    const large = {
      events: Array.from({ length: 9 }, (_, i) => ({ ...event, value: `${i}${'x'.repeat(500_000)}` })),
    };
    const { send, log, metrics } = startCollector({ parts: () => ({ logSuccess: () => false }) });
    expect(await send(request({ body: large }))).toEqual(accepted);
    expect(log).toEqual([]);
    expect(metrics).toMatchObject([{ received: 9, events_landed: 9 }]);
  });

  const largeEvent = { events: [{ n: 'x'.repeat(1_100_000) }] };

  it('writes refused events that are too large for a row before their rows, within its time', async () => {
    const { send, large, rows } = startCollector();
    expect(await send(request({ body: largeEvent }))).toEqual(accepted);
    expect(large).toEqual([{ key: expect.stringMatching(/^quarantine-large\//), timeoutMs: 2_500 }]);
    expect(rows.quarantine).toMatchObject([{ raw_location: `s3://bucket/${large[0]?.key}` }]);
    const slow = startCollector({
      withinMs: 1_000,
      parts: (clock) => ({
        writeQuarantine: (refused, context) => {
          clock.advance(1_000);
          return quarantineWriter(defineConfig({ bucket: 'bucket' }))(refused, context);
        },
      }),
    });
    await slow.send(request({ body: largeEvent }));
    expect(slow.large.map(({ timeoutMs }) => timeoutMs)).toEqual([1]);
  });

  it.each<[unknown, string]>([
    [new RangeError('full'), 'RangeError'],
    ['full', 'Error'],
  ])('is refused if such an event cannot be written: %p', async (problem, name) => {
    const { send, log, rows } = startCollector({
      parts: () => ({ putQuarantineLarge: () => Promise.reject(problem) }),
    });
    expect(await send(request({ body: largeEvent }))).toMatchObject(
      refusedWith(503, 'SLUICE_COLLECT_NO_QUARANTINE'),
    );
    expect(log).toMatchObject([{ quarantine_error: name, code: 'SLUICE_COLLECT_NO_QUARANTINE' }]);
    expect(rows.quarantine).toEqual([]);
  });

  it('fails, and stops its timer, on an error of our own', async () => {
    const { send, alarms, log } = startCollector({
      parts: () => ({
        writeQuarantine: () => {
          throw new TypeError('ours');
        },
      }),
    });
    await expect(send(request({ body: { events: [7] } }))).rejects.toThrow(TypeError);
    expect(alarms.map(({ cleared }) => cleared)).toEqual([true]);
    expect(log).toEqual([]);
  });
});

describe('the time of a request', () => {
  const never = <Value>() => new Promise<Value>(() => {});
  const body = { events: [event] };
  const groupsTaking = (ms: number) => async (clock: ManualClock) => {
    clock.advance(ms);
    return 'none' as const;
  };

  it.each([
    [2_500, 1_500, 202],
    [2_500, 1_501, 503],
    [1_000, 500, 202],
    [1_000, 501, 503],
  ])('of %p ms ends the reading of its events after %p ms: %p', async (withinMs, ms, status) => {
    const { send, log, rows } = startCollector({ withinMs, readGroups: groupsTaking(ms) });
    expect((await send(request({ body }))).status).toBe(status);
    expect(rows.events).toHaveLength(status === 202 ? 1 : 0);
    if (status === 503) expect(log).toMatchObject([{ code: 'SLUICE_COLLECT_OUT_OF_TIME', ms }]);
  });

  it.each<[string, Sent, number]>([
    ['an SDK that says nothing', {}, 2_600],
    ['another SDK', { headers: { 'statsig-sdk-type': 'js-client' }, timeEpoch: NOW - 600 }, 2_600],
    ['the Go SDK', { headers: { 'statsig-sdk-type': 'go-sdk' } }, 1_900],
    ['the Go SDK after 600 ms', { query: 'st=go-sdk', timeEpoch: NOW - 600 }, 1_300],
    ['the Go SDK with a clock ahead', { query: 'st=go-sdk', timeEpoch: NOW + 50 }, 1_900],
    ['the Go SDK after a day', { query: 'st=go-sdk', timeEpoch: NOW - 86_400_000 }, 1_000],
  ])('is limited by an alarm that its answer stops: %s', async (_what, sent, ms) => {
    const { send, alarms } = startCollector();
    expect(await send(request({ body, ...sent }))).toEqual(accepted);
    // The other alarms belong to the calls.
    expect(alarms[0]).toMatchObject({ ms, cleared: true });
  });

  it('is never longer for the Go SDK than the function has', async () => {
    const { send, alarms } = startCollector({ withinMs: 300 });
    await send(request({ body, query: 'st=go-sdk' }));
    expect(alarms[0]).toMatchObject({ ms: 400 });
    const late = startCollector({ withinMs: -500 });
    await late.send(request({ body }));
    expect(late.alarms[0]).toMatchObject({ ms: 0 });
  });

  it('becomes shorter once the body says that the Go SDK sent it', async () => {
    const { send, alarms } = startCollector({ readGroups: groupsTaking(10) });
    await send(request({ body: { ...body, statsigMetadata: { sdkType: 'go-sdk' } } }));
    // The second alarm is set ten milliseconds later.
    expect(alarms.slice(0, 2).map(({ ms, cleared }) => [ms, cleared])).toEqual([
      [2_600, true],
      [1_890, true],
    ]);
  });

  it('ends it with 503 when the alarm rings, although the stream hangs', async () => {
    const { send, alarms, log, metrics } = startCollector({ parts: () => ({ stream: oneStream(never) }) });
    const answer = send(request({ body: { events: [event, gate, 7] } }));
    await new Promise(setImmediate);
    expect(log).toEqual([]);
    alarms[0]?.ring();
    expect(await answer).toMatchObject(refusedWith(503, 'SLUICE_COLLECT_NOT_DELIVERED'));
    expect(log).toMatchObject([{ level: 'error', code: 'SLUICE_COLLECT_NOT_DELIVERED', events: 3 }]);
    expect(metrics).toMatchObject([
      {
        received: 3,
        refused_requests: 1,
        exposures_not_delivered: 1,
        events_not_delivered: 1,
        quarantine_not_delivered: 1,
      },
      { reason: 'SLUICE_COLLECT_NOT_DELIVERED', refused_requests: 1 },
    ]);
    expect(alarms[0]?.cleared).toBe(true);
  });

  it('of the Go SDK leaves some for an object when the stream hangs', async () => {
    let storedAt = 0;
    const { send } = startCollector({
      parts: (clock) => ({
        stream: oneStream(async (_record, timeoutMs) => {
          clock.advance(timeoutMs);
          throw new Gone();
        }),
        putObject: async () => {
          storedAt = clock.now();
        },
      }),
    });
    expect(await send(request({ body, headers: { 'statsig-sdk-type': 'go-sdk' } }))).toEqual(accepted);
    expect([storedAt > 0, storedAt - NOW < 1_800]).toEqual([true, true]);
  });

  it('includes the reads that are under way, until the alarm rings', async () => {
    const read = Promise.withResolvers<'none'>();
    const order: string[] = [];
    const first = startCollector({ readGroups: () => read.promise });
    const path = '/v1/rgstr_e';
    const answer = first.send(request({ path })).then(() => order.push('answered'));
    await new Promise(setImmediate);
    expect(first.log).toMatchObject([{ status: 202 }]);
    expect([order, first.alarms[0]?.cleared]).toEqual([[], false]);
    read.resolve('none');
    await answer;
    expect(first.alarms[0]?.cleared).toBe(true);
    const hanging = startCollector({ readGroups: never });
    const late = hanging.send(request({ path }));
    await new Promise(setImmediate);
    hanging.alarms[0]?.ring();
    expect(await late).toEqual(accepted);
  });
});
