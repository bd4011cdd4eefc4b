import { createHash } from 'node:crypto';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MAX_BODY_BYTES, MAX_DECODED_BYTES } from '../../../lib/wire/limits.ts';
import { type AwsWire, startAwsWire } from '../../harness/startAwsWire.ts';
import { makePost, NOW, type Posted, type Request } from './postEvents.ts';

let wire: AwsWire;
let post: (request: Request) => Promise<Posted>;

beforeAll(async () => {
  wire = await startAwsWire();
  post = makePost(wire);
});
beforeEach(() => {
  wire.rows.length = 0;
  wire.objects.clear();
  wire.calls.s3 = 0;
  wire.calls.firehose = 0;
  wire.answers = [];
  wire.s3Status = 200;
});
afterAll(() => wire.close());

const good = (name = 'good') => ({ eventName: name, time: NOW });
const batch = (...events: unknown[]) => JSON.stringify({ events });
type Row = Record<string, unknown>;
const rowsOf = (isQuarantine: boolean) =>
  wire.rows
    .filter(({ table }) => (table === 'quarantine') === isQuarantine)
    .map(({ document }): Row => JSON.parse(document));
const quarantined = () => rowsOf(true);
const landed = () => rowsOf(false);

describe('a body that can never succeed', () => {
  const truncated = gzipSync(batch(good())).subarray(0, 30);
  const bomb = gzipSync(Buffer.alloc(MAX_DECODED_BYTES + 1, 0x20));
  const cases: [what: string, status: number, code: string, request: Request][] = [
    ['not JSON', 400, 'SLUICE_BODY_NOT_JSON', { body: 'hello' }],
    ['half a JSON', 400, 'SLUICE_BODY_NOT_JSON', { body: '{"events":[' }],
    ['no object', 400, 'SLUICE_BODY_WRONG_SHAPE', { body: '[{"events":[]}]' }],
    ['no events', 400, 'SLUICE_BODY_WRONG_SHAPE', { body: '{"event":{}}' }],
    ['events that are no list', 400, 'SLUICE_BODY_WRONG_SHAPE', { body: '{"events":{}}' }],
    ['a user that is no object', 400, 'SLUICE_BODY_WRONG_SHAPE', { body: '{"events":[],"user":"u"}' }],
    [
      'metadata that is no object',
      400,
      'SLUICE_BODY_WRONG_SHAPE',
      { body: '{"events":[],"statsigMetadata":[]}' },
    ],
    [
      'an unknown encoding',
      415,
      'SLUICE_BODY_ENCODING_UNKNOWN',
      { body: Buffer.from([1, 2, 0xff]), headers: { 'content-encoding': 'snappy' } },
    ],
    ['truncated gzip', 400, 'SLUICE_BODY_TRUNCATED', { body: truncated, query: 'gz=1' }],
    [
      'what is said to be gzip',
      400,
      'SLUICE_BODY_CORRUPT',
      { body: 'x', headers: { 'content-encoding': 'gzip' } },
    ],
    ['a gzip bomb', 413, 'SLUICE_BODY_INFLATES_TOO_FAR', { body: bomb }],
  ];

  it.each(cases)('with %s is answered %i %s and kept as received', async (_what, status, code, request) => {
    const posted = await post(request);
    expect(posted).toMatchObject({ status, answer: { success: false, code }, log: { code, status } });
    expect(posted.answer.cure).toMatch(/\w/);
    const { body = '' } = request;
    const kept =
      typeof body === 'string'
        ? { raw: body, raw_encoding: 'text' }
        : { raw: Buffer.from(body).toString('base64'), raw_encoding: 'base64' };
    const row = { reason: code, key_label: 'any', path: '/v1/rgstr', ds: '2026-11-20', ...kept };
    expect(quarantined()).toEqual([expect.objectContaining(row)]);
    expect([wire.calls, landed()]).toEqual([{ firehose: 1, s3: 0 }, []]);
  });

  it('that is too large for a row is stored in S3, and its row points there', async () => {
    const body = 'x'.repeat(MAX_BODY_BYTES + 1);
    expect(await post({ body })).toMatchObject({ status: 413, answer: { code: 'SLUICE_BODY_TOO_LARGE' } });
    const [row = {}] = quarantined();
    expect(row).toMatchObject({ reason: 'SLUICE_BODY_TOO_LARGE', raw_location: expect.any(String) });
    expect(row).not.toHaveProperty('raw');
    expect(row['raw_location']).toBe(`s3://bucket/quarantine-large/2026-11-20/${row['quarantine_id']}`);
    expect(wire.objects.get(String(row['raw_location']).slice('s3://'.length))).toBe(body);
  });

  it.each([
    ['neither its stream nor S3 takes it', 'hello', 'SLUICE_COLLECT_NOT_DELIVERED'],
    ['S3 does not take what no row holds', 'x'.repeat(1_024_001), 'SLUICE_COLLECT_NO_QUARANTINE'],
  ])('is answered 503, not 400, when %s', async (_what, body, code) => {
    wire.answers = Array(20).fill({ error: 'ServiceUnavailableException', status: 503 });
    wire.s3Status = 500;
    expect(await post({ body })).toMatchObject({ status: 503, answer: { success: false, code } });
    expect(quarantined()).toEqual([]);
  });
});

describe('a compressed body that a gateway handed over as text', () => {
  const mangled = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');
  const sent = batch(good());

  it.each([
    ['gzip', mangled(gzipSync(sent)), {}],
    ['gzip by its header', mangled(gzipSync(sent)), { 'content-encoding': 'gzip' }],
    ['zstd', mangled(zstdCompressSync(sent)), {}],
    ['brotli', mangled(brotliCompressSync(sent)), { 'content-encoding': 'br' }],
    ['deflate', mangled(deflateSync(sent)), { 'content-encoding': 'deflate' }],
  ])(
    'with %s is answered 503 so that nothing is lost, and nothing is read or stored',
    async (_w, body, headers) => {
      expect(body).toContain('\ufffd');
      const posted = await post({ body, headers });
      expect(posted).toMatchObject({
        status: 503,
        answer: { success: false, code: 'SLUICE_COLLECT_BODY_MANGLED' },
        log: { level: 'error', code: 'SLUICE_COLLECT_BODY_MANGLED' },
      });
      expect(wire.calls).toEqual({ firehose: 0, s3: 0 });
    },
  );

  it('is distinguished from text that contains replacement characters, whatever its headers say', async () => {
    const body = batch(good('caf\ufffd'));
    for (const headers of [{}, { 'content-encoding': 'br' }, { 'content-encoding': 'gzip' }]) {
      expect(await post({ body, headers })).toMatchObject({ status: 202, log: { events_landed: 1 } });
    }
  });
});

describe('a request', () => {
  const sha256 = (key: string) => createHash('sha256').update(key).digest('hex');
  const secret = 'client-sesame';

  it.each([
    ['no key', {}, 'SLUICE_KEY_MISSING'],
    ['a key of another shape', { 'statsig-api-key': 'console-x' }, 'SLUICE_KEY_MISSING'],
    ['an unknown key', { 'statsig-api-key': 'client-other' }, 'SLUICE_KEY_UNKNOWN'],
  ])('with %s is answered 401, and nothing is stored or decoded', async (_what, headers, code) => {
    const closed = makePost(wire, { allowAnyKey: false, keys: [{ label: 'web', sha256: sha256(secret) }] });
    for (const body of [batch(good()), 'not JSON', gzipSync(Buffer.alloc(MAX_DECODED_BYTES + 1))]) {
      const { status, answer, log } = await closed({ headers: { 'statsig-api-key': '', ...headers }, body });
      expect([status, answer.code]).toEqual([401, code]);
      expect(log).not.toHaveProperty('body_bytes');
    }
    expect([wire.calls, wire.objects.size]).toEqual([{ firehose: 0, s3: 0 }, 0]);
  });

  it('is accepted with a configured key, in the header or the query', async () => {
    const closed = makePost(wire, { allowAnyKey: false, keys: [{ label: 'web', sha256: sha256(secret) }] });
    const inHeader = { headers: { 'statsig-api-key': secret }, body: batch(good()) };
    const inQuery = { headers: { 'statsig-api-key': '' }, query: `k=${secret}`, body: batch(good()) };
    expect(await closed(inHeader)).toMatchObject({ status: 202, log: { key: 'web' } });
    expect(await closed(inQuery)).toMatchObject({ status: 202, log: { key: 'web' } });
  });

  it.each([
    '/v1/initialize',
    '/v1/download_config_specs',
    '/v2/download_config_specs/secret-key.json',
    '/v1/get_id_lists',
    '/v1/check_gate',
  ])('for %s, which belongs to Statsig, is answered 404 with the setting to override', async (path) => {
    const { status, answer, log } = await post({ path, body: batch(good()) });
    expect([status, answer.code]).toEqual([404, 'SLUICE_PATH_RESERVED']);
    expect(answer.message).toContain("is Statsig's.");
    expect(answer.cure).toContain('log URL');
    expect(JSON.stringify(log)).not.toContain('secret-key');
    expect(wire.calls).toEqual({ firehose: 0, s3: 0 });
  });

  it.each([
    ['POST', '/v1/mark_data_ready_dwh/'],
    ['GET', '/v1/mark_data_ready_dwh'],
  ])('%s %s is answered 404 with the accepted method and path', async (method, path) => {
    const { status, answer } = await post({ method, path, body: '' });
    expect([status, answer.code]).toEqual([404, 'SLUICE_PATH_RESERVED']);
    expect(answer.message).toContain(
      'is taken by POST, without a slash at its end, only with `sources`; with a Function URL, at the output DataReadyUrl.',
    );
    expect(answer.message).not.toContain('Statsig');
  });
});

describe('a bad event in a good batch', () => {
  it('is quarantined under its code while the others land', async () => {
    const bad = [
      [{ time: NOW }, 'SLUICE_EVENT_NO_NAME'],
      [{ eventName: 'x', time: 'soon' }, 'SLUICE_EVENT_BAD_TIME'],
      [{ eventName: 'x', user: 1 }, 'SLUICE_EVENT_BAD_USER'],
      [{ eventName: 'statsig::gate_exposure' }, 'SLUICE_EVENT_BAD_EXPOSURE'],
      [null, 'SLUICE_EVENT_NOT_AN_OBJECT'],
      [{ eventName: 'big', metadata: { text: 'x'.repeat(1_024_000) } }, 'SLUICE_EVENT_TOO_LARGE'],
    ] as const;
    const { status, answer, log } = await makePost(wire)({
      body: batch(good('first'), ...bad.map(([event]) => event), good('last')),
      headers: { 'statsig-sdk-type': 'test-sdk', 'statsig-sdk-version': '1' },
      path: '/v1/my-data',
    });
    expect([status, answer]).toEqual([202, { success: true }]);
    expect(landed().map((row) => row['event_name'])).toEqual(['first', 'last']);
    expect(quarantined()).toEqual(
      bad.map(([event, reason]) => ({
        quarantine_id: expect.stringMatching(/^[0-9a-f]{32}$/),
        received_at: '2026-11-20T07:32:00.123Z',
        reason,
        ...(reason === 'SLUICE_EVENT_TOO_LARGE' ? { detail: expect.stringMatching(/^\d+ bytes\.$/) } : {}),
        key_label: 'any',
        sdk_type: 'test-sdk',
        sdk_version: '1',
        path: '/v1/my-data',
        ...(reason === 'SLUICE_EVENT_TOO_LARGE'
          ? { raw_location: expect.stringMatching(/^s3:\/\/bucket\/quarantine-large\/2026-11-20\//) }
          : { raw: JSON.stringify({ events: [event] }), raw_encoding: 'text' }),
        ds: '2026-11-20',
      })),
    );
    expect([...wire.objects.values()]).toEqual([JSON.stringify({ events: [bad.at(-1)?.[0]] })]);
    expect(log).toMatchObject({
      events: 8,
      events_landed: 2,
      quarantined: 6,
      refused: Object.fromEntries(bad.map(([, code]) => [code, 1])),
    });
  });

  it('that cannot be quarantined makes the response 503, so that the SDK resends the batch', async () => {
    wire.s3Status = 503;
    const big = { time: NOW, metadata: { text: 'x'.repeat(1_024_000) } };
    expect(await post({ body: batch(good(), big) })).toMatchObject({
      status: 503,
      answer: { code: 'SLUICE_COLLECT_NO_QUARANTINE' },
    });
    expect(wire.rows).toEqual([]);
  });
});
