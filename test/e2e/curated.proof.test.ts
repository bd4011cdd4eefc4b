import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addDays, type UtcDay, utcDay } from '../../lib/base/time.ts';
import { loadConfig } from '../../lib/config/loadConfig.ts';
import { LOCAL_STAGE } from '../../lib/schema/stages.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { loadTemplate } from '../../local/loadTemplate.ts';
import { localAccount } from '../../local/localAccount.ts';
import { askAthena, type Deployment, openDeployment } from '../../observe/deployment.ts';
import type { CuratedCalendar, CuratedDayStatus } from '../../observe/facts/days/curatedDays.ts';
import { callMain } from '../harness/callMain.ts';
import { ingestCloud } from '../harness/ingestCloud.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

/** The day on which everything is sent. */
const SENT = addDays(utcDay(Date.now()), 1);
/** A week: the day, and those before it that late events may have. */
const WEEK = Array.from({ length: 7 }, (_, i) => addDays(SENT, i - 6));
const [LATE_DAY = ''] = WEEK.slice(4);
const USERS = 40;
const EXPERIMENTS = ['checkout_button', 'homepage_hero', 'search_ranking'];
const NAMES = ['purchase', 'search', 'page_view'];
const LAST_NIGHT = addDays(SENT, 3);

describe('a week of events, curated over night', () => {
  const directory = temporaryDirectory();
  let acme: Awaited<ReturnType<typeof ingestCloud>>;
  let deployment: Deployment;
  beforeAll(async () => {
    acme = await ingestCloud({ curate: true, experiments: EXPERIMENTS });
    const file = process.env['SLUICE_CONFIG'] ?? '';
    const { region, accessKeyId, secretAccessKey } = localAccount;
    deployment = openDeployment(
      {
        config: await loadConfig(file, LOCAL_STAGE),
        stack: { service: 'sluice', stage: LOCAL_STAGE },
        isLocal: true,
        now: Date.now(),
      },
      { region, endpoint: acme.cloud.edge, credentials: { accessKeyId, secretAccessKey } },
    );
    await acme.jumpTo(`${SENT}T10:00:00Z`);
  });
  afterAll(async () => {
    deployment?.close();
    await acme?.close();
    directory.remove();
  });

  async function post(events: readonly object[]): Promise<void> {
    const answer = await fetch(`${acme.cloud.collector}/v1/rgstr`, {
      method: 'POST',
      headers: { 'statsig-api-key': 'client-e2e' },
      body: JSON.stringify({ events }),
    });
    expect([answer.status, await answer.text()]).toEqual([202, expect.stringContaining('true')]);
  }

  /** Lets a night pass: each schedule on the way runs once, and what it starts ends. */
  async function nextNight(until: string): Promise<void> {
    await acme.jumpTo(until);
    for (let left = 1, flushes = 0; left > 0 && flushes < 5; flushes += 1)
      left = (await acme.cloud.flush()).unregistered;
  }

  async function status(kind: string, days = 12): Promise<Record<UtcDay, CuratedDayStatus>> {
    const { stdout, stderr } = await callMain(
      ['curate', 'status', '--table', kind, '--days', String(days), '--local', '--json'],
      { env: acme.env },
    );
    expect(stderr).toBe('');
    const { tables }: CuratedCalendar = JSON.parse(stdout);
    return Object.fromEntries((tables[0]?.days ?? []).map((one) => [one.day, one]));
  }

  const states = async (kind: string) =>
    Object.fromEntries(Object.entries(await status(kind)).map(([day, { state }]) => [day, state]));

  const all = (state: string, days: readonly UtcDay[] = WEEK) =>
    Object.fromEntries(days.map((day) => [day, state]));

  const ask = (sql: string) => askAthena(deployment, sql);
  const during = `ds BETWEEN DATE '${WEEK[0]}' AND DATE '${SENT}'`;
  const questions = {
    groups: `SELECT ds, experiment_id, group_id, count(*) AS exposures, count(DISTINCT user_id) AS users FROM experiment_exposures WHERE ${during} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
    first: `SELECT experiment_id, group_id, unit_type, count(*) AS units, min(ts) AS since FROM first_exposures GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
    names: `SELECT ds, event_name, count(*) AS events, sum(value_number) AS value FROM product_events WHERE ${during} GROUP BY 1, 2 ORDER BY 1, 2`,
  };
  const ofLateDay = `SELECT count(*) AS n FROM product_events WHERE ds = DATE '${LATE_DAY}'`;
  const askAll = async () => ({
    groups: await ask(questions.groups),
    first: await ask(questions.first),
    names: await ask(questions.names),
  });
  let before: Awaited<ReturnType<typeof askAll>>;
  let countBefore = 0;

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
      await acme.cloud.flush();
      await post(events);
      await acme.cloud.flush();
    }
    before = await askAll();
    expect(before.groups.rows).toHaveLength(7 * 6);
    expect(before.names.rows).toHaveLength(7 * 3);
    // Resends are in the tables and not in the answers.
    expect(before.names.rows.reduce((sum, { events }) => sum + Number(events), 0)).toBe(7 * USERS);
    const raw = `SELECT count(*) AS n FROM statsig_forwarded_events WHERE ${during}`;
    expect((await ask(raw)).rows).toEqual([{ n: String(2 * 7 * USERS) }]);
    expect(await states('events')).toMatchObject({ [SENT]: 'too_young' });
  });

  it('answers the same from curated tables, of fewer bytes', async () => {
    await nextNight(`${LAST_NIGHT}T10:00:00Z`);
    expect([await states('exposures'), await states('events')]).toEqual([all('curated'), all('curated')]);
    const days = Object.values(await status('events'));
    expect(days.map(({ account }) => account)).toEqual(
      WEEK.map(() => ({ rawRows: 2 * USERS, rows: USERS, resends: USERS, differing: 0 })),
    );
    const after = await askAll();
    for (const name of ['groups', 'first', 'names'] as const) {
      expect(after[name].rows).toEqual(before[name].rows);
      expect(after[name].scannedBytes).toBeLessThan(before[name].scannedBytes);
    }
    countBefore = Number((await ask(ofLateDay)).rows[0]?.['n']);
    expect(countBefore).toBe(USERS);
  });

  it('shows a late event at once, from the raw rows of its day', async () => {
    const time = Date.parse(`${LATE_DAY}T23:00:00Z`);
    await post([{ eventName: 'purchase', user: { userID: 'late' }, value: 7, time }]);
    await acme.cloud.flush();
    expect((await ask(ofLateDay)).rows).toEqual([{ n: String(countBefore + 1) }]);
    const expected = { ...all('curated'), [LATE_DAY]: 'outdated' };
    expect([await states('events'), await states('exposures')]).toEqual([expected, all('curated')]);
    const { stdout } = await callMain(['curate', 'run', '--dry-run', '--local'], { env: acme.env });
    expect(stdout).toMatch(new RegExp(`curated_events +${LATE_DAY} +${LATE_DAY} +1\\b`));
  });

  it('reads it from the curated table again in the morning', async () => {
    const raw = await ask(ofLateDay);
    await nextNight(`${addDays(LAST_NIGHT, 1)}T06:00:00Z`);
    expect(await states('events')).toEqual(all('curated'));
    const curated = await ask(ofLateDay);
    expect(curated.rows).toEqual([{ n: String(countBefore + 1) }]);
    expect(curated.scannedBytes).toBeLessThan(raw.scannedBytes);
  });

  it('curates days again on request, changed or not', async () => {
    const version = (await status('events'))[LATE_DAY]?.version;
    const asked = ['curate', 'rebuild', '--table', 'events', '--from', LATE_DAY, '--local'];
    const tried = await callMain([...asked, '--dry-run'], { env: acme.env });
    expect([tried.code, tried.stdout]).toEqual([0, expect.stringMatching(/^curated_events +\S+ +\S+ +1$/m)]);
    expect((await status('events'))[LATE_DAY]?.version).toBe(version);
    const requested = await callMain(asked, { env: acme.env });
    expect([requested.code, requested.stderr]).toEqual([0, expect.stringContaining('Requested.')]);
    await acme.cloud.flush();
    const rebuilt = (await status('events'))[LATE_DAY];
    expect([rebuilt?.state, rebuilt?.version === version]).toEqual(['curated', false]);
    expect((await ask(ofLateDay)).rows).toEqual([{ n: String(countBefore + 1) }]);
  });

  it('refuses days that are too young', async () => {
    const young = ['curate', 'rebuild', '--from', addDays(LAST_NIGHT, 1), '--local'];
    const { code, stderr } = await callMain(young, { env: acme.env });
    expect([code, stderr]).toEqual([2, expect.stringContaining('later ones are too young')]);
  });

  it('reads raw rows once it is turned off, and curated ones the morning after it is turned on again', async () => {
    const count = async () => Number((await ask(ofLateDay)).rows[0]?.['n']);
    const sendLate = async (userID: string) => {
      const time = Date.parse(`${LATE_DAY}T22:00:00Z`);
      await post([{ eventName: 'purchase', user: { userID }, value: 8, time }]);
      await acme.cloud.flush();
    };
    await deploy({ curate: false });
    await sendLate('later');
    expect(await count()).toBe(countBefore + 2);
    // Nothing has taken the day of the new file out of the list.
    await deploy({ curate: true });
    expect(await count()).toBe(countBefore + 2);
    expect(await states('events')).toEqual({ ...all('curated'), [LATE_DAY]: 'outdated' });
    await sendLate('latest');
    expect(await count()).toBe(countBefore + 3);
    await nextNight(`${addDays(LAST_NIGHT, 2)}T06:00:00Z`);
    expect([await count(), await states('events')]).toEqual([countBefore + 3, all('curated')]);
  }, 240_000);

  async function deploy(changed: { readonly curate: boolean }): Promise<void> {
    const before = process.env['SLUICE_CONFIG'];
    const file = join(directory.path, `curate-${changed.curate}.config.ts`);
    const from = JSON.stringify(join(repositoryRoot, 'lib', 'config', 'defineConfig.ts'));
    const config = { bucket: 'acme-experiments', experiments: EXPERIMENTS, ...changed };
    writeFileSync(
      file,
      `import { defineConfig } from ${from};\nexport default defineConfig(${JSON.stringify(config)});\n`,
    );
    process.env['SLUICE_CONFIG'] = file;
    const loaded = await loadTemplate({
      root: repositoryRoot,
      cacheDirectory: join(repositoryRoot, '.sluice', 'template'),
    });
    process.env['SLUICE_CONFIG'] = before;
    await acme.cloud.update(loaded);
    for (const _ of [1, 2, 3]) await acme.cloud.flush();
  }

  it('is refused no call by the deployed policies', () => {
    expect(acme.cloud.status().refusals).toEqual([]);
  });
});
