import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { s3ObjectStore } from '../../../../lib/aws/s3ObjectStore.ts';
import { markReady, type Trigger } from '../../../../lib/drops/plan/markReady.ts';
import { turns } from '../../../../lib/drops/plan/trigger.ts';
import { KeyCache } from '../../../../lib/wire/keys/KeyCache.ts';
import { KeyGate } from '../../../../lib/wire/keys/KeyGate.ts';
import { alarmsOf } from '../../wire/keys/startKeys.ts';
import { startIngest } from './startIngest.ts';

const MINUTE_MS = 60_000;
let ingest: Awaited<ReturnType<typeof startIngest>>;
afterEach(() => ingest.close());

const sha256 = (key: string) => createHash('sha256').update(key).digest('hex');
/** The operator's key, which may start every source of these tests. */
const OPERATOR = {
  label: 'operator',
  sha256: sha256('secret-acme'),
  kinds: [],
  sources: ['acme', 'acme1', 'acme2'],
};
/** Customers' keys: each may start its own source, and do nothing else. */
const CUSTOMERS = ['acme', 'acme1'].map((name) => ({
  label: `${name}-drops`,
  sha256: sha256(`secret-of-${name}`),
  kinds: [],
  sources: [name],
}));
/** The key of an app's server: it names no sources. */
const APP = { label: 'web', sha256: sha256('secret-app'), kinds: ['events' as const] };

function trigger(
  readKeys: () => Promise<string> = async () => '{"keys":[]}',
  { allowAnyKey = false, anyKeyStartsAll = false } = {},
): Trigger {
  const { clock, sources, s3, ownBucket, lines } = ingest;
  const { requests } = ingest.planner();
  const log = (fields: Record<string, unknown>) => void lines.push(fields);
  return {
    sources,
    requests,
    clock,
    log,
    anyKeyStartsAll,
    takeTurn: turns(s3ObjectStore(s3, ownBucket), clock),
    keys: new KeyGate({
      configured: [OPERATOR, ...CUSTOMERS, APP],
      cache: new KeyCache({ read: readKeys, clock, alarm: alarmsOf(clock), random: () => 0.5, log }),
      allowAnyKey,
    }),
  };
}

async function post(body: unknown, key: string | null = 'secret-acme', by = trigger()) {
  const {
    statusCode,
    headers,
    body: text = '',
  } = await markReady(
    {
      rawQueryString: '',
      headers: key === null ? {} : { 'statsig-api-key': key },
      body: (Buffer.isBuffer(body)
        ? body
        : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
      ).toString('base64'),
      isBase64Encoded: true,
    },
    by,
  );
  return { status: statusCode, retryAfter: headers?.['retry-after'], ...JSON.parse(text) };
}

const ready = { datestamps: ['2026-11-19', '2026-11-18'], type: 'events' };

describe('POST /v1/mark_data_ready_dwh', () => {
  it('immediately starts every source that has such datasets, for the days in the request', async () => {
    ingest = await startIngest([{}, {}, { datasets: [{ name: 'm', kind: 'metrics' }] }]);
    expect(await post(ready)).toMatchObject({
      status: 200,
      success: true,
      started: ['acme', 'acme1'],
      tooSoon: [],
    });
    expect(await ingest.received('plan')).toEqual([
      {
        sluice: 'plan',
        sources: ['acme', 'acme1'],
        kind: 'events',
        days: ['2026-11-18', '2026-11-19'],
        asked: 'triggered',
      },
    ]);
    // Statsig's own example has one day, as a text.
    expect(await post({ datestamps: '2026-11-19', type: 'metrics' })).toMatchObject({ started: ['acme2'] });
  });

  it('starts each source at most once in ten minutes', async () => {
    ingest = await startIngest([{}, {}]);
    expect(await post({ ...ready, sources: ['acme'] })).toMatchObject({ status: 200, started: ['acme'] });
    await ingest.clock.advance(9 * MINUTE_MS);
    expect(await post({ ...ready, sources: 'acme' })).toMatchObject({
      status: 429,
      success: false,
      code: 'SLUICE_TRIGGER_TOO_SOON',
      retryAfter: '600',
    });
    // Another source is not held up by it.
    expect(await post(ready)).toMatchObject({ status: 200, started: ['acme1'], tooSoon: ['acme'] });
    await ingest.clock.advance(MINUTE_MS);
    expect(await post({ ...ready, sources: ['acme'] })).toMatchObject({ status: 200, started: ['acme'] });
    expect(await ingest.received('plan')).toHaveLength(3);
  });

  it('accepts one of many concurrent calls', async () => {
    ingest = await startIngest();
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(ready)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(429)]);
    expect(await ingest.received('plan')).toHaveLength(1);
  });

  it('does not count a start that failed', async () => {
    ingest = await startIngest();
    ingest.faults.set({
      sqs: [{ fault: 'failCalls', code: 'ServiceUnavailable', status: 503, calls: 'all' }],
    });
    expect(await post(ready)).toMatchObject({ status: 503, code: 'SLUICE_TRIGGER_FAILED' });
    ingest.faults.clear();
    expect(await post(ready)).toMatchObject({ status: 200 });
  });

  it.each([
    { title: 'no JSON', body: 'x', named: 'It is not JSON' },
    { title: 'no body', body: '', named: 'It is empty' },
    { title: 'what is compressed', body: gzipSync(JSON.stringify(ready)), named: 'It is compressed' },
    { title: 'a list', body: [ready], named: 'the body: ' },
    { title: 'nothing of it', body: {}, named: 'datestamps: expected a day, YYYY-MM-DD, or a list' },
    { title: 'no days', body: { datestamps: [], type: 'events' }, named: 'datestamps: ' },
    {
      title: 'a day among others that is none',
      body: { ...ready, datestamps: ['2026-11-19', '19.11.2026'] },
      named: 'datestamps.1: ',
    },
    {
      title: 'a day that is none',
      body: { ...ready, datestamps: '2026-02-30' },
      named: 'datestamps.0: expected a day',
    },
    {
      title: 'a key where it does not belong',
      body: { ...ready, sources: { key: 'secret-other' } },
      named: 'sources: ',
    },
    { title: 'another type', body: { ...ready, type: 'users' }, named: 'type: expected events, metrics' },
    {
      title: 'a member it does not know',
      body: { ...ready, force: true },
      named: 'the body: expected datestamps',
    },
    { title: 'too much', body: { ...ready, sources: Array(101).fill('acme') }, named: 'sources: ' },
    { title: 'far too much', body: 'x'.repeat(20_000), named: '16384' },
    {
      title: 'a type that nobody has',
      body: { ...ready, type: 'metrics' },
      named: 'metrics',
      status: 404,
      code: 'NO_DATASET',
    },
    {
      title: 'a source that is none',
      body: { ...ready, sources: ['x'] },
      named: 'x',
      status: 404,
      code: 'NO_DATASET',
    },
  ])('rejects $title', async ({ body, named, status = 400, code = 'BODY_INVALID' }) => {
    ingest = await startIngest();
    const message = expect.stringContaining(String(named));
    const answer = await post(body);
    expect(answer).toMatchObject({ status, code: `SLUICE_TRIGGER_${code}`, message });
    expect(JSON.stringify([answer, ingest.lines])).not.toContain('secret-other');
    expect(await ingest.received('plan')).toEqual([]);
  });

  it('lets a key start only its own sources, and reveals nothing about others', async () => {
    ingest = await startIngest([{}, {}, { datasets: [{ name: 'm', kind: 'metrics' }] }]);
    const asAcme = (body: object) => post(body, 'secret-of-acme');
    // Without names it is all that the key may start: nobody else's turn is used up.
    expect(await asAcme(ready)).toEqual({
      status: 200,
      retryAfter: undefined,
      success: true,
      started: ['acme'],
      tooSoon: [],
      note: expect.stringContaining('being loaded'),
    });
    expect(await asAcme(ready)).toMatchObject({ status: 429, tooSoon: ['acme'] });
    expect(await post(ready, 'secret-of-acme1')).toMatchObject({ status: 200, started: ['acme1'] });

    // Another customer's source, of this type or another, looks like one that does not exist.
    const answers = await Promise.all(
      ['acme1', 'acme2', 'no-such'].map(async (name) => {
        const text = JSON.stringify(await asAcme({ ...ready, sources: [name] }));
        return text.replaceAll(name, '<name>');
      }),
    );
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('"status":404');
    expect(await asAcme({ ...ready, sources: ['acme', 'acme2'] })).toMatchObject({ status: 404 });
    const none = JSON.stringify(await asAcme({ ...ready, type: 'metrics' }));
    expect(none).toContain('"status":404');
    expect(none).not.toMatch(/acme[12]/);
    expect(await ingest.received('plan')).toMatchObject([{ sources: ['acme'] }, { sources: ['acme1'] }]);
  });

  it('lets a key without sources start the only source', async () => {
    ingest = await startIngest();
    expect(await post(ready, 'secret-app')).toMatchObject({ status: 200, started: ['acme'] });
  });

  it('does not let a key without sources start one of several sources', async () => {
    ingest = await startIngest([{}, {}]);
    for (const body of [ready, { ...ready, sources: ['acme'] }, { ...ready, sources: ['no-such'] }, 'x']) {
      const refused = await post(body, 'secret-app');
      expect(refused).toMatchObject({ status: 403, code: 'SLUICE_TRIGGER_KEY_NO_SOURCES' });
      expect(JSON.stringify(refused)).not.toContain('acme');
    }
    // A key that is accepted only because any key is may start nothing, except in the local cloud.
    const open = trigger(undefined, { allowAnyKey: true });
    expect(await post(ready, 'secret-other', open)).toMatchObject({ status: 403 });
    const local = trigger(undefined, { allowAnyKey: true, anyKeyStartsAll: true });
    expect(await post(ready, 'secret-other', local)).toMatchObject({ started: ['acme', 'acme1'] });
    expect(await post(ready, 'secret-of-acme', local)).toMatchObject({ status: 429 });
  });

  it('accepts only secret keys that may post', async () => {
    ingest = await startIngest();
    expect(await post(ready, null)).toMatchObject({ status: 401, code: 'SLUICE_KEY_MISSING' });
    expect(await post(ready, 'client-acme', trigger(undefined, { allowAnyKey: true }))).toMatchObject({
      status: 403,
      code: 'SLUICE_TRIGGER_KEY_NOT_SECRET',
    });
    expect(await post(ready, 'secret-other')).toMatchObject({
      status: 401,
      code: 'SLUICE_KEY_UNKNOWN',
    });
    const away = trigger(() => Promise.reject(new Error('away')));
    expect(await post(ready, 'secret-other', away)).toMatchObject({
      status: 503,
      code: 'SLUICE_KEYS_UNAVAILABLE',
    });
    expect(await post(ready, 'secret-acme')).toMatchObject({ status: 200 });
    expect(JSON.stringify(ingest.lines)).not.toMatch(/secret-(acme|other)/);
  });
});
