import { GetPartitionsCommand, GlueClient } from '@aws-sdk/client-glue';
import { afterAll, describe, expect, it } from '@jest/globals';
import { addDays, type UtcDay } from '../../lib/base/time.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { askAthena, type Deployment } from '../../observe/deployment.ts';
import type { CuratedCalendar, CuratedDayStatus } from '../../observe/facts/days/curatedDays.ts';
import { storyCloud } from '../harness/storyCloud.ts';

/** The day on which everything is sent. */
const SENT: UtcDay = '2026-11-20';
/** A week: the day, and those before it that late events may have. */
const WEEK = Array.from({ length: 7 }, (_, i) => addDays(SENT, i - 6));
const [LATE_DAY = ''] = WEEK.slice(4);
const USERS = 40;
const EXPERIMENTS = ['checkout_button', 'homepage_hero', 'search_ranking'];
const NAMES = ['purchase', 'search', 'page_view'];
const LAST_NIGHT = addDays(SENT, 3);
const config = { curate: true, experiments: EXPERIMENTS, unitIds: { companyID: 'company_id' } };

// One story: each test goes on where the one before it ended.
let deployment: Deployment;
let glue: GlueClient;
const open = () => {
  deployment = story.deployment();
  glue = story.kept(new GlueClient(story.clientOptions()));
};
const deploy = async (next: Partial<ConfigInput>) => {
  await story.restart(next);
  open();
};
const story = await storyCloud(config, { startsAt: `${SENT}T10:00:00Z` });
open();
afterAll(() => story.close());

describe('a week of events, curated over night', () => {
  async function post(events: readonly object[]): Promise<void> {
    expect(await story.post({ events })).toBe(202);
  }

  /** What was started ends: nothing is left to register, and what that starts has run. */
  async function settle(): Promise<void> {
    for (let left = 1, flushes = 0; left > 0 && flushes < 5; flushes += 1)
      left = (await story.cloud.flush()).unregistered;
  }

  /** Lets a night pass: each schedule on the way runs once, and what it starts ends. */
  async function nextNight(until: string): Promise<void> {
    await story.jumpTo(until);
    await settle();
  }

  async function status(kind: string): Promise<Record<UtcDay, CuratedDayStatus>> {
    const { tables }: CuratedCalendar = await story.json('curate', 'status', '--table', kind, '--days', '20');
    return Object.fromEntries((tables[0]?.days ?? []).map((one) => [one.day, one]));
  }
  const states = async (kind: string) =>
    Object.fromEntries(Object.entries(await status(kind)).map(([day, { state }]) => [day, state]));
  const all = (state: string) => Object.fromEntries(WEEK.map((day) => [day, state]));

  const ask = (sql: string) => askAthena(deployment, sql);
  const during = `ds BETWEEN DATE '${WEEK[0]}' AND DATE '${SENT}'`;
  const questions = {
    groups: `SELECT ds, experiment_id, group_id, count(*) AS exposures, count(DISTINCT user_id) AS users FROM experiment_exposures WHERE ${during} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
    first: `SELECT experiment_id, group_id, unit_type, count(*) AS units, min(ts) AS since FROM first_exposures GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
    names: `SELECT ds, event_name, count(*) AS events, sum(value_number) AS value FROM product_events WHERE ${during} GROUP BY 1, 2 ORDER BY 1, 2`,
  };
  const ofLateDay = `SELECT count(*) AS n FROM product_events WHERE ds = DATE '${LATE_DAY}'`;
  const count = async () => Number((await ask(ofLateDay)).rows[0]?.['n']);
  const askAll = async () => ({
    groups: await ask(questions.groups),
    first: await ask(questions.first),
    names: await ask(questions.names),
  });
  let before: Awaited<ReturnType<typeof askAll>>;

  /** Asks the same question until it is stopped. */
  function readInALoop() {
    let isStopped = false;
    const asking = (async () => {
      const answers: number[] = [];
      while (!isStopped) answers.push(await count());
      return answers;
    })();
    return () => {
      isStopped = true;
      return asking;
    };
  }

  it('answers from the raw rows while the days are young', async () => {
    for (const [d, day] of WEEK.entries()) {
      const time = (i: number) => Date.parse(`${day}T00:00:00Z`) + (d === 6 ? i : i * 60_000);
      const events = Array.from({ length: USERS }, (_, i) => ({ user: { userID: `u${i}` }, i })).flatMap(
        ({ user, i }) => [
          {
            eventName: 'statsig::config_exposure',
            time: time(i),
            user,
            metadata: {
              config: EXPERIMENTS[i % 3],
              ruleID: i % 2 === 0 ? 'Control' : 'Test',
              reason: 'Network:Recognized',
            },
          },
          { eventName: NAMES[i % 3], time: time(i), user, value: i + d / 4 },
        ],
      );
      await post(events);
      // A resend of a part, as after a timeout, in a file of its own.
      await story.cloud.flush();
      await post(events);
      await story.cloud.flush();
    }
    before = await askAll();
    expect([before.groups.rows.length, before.names.rows.length]).toEqual([7 * 6, 7 * 3]);
    // Resends are in the tables and not in the answers.
    expect(before.names.rows.reduce((sum, { events }) => sum + Number(events), 0)).toBe(7 * USERS);
    const raw = `SELECT count(*) AS n FROM statsig_forwarded_events WHERE ${during}`;
    expect((await ask(raw)).rows).toEqual([{ n: String(2 * 7 * USERS) }]);
    expect(await states('events')).toMatchObject({ [SENT]: 'too_young' });
  });

  it('answers the same from curated tables, of fewer bytes, and whole at any time', async () => {
    const stop = readInALoop();
    await nextNight(`${LAST_NIGHT}T10:00:00Z`);
    const answers = await stop();
    expect(answers.length).toBeGreaterThan(3);
    expect(answers.filter((n) => n !== USERS)).toEqual([]);
    expect([await states('exposures'), await states('events')]).toEqual([all('curated'), all('curated')]);
    const days = Object.values(await status('events'));
    expect(days.map(({ account }) => account)).toEqual(
      WEEK.map(() => ({ rawRows: 2 * USERS, rows: USERS, resends: USERS, differing: 0, kept: 0 })),
    );
    const after = await askAll();
    for (const name of ['groups', 'first', 'names'] as const) {
      expect(after[name].rows).toEqual(before[name].rows);
      expect(after[name].scannedBytes).toBeLessThan(before[name].scannedBytes);
    }
  });

  it('shows a late event at once, from the raw rows of its day', async () => {
    const time = Date.parse(`${LATE_DAY}T23:00:00Z`);
    await post([{ eventName: 'purchase', user: { userID: 'late' }, value: 7, time }]);
    await story.cloud.flush();
    expect(await count()).toBe(USERS + 1);
    const expected = { ...all('curated'), [LATE_DAY]: 'outdated' };
    expect([await states('events'), await states('exposures')]).toEqual([expected, all('curated')]);
    const { stdout } = await story.sluice('curate', 'run', '--dry-run');
    expect(stdout).toMatch(new RegExp(`curated_events +${LATE_DAY} +${LATE_DAY} +1\\b`));
  });

  it('reads it from the curated table again in the morning', async () => {
    const raw = await ask(ofLateDay);
    await nextNight(`${addDays(LAST_NIGHT, 1)}T06:00:00Z`);
    expect(await states('events')).toEqual(all('curated'));
    const curated = await ask(ofLateDay);
    expect(curated.rows).toEqual([{ n: String(USERS + 1) }]);
    expect(curated.scannedBytes).toBeLessThan(raw.scannedBytes);
  });

  /** Whether each partition of a table has a column, by day. */
  async function partitionsWith(TableName: string, column: string) {
    const table = { DatabaseName: story.cloud.database, TableName };
    const { Partitions = [] } = await glue.send(new GetPartitionsCommand(table));
    return Object.fromEntries(
      Partitions.map(({ Values = [], StorageDescriptor }) => [
        Values[0],
        StorageDescriptor?.Columns?.some(({ Name }) => Name === column),
      ]),
    );
  }
  const sendLate = async (userID: string) => {
    const user = {
      userID,
      customIDs: { teamID: `team of ${userID}` },
      custom: { plan: `plan of ${userID}` },
    };
    const time = Date.parse(`${LATE_DAY}T22:00:00Z`);
    await post([{ eventName: 'purchase', user, value: 8, time, metadata: { sku: `sku of ${userID}` } }]);
    await settle();
  };

  it('reads raw rows once it is turned off, with the unit ID and JSON paths that are added then', async () => {
    await sendLate('before');
    await deploy({
      ...config,
      curate: false,
      unitIds: { ...config.unitIds, teamID: 'team_id' },
      jsonPaths: { plan: 'user.custom.plan', sku: 'metadata.sku' },
    });
    await settle();
    await sendLate('after');
    expect(await count()).toBe(USERS + 3);
    const own = "user_id IN ('before', 'after') ORDER BY user_id";
    const raw = `SELECT user_id, team_id FROM statsig_forwarded_events WHERE ${own}`;
    expect(await story.query(raw)).toEqual([
      { user_id: 'after', team_id: 'team of after' },
      { user_id: 'before', team_id: null },
    ]);
    expect(await story.query(`SELECT plan, sku, value_number FROM product_events WHERE ${own}`)).toEqual(
      ['after', 'before'].map((name) => ({
        plan: `plan of ${name}`,
        sku: `sku of ${name}`,
        value_number: 8,
      })),
    );
    // Nothing came for the first day since: the daily run takes it along.
    const first = WEEK[0] ?? '';
    const table = 'statsig_forwarded_events';
    expect(await partitionsWith(table, 'team_id')).toMatchObject({ [LATE_DAY]: true, [first]: false });
    await nextNight(`${addDays(LAST_NIGHT, 2)}T01:00:00Z`);
    const found = await partitionsWith(table, 'team_id');
    expect(Object.values(found).filter((has) => has !== true)).toEqual([]);
  });

  it('reads curated rows the morning after it is turned on again', async () => {
    await deploy(config);
    await settle();
    // Nothing has taken the day of the new files out of the list.
    expect(await count()).toBe(USERS + 3);
    await sendLate('latest');
    expect(await count()).toBe(USERS + 4);
    await nextNight(`${addDays(LAST_NIGHT, 3)}T06:00:00Z`);
    expect([await count(), await states('events')]).toEqual([USERS + 4, all('curated')]);
    expect(story.refusals).toEqual([]);
  });
});
