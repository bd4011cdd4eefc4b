import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { DaysAnswer } from '../../console/api/days.ts';
import { routes } from '../../console/api/routes.ts';
import { openConsole } from '../../console/index.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { dayFolder } from '../../lib/tables/tableFolders.ts';
import { acmeSource, exportTo } from '../harness/configInput.ts';
import { parquetOf } from '../harness/parquetOf.ts';
import { startAws } from '../harness/startAws.ts';

const DAY = '2026-10-01';
const REASON = 'SLUICE_EVENT_NO_NAME';

/** Each action of a deployment, with a body without `dryRun`. */
const ACTIONS = [
  { path: '/api/drops/backfill', body: { source: 'acme', dataset: 'events', from: DAY } },
  { path: '/api/exports/run', body: { export: 'out', from: DAY } },
  { path: '/api/curate/rebuild', body: { kind: 'events', from: DAY } },
  { path: '/api/quarantine/redrive', body: { reason: REASON, from: DAY, to: DAY } },
];

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
    log: () => undefined,
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
    Body: await parquetOf(`SELECT 'q1' AS quarantine_id, TIMESTAMP '${DAY} 07:00:00' AS received_at,
      '${REASON}' AS reason, 'js' AS sdk_type, '1' AS sdk_version, '/v1/rgstr' AS path, '${raw}' AS raw,
      'text' AS raw_encoding, NULL::VARCHAR AS raw_location, NULL::VARCHAR AS key_environment`),
  }),
);

/** The key of each object, and how many messages each queue has. */
function everything(): readonly string[] {
  const { entries } = aws.store.list(config.bucket, { prefix: '', limit: 1_000 });
  const keys = entries.flatMap((entry) => ('object' in entry ? [entry.object.key] : []));
  return [...keys, ...aws.queues.all().map((queue) => `${queue.name} ${queue.counts().visible}`)];
}

/** Posts a body. @returns The status, and of an answer whether it was a dry run, of an error its code. */
async function post(
  on: keyof typeof consoles,
  path: string,
  body: object,
): Promise<readonly [status: number, outcome: boolean | string | undefined]> {
  const answer = await fetch(new URL(path, consoles[on].address), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { dryRun, error }: { dryRun?: boolean; error?: { code: string } } = JSON.parse(await answer.text());
  return [answer.status, dryRun ?? error?.code];
}

it('a deployment has these actions alone', () => {
  const actions = routes.filter(({ writes, localOnly }) => writes && !localOnly);
  expect(ACTIONS.map(({ path }) => path).sort()).toEqual(actions.map(({ path }) => path).sort());
});

describe.each(ACTIONS)('POST $path', ({ path, body }) => {
  it.each(['open', 'readOnly'] as const)('changes nothing if its body is a dry run: %s', async (on) => {
    const before = everything();
    for (const said of [{}, { dryRun: true }])
      expect(await post(on, path, { ...body, ...said })).toEqual([200, true]);
    expect(everything()).toEqual(before);
  });

  it.each([
    { on: 'open', refusal: [400, 'SLUICE_CONSOLE_REQUEST'] },
    { on: 'readOnly', refusal: [403, 'SLUICE_CONSOLE_READ_ONLY'] },
  ] as const)('is refused if dryRun is neither true nor false: $on', async ({ on, refusal }) => {
    const before = everything();
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

describe('GET /api/days', () => {
  const read = async (query: string): Promise<DaysAnswer> => {
    const answer = await fetch(new URL(`/api/days${query}`, consoles.readOnly.address));
    return JSON.parse(await answer.text());
  };

  it.each([
    { what: 'the first page of all sources', query: '', lines: { datasets: 1, exports: 1, curated: 2 } },
    {
      what: 'a later page',
      query: '?after=none:acme/events',
      lines: { datasets: 0, exports: 1, curated: undefined },
    },
    {
      what: 'the page of one source',
      query: '?source=acme',
      lines: { datasets: 1, exports: 0, curated: undefined },
    },
  ])(
    'has $lines.datasets datasets, $lines.exports exports and $lines.curated curated tables on $what',
    async ({ query, lines }) => {
      const { datasets, exports, curated } = await read(query);
      const found = { datasets: datasets.length, exports: exports.length, curated: curated?.tables.length };
      expect(found).toEqual(lines);
    },
  );

  it('has the days that are asked for, of datasets and exports', async () => {
    const { datasets, exports, sources } = await read('?days=2&until=2026-10-02');
    const asked = ['2026-10-01', '2026-10-02'];
    expect(datasets.map(({ days }) => days.map(({ day }) => day))).toEqual([asked]);
    expect(exports.map(({ days }) => days.map(({ day }) => day))).toEqual([asked]);
    expect(sources).toEqual(['acme']);
  });
});

it('what the local cloud does has no dry run', () => {
  const local = routes.filter(({ writes, localOnly }) => writes && localOnly);
  expect(local.map(({ path }) => path)).toEqual(['/api/local/flush', '/api/local/clock']);
  expect(local.map((route) => route.changes({ dryRun: true }))).toEqual([true, true]);
});
