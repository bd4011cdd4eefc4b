import { GetTableCommand, UpdateTableCommand } from '@aws-sdk/client-glue';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { addDays, MINUTE_MS } from '../../../lib/base/time.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { curatedShape, curatedTables } from '../../../lib/curate/curatedTables.ts';
import { takeOutDay } from '../../../lib/curate/ListedDays.ts';
import { planMessages } from '../../../lib/curate/planMessages.ts';
import { publishViews } from '../../../lib/curate/publishViews.ts';
import { CURATE_PARAMETER, type ViewCatalog } from '../../../lib/curate/ViewCatalog.ts';
import { versionPrefix } from '../../../lib/tables/tableFolders.ts';
import { prestoViewText } from '../../../lib/views/prestoView.ts';
import { viewNames } from '../../../lib/views/viewNames.ts';
import { views } from '../../../lib/views/views.ts';
import { type Curations, DAY, exposures, startCurations } from './startCurations.ts';

const name = 'experiment_exposures';

describe('the list of curated days in the views', () => {
  let curations: Curations;
  beforeEach(async () => {
    curations = await startCurations();
    await curations.land('a', exposures(0, 5));
    await curations.night();
  });
  afterEach(() => curations.close());

  const table = async () => {
    const DatabaseName = curations.config.database;
    const { Table } = await curations.glue.send(new GetTableCommand({ DatabaseName, Name: name }));
    if (Table === undefined) throw new Error('no table');
    return Table;
  };
  /** Writes a view as a deployment does: without asking for its version. */
  const deploy = async (
    ViewOriginalText: string,
    Parameters: Record<string, string> = { [CURATE_PARAMETER]: 'true' },
  ) => {
    const TableInput = { Name: name, TableType: 'VIRTUAL_VIEW', Parameters, ViewOriginalText };
    await curations.glue.send(
      new UpdateTableCommand({ DatabaseName: curations.config.database, TableInput }),
    );
  };
  const template = () => prestoViewText(views(curations.config)[name], curations.config.database);
  const publish = async (more: { readonly views?: ViewCatalog } = {}) =>
    (await publishViews({ ...curations.makePlanner(), ...more })).fates;
  const take = async () => {
    const { days = {} } = (await curations.listed.read('exposures')) ?? {};
    const planner = curations.makePlanner();
    for (const [day, entry] of Object.entries(days)) await takeOutDay(planner, 'exposures', day, entry);
  };
  const servedDays = async () => (await curations.viewDays())?.exposures ?? [];

  it('is written once, and nothing but the text changes', async () => {
    const before = await table();
    expect(await publish()).toEqual(Object.fromEntries(viewNames.map((view) => [view, 'current'])));
    expect((await table()).VersionId).toBe(before.VersionId);
    await take();
    expect(await publish()).toMatchObject({ [name]: 'published', product_events: 'current' });
    const after = await table();
    expect(after.ViewOriginalText).toBe(template());
    const { ViewOriginalText, VersionId, UpdateTime } = before;
    expect({ ...after, ViewOriginalText, VersionId, UpdateTime }).toEqual(before);
  });

  it('is written again after a deployment has put the text of the template back', async () => {
    await deploy(template());
    expect(await servedDays()).toEqual([]);
    await curations.plan({
      source: 'aws.cloudformation',
      'detail-type': 'CloudFormation Stack Status Change',
      detail: { 'stack-id': 'arn', 'status-details': { status: 'UPDATE_COMPLETE' } },
    });
    expect(await servedDays()).toEqual([{ from: DAY, to: DAY }]);
  });

  it('is not written into a view of another configuration, of another hand, or without curation', async () => {
    const other = defineConfig({ bucket: 'sluice-own', unitIds: { companyID: 'company_id' } });
    for (const text of [prestoViewText(views(other)[name], other.database), 'SELECT 1']) {
      await deploy(text);
      expect(await publish()).toMatchObject({ [name]: 'other', first_exposures: 'current' });
      expect((await table()).ViewOriginalText).toBe(text);
    }
    await deploy(template(), {});
    expect(await publish()).toMatchObject({ [name]: 'off' });
    expect(await servedDays()).toEqual([]);
  });

  it.each([
    { acts: ['takes', 'lists'], served: [{ from: DAY, to: DAY }] },
    { acts: ['takes', 'lists', 'takes'], served: [] },
  ] as const)(
    'ends up in the views though somebody else changes it and publishes meanwhile: $acts',
    async ({ acts, served }) => {
      const { views: real } = curations.makePlanner();
      const left = [...acts];
      const overtaken: ViewCatalog = {
        ...real,
        async read(view) {
          const read = await real.read(view);
          const act = view === name ? left.shift() : undefined;
          if (act === undefined) return read;
          // Between the reading of a view and its update.
          if (act === 'takes') await take();
          else await curations.plan({ sluice: 'curate' });
          await publish();
          return read;
        },
      };
      await publish({ views: overtaken });
      expect(left).toEqual([]);
      expect(await servedDays()).toEqual(served);
    },
  );

  it.each<{
    readonly what: string;
    readonly disturbed: (real: ViewCatalog) => ViewCatalog;
    readonly code: string;
  }>([
    {
      what: 'others change a view each time',
      disturbed: (real) => ({
        ...real,
        async read(view) {
          const read = await real.read(view);
          return read && { ...read, replaceText: async () => false };
        },
      }),
      code: 'SLUICE_CURATE_LIST_BUSY',
    },
    {
      what: 'its partitions have no end',
      disturbed: (real) => ({ ...real, partitions: async () => ({ items: [], next: 'more' }) }),
      code: 'SLUICE_CURATE_CATALOG_FAILED',
    },
  ])('fails by name if $what', async ({ disturbed, code }) => {
    await deploy(template());
    const { views: real } = curations.makePlanner();
    await expect(publish({ views: disturbed(real) })).rejects.toMatchObject({ code });
  });

  it('has a day whose partition gets another version while somebody publishes', async () => {
    const { views: real } = curations.makePlanner();
    let rebuilt: Awaited<ReturnType<typeof curations.work>> | null = null;
    const overtaken: ViewCatalog = {
      ...real,
      async read(view) {
        const read = await real.read(view);
        if (view === name && rebuilt === null) {
          rebuilt = [];
          curations.clock.advance(MINUTE_MS);
          await curations.plan({ sluice: 'curate', days: [DAY], asked: 'rebuild' });
          rebuilt = await curations.work();
        }
        return read;
      },
    };
    await publish({ views: overtaken });
    expect(rebuilt).toMatchObject([{ outcome: 'curated' }]);
    expect(await servedDays()).toEqual([{ from: DAY, to: DAY }]);
  });

  it('leaves out days that have no room or another version, and says how many', async () => {
    const { config } = curations;
    const shape = curatedShape(curatedTables(config).exposures);
    const version = 'v1';
    // Every other day: each is a range of its own, and a view names at most 100.
    const days = Array.from({ length: 105 }, (_, i) => addDays('2026-01-01', 2 * i));
    const entry = { version, shape, fingerprint: 'f' };
    // Without a partition, or with one of another version, shape, day or bucket.
    const unfit = {
      '2025-12-01': entry,
      '2025-12-03': { ...entry, version: 'v0' },
      '2025-12-05': { ...entry, shape: 'old' },
      '2025-12-07': entry,
      '2025-12-09': entry,
    };
    const [last = ''] = days.slice(-1);
    const list = {
      ...Object.fromEntries(days.map((day) => [day, entry])),
      ...unfit,
      // Of a day that keeps rows each later version is read.
      [last]: { ...entry, version: 'v0', shape: 'old', keeps: true as const },
    };
    const planner = curations.makePlanner();
    const partitions: ViewCatalog['partitions'] = async (table) => ({
      items: [...days, '2025-12-03', '2025-12-05', '2025-12-07', '2025-12-09'].map((day) => {
        const prefix = versionPrefix(config, table, day === '2025-12-07' ? '2025-12-08' : day, version);
        return { day, location: `s3://${day === '2025-12-09' ? 'sluice-old' : 'sluice-own'}/${prefix}` };
      }),
      next: undefined,
    });
    const outcome = await planMessages(
      {
        ...planner,
        views: { ...planner.views, partitions },
        listed: {
          ...planner.listed,
          read: async (kind) => (kind === 'exposures' ? { days: list, eTag: '"1"' } : null),
          // Its days have no raw files.
          write: async () => true,
        },
      },
      [{ messageId: '0', body: '{"sluice":"curate-check"}', receives: 1 }],
    );
    expect(outcome.batchItemFailures).toEqual([]);
    expect(curations.logged.filter(({ event }) => event === 'curate_views').at(-1)).toMatchObject({
      unserved: { exposures: 5, events: 0 },
    });
    expect(curations.logged.at(-1)).toMatchObject({ days_curated: 110, days_left_out: 5 });
    expect(await servedDays()).toHaveLength(100);
  });

  it('gets a version of another shape once the table has its columns', async () => {
    const { config } = curations;
    const reshaped = defineConfig({
      bucket: 'sluice-own',
      curate: true,
      unitIds: { planID: 'plan' },
    });
    curations.nextNight();
    // The functions of the next deployment run already; the views are of the last one, and read the day.
    await curations.planDays({ config: reshaped });
    const [task] = curations.takeTasks();
    expect(task?.reason).toBe('reshaped');
    const before = await curations.curatedLocation();
    expect(await servedDays()).toEqual([{ from: DAY, to: DAY }]);
    // The deployment goes on, and its template's texts replace the views' texts.
    for (const view of viewNames) {
      const Parameters = { [CURATE_PARAMETER]: 'true' };
      const ViewOriginalText = prestoViewText(views(reshaped)[view], config.database);
      const TableInput = { Name: view, TableType: 'VIRTUAL_VIEW', Parameters, ViewOriginalText };
      await curations.glue.send(new UpdateTableCommand({ DatabaseName: config.database, TableInput }));
    }
    // The table gets its columns last: a partition would be without them for good.
    expect(await curations.curate(task, { curator: { config: reshaped } })).toMatchObject({
      outcome: 'handed_back',
      failure: { code: 'SLUICE_CURATE_TABLE_DIFFERS', message: expect.stringContaining('plan') },
    });
    expect(await curations.curatedLocation()).toBe(before);
    const { name: Name, columns } = curatedTables(reshaped).exposures;
    const PartitionKeys = [{ Name: 'ds', Type: 'date' }];
    const Columns = columns.map((column) => ({ Name: column.name, Type: column.type }));
    const TableInput = { Name, PartitionKeys, StorageDescriptor: { Columns } };
    await curations.glue.send(new UpdateTableCommand({ DatabaseName: config.database, TableInput }));
    expect(await curations.curate(task, { curator: { config: reshaped } })).toMatchObject({
      outcome: 'curated',
    });
    const { fates } = await publishViews({ ...curations.makePlanner(), config: reshaped });
    expect(fates).toMatchObject({ [name]: 'published' });
    const [row] = await curations.curatedRows();
    expect(row).toHaveProperty('plan');
  });
});
