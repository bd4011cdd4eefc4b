import { GetTableCommand } from '@aws-sdk/client-glue';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ForwardedKind } from '../../../lib/schema/kinds.ts';
import { curatedDaysKey } from '../../../lib/tables/ledgerKeys.ts';
import { viewKinds } from '../../../lib/views/curatedViews.ts';
import { readPrestoView } from '../../../lib/views/prestoView.ts';
import { viewNames } from '../../../lib/views/viewNames.ts';
import { views } from '../../../lib/views/views.ts';
import { athenaRows } from '../../harness/athenaRows.ts';
import { DAYS, postDay, RESENT } from './fill.ts';
import { type Deployable, ReleaseAccount } from './ReleaseAccount.ts';
import { readRelease, storedVersions, upgradingConfiguration } from './releases.ts';

const daysSchema = z.object({ days: z.record(z.string(), z.unknown()) });

/** Views that read tables: one reads another view, and its text names no day. */
const OF_TABLES = viewNames.filter((name) => viewKinds[name].length > 0);

/** An event and an exposure of a day that arrive later than everything else of it. */
const late = (name: string, day: string) =>
  JSON.stringify({
    events: [
      { eventName: `late_${name}`, time: Date.parse(`${day}T07:00:00Z`), user: { userID: 'late' } },
      {
        eventName: 'statsig::config_exposure',
        time: Date.parse(`${day}T07:00:00Z`),
        user: { userID: 'late' },
        metadata: { config: `late_${name}`, ruleID: 'test', reason: 'Network:Recognized' },
      },
    ],
  });

/** The template with another comment for each view: a deployment writes the whole view. */
function withOtherComments(template: unknown): unknown {
  return JSON.parse(JSON.stringify(template).replaceAll('"comment":"Presto View"', '"comment":"Other View"'));
}

describe('curated days over deployments', () => {
  const release = readRelease(storedVersions().at(-1) ?? '');
  const bucket = release.configuration.bucket ?? '';
  const database = release.configuration.database ?? 'sluice';
  const config = defineConfig({ bucket, ...release.configuration });
  const account = new ReleaseAccount();
  let old: Deployable;
  let curating: Deployable;
  let today: Deployable;

  beforeAll(async () => {
    old = await account.unpack(release);
    const configuration = upgradingConfiguration(release);
    today = await account.packageToday(configuration);
    // Packaged last: `sluice` commands take the configuration of that.
    curating = await account.packageToday({ ...configuration, curate: true, curateAfter: 1 });
    await account.clock.set(Date.parse(`${DAYS[0]}T08:00:00Z`));
    await account.deploy(old);
    for (const day of DAYS) {
      await account.jumpTo(`${day}T08:00:00Z`);
      await postDay(account);
      await account.flush();
    }
    // A resend of the day, so that there is something to leave out.
    for (const hour of ['09', '10']) {
      await account.jumpTo(`${DAYS[2]}T${hour}:00:00Z`);
      expect((await account.post('/v1/rgstr', RESENT)).status).toBe(202);
      await account.flush();
    }
  }, 180_000);
  afterAll(() => account.close());

  const query = (sql: string) => athenaRows(account.clients.athena, sql, { WorkGroup: 'sluice' });

  /** The days that views may read from curated tables, by the list. */
  async function listedDays(kind: ForwardedKind): Promise<readonly string[]> {
    const object = { Bucket: bucket, Key: curatedDaysKey(kind) };
    const text = await account.clients.s3.send(new GetObjectCommand(object)).then(
      ({ Body }) => Body?.transformToString(),
      () => '{"days":{}}',
    );
    return Object.keys(daysSchema.parse(JSON.parse(text ?? '')).days).sort();
  }

  /** Names of the views that read days from a curated table. */
  async function curatedViews(): Promise<readonly string[]> {
    const texts = await Promise.all(
      viewNames.map(async (Name) => {
        const { Table } = await account.clients.glue.send(
          new GetTableCommand({ DatabaseName: database, Name }),
        );
        return [Name, readPrestoView(Table?.ViewOriginalText ?? '')?.originalSql ?? ''] as const;
      }),
    );
    return texts.flatMap(([name, sql]) => (sql.includes('"curated_') ? [name] : []));
  }

  /** Views whose rows are not those that their text without curated days has. */
  async function wrongViews(): Promise<readonly string[]> {
    const rows = async (sql: string) =>
      (await query(sql)).map((row) => JSON.stringify(Object.entries(row).sort())).sort();
    const all = views(config);
    const wrong: string[] = [];
    for (const name of viewNames) {
      const found = await rows(`SELECT * FROM "${database}"."${name}"`);
      const expected = await rows(all[name].sql);
      expect(expected.length).toBeGreaterThan(0);
      if (JSON.stringify(found) !== JSON.stringify(expected)) wrong.push(name);
    }
    return wrong;
  }

  async function sendLate(name: string, day: string): Promise<void> {
    expect((await account.post('/v1/rgstr', late(name, day))).status).toBe(202);
    await account.flush();
  }

  /** How often an event and its exposure are in the views. */
  async function seen(name: string): Promise<readonly (string | undefined)[]> {
    const [events] = await query(
      `SELECT count(*) AS n FROM "${database}"."product_events" WHERE event_name = 'late_${name}'`,
    );
    const [exposures] = await query(
      `SELECT count(*) AS n FROM "${database}"."experiment_exposures" WHERE experiment_id = 'late_${name}'`,
    );
    return [events?.['n'], exposures?.['n']];
  }

  /** Waits until both tables have these days, by the night's plan. */
  const curated = (days: readonly string[]) =>
    account.flushUntil(
      async () => {
        const lists = [await listedDays('exposures'), await listedDays('events')];
        return lists.every((list) => days.every((day) => list.includes(day)));
      },
      `the curation of ${days.join(', ')}`,
    );

  it('are curated in the first night after the upgrade, and the views have the same rows', async () => {
    await account.jumpTo('2026-11-19T20:00:00Z');
    await account.deploy(curating);
    await account.flush();
    expect(await curatedViews()).toEqual([]);
    await account.jumpTo('2026-11-20T00:30:00Z');
    await curated(DAYS);
    await account.flush();
    expect(await curatedViews()).toEqual(OF_TABLES);
    expect(await wrongViews()).toEqual([]);
  }, 180_000);

  it('are back in the views after a deployment that has changed them, and show a late event at once', async () => {
    await account.deploy({ ...curating, template: withOtherComments(curating.template) });
    await account.flush();
    expect(await curatedViews()).toEqual(OF_TABLES);
    await account.deploy(curating);
    await account.flush();
    expect(await curatedViews()).toEqual(OF_TABLES);
    await sendLate('on', DAYS[2]);
    expect(await seen('on')).toEqual(['1', '1']);
    expect(await wrongViews()).toEqual([]);
  }, 180_000);

  it('leave the views when curate is turned off, which then show every event that comes late', async () => {
    await account.deploy(today);
    await account.flush();
    expect(await curatedViews()).toEqual([]);
    await sendLate('off', DAYS[1]);
    expect(await seen('off')).toEqual(['1', '1']);
    expect(await wrongViews()).toEqual([]);
  }, 180_000);

  it('come back when it is turned on, but for the days that got files meanwhile', async () => {
    await account.deploy(curating);
    await account.flush();
    expect(await seen('off')).toEqual(['1', '1']);
    expect(await wrongViews()).toEqual([]);
    await account.jumpTo('2026-11-21T00:30:00Z');
    await curated(DAYS);
    await account.flush();
    expect(await curatedViews()).toEqual(OF_TABLES);
    expect(await wrongViews()).toEqual([]);
  }, 180_000);

  it('leave the views with a rollback to the release, which shows every event that comes late', async () => {
    await account.jumpTo('2026-11-21T08:00:00Z');
    await account.deploy(old);
    await account.flush();
    expect(await seen('off')).toEqual(['1', '1']);
    await sendLate('back', DAYS[0]);
    expect(await seen('back')).toEqual(['1', '1']);
  }, 180_000);

  it('are made again after the next upgrade, and the views have every row all the time', async () => {
    await account.deploy(curating);
    await account.flush();
    expect(await seen('back')).toEqual(['1', '1']);
    expect(await wrongViews()).toEqual([]);
    await account.jumpTo('2026-11-22T00:30:00Z');
    await curated(DAYS);
    await account.flush();
    expect(await curatedViews()).toEqual(OF_TABLES);
    expect(await seen('back')).toEqual(['1', '1']);
    expect(await wrongViews()).toEqual([]);
  }, 180_000);
});
