import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetPartitionsCommand, GlueClient } from '@aws-sdk/client-glue';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { type CloudProcess, endCloudProcesses, startCloudProcess } from '../harness/cloudProcess.ts';
import { sluice } from '../harness/sluice.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

const directory = temporaryDirectory();
const data = join(directory.path, 'data');
const configFile = join(directory.path, 'sluice.config.ts');
const before = process.env['SLUICE_CONFIG'];
process.env['SLUICE_CONFIG'] = configFile;
afterEach(endCloudProcesses);
afterAll(() => {
  if (before === undefined) delete process.env['SLUICE_CONFIG'];
  else process.env['SLUICE_CONFIG'] = before;
  directory.remove();
});

function configure(fields: object): void {
  const defineConfig = join(repositoryRoot, 'lib', 'config', 'defineConfig.ts');
  writeFileSync(
    configFile,
    `import { defineConfig } from ${JSON.stringify(defineConfig)};\nexport default defineConfig(${JSON.stringify(fields)});\n`,
  );
}

const yesterday = Date.UTC(2026, 10, 19, 12);
const today = Date.UTC(2026, 10, 20, 12);

/** An exposure and an event at a time, and all of it in its table. */
async function land(cloud: CloudProcess, time: number, name: string): Promise<void> {
  const user = {
    userID: name,
    customIDs: { companyID: 'acme', teamID: `team of ${name}` },
    custom: { plan: `plan of ${name}` },
  };
  const exposure = { config: 'checkout_button', ruleID: 'test', reason: 'Network:Recognized' };
  const response = await fetch(`${cloud.collector}/v1/rgstr?k=client-schema`, {
    method: 'POST',
    body: JSON.stringify({
      events: [
        { eventName: 'statsig::config_exposure', user, metadata: exposure, time },
        { eventName: 'purchase', user, value: 5, metadata: { sku: `sku of ${name}` }, time },
      ],
    }),
  });
  expect(response.status).toBe(202);
  await cloud.flush();
}

async function query(sql: string): Promise<unknown> {
  const { stdout, stderr } = await sluice('query', sql, '--json', '--data', data);
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

/** Whether each partition of a table has a column, by day. */
async function partitionsWith(cloud: CloudProcess, table: string, column: string) {
  const client = new GlueClient({
    endpoint: cloud.edge,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const { Partitions = [] } = await client.send(
    new GetPartitionsCommand({ DatabaseName: cloud.database, TableName: table }),
  );
  client.destroy();
  return Partitions.map(({ Values = [], StorageDescriptor }) => [
    Values[0],
    StorageDescriptor?.Columns?.some(({ Name }) => Name === column),
  ]).sort();
}

describe('a unit ID and JSON paths that are added to the configuration', () => {
  it('become columns of table, stream, partitions and views at the next start, for all days', async () => {
    const bucket = 'acme-schema';
    configure({ bucket, unitIds: { companyID: 'company_id' } });
    const old = await startCloudProcess(data);
    await setClock(old, yesterday);
    await land(old, yesterday, 'yesterday');
    // Today's partition is there before the change: it is the one that new files come into.
    await setClock(old, today);
    await land(old, today - 60_000, 'before');
    await old.end('SIGTERM');

    configure({
      bucket,
      unitIds: { companyID: 'company_id', teamID: 'team_id' },
      jsonPaths: { plan: 'user.custom.plan', sku: 'metadata.sku' },
    });
    const cloud = await startCloudProcess(data);
    await setClock(cloud, today);
    await land(cloud, today, 'after');

    for (const table of ['statsig_forwarded_exposures', 'statsig_forwarded_events']) {
      expect(
        await query(`SELECT ds, user_id, company_id, team_id FROM ${table} ORDER BY ds, user_id DESC`),
      ).toEqual([
        { ds: '2026-11-19', user_id: 'yesterday', company_id: 'acme', team_id: null },
        { ds: '2026-11-20', user_id: 'before', company_id: 'acme', team_id: null },
        { ds: '2026-11-20', user_id: 'after', company_id: 'acme', team_id: 'team of after' },
      ]);
      const described = await partitionsWith(cloud, table, 'team_id');
      expect(described).toContainEqual(['2026-11-20', true]);
      // Nothing came for it since: the daily run takes it along.
      expect(described).toContainEqual(['2026-11-19', false]);
    }
    const plans = ['yesterday', 'before', 'after'].map((name) => ({
      user_id: name,
      plan: `plan of ${name}`,
    }));
    expect(await query('SELECT user_id, plan FROM experiment_exposures ORDER BY ds, user_id DESC')).toEqual(
      plans,
    );
    expect(
      await query('SELECT user_id, plan, sku, value_number FROM product_events ORDER BY ds, user_id DESC'),
    ).toEqual(plans.map((row) => ({ ...row, sku: `sku of ${row.user_id}`, value_number: 5 })));
    expect(
      await query("SELECT unit_id, groups_seen FROM first_exposures WHERE unit_type = 'team_id'"),
    ).toEqual([{ unit_id: 'team of after', groups_seen: 1 }]);
    expect(
      await query("SELECT ds, units FROM daily_exposures WHERE unit_type = 'user_id' ORDER BY ds"),
    ).toEqual([
      { ds: '2026-11-19', units: 1 },
      { ds: '2026-11-20', units: 2 },
    ]);
    await setClock(cloud, Date.UTC(2026, 10, 21, 1));
    await cloud.flush();
    for (const table of ['statsig_forwarded_exposures', 'statsig_forwarded_events']) {
      expect((await partitionsWith(cloud, table, 'team_id')).filter(([, has]) => has !== true)).toEqual([]);
    }
    await cloud.end('SIGTERM');
  });
});

async function setClock(cloud: CloudProcess, epochMs: number): Promise<void> {
  const response = await fetch(`${cloud.edge}/_sluice/clock`, {
    method: 'POST',
    body: JSON.stringify({ now: new Date(epochMs).toISOString() }),
  });
  expect([response.status, await response.text()]).toEqual([200, expect.anything()]);
}
