import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CatalogWitness } from '../../demo/story/catalogWitness.ts';
import { type DriverReport, expectedGroups, expectedRows, runDriver } from '../../demo/story/runDriver.ts';
import { addDays, utcDay } from '../../lib/base/time.ts';
import { forwardedKinds } from '../../lib/schema/kinds.ts';
import { type Cloud, startCloud } from '../../local/startCloud.ts';
import { type QueryRow, runQuery } from '../../packages/local-aws/src/trino/index.ts';
import { pythonWithPyarrow } from '../harness/python.ts';
import { readParquet } from '../harness/readParquet.ts';

const TABLES = { exposures: 'statsig_forwarded_exposures', events: 'statsig_forwarded_events' } as const;
const days = [-2, -1].map((away) => addDays(utcDay(Date.now()), away));

let data: string;
let cloud: Cloud;
let witness: CatalogWitness;
let reports: DriverReport[];

// One story for the whole file: both SDKs post, over three days, while Firehose fails now and then.
beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'sluice-sdks-'));
  cloud = await startCloud({ port: 0, edgePort: 0, enforceIam: true, data });
  witness = new CatalogWitness(cloud.edge);
  const faults = {
    firehose: [
      { fault: 'failRecords', every: 1, calls: 2 },
      { fault: 'failCalls', calls: 1 },
    ],
  };
  const set = await fetch(`${cloud.edge}/_sluice/faults`, { method: 'POST', body: JSON.stringify(faults) });
  expect(set.status).toBe(200);
  reports = await Promise.all([
    runDriver('driveNodeCore.ts', {
      collector: cloud.collector,
      key: 'secret-e2e',
      users: 40,
      environment: 'staging',
    }),
    runDriver('driveJsClient.ts', {
      collector: cloud.collector,
      path: '/v1/my-product-data',
      key: 'client-e2e',
      users: 10,
      userPrefix: 'visitor',
      days: [...days.map((day) => Date.parse(`${day}T23:30:00Z`)), Date.now() - 60_000],
      compress: true,
    }),
  ]);
  await cloud.flush();
});

afterAll(async () => {
  witness.close();
  await cloud.close();
  rmSync(data, { recursive: true, force: true });
});

const query = (sql: string) => runQuery(data, sql);

describe('real SDKs against the local cloud', () => {
  it('land every event once, on its own day', async () => {
    const expected = expectedRows(reports);
    for (const kind of forwardedKinds) {
      const rows = await query(
        `SELECT CAST(ds AS VARCHAR) ds, count(*) n, count(DISTINCT event_id) ids FROM ${TABLES[kind]} GROUP BY 1 ORDER BY 1`,
      );
      expect(rows).toEqual(
        Object.entries(expected[kind])
          .sort()
          .map(([ds, n]) => ({ ds, n, ids: n })),
      );
    }
    // Today; two days of a run around midnight.
    const [first, second, ...others] = Object.keys(expected.events).sort();
    expect([first, second]).toEqual(days);
    expect(others).not.toEqual([]);
  });

  it('send no event that is refused or fails conversion', async () => {
    expect(await query('SELECT count(*) AS n FROM quarantine')).toEqual([{ n: 0 }]);
    expect(await witness.objects(cloud.bucket, 'quarantine-large/')).toEqual([]);
    expect(await witness.objects(cloud.bucket, 'errors/')).toEqual([]);
  });

  it('lead to registered partitions for the day folders, and no others', async () => {
    for (const kind of forwardedKinds) {
      const partitions = await witness.partitions(cloud.database, TABLES[kind]);
      expect(partitions).toEqual(
        Object.keys(expectedRows(reports)[kind])
          .sort()
          .map((value) => ({
            value,
            location: `s3://${cloud.bucket}/statsig/statsig_forwarded_${kind}/${TABLES[kind]}/${value}/`,
          })),
      );
    }
  });

  it('arrive with the deployed policies: no service was refused a call', () => {
    expect(cloud.status().refusals).toEqual([]);
  });

  it('have their experiments and groups resolved, hashed or not', async () => {
    const rows = await query(
      `SELECT experiment_id, group_id, count(*) n FROM ${TABLES.exposures}
       WHERE is_assignment AND experiment_id IN ('checkout_button', 'homepage_hero') GROUP BY ALL`,
    );
    const found: Record<string, Record<string, unknown>> = {};
    for (const row of rows) {
      const experiment = String(row['experiment_id']);
      found[experiment] = { ...found[experiment], [String(row['group_id'])]: row['n'] };
    }
    expect(found).toEqual(expectedGroups(reports));
  });

  it('fill the columns from the fields that they really send', async () => {
    const [server] = await query(`SELECT * FROM ${TABLES.events} WHERE user_id = 'user-1' LIMIT 1`);
    expect(server).toMatchObject({
      event_name: 'order_placed',
      event_value: '11',
      stable_id: 'device-1',
      company_id: 'company-1',
      environment: 'staging',
      sdk_type: 'statsig-server-core-node',
      company_metadata: expect.stringContaining('"currency":"EUR"'),
    });
    const [client] = await query(
      `SELECT * FROM ${TABLES.events} WHERE user_id = 'visitor-1' AND event_name = 'add_to_cart' LIMIT 1`,
    );
    expect(client).toMatchObject({
      environment: 'production',
      sdk_type: 'javascript-client',
      event_value: '1',
    });
    expect(client?.['stable_id']).toMatch(/^[0-9a-f-]{36}$/);
    const [gate] = await query(`SELECT * FROM ${TABLES.exposures} WHERE exposure_type = 'gate' LIMIT 1`);
    expect(gate?.['group_id']).toBe(
      `${gate?.['rule_id']}:${gate?.['gate_value'] === true ? 'Pass' : 'Fail'}`,
    );
  });
});

describe('the Parquet files', () => {
  const COLUMNS =
    'event_id, event_name, event_value, user_id, company_id, CAST(epoch_ms(timestamp) AS BIGINT) AS at';
  const bySql = async (): Promise<QueryRow[]> =>
    query(`SELECT ${COLUMNS} FROM ${TABLES.events} ORDER BY event_id`);
  const files = async () =>
    (await witness.objects(cloud.bucket, 'statsig/statsig_forwarded_events/')).map(({ key }) =>
      join(data, 's3', cloud.bucket, key),
    );

  it('have the same rows when hyparquet reads them', async () => {
    const rows = (await Promise.all((await files()).map((file) => readParquet(readFileSync(file)))))
      .flatMap(({ rows }) => rows)
      .map((row) => ({
        event_id: row['event_id'],
        event_name: row['event_name'],
        event_value: row['event_value'] ?? null,
        user_id: row['user_id'],
        company_id: row['company_id'],
        at: Number(row['timestamp']),
      }));
    expect(rows.sort((a, b) => (String(a.event_id) < String(b.event_id) ? -1 : 1))).toEqual(await bySql());
  });

  const python = pythonWithPyarrow();
  if (python !== null) {
    it('have the same rows when pyarrow reads them', async () => {
      const script = `
import json, sys, pyarrow.parquet as pq
rows = [row for file in sys.argv[1:] for row in pq.read_table(file, partitioning=None).to_pylist()]
names = ['event_id', 'event_name', 'event_value', 'user_id', 'company_id']
out = [dict({n: r[n] for n in names}, at=round(r['timestamp'].timestamp() * 1000)) for r in rows]
print(json.dumps(sorted(out, key=lambda r: r['event_id'])))`;
      const env = { ...process.env, TZ: 'UTC' };
      const rows = execFileSync(python, ['-c', script, ...(await files())], { encoding: 'utf8', env });
      expect(JSON.parse(rows)).toEqual(await bySql());
    });
  } else {
    process.stderr.write('pyarrow is not installed: hyparquet is the only independent reader.\n');
  }
});
