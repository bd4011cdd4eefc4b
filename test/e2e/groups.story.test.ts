import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { AthenaClient } from '@aws-sdk/client-athena';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { type Cloud, startCloud } from '../../local/startCloud.ts';
import { runQuery } from '../../packages/local-aws/src/trino/index.ts';
import { athenaRows } from '../harness/athenaRows.ts';
import { callMain } from '../harness/callMain.ts';
import { experimentSpecs, type SpecState } from '../harness/experimentSpecs.ts';

const directory = mkdtempSync(join(tmpdir(), 'sluice-groups-'));
const data = join(directory, 'data');
const before = process.env['SLUICE_CONFIG'];
const HOLDOUTS = ['winter_holdout', 'home_holdout'];
const FIRST = Array.from({ length: 60 }, (_, i) => `early-${i}`);
const LATE = Array.from({ length: 30 }, (_, i) => `late-${i}`);

/** Groups as `<rule ID>` and name, sorted. */
type Groups = readonly (readonly [rule: string, name: string | null])[];

const reportSchema = z.object({
  acknowledged: z.number(),
  exposures: z.number(),
  /** Rule that the evaluator decided by, by experiment and user. */
  decided: z.record(z.string(), z.record(z.string(), z.string())),
  /** Result of `getExperimentGroups`. */
  listed: z.record(
    z.string(),
    z.object({
      isExperimentActive: z.boolean().nullable(),
      groups: z.array(z.tuple([z.string(), z.string()])),
    }),
  ),
});
type Report = z.output<typeof reportSchema>;

let cloud: Cloud;

async function start(holdouts: readonly string[] | null): Promise<void> {
  // A file that was imported once is not read again.
  const file = join(directory, holdouts === null ? 'plain.config.ts' : 'holdouts.config.ts');
  const from = JSON.stringify(join(repositoryRoot, 'lib', 'config', 'defineConfig.ts'));
  const config = JSON.stringify({ bucket: 'acme-groups', holdouts });
  writeFileSync(file, `import { defineConfig } from ${from};\nexport default defineConfig(${config});\n`);
  process.env['SLUICE_CONFIG'] = file;
  cloud = await startCloud({ port: 0, edgePort: 0, enforceIam: true, data });
}

async function drive(state: SpecState, users: readonly string[]): Promise<Report> {
  const script = fileURLToPath(new URL('../harness/driveGroups.ts', import.meta.url));
  const settings = { collector: cloud.collector, state, users, time: Date.now() };
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(settings)], {
    // Server Core reports its failures to Statsig, whatever its options: the proxy keeps these reports on this machine.
    env: { ...process.env, HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: '127.0.0.1' },
  });
  const report = reportSchema.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
  expect(report.acknowledged).toBeGreaterThanOrEqual(report.exposures);
  await cloud.flush();
  return report;
}

async function pull(state: SpecState): Promise<void> {
  const file = join(directory, `${state}.json`);
  writeFileSync(file, JSON.stringify(experimentSpecs(state, Date.now())));
  const pulled = await callMain(['groups', 'pull', '--specs', file, '--local', '--endpoint-url', cloud.edge]);
  expect(pulled).toMatchObject({ code: 0, stderr: expect.stringContaining('7 experiments') });
}

const query = (sql: string) => runQuery(data, sql);

/** The groups that a view shows of each experiment. */
async function shown(view = 'first_exposures'): Promise<Record<string, Groups>> {
  const groups: Record<string, (readonly [string, string | null])[]> = {};
  const rows = await query(
    `SELECT DISTINCT experiment_id, group_id, group_name FROM ${view}
     WHERE group_id IS NOT NULL AND experiment_id NOT IN ('new_checkout', 'shipping') ORDER BY ALL`,
  );
  for (const { experiment_id, group_id, group_name } of rows) {
    const own = groups[String(experiment_id)] ?? [];
    groups[String(experiment_id)] = own;
    own.push([String(group_id), group_name === null ? null : String(group_name)]);
  }
  return groups;
}

/** The rules that units were decided by, without the given ones and without names. */
function decidedBy({ decided }: Report, ...without: readonly string[]): Record<string, Groups> {
  const groups = Object.entries(decided).flatMap(([experiment, rules]) => {
    const own = [...new Set(Object.values(rules))].filter((rule) => !without.includes(rule)).sort();
    const isConfig = !['home', 'new_checkout', 'shipping'].includes(experiment);
    return isConfig && own.length > 0
      ? [[experiment, own.map((rule) => [rule, null] as const)] as const]
      : [];
  });
  return Object.fromEntries(groups);
}

/** The groups that Statsig's own evaluator lists, of experiments that have any. */
function listedBy({ listed }: Report): Record<string, Groups> {
  return Object.fromEntries(
    Object.entries(listed).flatMap(([name, { groups }]) =>
      groups.length === 0
        ? []
        : [[name, [...groups].sort(([one], [other]) => (one < other ? -1 : 1))] as const],
    ),
  );
}

const CONSTANTS = ['prestart', 'targetingGate', 'layerAssignment', 'launchedGroup', 'abandoned', ''];
const HOLDOUT_RULES = ['winterHoldoutRule', 'homeHoldoutRule'];
let running: Report;
let ended: Report;

beforeAll(async () => {
  await start(null);
  running = await drive('running', FIRST);
}, 120_000);
afterAll(async () => {
  await cloud.close();
  if (before === undefined) delete process.env['SLUICE_CONFIG'];
  else process.env['SLUICE_CONFIG'] = before;
  rmSync(directory, { recursive: true, force: true });
});

// One story: each test goes on where the one before it ended.
describe('groups of experiments from the real evaluator', () => {
  it('include all rules except constants while no specs are known: holdouts look like groups', async () => {
    const expected = decidedBy(running, ...CONSTANTS);
    expect(expected['button']).toHaveLength(3);
    expect(await shown()).toEqual(expected);
    expect(await shown('experiment_exposures')).toEqual(expected);
  });

  it('exclude held-out units once the configuration lists the holdouts, also for stored rows', async () => {
    await cloud.close();
    await start(HOLDOUTS);
    const expected = decidedBy(running, ...CONSTANTS, ...HOLDOUT_RULES);
    expect(await shown()).toEqual(expected);
    await cloud.close();
    await start(null);
  }, 120_000);

  it('are exactly the groups that the evaluator lists, once specs are pulled', async () => {
    await pull('running');
    const listed = listedBy(running);
    expect(Object.keys(listed).sort()).toEqual(['banner', 'button', 'fonts', 'hero', 'prices', 'search']);
    for (const view of ['first_exposures', 'experiment_exposures', 'daily_exposures']) {
      expect([view, await shown(view)]).toEqual([view, listed]);
    }
    const sql = `SELECT DISTINCT experiment_id, group_id, group_name FROM sluice.first_exposures
      WHERE experiment_id = 'search' ORDER BY group_id`;
    const athena = new AthenaClient({
      endpoint: cloud.edge,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const rows = await athenaRows(athena, sql, { WorkGroup: 'sluice' });
    athena.destroy();
    expect(rows.map((row) => [row['group_id'], row['group_name']])).toEqual(listed['search']);
  });

  it('are shown beside the held-out units of the evaluator', async () => {
    const rows = await query(
      `SELECT DISTINCT experiment_id, user_id FROM experiment_exposures WHERE held_out AND experiment_id <> 'home'`,
    );
    const heldOut = rows.map((row) => `${row['experiment_id']} ${row['user_id']}`).sort();
    const expected = Object.entries(running.decided)
      .filter(([experiment]) => experiment !== 'home')
      .flatMap(([experiment, rules]) =>
        Object.entries(rules).flatMap(([user, rule]) =>
          HOLDOUT_RULES.includes(rule) ? `${experiment} ${user}` : [],
        ),
      );
    expect(expected.length).toBeGreaterThan(20);
    expect(heldOut).toEqual(expected.sort());
  });

  it('stay the same when experiments end, and every unit stays in one group', async () => {
    // Collectors look at the table every five minutes.
    const moved = await fetch(`${cloud.edge}/_sluice/clock`, {
      method: 'POST',
      body: '{"advanceMs":360000}',
    });
    expect(moved.status).toBe(200);
    ended = await drive('ended', [...FIRST.slice(0, 20), ...LATE]);
    expect(ended.listed['search']).toEqual({ isExperimentActive: false, groups: [] });
    expect(Object.values(ended.decided['search'] ?? {})).toContain('launchedGroup');
    const listed = {
      ...listedBy(ended),
      search: listedBy(running)['search'],
      fonts: listedBy(running)['fonts'],
    };
    expect(await shown()).toEqual(listed);
    await pull('ended');
    expect(await shown()).toEqual(listed);
    expect(await query('SELECT count(*) n FROM first_exposures WHERE groups_seen <> 1')).toEqual([{ n: 0 }]);
    const late = await query(
      "SELECT DISTINCT experiment_id FROM experiment_exposures WHERE user_id LIKE 'late-%' AND group_id IS NOT NULL ORDER BY 1",
    );
    expect(late.map((row) => row['experiment_id'])).toEqual([
      'banner',
      'button',
      'hero',
      'new_checkout',
      'prices',
      'shipping',
    ]);
  }, 120_000);

  it('are named at collection, once the collector knows them', async () => {
    const rows = await query(
      `SELECT DISTINCT experiment_id, rule_id, group_name, is_assignment FROM statsig_forwarded_exposures
       WHERE user_id LIKE 'late-%' AND experiment_id IN ('button', 'search') ORDER BY ALL`,
    );
    expect(rows.map((row) => Object.values(row))).toEqual([
      ['button', 'buttonControl', 'Control', true],
      ['button', 'buttonTest', 'Test', true],
      ['button', 'winterHoldoutRule', null, false],
      ['search', 'launchedGroup', null, false],
      ['search', 'winterHoldoutRule', null, false],
    ]);
  });
});
