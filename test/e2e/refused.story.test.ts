import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { sum } from '../../lib/base/sum.ts';
import { MINUTE_MS } from '../../lib/base/time.ts';
import { FRESH_MS, UNKNOWN_KEY_PAUSE_MS } from '../../lib/wire/keys/KeyCache.ts';
import { MAX_DECODED_BYTES } from '../../lib/wire/limits.ts';
import { readOverTime } from '../../observe/facts/flow/overTime.ts';
import { callMain } from '../harness/callMain.ts';
import { storyCloud } from '../harness/storyCloud.ts';
import { eventually } from '../harness/waiting.ts';

const OLD = 'client-old-0123456789';
const NEW = 'client-new-0123456789';
const SERVER = 'secret-server-0123456789';
const STRANGER = 'client-stranger-0123456789';

const story = await storyCloud(undefined, { startsAt: '2026-11-20T07:30:00Z', checkKeys: true });
afterAll(() => story.close());

async function keys(args: readonly string[], stdin = '') {
  const result = await callMain(['keys', ...args, '--stage', 'local'], { stdin, env: story.env });
  expect(result).toMatchObject({ code: 0 });
}

/** How many requests were answered so, by the first digit of the status. */
const answered = { 2: 0, 4: 0, 5: 0 };

/** Posts a body with a key that may send; the answer's status and code. */
async function post(body: string | Uint8Array<ArrayBuffer>, key = NEW, more: object = {}) {
  const headers = { 'statsig-api-key': key, 'content-type': 'application/octet-stream', ...more };
  const answer = await story.send({ path: '/v1/my-data', headers, body });
  const { code }: { code?: string } = JSON.parse(await answer.text());
  answered[z.literal([2, 4, 5]).parse(Math.floor(answer.status / 100))] += 1;
  return code === undefined ? answer.status : `${answer.status} ${code}`;
}
const batch = (...events: unknown[]) => JSON.stringify({ events, statsigMetadata: { sdkType: 'e2e' } });
const seen = (key: string, eventName = 'seen', metadata?: object) =>
  post(batch({ eventName, user: { userID: 'u1' }, metadata }), key);
const gzip = (text: string | Buffer) => Uint8Array.from(gzipSync(text));

/** A body that no row holds, byte by byte. */
const atLocation = (location: unknown) =>
  readFileSync(join(story.data, 's3', String(location).replace('s3://', '')));

describe('keys of a running collector', () => {
  it('are added, rotated and removed without a deployment', async () => {
    expect(await seen(OLD)).toBe('401 SLUICE_KEY_UNKNOWN');
    await keys(['add', 'web'], OLD);
    await story.advance(UNKNOWN_KEY_PAUSE_MS);
    expect(await seen(OLD)).toBe(202);
    await keys(['add', 'web'], NEW);
    await keys(['add', 'backend', '--environment', 'staging', '--kinds', 'exposures'], SERVER);
    await story.advance(UNKNOWN_KEY_PAUSE_MS);
    expect(await seen(NEW)).toBe(202);
    expect(await seen(OLD)).toBe(202);
    expect(await seen(STRANGER)).toBe('401 SLUICE_KEY_UNKNOWN');
    await keys(['remove', 'web', '--sha256', hash('sha256', OLD).slice(0, 10)]);
    await story.advance(FRESH_MS);
    expect(await seen(OLD)).toBe('401 SLUICE_KEY_UNKNOWN');
    expect(await seen(NEW)).toBe(202);
  });

  it('limit what can be sent with them, and set the environment of events without one', async () => {
    const exposure = { gate: 'g', gateValue: 'true', ruleID: 'r1', reason: 'Network:Recognized' };
    expect(await seen(SERVER, 'statsig::gate_exposure', exposure)).toBe(202);
    await story.cloud.flush();
    const exposures = await story.query('SELECT environment FROM statsig_forwarded_exposures');
    expect(exposures).toEqual([{ environment: 'staging' }]);
    expect(
      await story.query('SELECT DISTINCT event_name, environment FROM statsig_forwarded_events'),
    ).toEqual([{ event_name: 'seen', environment: 'production' }]);
    expect(await seen(SERVER, 'not for this key')).toBe(202);
    const refused = '"refused":{"SLUICE_EVENT_KIND_NOT_ALLOWED":1}';
    const line = () =>
      story
        .logs()
        .split('\n')
        .find((printed) => printed.includes(refused));
    expect(await eventually('the line of the refused event', line)).toContain('"events_landed":0');
  });
});

describe('the quarantine table', () => {
  it('has every body that can never succeed, as received, under its reason', async () => {
    const bomb = gzip(Buffer.alloc(MAX_DECODED_BYTES + 1, 32));
    expect(await post('no JSON')).toBe('400 SLUICE_BODY_NOT_JSON');
    expect(await post(bomb)).toBe('413 SLUICE_BODY_INFLATES_TOO_FAR');
    // Larger than a row.
    const large = new Uint8Array(3_000_000).fill(0xff);
    expect(await post(large)).toBe('400 SLUICE_BODY_NOT_JSON');
    await story.setFaults({ firehose: [{ fault: 'failCalls', calls: 2 }] });
    expect(await post('throttled')).toBe('400 SLUICE_BODY_NOT_JSON');
    await story.clearFaults();
    await story.cloud.flush();
    const bodies = await story.query(
      `SELECT reason, path, raw, raw_encoding, CAST(ds AS varchar) ds FROM quarantine
       WHERE reason LIKE 'SLUICE_BODY_%' AND raw_location IS NULL ORDER BY raw_encoding, raw`,
    );
    const path = '/v1/my-data';
    const ds = '2026-11-20';
    const raw = Buffer.from(bomb).toString('base64');
    expect(bodies).toEqual([
      { reason: 'SLUICE_BODY_INFLATES_TOO_FAR', raw, raw_encoding: 'base64', path, ds },
      ...['no JSON', 'throttled'].map((text) => ({
        reason: 'SLUICE_BODY_NOT_JSON',
        raw: text,
        raw_encoding: 'text',
        path,
        ds,
      })),
    ]);
    const [row] = await story.query('SELECT * FROM quarantine WHERE raw_location IS NOT NULL');
    expect(row).toMatchObject({ raw: null, raw_encoding: null, key_label: 'web' });
    expect(atLocation(row?.['raw_location']).equals(large)).toBe(true);
  });

  it('has the bad events of a batch, while the good ones land', async () => {
    const user = { userID: 'u1', privateAttributes: { email: 'secret@example.com' } };
    const bad = [
      ['SLUICE_EVENT_BAD_TIME', { eventName: 'when', time: 'soon' }],
      ['SLUICE_EVENT_NO_NAME', { user }],
      ['SLUICE_EVENT_TOO_LARGE', { eventName: 'big', metadata: { text: 'é'.repeat(600_000) } }],
    ] as const;
    const body = batch({ eventName: 'first' }, ...bad.map(([, event]) => event), { eventName: 'last' });
    // Sent twice, as an SDK does that missed the answer.
    for (let i = 0; i < 2; i += 1) expect(await post(body)).toBe(202);
    await story.cloud.flush();
    const names = `SELECT DISTINCT event_name FROM statsig_forwarded_events WHERE event_name <> 'seen' ORDER BY 1`;
    expect(await story.query(names)).toEqual([{ event_name: 'first' }, { event_name: 'last' }]);
    const counts = await story.query(
      `SELECT reason, count(*) AS rows, count(DISTINCT quarantine_id) AS ids FROM quarantine
       WHERE sdk_type = 'e2e' AND reason <> 'SLUICE_EVENT_KIND_NOT_ALLOWED' GROUP BY 1 ORDER BY 1`,
    );
    expect(counts).toEqual(bad.map(([reason]) => ({ reason, rows: 2, ids: 1 })));
    const [nameless] = await story.query("SELECT raw FROM quarantine WHERE reason = 'SLUICE_EVENT_NO_NAME'");
    expect(JSON.parse(String(nameless?.['raw']))).toMatchObject({ events: [{ user: { userID: 'u1' } }] });
    expect(nameless?.['raw']).not.toContain('secret@example.com');
    const large = await story.query(
      "SELECT DISTINCT raw, raw_location FROM quarantine WHERE reason = 'SLUICE_EVENT_TOO_LARGE'",
    );
    expect(large).toEqual([{ raw: null, raw_location: expect.stringContaining('/quarantine-large/') }]);
    const whole: unknown = JSON.parse(atLocation(large[0]?.['raw_location']).toString('utf8'));
    expect(whole).toMatchObject({ events: [bad.at(-1)?.[1]] });
  });
});

describe('keys while Secrets Manager is down', () => {
  const down = { fault: 'failCalls', code: 'InternalServiceError', calls: 'all' };
  const UNAVAILABLE = '503 SLUICE_KEYS_UNAVAILABLE';

  it('are kept over a restart, and get 503, never 401, at a cold start', async () => {
    await story.restart();
    await story.setFaults({ secretsmanager: [down] });
    expect(await seen(NEW)).toEqual(UNAVAILABLE);
    expect(await seen(STRANGER)).toEqual(UNAVAILABLE);
    await story.clearFaults();
    await story.advance(2 * MINUTE_MS);
    expect(await seen(NEW)).toBe(202);
  });

  it('are never written to a log, a row, a secret or a queue', async () => {
    // Whatever is still on its way to a file is there then.
    await story.cloud.flush();
    expect(story.filesWith('"key":"web"')).not.toEqual([]);
    for (const key of [OLD, NEW, SERVER, STRANGER]) expect(story.filesWith(key)).toEqual([]);
    expect(story.refusals).toEqual([]);
  });
});

it('the curves of the console count each request once, by its answer', async () => {
  const periods = await readOverTime(story.deployment(), 3);
  const sumOf = (name: 'accepted' | 'refused' | 'failed') => sum(periods.map((period) => period[name]));
  expect({ 2: sumOf('accepted'), 4: sumOf('refused'), 5: sumOf('failed') }).toEqual(answered);
  expect(answered[5]).toBeGreaterThan(0);
});
