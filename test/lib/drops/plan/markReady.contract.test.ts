import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { s3ObjectStore } from '../../../../lib/aws/s3ObjectStore.ts';
import { MINUTE_MS } from '../../../../lib/base/time.ts';
import { markReady, type Trigger } from '../../../../lib/drops/plan/markReady.ts';
import { turns } from '../../../../lib/drops/plan/trigger.ts';
import { KeyCache } from '../../../../lib/wire/keys/KeyCache.ts';
import { KeyGate } from '../../../../lib/wire/keys/KeyGate.ts';
import type { DatasetInput } from '../../../harness/configInput.ts';
import { alarmsOf } from '../../wire/keys/alarms.ts';
import { startIngest } from './startIngest.ts';

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

/** What the endpoint works with. @param readKeys Reads the secret of keys, which has none by default. */
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

/** Posts a body, as JSON unless it is a text or bytes. @param key Null for none. @returns The status with what the answer says. */
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
  it('starts every source that has such datasets at once, for the days in the request', async () => {
    const both: DatasetInput[] = [
      { name: 'n', kind: 'metrics' },
      { name: 'events', kind: 'events' },
    ];
    ingest = await startIngest([{ datasets: both }, {}, { datasets: [{ name: 'm', kind: 'metrics' }] }]);
    const started = ['acme', 'acme1'];
    expect(await post(ready)).toMatchObject({ status: 200, success: true, started, tooSoon: [] });
    const days = ['2026-11-18', '2026-11-19'];
    expect(await ingest.received('plan')).toEqual([
      { sluice: 'plan', sources: started, kind: 'events', days, asked: 'triggered' },
    ]);
  });

  it('takes one day as a text, as in Statsig’s own example', async () => {
    ingest = await startIngest();
    expect(await post({ ...ready, datestamps: '2026-11-19' })).toMatchObject({ status: 200 });
    expect(await ingest.received('plan')).toMatchObject([{ days: ['2026-11-19'] }]);
  });

  it('starts a source again ten minutes later, and not before', async () => {
    ingest = await startIngest();
    await post(ready);
    await ingest.clock.advance(9 * MINUTE_MS);
    const refused = { status: 429, success: false, code: 'SLUICE_TRIGGER_TOO_SOON', retryAfter: '600' };
    expect(await post({ ...ready, sources: 'acme' })).toMatchObject(refused);
    await ingest.clock.advance(MINUTE_MS);
    expect(await post({ ...ready, sources: ['acme'] })).toMatchObject({ status: 200, started: ['acme'] });
    expect(await ingest.received('plan')).toHaveLength(2);
  });

  it('starts a source beside one that must wait', async () => {
    ingest = await startIngest([{}, {}]);
    await post({ ...ready, sources: ['acme'] });
    expect(await post(ready)).toMatchObject({ status: 200, started: ['acme1'], tooSoon: ['acme'] });
  });

  it('accepts one of many concurrent calls', async () => {
    ingest = await startIngest();
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(ready)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(429)]);
    expect(await ingest.received('plan')).toHaveLength(1);
  });

  it('does not count a start that failed, of any of its sources', async () => {
    ingest = await startIngest([{}, {}]);
    ingest.faults.set({
      sqs: [{ fault: 'failCalls', code: 'ServiceUnavailable', status: 503, calls: 'all' }],
    });
    expect(await post(ready)).toMatchObject({ status: 503, code: 'SLUICE_TRIGGER_FAILED' });
    ingest.faults.clear();
    expect(await post(ready)).toMatchObject({ status: 200, started: ['acme', 'acme1'] });
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

  describe('with a customer’s key, beside sources of others', () => {
    beforeEach(async () => {
      ingest = await startIngest([{}, {}, { datasets: [{ name: 'm', kind: 'metrics' }] }]);
    });
    const asAcme = (body: object) => post(body, 'secret-of-acme');

    it('starts its own source alone, whose turn alone is used up', async () => {
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
    });

    it('answers of a source of another customer as of one that does not exist', async () => {
      const answers = await Promise.all(
        ['acme1', 'acme2', 'no-such'].map(async (name) => {
          const text = JSON.stringify(await asAcme({ ...ready, sources: [name] }));
          return text.replaceAll(name, '<name>');
        }),
      );
      expect(new Set(answers)).toEqual(new Set([expect.stringContaining('"status":404')]));
      expect(await ingest.received('plan')).toEqual([]);
    });

    it('starts nothing if one of the sources is not its own', async () => {
      expect(await asAcme({ ...ready, sources: ['acme', 'acme2'] })).toMatchObject({ status: 404 });
      expect(await ingest.received('plan')).toEqual([]);
    });

    it('names no source of others that has datasets of the type', async () => {
      const answer = await asAcme({ ...ready, type: 'metrics' });
      expect(answer).toMatchObject({ status: 404 });
      expect(JSON.stringify(answer)).not.toMatch(/acme[12]/);
    });
  });

  it('lets a key without sources start the only source', async () => {
    ingest = await startIngest();
    expect(await post(ready, 'secret-app')).toMatchObject({ status: 200, started: ['acme'] });
  });

  it.each([
    { what: 'all', body: ready },
    { what: 'one of them', body: { ...ready, sources: ['acme'] } },
    { what: 'another', body: { ...ready, sources: ['no-such'] } },
    { what: 'nothing that is readable', body: 'x' },
  ])('does not let a key without sources start one of several, and names none: $what', async ({ body }) => {
    ingest = await startIngest([{}, {}]);
    const refused = await post(body, 'secret-app');
    expect(refused).toMatchObject({ status: 403, code: 'SLUICE_TRIGGER_KEY_NO_SOURCES' });
    expect(JSON.stringify(refused)).not.toContain('acme');
  });

  it('starts nothing for a key that is accepted only because any key is', async () => {
    ingest = await startIngest([{}, {}]);
    const open = trigger(undefined, { allowAnyKey: true });
    expect(await post(ready, 'secret-other', open)).toMatchObject({ status: 403 });
  });

  it('starts all sources for such a key in the local cloud', async () => {
    ingest = await startIngest([{}, {}]);
    const local = trigger(undefined, { allowAnyKey: true, anyKeyStartsAll: true });
    expect(await post(ready, 'secret-other', local)).toMatchObject({ started: ['acme', 'acme1'] });
    expect(await post(ready, 'secret-of-acme', local)).toMatchObject({ status: 429 });
  });

  it.each([
    { what: 'no key', key: null, status: 401, code: 'SLUICE_KEY_MISSING' },
    { what: 'a key of an app', key: 'client-acme', status: 403, code: 'SLUICE_TRIGGER_KEY_NOT_SECRET' },
    { what: 'a key that nobody knows', key: 'secret-other', status: 401, code: 'SLUICE_KEY_UNKNOWN' },
  ])('refuses $what, which no log has', async ({ key, status, code }) => {
    ingest = await startIngest();
    const by = trigger(undefined, { allowAnyKey: key === 'client-acme' });
    expect(await post(ready, key, by)).toMatchObject({ status, code });
    expect(JSON.stringify(ingest.lines)).not.toMatch(/client-acme|secret-other/);
  });

  it('asks to come again for a key that it cannot look up, and starts for one that is configured', async () => {
    ingest = await startIngest();
    const away = trigger(() => Promise.reject(new Error('away')));
    const unavailable = { status: 503, code: 'SLUICE_KEYS_UNAVAILABLE' };
    expect(await post(ready, 'secret-other', away)).toMatchObject(unavailable);
    expect(await post(ready, 'secret-acme', away)).toMatchObject({ status: 200 });
  });
});
