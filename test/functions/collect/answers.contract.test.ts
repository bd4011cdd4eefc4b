import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type StatsigFixture, statsigFixtures } from '../../harness/StatsigFixture.ts';
import { type AwsWire, startAwsWire } from '../../harness/startAwsWire.ts';
import { makePost, NOW, type Posted, type Request } from './postEvents.ts';

let wire: AwsWire;
let post: (request: Request) => Promise<Posted>;

beforeAll(async () => {
  wire = await startAwsWire();
  post = makePost(wire, { experiments: ['homepage_hero'], timeWindow: { pastDays: 365, futureDays: 1 } });
});
beforeEach(() => {
  wire.rows.length = 0;
  wire.objects.clear();
  wire.answers = [];
  wire.calls.firehose = 0;
  wire.s3Status = 200;
});
afterAll(() => wire.close());

const event = { eventName: 'e', time: NOW };
const gate = {
  eventName: 'statsig::gate_exposure',
  time: NOW,
  metadata: { gate: 'g', ruleID: 'r', gateValue: 'true' },
};
const body = JSON.stringify({ events: [event, gate] });
const documents = () =>
  wire.rows.filter(({ table }) => table !== 'quarantine').map(({ document }) => document);
const kept = () => wire.rows.filter(({ table }) => table === 'quarantine').map(({ document }) => document);
const unavailable = { error: 'ServiceUnavailableException', status: 503 };

describe('the response', () => {
  it('is 202 {"success":true} once every event is in the stream', async () => {
    const { status, answer, log } = await post({ body });
    expect([status, answer]).toEqual([202, { success: true }]);
    expect(wire.rows.map(({ place, table }) => [place, table])).toEqual([
      ['stream', 'exposures'],
      ['stream', 'events'],
    ]);
    expect(log).toMatchObject({
      level: 'info',
      event: 'collect',
      status: 202,
      key: 'any',
      events: 2,
      exposures_landed: 1,
      events_landed: 1,
      calls: 1,
      billed_bytes: 5_120,
    });
  });

  it.each([
    ['a stream that is throttled', unavailable],
    ['a stream that is not there', { error: 'ResourceNotFoundException', status: 400 }],
    ['a service that does not exist', { error: 'NotImplemented', status: 501 }],
  ])(
    'is 202 for %s, once the events are an object, and 503 when the bucket fails too',
    async (_what, answer) => {
      const log = { not_streamed: `not_acknowledged: ${answer.error}`, calls: 1 };
      wire.answers = [answer];
      expect(await post({ body })).toMatchObject({
        status: 202,
        log: { level: 'info', ...log, overflowed: 2, exposures_landed: 0, events_landed: 0 },
      });
      expect([...wire.objects.keys()]).toEqual([
        expect.stringMatching(/^bucket\/landing\/direct\/2026-11-20\/[0-9a-f]{64}\.ndjson\.gz$/),
      ]);
      expect(wire.rows.map(({ place, table }) => [place, table])).toEqual([
        ['object', 'exposures'],
        ['object', 'events'],
      ]);

      wire.answers = [answer];
      wire.s3Status = 500;
      expect(await post({ body })).toMatchObject({
        status: 503,
        answer: { success: false, code: 'SLUICE_COLLECT_NOT_DELIVERED' },
        log: { level: 'error', code: 'SLUICE_COLLECT_NOT_DELIVERED', ...log, overflowed: 0 },
      });
    },
  );

  it('leaves enough time for the bucket when a stream does not answer', async () => {
    wire.answers = Array(20).fill('hang');
    const body = JSON.stringify({ events: [event] });
    expect(await post({ body, withinMs: 400 })).toMatchObject({ status: 202, log: { overflowed: 1 } });
    wire.s3Status = 500;
    expect(await post({ body, withinMs: 61 })).toMatchObject({
      status: 503,
      answer: { code: 'SLUICE_COLLECT_NOT_DELIVERED' },
    });
  });
});

describe('real SDKs', () => {
  const request = ({ method, path, query, headers, body: bytes }: StatsigFixture): Request => ({
    method,
    path,
    query,
    headers: { 'statsig-api-key': new URLSearchParams(query).get('k') ?? '', ...headers },
    body: Buffer.from(bytes, 'base64'),
  });

  it.each(statsigFixtures())(
    '%s land every event as a row or as counted telemetry',
    async (_name, fixture) => {
      const { status, log } = await post(request(fixture));
      expect(status).toBe(202);
      const counted = Object.values(Object(log['counted'] ?? {})).reduce<number>(
        (sum, n) => sum + Number(n),
        0,
      );
      expect(documents().length + counted).toBe(log['events']);
      expect(log).not.toHaveProperty('refused');
      expect(log['sdk']).toMatch(/ \d+\.\d+\.\d+$/);
      for (const document of documents()) {
        const row: Record<string, unknown> = JSON.parse(document);
        expect(row).toMatchObject({
          event_id: expect.any(String),
          session_id: expect.any(String),
          user_id: expect.any(String),
        });
        // Client SDKs carry their stable ID beside the events, servers only what the user was given.
        if (fixture.sdk.includes('js')) expect(row['stable_id']).toMatch(/^[0-9a-f-]{36}$/);
      }
    },
  );

  it('get the same event IDs for the same batch in another encoding', async () => {
    const [, fixture] = statsigFixtures('statsig-node')[0] ?? [];
    if (fixture === undefined) throw new Error('no fixture of statsig-node');
    await post(request(fixture));
    const first = documents().map((document): unknown => JSON.parse(document).event_id);
    wire.rows.length = 0;
    // Its retry is plain and without an event count.
    const { 'content-encoding': _, ...headers } = fixture.headers;
    const plain = (await import('node:zlib')).gunzipSync(Buffer.from(fixture.body, 'base64')).toString();
    await post({ ...request({ ...fixture, headers }), body: plain });
    expect(documents().map((document): unknown => JSON.parse(document).event_id)).toEqual(first);
  });
});

describe('any request', () => {
  const anyJson = fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' });
  const member = (values: fc.Arbitrary<unknown>) => fc.option(fc.oneof(values, anyJson), { nil: undefined });
  const anyEvent = fc.oneof(
    anyJson,
    fc.record({
      eventName: fc.oneof(
        fc.constantFrom('e', '', 'statsig::gate_exposure', 'statsig::layer_exposure', 'statsig::diagnostics'),
        anyJson,
      ),
      user: member(fc.record({ userID: anyJson, customIDs: anyJson, statsigEnvironment: anyJson })),
      value: anyJson,
      metadata: member(
        fc.record({ gate: anyJson, config: anyJson, ruleID: anyJson, ['__proto__']: anyJson }),
      ),
      time: member(
        fc.oneof(
          fc.constant(NOW),
          fc.double(),
          fc.date({ noInvalidDate: true }).map((d) => d.toISOString()),
        ),
      ),
      secondaryExposures: anyJson,
      statsigMetadata: anyJson,
      ['__proto__']: anyJson,
    }),
  );

  it('is answered, and 202 accounts for every event as landed, refused or counted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyEvent, { maxLength: 8 }), fc.boolean(), async (events, broken) => {
        wire.rows.length = 0;
        wire.objects.clear();
        wire.answers = broken ? [unavailable] : [];
        const text = JSON.stringify({ events });
        const { status, log } = await post({ body: gzipSync(text) });
        expect(status).toBe(202);
        const sum = (counts: unknown) =>
          Object.values(Object(counts ?? {})).reduce<number>((total, n) => total + Number(n), 0);
        expect(documents().length + sum(log['refused']) + sum(log['counted'])).toBe(events.length);
        expect(kept().length).toBe(sum(log['refused']));
        for (const document of [...documents(), ...kept()]) expect(JSON.parse(document)).toHaveProperty('ds');
      }),
      { numRuns: 300 },
    );
  }, 120_000);

  it('with any body is answered with a status that SDKs know', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.uint8Array({ maxLength: 64 }), fc.string({ unit: 'binary' }), fc.json()),
        fc.constantFrom('', 'gzip', 'br', 'x'),
        fc.constantFrom('', 'gz=1', 'se=1', 't=x&sid=&st=%'),
        async (bytes, encoding, query) => {
          const { status, answer } = await post({
            body: bytes,
            headers: { 'content-encoding': encoding },
            query,
          });
          expect([202, 400, 413, 415]).toContain(status);
          expect(answer.success).toBe(status === 202);
        },
      ),
      { numRuns: 300 },
    );
  }, 120_000);
});
