import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, describe, expect, it } from '@jest/globals';
import { parquetFromQuery } from '../../cli/ingest/dropFiles.ts';
import type { DaysAnswer } from '../../console/api/days.ts';
import { routes } from '../../console/api/routes.ts';
import { openConsole } from '../../console/index.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { dayFolder } from '../../lib/tables/tableFolders.ts';
import { acmeSource, exportTo } from '../harness/configInput.ts';
import { startAws } from '../harness/startAws.ts';

const DAY = '2026-10-01';
const REASON = 'SLUICE_EVENT_NO_NAME';

/** A body of each action, without `dryRun`. */
const BODIES: Readonly<Record<string, object>> = {
  '/api/drops/backfill': { source: 'acme', dataset: 'events', from: DAY },
  '/api/exports/run': { export: 'out', from: DAY },
  '/api/curate/rebuild': { kind: 'events', from: DAY },
  '/api/quarantine/redrive': { reason: REASON, from: DAY, to: DAY },
};
const actions = routes.filter(({ writes, localOnly }) => writes && !localOnly);

const aws = await startAws();
const config = defineConfig({
  bucket: 'sluice-console-actions',
  sources: [acmeSource()],
  exports: [exportTo({})],
  curate: true,
});
aws.store.createBucket(config.bucket);
for (const part of ['ingest-plan', 'export', 'curate-plan']) aws.addQueue(`sluice-prod-${part}`);
const { endpoint, region, credentials } = aws.options;
const consoleOf = (mayWrite: boolean) =>
  openConsole({
    deployment: {
      config,
      stack: { service: 'sluice', stage: 'prod' },
      isLocal: false,
      aws: { endpoint, region, credentials },
    },
    notes: { read: () => undefined, write: () => undefined },
    port: 0,
    mayWrite,
  });
const consoles = { open: await consoleOf(true), readOnly: await consoleOf(false) };
afterAll(async () => {
  for (const started of Object.values(consoles)) await started.close();
  await aws.close();
});

// A row of quarantine that is accepted now.
const raw = JSON.stringify({ events: [{ eventName: 'made', time: Date.parse(DAY), user: { userID: 'u' } }] });
await aws.s3.send(
  new PutObjectCommand({
    Bucket: config.bucket,
    Key: `${dayFolder(config, 'quarantine', DAY)}a.parquet`,
    Body: await parquetFromQuery(`SELECT 'q1' AS quarantine_id, TIMESTAMP '${DAY} 07:00:00' AS received_at,
      '${REASON}' AS reason, 'js' AS sdk_type, '1' AS sdk_version, '/v1/rgstr' AS path, '${raw}' AS raw,
      'text' AS raw_encoding, NULL::VARCHAR AS raw_location, NULL::VARCHAR AS key_environment`),
  }),
);

/** Every object and message. */
function everything(): readonly string[] {
  const { entries } = aws.store.list(config.bucket, { prefix: '', limit: 1_000 });
  const keys = entries.flatMap((entry) => ('object' in entry ? [entry.object.key] : []));
  return [...keys, ...aws.queues.all().map((queue) => `${queue.name} ${queue.counts().visible}`)];
}

async function post(on: keyof typeof consoles, path: string, body: object) {
  const answer = await fetch(new URL(path, consoles[on].address), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { dryRun, error }: { dryRun?: boolean; error?: { code: string } } = JSON.parse(await answer.text());
  return [answer.status, dryRun ?? error?.code];
}

it('has a body of every action', () => {
  expect(Object.keys(BODIES).sort()).toEqual(actions.map(({ path }) => path).sort());
});

describe.each(Object.entries(BODIES))('POST %s', (path, body) => {
  it.each([
    { on: 'open', refusal: [400, 'SLUICE_CONSOLE_REQUEST'] },
    { on: 'readOnly', refusal: [403, 'SLUICE_CONSOLE_READ_ONLY'] },
  ] as const)('changes nothing unless its body says so: $on', async ({ on, refusal }) => {
    const before = everything();
    for (const said of [{}, { dryRun: true }])
      expect(await post(on, path, { ...body, ...said })).toEqual([200, true]);
    for (const said of ['false', 0, null])
      expect(await post(on, path, { ...body, dryRun: said })).toEqual(refusal);
    expect(everything()).toEqual(before);
  });

  it('changes something if its body says so, and if the console may', async () => {
    const before = everything();
    const acts = { ...body, dryRun: false };
    expect(await post('readOnly', path, acts)).toEqual([403, 'SLUICE_CONSOLE_READ_ONLY']);
    expect(everything()).toEqual(before);
    expect(await post('open', path, acts)).toEqual([200, false]);
    expect(everything()).not.toEqual(before);
  });
});

it('has curated days on the first page of the calendar of all sources alone', async () => {
  const read = async (path: string) => {
    const answer = await fetch(new URL(path, consoles.readOnly.address));
    const { datasets, exports, curated }: DaysAnswer = JSON.parse(await answer.text());
    return [datasets.length, exports.length, curated?.tables.length];
  };
  expect(await read('/api/days')).toEqual([1, 1, 2]);
  expect(await read('/api/days?after=none:acme/events')).toEqual([0, 1, undefined]);
  expect(await read('/api/days?source=acme')).toEqual([1, 0, undefined]);
});

it('has the days that are asked for, of datasets and exports', async () => {
  const answer = await fetch(new URL('/api/days?days=2&until=2026-10-02', consoles.readOnly.address));
  const { datasets, exports, sources }: DaysAnswer = JSON.parse(await answer.text());
  const asked = ['2026-10-01', '2026-10-02'];
  for (const { days } of [...datasets, ...exports]) expect(days.map(({ day }) => day)).toEqual(asked);
  expect([datasets.length, exports.length, sources]).toEqual([1, 1, ['acme']]);
});

it('has no dry run of what the local cloud does', () => {
  const local = routes.filter(({ writes, localOnly }) => writes && localOnly);
  expect(local.length).toBeGreaterThan(1);
  expect(local.filter((route) => !route.changes({ dryRun: true }))).toEqual([]);
});
