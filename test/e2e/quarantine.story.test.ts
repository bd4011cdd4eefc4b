import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CatalogWitness } from '../../demo/story/catalogWitness.ts';
import { quarantineReasons } from '../../lib/landing/quarantineReasons.ts';
import { MAX_DECODED_BYTES } from '../../lib/wire/limits.ts';
import { type Cloud, startCloud } from '../../local/startCloud.ts';
import { runQuery } from '../../packages/local-aws/src/trino/index.ts';

let data: string;
let cloud: Cloud;
let witness: CatalogWitness;

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'sluice-quarantine-'));
  cloud = await startCloud({ port: 0, edgePort: 0, enforceIam: true, data });
  witness = new CatalogWitness(cloud.edge);
});
afterAll(async () => {
  witness.close();
  await cloud.close();
  rmSync(data, { recursive: true, force: true });
});

interface Sent {
  readonly body: string | Buffer<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}

async function post({ body, headers = {} }: Sent) {
  const answer = await fetch(`${cloud.collector}/v1/my-data`, {
    method: 'POST',
    headers: { 'statsig-api-key': 'client-e2e', 'content-type': 'application/octet-stream', ...headers },
    body,
  });
  return { status: answer.status, answer: await answer.json() };
}

const query = (sql: string) => runQuery(data, sql);
const batch = (...events: unknown[]) => JSON.stringify({ events, statsigMetadata: { sdkType: 'e2e' } });
const gzip = (text: string | Buffer) => Buffer.from(gzipSync(text));

/** Reads a body that no row holds from S3, byte by byte. */
function atLocation(location: unknown): Buffer {
  return readFileSync(join(data, 's3', String(location).replace('s3://', '')));
}

const bodies: [reason: string, status: number, sent: Sent][] = [
  ['SLUICE_BODY_NOT_JSON', 400, { body: 'no JSON' }],
  ['SLUICE_BODY_WRONG_SHAPE', 400, { body: '{"events":{}}' }],
  [
    'SLUICE_BODY_ENCODING_UNKNOWN',
    415,
    { body: Buffer.from([1, 2, 255]), headers: { 'content-encoding': 'snappy' } },
  ],
  ['SLUICE_BODY_TRUNCATED', 400, { body: gzip(batch({ eventName: 'cut' })).subarray(0, 30) }],
  ['SLUICE_BODY_CORRUPT', 400, { body: 'x', headers: { 'content-encoding': 'gzip' } }],
  ['SLUICE_BODY_INFLATES_TOO_FAR', 413, { body: gzip(Buffer.alloc(MAX_DECODED_BYTES + 1, 32)) }],
];

describe('the quarantine table', () => {
  it('has every body that can never succeed, as received, under its reason', async () => {
    for (const [reason, status, sent] of bodies) {
      expect(await post(sent)).toMatchObject({ status, answer: { code: reason } });
    }
    await cloud.flush();
    const rows = await query('SELECT * FROM quarantine ORDER BY reason');
    for (const { ds, received_at } of rows) expect(ds).toBe(String(received_at).slice(0, 10));
    expect(rows).toEqual(
      bodies.toSorted().map(([reason, , { body }]) =>
        expect.objectContaining({
          reason,
          key_label: 'any',
          path: '/v1/my-data',
          raw: typeof body === 'string' ? body : body.toString('base64'),
          raw_encoding: typeof body === 'string' ? 'text' : 'base64',
          raw_location: null,
        }),
      ),
    );
  });

  it('has the bad events of a batch, while the good ones land', async () => {
    const user = { userID: 'u1', privateAttributes: { email: 'secret@example.com' } };
    const bad = [
      ['SLUICE_EVENT_NO_NAME', { user }],
      ['SLUICE_EVENT_BAD_TIME', { eventName: 'when', time: 'soon' }],
      ['SLUICE_EVENT_BAD_USER', { eventName: 'who', user: 7 }],
      ['SLUICE_EVENT_BAD_EXPOSURE', { eventName: 'statsig::gate_exposure' }],
      ['SLUICE_EVENT_NOT_AN_OBJECT', 'event'],
      ['SLUICE_EVENT_TOO_LARGE', { eventName: 'big', metadata: { text: 'é'.repeat(600_000) } }],
    ] as const;
    const body = batch({ eventName: 'first' }, ...bad.map(([, event]) => event), { eventName: 'last' });
    // Sent twice, as an SDK does that missed the answer.
    for (let i = 0; i < 2; i += 1) expect(await post({ body })).toMatchObject({ status: 202 });
    await cloud.flush();

    expect(
      await query('SELECT DISTINCT event_name FROM statsig_forwarded_events ORDER BY event_name'),
    ).toEqual([{ event_name: 'first' }, { event_name: 'last' }]);
    const counts = await query(
      `SELECT reason, count(*) AS rows, count(DISTINCT quarantine_id) AS ids FROM quarantine
       WHERE sdk_type = 'e2e' GROUP BY 1 ORDER BY 1`,
    );
    expect(counts).toEqual(bad.map(([reason]) => ({ reason, rows: 2, ids: 1 })).sort(byReason));
    const [nameless] = await query("SELECT raw FROM quarantine WHERE reason = 'SLUICE_EVENT_NO_NAME'");
    expect(JSON.parse(String(nameless?.['raw']))).toMatchObject({ events: [{ user: { userID: 'u1' } }] });
    expect(nameless?.['raw']).not.toContain('secret@example.com');
    const large = await query(
      "SELECT DISTINCT raw, raw_location FROM quarantine WHERE reason = 'SLUICE_EVENT_TOO_LARGE'",
    );
    expect(large).toEqual([{ raw: null, raw_location: expect.stringContaining('/quarantine-large/') }]);
    const whole: unknown = JSON.parse(atLocation(large[0]?.['raw_location']).toString('utf8'));
    expect(whole).toMatchObject({ events: [bad.at(-1)?.[1]] });
  });

  it('points to a body that is too large for a row and is stored in S3', async () => {
    const body = Buffer.alloc(3_000_000, 0xff);
    expect(await post({ body })).toMatchObject({ status: 400 });
    await cloud.flush();
    const [row] = await query(
      `SELECT reason, raw, raw_encoding, raw_location FROM quarantine
       WHERE raw_location IS NOT NULL ORDER BY received_at DESC LIMIT 1`,
    );
    expect(row).toMatchObject({ reason: 'SLUICE_BODY_NOT_JSON', raw: null, raw_encoding: null });
    expect(atLocation(row?.['raw_location']).equals(body)).toBe(true);
  });

  it('receives rows that its stream refused at first', async () => {
    await fetch(`${cloud.edge}/_sluice/faults`, {
      method: 'POST',
      body: JSON.stringify({ firehose: [{ fault: 'failRecords', every: 1, calls: 2 }] }),
    });
    expect(await post({ body: 'throttled' })).toMatchObject({ status: 400 });
    await cloud.flush();
    expect(await query("SELECT count(*) AS n FROM quarantine WHERE raw = 'throttled'")).toEqual([{ n: 1 }]);
  });

  it('has no row for requests without a valid key or for bodies that the gateway mangled', async () => {
    const before = await query('SELECT count(*) AS n FROM quarantine');
    expect(await post({ body: 'x', headers: { 'statsig-api-key': 'console-x' } })).toMatchObject({
      status: 401,
    });
    // An HTTP API treats a body that is called JSON as text; only the first bytes show that it is gzip.
    const mangled = await post({
      body: gzip(batch({ eventName: 'lost?' })),
      headers: { 'content-type': 'application/json' },
    });
    expect(mangled).toMatchObject({ status: 503, answer: { code: 'SLUICE_COLLECT_BODY_MANGLED' } });
    await cloud.flush();
    expect(await query('SELECT count(*) AS n FROM quarantine')).toEqual(before);
  });

  it('has only documented reasons, a partition for each day, and only Parquet files in its folder', async () => {
    const reasons = await query('SELECT DISTINCT reason FROM quarantine');
    for (const { reason } of reasons) expect(Object.keys(quarantineReasons)).toContain(reason);
    const partitions = await witness.partitions(cloud.database, 'quarantine');
    const days = await query('SELECT DISTINCT CAST(ds AS VARCHAR) AS ds FROM quarantine');
    for (const { ds } of days) {
      const location = `s3://${cloud.bucket}/quarantine/${ds}/`;
      expect(partitions).toContainEqual({ value: ds, location });
    }
    for (const { key } of await witness.objects(cloud.bucket, 'quarantine/')) {
      expect(key).toMatch(/^quarantine\/\d{4}-\d\d-\d\d\/[^/]+\.parquet$/);
    }
  });
});

function byReason(a: { readonly reason: string }, b: { readonly reason: string }): number {
  return a.reason < b.reason ? -1 : 1;
}
