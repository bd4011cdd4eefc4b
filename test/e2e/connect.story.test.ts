import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AthenaClient } from '@aws-sdk/client-athena';
import { ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { Form } from '../../cli/connect/forms.ts';
import type { SqlSnippet } from '../../cli/connect/questions.ts';
import { expectedGroups, runDriver } from '../../demo/story/runDriver.ts';
import { addDays, utcDay } from '../../lib/base/time.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { athenaRows } from '../harness/answer.ts';
import { endCloudProcesses, startCloudProcess } from '../harness/cloudProcess.ts';
import { sluice } from '../harness/sluice.ts';

const directory = mkdtempSync(join(tmpdir(), 'sluice-connect-'));
const configFile = join(directory, 'sluice.config.ts');
const before = process.env['SLUICE_CONFIG'];
process.env['SLUICE_CONFIG'] = configFile;

const today = utcDay(Date.now());
const days = [-2, -1, 0].map((away) => addDays(today, away));
const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);

// As a new user would: configure the readers, start, send what the demo sends, ask for the forms.
configure(`statsigFolder: 'project-7', readers: [
  { kind: 'statsig', name: 'statsig', principal: '123456789012', externalId: 'made-by-statsig' },
  { kind: 'owox', name: 'owox', resultsBucket: 'acme-connect-owox' },
  { kind: 'metabase', name: 'metabase' },
],`);
const cloud = await startCloudProcess(join(directory, 'data'));
const { collector } = cloud;
const reports = await Promise.all([
  runDriver('driveNodeCore.ts', { collector, key: 'secret-demo', users: 20, userPrefix: 'member' }),
  runDriver('driveJsClient.ts', {
    collector,
    key: 'client-demo',
    users: 12,
    userPrefix: 'visitor',
    // Two days offline, and today up to a minute ago.
    days: [
      ...days.slice(0, 2).map((day) => Date.parse(`${day}T10:00:00Z`)),
      Math.max(Date.parse(`${today}T00:00:00Z`), Date.now() - 60_000),
    ],
  }),
]);
expect(await cloud.flush()).toMatchObject({ unregistered: 0 });
afterAll(async () => {
  await endCloudProcesses();
  if (before === undefined) delete process.env['SLUICE_CONFIG'];
  else process.env['SLUICE_CONFIG'] = before;
  rmSync(directory, { recursive: true, force: true });
});

function configure(fields: string): void {
  const defineConfig = join(repositoryRoot, 'lib', 'config', 'defineConfig.ts');
  writeFileSync(
    configFile,
    `import { defineConfig } from ${JSON.stringify(defineConfig)};
export default defineConfig({
  bucket: 'acme-connect',
  unitIds: { companyID: 'company_id' },
  experiments: ['checkout_button', 'homepage_hero'],
  ${fields}
});\n`,
  );
}

/** Output of `sluice connect --json`, and the values to fill in a form. */
async function ask(product: string): Promise<{
  readonly sheet: Form & { readonly lookback?: { readonly days: number } };
  readonly text: string;
  readonly value: (label: string) => string;
  readonly queries: readonly SqlSnippet[];
}> {
  const where = ['--local', '--endpoint-url', cloud.edge];
  const json = await sluice('connect', product, ...where, '--json');
  const text = await sluice('connect', product, ...where);
  expect([json.code, text.code]).toEqual([0, 0]);
  const sheet: Form = JSON.parse(json.stdout);
  return {
    sheet,
    text: text.stdout,
    value(label) {
      const found = sheet.fields.find((field) => field.label === label);
      if (found === undefined) throw new Error(`There is no field ${label}.`);
      return found.value;
    },
    queries: sheet.queries,
  };
}

/** The access keys, from the secret that the form names; they stand nowhere in it themselves. */
async function keysOf({ sheet, text }: Awaited<ReturnType<typeof ask>>) {
  const { note = '' } = sheet.fields.find(({ value }) => value === 'accessKeyId') ?? {};
  const [SecretId] = /arn:\S+/.exec(note) ?? [];
  const client = new SecretsManagerClient(options({ accessKeyId: 'test', secretAccessKey: 'test' }));
  const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId }));
  client.destroy();
  const keys: { accessKeyId: string; secretAccessKey: string } = JSON.parse(SecretString);
  for (const said of [JSON.stringify(sheet), text]) {
    expect(said).not.toContain(keys.accessKeyId);
    expect(said).not.toContain(keys.secretAccessKey);
  }
  return keys;
}

function options(credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }) {
  return { endpoint: cloud.edge, region: 'us-east-1', credentials, maxAttempts: 1 };
}

describe('what sluice connect prints', () => {
  it('gives Metabase access, and its questions return results', async () => {
    const metabase = await ask('metabase');
    const client = new AthenaClient(options(await keysOf(metabase)));
    const [byDay = [], split = [], conversion = []] = await Promise.all(
      metabase.queries.map(({ sql }) =>
        athenaRows(client, sql, {
          WorkGroup: metabase.value('Workgroup'),
          ResultConfiguration: { OutputLocation: metabase.value('S3 Staging directory') },
        }),
      ),
    );
    client.destroy();
    expect([...new Set(byDay.map(({ ds }) => ds))]).toEqual(days);
    const users = (experiment: string) =>
      sum(split.filter((row) => row['experiment_id'] === experiment).map((row) => Number(row['users'])));
    expect([users('checkout_button'), users('homepage_hero')]).toEqual([32, 32]);
    const shares = split.map((row) => Number(row['share_percent']));
    expect(sum(shares)).toBeCloseTo(200, 0);
    expect(split.every((row) => row['crossovers'] === '0')).toBe(true);
    // Every second visitor buys for 19.99, on each of the three days.
    const bought = conversion.filter((row) => row['experiment_id'] === 'checkout_button');
    expect([
      sum(bought.map((row) => Number(row['buyers']))),
      sum(bought.map((row) => Number(row['revenue']))),
    ]).toEqual([6, expect.closeTo(18 * 19.99)]);
  });

  it('lets no reader write what Sluice landed', async () => {
    for (const product of ['metabase', 'owox'] as const) {
      const s3 = new S3Client({ ...options(await keysOf(await ask(product))), forcePathStyle: true });
      const Key = `statsig/statsig_forwarded_events/statsig_forwarded_events/${utcDay(Date.now())}/x.parquet`;
      const write = s3.send(new PutObjectCommand({ Bucket: cloud.bucket, Key, Body: 'x' }));
      await expect(write).rejects.toMatchObject({
        name: 'AccessDenied',
        message: expect.stringContaining(
          'is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::',
        ),
      });
      s3.destroy();
    }
  });

  it('gives OWOX access for its access check, its dry run and its data marts', async () => {
    const owox = await ask('owox');
    const keys = await keysOf(owox);
    const client = new AthenaClient(options(keys));
    const bucket = owox.value('Output Bucket');
    // As its adapter asks: no workgroup, no database, a folder of its own for each run.
    const run = (sql: string, folder: string) =>
      athenaRows(client, sql, { ResultConfiguration: { OutputLocation: `s3://${bucket}/${folder}` } });
    expect(await run('SELECT 1', 'athena-check-access/1-a')).toEqual([{ _col0: '1' }]);
    for (const { sql } of owox.queries) await run(`EXPLAIN ${sql}`, 'athena-dry-run/1-a');
    const marts = [];
    for (const { sql } of owox.queries)
      marts.push(await run(`SELECT * FROM (${sql})`, 'owox-data-marts/1-a'));
    client.destroy();

    const [byDay = [], split = [], conversion = []] = marts;
    expect([...new Set(byDay.map(({ ds }) => ds))]).toEqual(days);
    expect(sum(split.map((row) => Number(row['users'])))).toBe(64);
    expect(conversion.length).toBeGreaterThan(0);

    const s3 = new S3Client({ ...options(keys), forcePathStyle: true });
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
    s3.destroy();
    const folders = new Set(Contents.map(({ Key = '' }) => Key.split('/')[0]));
    expect([...folders].sort()).toEqual(['athena-check-access', 'athena-dry-run', 'owox-data-marts']);
  });

  it('gives Statsig access by its role, whose sources return rows, and recommends the observed lookback', async () => {
    const statsig = await ask('statsig');
    const body = JSON.stringify({ principal: statsig.value('IAM Role ARN') });
    const issued = await fetch(`${cloud.edge}/_sluice/credentials`, { method: 'POST', body });
    const { accessKeyId, secretAccessKey, principal } = JSON.parse(await issued.text());
    expect(principal).toBe(statsig.value('IAM Role ARN'));
    expect(statsig.value('Statsig S3 Folder')).toBe('project-7');

    const client = new AthenaClient(options({ accessKeyId, secretAccessKey }));
    const load = (source: string, from: string | undefined, to: string | undefined) =>
      athenaRows(
        client,
        (statsig.queries.find(({ name }) => name === source)?.sql ?? '')
          .replace('{statsig_start_date}', `DATE('${from}')`)
          .replace('{statsig_end_date}', `DATE('${to}')`),
        { WorkGroup: statsig.value('Athena Workgroup') },
      );
    const assignments = await load('sluice_exposures', days[0], days[2]);
    const counted: Record<string, Record<string, number>> = {};
    for (const { experiment_id = '', exposure_type, group_id = '' } of assignments) {
      if (exposure_type === 'gate') continue;
      const groups = counted[experiment_id] ?? {};
      counted[experiment_id] = { ...groups, [group_id]: (groups[group_id] ?? 0) + 1 };
    }
    expect(counted).toEqual(expectedGroups(reports));
    expect(assignments.every((row) => (row['user_id'] ?? '') !== '' && row['group_name'] !== undefined)).toBe(
      true,
    );

    const yesterday = await load('sluice_events', days[1], days[1]);
    expect(yesterday.length).toBe(sum(reports.map(({ byDay }) => byDay[days[1] ?? '']?.events ?? 0)));
    expect(new Set(yesterday.map((row) => row['timestamp']?.slice(0, 10)))).toEqual(new Set([days[1]]));
    client.destroy();

    expect(statsig.sheet.lookback).toEqual({ days: 8 });
  });
});
