import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { readerQueries } from '../../cli/connect/readerQueries.ts';
import { assignmentSource } from '../../cli/connect/statsigSources.ts';
import { experimentSpecs, type SpecState } from '../harness/experimentSpecs.ts';
import { type StoryCloud, storyCloud } from '../harness/storyCloud.ts';

let story: StoryCloud;
/** What the SDK reported while the experiments ran, and once some had ended. */
let running: Report;
let ended: Report;

/** Users of the running experiments, and users who come once some have ended. */
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

async function drive(state: SpecState, users: readonly string[]): Promise<Report> {
  const script = fileURLToPath(new URL('../harness/driveGroups.ts', import.meta.url));
  const settings = { collector: story.cloud.collector, state, users, time: Date.now() };
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(settings)], {
    // Server Core reports its failures to Statsig, whatever its options: the proxy keeps these reports on this machine.
    env: { ...process.env, HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: '127.0.0.1' },
  });
  const report = reportSchema.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
  expect(report.acknowledged).toBeGreaterThanOrEqual(report.exposures);
  await story.cloud.flush();
  return report;
}

async function pull(state: SpecState): Promise<void> {
  const file = join(story.scratch, `${state}.json`);
  writeFileSync(file, JSON.stringify(experimentSpecs(state, Date.now())));
  const pulled = await story.sluice('groups', 'pull', '--specs', file);
  expect(pulled).toMatchObject({ code: 0, stderr: expect.stringContaining('7 experiments') });
}

const query = (sql: string) => story.query(sql);

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
        : [[name, [...groups].sort(([first], [other]) => (first < other ? -1 : 1))] as const],
    ),
  );
}

const CONSTANTS = ['prestart', 'targetingGate', 'layerAssignment', 'launchedGroup', 'abandoned', ''];
const HOLDOUT_RULES = ['winterHoldoutRule', 'homeHoldoutRule'];
beforeAll(async () => {
  story = await storyCloud({ holdouts: null });
  running = await drive('running', FIRST);
});
afterAll(() => story?.close());

// One story: each test goes on where the one before it ended.
describe('groups of experiments from the real evaluator', () => {
  it('include all rules except constants while no specs are known: holdouts look like groups', async () => {
    const expected = decidedBy(running, ...CONSTANTS);
    expect(expected['button']).toHaveLength(3);
    expect(await shown()).toEqual(expected);
    expect(await shown('experiment_exposures')).toEqual(expected);
  });

  it('are exactly the groups that the evaluator lists, once specs are pulled', async () => {
    await pull('running');
    const listed = listedBy(running);
    expect(Object.keys(listed).sort()).toEqual(['banner', 'button', 'fonts', 'hero', 'prices', 'search']);
    for (const view of ['first_exposures', 'experiment_exposures', 'daily_exposures']) {
      expect({ view, rows: await shown(view) }).toEqual({ view, rows: listed });
    }
    const sql = `SELECT DISTINCT experiment_id, group_id, group_name FROM sluice.first_exposures
      WHERE experiment_id = 'search' ORDER BY group_id`;
    const rows = await story.ask(sql);
    expect(rows.map((row) => [row['group_id'], row['group_name']])).toEqual(listed['search']);
  });

  it('are the same in every printed question and in the assignment source', async () => {
    const { config } = story.cloud;
    /** Users by experiment and group, as the evaluator decided. */
    const expected = Object.entries(listedBy(running)).flatMap(([experiment, groups]) =>
      groups.map(([group]) => {
        const decided = Object.values(running.decided[experiment] ?? {}).filter((rule) => rule === group);
        return `${experiment} ${group} ${decided.length}`;
      }),
    );
    const days = assignmentSource(config)
      .sql.replaceAll('{statsig_start_date}', 'current_date - INTERVAL 2 DAY')
      .replaceAll('{statsig_end_date}', 'current_date + INTERVAL 1 DAY');
    const source = `SELECT experiment_id, group_id, count(DISTINCT user_id) AS users FROM (${days})
      WHERE exposure_type <> 'gate' AND experiment_id <> 'shipping' GROUP BY 1, 2`;
    const lines = (rows: readonly Record<string, unknown>[]) =>
      rows
        .filter((row) => !['shipping', 'new_checkout'].includes(String(row['experiment_id'])))
        .map((row) => `${row['experiment_id']} ${row['group_id']} ${row['users']}`)
        .sort();
    expect(lines(await query(source))).toEqual(expected.sort());
    const questions = Object.fromEntries(readerQueries(config).map(({ name, sql }) => [name, sql]));
    const split = await story.ask(questions['Split and crossovers'] ?? '');
    expect(lines(split)).toEqual(expected);
    expect([...new Set(split.map(({ crossovers }) => crossovers))]).toEqual(['0']);
    // Nobody was exposed ten days ago.
    expect(await story.ask(questions['Conversion by group'] ?? '')).toEqual([]);
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
    await story.advance(360_000);
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
  });
});
