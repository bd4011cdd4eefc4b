import { GlueClient } from '@aws-sdk/client-glue';
import { afterEach, describe, expect, it } from '@jest/globals';
import { addDays, HOUR_MS, type UtcDay } from '../../../../lib/base/time.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { curatedShape, curatedTables } from '../../../../lib/curate/curatedTables.ts';
import type { LedgerEntry } from '../../../../lib/ledger/LedgerEntry.ts';
import {
  CURATED_LEDGER,
  curatedDaysKey,
  ledgerKey,
  versionFilesKey,
} from '../../../../lib/tables/ledgerKeys.ts';
import { dayFolder, versionPrefix } from '../../../../lib/tables/tableFolders.ts';
import { readCuratedCalendar } from '../../../../observe/facts/days/curatedCalendar.ts';
import {
  type CurationState,
  readCurationState,
  unreadCurated,
} from '../../../../observe/facts/days/curationState.ts';
import { unreadVersions } from '../../../../observe/facts/days/unreadDays.ts';
import { requestCuration } from '../../../../operate/curate/requests.ts';
import { answeredBy, named } from '../../../harness/answering.ts';
import { ledgerEntry } from '../../../harness/ledgerEntry.ts';
import { slowDeployment } from '../../slowDeployment.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
/** Days from 2026-11-18 on are too young, and the last night should have queued those before the 17th. */
const config = defineConfig({ bucket: 'own' });
const dayAt = (date: number): UtcDay => `2026-11-${String(date).padStart(2, '0')}`;

const lost = [{ name: 'a.parquet', eTag: '"old"' }];
const kept = { rows: 4, since: NOW - HOUR_MS, files: [] };
/** A day whose version keeps rows of a raw file that is gone. */
const keeping = (more: Partial<NonNullable<NonNullable<LedgerEntry['curated']>['kept']>> = {}) => ({
  curated: { inputs: lost, kept: { ...kept, ...more } },
});
const account = (rows: number, resends: number) => ({
  curated: { inputs: [], account: { rawRows: rows + resends, kept: 0, rows, resends, differing: 0 } },
});
const failure = { code: 'SLUICE_CURATE_X', message: 'x.' };
const failed = (since: number) => ({
  state: 'failed' as const,
  failure,
  failingSince: since,
  updatedAt: NOW,
});
const queued = (hours: number) => ({
  state: 'waiting' as const,
  queued: { at: NOW - hours * HOUR_MS, fingerprint: 'f', reason: 'new' as const },
});

/** Entries of curated days of events by the date in November; those up to the 12th are listed. */
const ENTRIES: Readonly<Record<number, Partial<LedgerEntry>>> = {
  1: keeping(),
  2: keeping({ accepted: 'keep' }),
  3: { ...keeping({ accepted: 'drop' }), ...failed(2) },
  4: keeping({ rows: 0 }),
  5: account(10, 1),
  6: account(20, 2),
  7: account(30, 3),
  8: account(40, 4),
  9: account(50, 5),
  10: account(60, 0),
  11: account(70, 7),
  12: account(0, 0),
  13: queued(25),
  14: { ...queued(40), ...failed(1) },
  15: queued(30),
};
const SHAPE = curatedShape(curatedTables(config).events);
const listedOf = (dates: readonly number[], shape = SHAPE) =>
  Object.fromEntries(
    dates.map((date) => {
      const keeps = date <= 4 ? { keeps: true } : {};
      return [dayAt(date), { version: 'v', shape, fingerprint: 'f', ...keeps }];
    }),
  );
const objectsOf = (entries: Readonly<Record<number, Partial<LedgerEntry>>>) =>
  Object.entries(entries).map(([date, more]) => {
    const day = dayAt(Number(date));
    const entry = ledgerEntry({ source: CURATED_LEDGER, dataset: 'events', day, version: 'v', ...more });
    return [ledgerKey(CURATED_LEDGER, 'events', day), JSON.stringify(entry)] as const;
  });
const lists = (events: object, exposures: object = {}) =>
  [
    [curatedDaysKey('events'), JSON.stringify({ days: events })],
    [curatedDaysKey('exposures'), JSON.stringify({ days: exposures })],
  ] as const;
const folderOf = (date: number) => dayFolder(config, 'events', dayAt(date));
const fileOf = (date: number, name: string) => `${folderOf(date)}${name}.parquet`;

const opened: { close(): void }[] = [];
function deploymentOf(
  entries: typeof ENTRIES,
  objects: Iterable<readonly [string, string]>,
  files: readonly string[] = [],
  folders = [12, 13, 14, 15, 16, 17, 18].map(folderOf),
) {
  const all = new Map([...objectsOf(entries), ...objects]);
  const { deployment } = slowDeployment({ config, now: NOW, objects: all, folders, files });
  opened.push(deployment);
  return deployment;
}
afterEach(() => {
  for (const deployment of opened.splice(0)) deployment.close();
});

describe('the state of curated days', () => {
  it('has the days of each table by what is to be done about them', async () => {
    const objects = [
      ...lists(listedOf([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]), listedOf([9])),
      [
        versionFilesKey(CURATED_LEDGER, 'events'),
        JSON.stringify({ [`${dayAt(12)}/v`]: 7, [`${dayAt(14)}/v`]: 8, [`${dayAt(11)}/other`]: 9 }),
      ],
    ] as const;
    const [exposures, events] = await readCurationState(deploymentOf(ENTRIES, objects));
    expect(exposures).toMatchObject({
      kind: 'exposures',
      table: 'curated_exposures',
      listed: 1,
      raw: 0,
      late: [],
    });
    expect(events).toEqual({
      kind: 'events',
      table: 'curated_events',
      listed: 12,
      raw: 5,
      failed: [dayAt(14), dayAt(3)].map((day, i) => ({
        day,
        ...failure,
        since: i + 1,
        last: NOW,
        waits: false,
        replaced: undefined,
      })),
      late: [dayAt(15), dayAt(13)],
      lateSince: NOW - 30 * HOUR_MS,
      unplanned: [dayAt(16)],
      resends: [
        { day: dayAt(11), rows: 70, resends: 7 },
        { day: dayAt(10), rows: 60, resends: 0 },
        { day: dayAt(9), rows: 50, resends: 5 },
        { day: dayAt(8), rows: 40, resends: 4 },
        { day: dayAt(7), rows: 30, resends: 3 },
        { day: dayAt(6), rows: 20, resends: 2 },
      ],
      lacking: [
        { day: dayAt(12), since: 7, isOnly: true },
        { day: dayAt(14), since: 8, isOnly: false },
      ],
      kept: [
        {
          day: dayAt(1),
          rows: 4,
          since: '2026-11-20T11:00:00.000Z',
          gone: ['a.parquet'],
          replaced: [],
          isErased: false,
        },
      ],
      accepted: [dayAt(2)],
    });
  });

  it('tells of a list some of whose entries cannot be read, whose days stay listed', async () => {
    const damaged: string[] = [];
    const deployment = deploymentOf({}, lists({ ...listedOf([9]), [dayAt(10)]: {} }));
    const onDamaged = (key: string) => void damaged.push(key);
    const [, events] = await readCurationState({ ...deployment, onDamaged });
    expect(events).toMatchObject({ listed: 2 });
    expect(damaged).toEqual(['ledger/curated/events/days.json']);
  });

  it('tells of a list that has no days, and fails', async () => {
    const damaged: string[] = [];
    const deployment = deploymentOf({}, [[curatedDaysKey('events'), '{']]);
    const onDamaged = (key: string) => void damaged.push(key);
    await expect(readCurationState({ ...deployment, onDamaged })).rejects.toMatchObject({
      code: 'SLUICE_INGEST_LEDGER_INVALID',
    });
    expect(damaged).toEqual(['ledger/curated/events/days.json']);
  });

  it('reads 400 of the days that are not listed, of which a night takes 31: the newest', async () => {
    const days = Array.from({ length: 401 }, (_, i) => addDays(dayAt(16), -i));
    const failures = [0, 399, 400].map((i) => {
      const day = days[i] ?? '';
      const entry = ledgerEntry({ source: CURATED_LEDGER, dataset: 'events', day, ...failed(1) });
      return [ledgerKey(CURATED_LEDGER, 'events', day), JSON.stringify(entry)] as const;
    });
    const folders = days.map((day) => dayFolder(config, 'events', day));
    const [, events] = await readCurationState(deploymentOf({}, [...lists({}), ...failures], [], folders));
    expect(events?.raw).toBe(401);
    expect(events?.failed.map(({ day }) => day)).toEqual([days[0], days[399]]);
    expect(events?.unplanned).toEqual(days.slice(1, 32));
  });

  const erasure = (endedAt?: number) => ({
    erasures: [{ id: 'e', at: NOW - HOUR_MS, replaced: [], ...(endedAt === undefined ? {} : { endedAt }) }],
  });
  it('of a day whose file an erasure may have replaced has no rows that are kept', async () => {
    const entry = { ...keeping(), ...erasure() };
    const deployment = deploymentOf({ 1: entry }, lists(listedOf([1])), [fileOf(1, 'a')]);
    const [, events] = await readCurationState(deployment);
    expect(events?.kept).toEqual([]);
  });

  interface KeptCase {
    readonly what: string;
    readonly entry: Partial<LedgerEntry>;
    /** Raw files of the day. */
    readonly files: readonly string[];
    readonly kept: Partial<CurationState['kept'][number]>;
  }

  it.each<KeptCase>([
    {
      what: 'whose file was replaced',
      entry: keeping(),
      files: [fileOf(1, 'a')],
      kept: { gone: [], replaced: lost, isErased: false },
    },
    {
      what: 'whose file was replaced before an erasure that has ended',
      entry: { ...keeping(), ...erasure(NOW) },
      files: [fileOf(1, 'a')],
      kept: { replaced: lost, isErased: true },
    },
    {
      what: 'whose file is gone during an erasure',
      entry: { ...keeping(), ...erasure() },
      files: [],
      kept: { gone: ['a.parquet'], isErased: true },
    },
    {
      what: 'that an erasure has changed',
      entry: keeping({ erased: true }),
      files: [],
      kept: { isErased: true },
    },
    {
      what: 'whose file was brought back beside another',
      entry: keeping(),
      files: [fileOf(1, 'a'), fileOf(1, 'restored-a')],
      kept: { gone: [], replaced: [] },
    },
  ])('of a day $what has which rows are kept and why', async ({ entry, files, kept: wanted }) => {
    const deployment = deploymentOf({ 1: entry }, lists(listedOf([1])), files);
    const [, events] = await readCurationState(deployment);
    expect(events?.kept).toEqual([expect.objectContaining(wanted)]);
  });

  it('has the days of each table whose version no query reads, oldest first', async () => {
    const folderUrl = (date: number) =>
      `s3://own/${versionPrefix(config, 'curated_events', dayAt(date), 'v')}`;
    const version = { filesWritten: ['a'], rows: { in: 9, out: 5, refused: 0 } };
    const exposure = ledgerEntry({
      source: CURATED_LEDGER,
      dataset: 'exposures',
      day: dayAt(9),
      version: 'x',
      ...version,
    });
    const objects = [
      ...lists(listedOf([8, 7, 6, 5]), listedOf([9])),
      [ledgerKey(CURATED_LEDGER, 'exposures', dayAt(9)), JSON.stringify(exposure)],
    ] as const;
    // One whose partition has the folder of another day is told though it has no file of its own; a first load that has not ended is not.
    const partition = { Values: [dayAt(5)], StorageDescriptor: { Location: folderUrl(4) } };
    const glue = answeredBy(GlueClient, ({ input }) => ({
      Partitions: input['TableName'] === 'curated_events' ? [partition] : [],
    }));
    const { filesWritten: _, ...unwritten } = version;
    const entries = { 5: unwritten, 6: version, 7: version, 8: unwritten };
    const unread = await unreadCurated({ ...deploymentOf(entries, objects), glue });
    const location = (table: string, date: number, name: string) =>
      `s3://own/${versionPrefix(config, table, dayAt(date), name)}`;
    expect(unread).toEqual([
      [{ day: dayAt(9), location: location('curated_exposures', 9, 'x'), rows: 5 }],
      [5, 6, 7].map((date) => ({
        day: dayAt(date),
        location: location('curated_events', date, 'v'),
        rows: 5,
        ...(date === 5 ? { elsewhere: { location: folderUrl(4), madeAt: null } } : {}),
      })),
    ]);
  });
});

it('queries read a day whose partition has its folder below a former Statsig folder', async () => {
  const moved = defineConfig({
    bucket: 'own',
    statsigFolder: 'present',
    formerStatsigFolders: [{ folder: 'statsig', until: '2026-11-26' }],
  });
  const version = { filesWritten: ['a'], rows: { in: 9, out: 5, refused: 0 } };
  const deployment = deploymentOf({ 6: version, 7: version }, []);
  const glue = answeredBy(GlueClient, () => {
    const Location = `s3://own/${versionPrefix(config, 'curated_events', dayAt(6), 'v')}`;
    return { Partitions: [{ Values: [dayAt(6)], StorageDescriptor: { Location } }] };
  });
  const found = await unreadVersions(
    { ...deployment, glue, config: moved },
    'curated_events',
    [dayAt(6), dayAt(7)],
    (day) => ({ source: CURATED_LEDGER, dataset: 'events', day }),
  );
  expect(found.map(({ day }) => day)).toEqual([dayAt(7)]);
});

describe('the calendar of curated days', () => {
  /** Each of these days has the partition of its version. Its views are not there. */
  const glue = answeredBy(GlueClient, ({ name }) => {
    if (name !== 'GetPartitions') throw named('EntityNotFoundException');
    const Partitions = [1, 5, 6, 7, 8, 13].map((date) => ({
      Values: [dayAt(date)],
      StorageDescriptor: {
        Location: `s3://own/${versionPrefix(config, 'curated_events', dayAt(date), 'v')}`,
      },
    }));
    return { Partitions };
  });
  const calendar = (days: number, until: number) =>
    readCuratedCalendar(
      { ...deploymentOf(ENTRIES, lists({ ...listedOf([4, 5, 7]), ...listedOf([1, 6, 8], 'other') })), glue },
      { kinds: ['events'], days, until: dayAt(until) },
    );

  it('has so many days up to the last, those with a raw folder or in the list, the newest first', async () => {
    const { tables, ...about } = await calendar(10, 14);
    expect(about).toEqual({ isOn: true, curateAfter: 2, firstYoung: dayAt(18) });
    expect(tables).toMatchObject([
      { kind: 'events', table: 'curated_events', rawTable: 'statsig_forwarded_events', listed: 6 },
    ]);
    expect(tables[0]?.days.map(({ day }) => day)).toEqual([14, 13, 12, 8, 7, 6, 5].map(dayAt));
  });

  it('has the state, version, account and failure of each', async () => {
    const { tables } = await calendar(14, 14);
    expect(tables[0]?.days.map(({ day, state, isLate }) => ({ day, state, isLate }))).toEqual([
      { day: '2026-11-14', state: 'failed', isLate: false },
      { day: '2026-11-13', state: 'outdated', isLate: true },
      { day: '2026-11-12', state: 'waiting', isLate: false },
      { day: '2026-11-08', state: 'outdated', isLate: false },
      { day: '2026-11-07', state: 'waiting', isLate: false },
      { day: '2026-11-06', state: 'outdated', isLate: false },
      { day: '2026-11-05', state: 'waiting', isLate: false },
      { day: '2026-11-04', state: 'waiting', isLate: false },
      { day: '2026-11-01', state: 'waiting', isLate: false },
    ]);
    expect(tables[0]?.days[0]).toMatchObject({ version: 'v', account: null, failure });
    expect(tables[0]?.days[4]).toMatchObject({ version: 'v', account: { rows: 30 }, failure: null });
  });

  it('has the days for which a run of the night is asked: all that are due, whatever they wait for', async () => {
    const working = { ...queued(30), lease: { owner: 'o', until: NOW + 1 } };
    const objects = [
      ...lists({ ...listedOf([5, 7]), ...listedOf([6, 8], 'other') }),
      [versionFilesKey(CURATED_LEDGER, 'events'), JSON.stringify({ [`${dayAt(7)}/v`]: 1 })],
    ] as const;
    const deployment = { ...deploymentOf({ ...ENTRIES, 15: working }, objects), glue };
    // Six raw days are due, one of them failed; of those that are listed two are outdated, one lacks files, and no view reads the last.
    expect(await requestCuration(deployment, { dryRun: true, kinds: ['events'] })).toEqual({
      dryRun: true,
      asked: [{ kind: 'events', table: 'curated_events', from: dayAt(5), to: dayAt(17), days: 9 }],
    });
    const { tables } = await readCuratedCalendar(deployment, { kinds: ['events'], days: 31 });
    const states = new Set(tables[0]?.days.map(({ state }) => state));
    expect([...states].sort()).toEqual(['curating', 'failed', 'lacking', 'outdated', 'too_young', 'waiting']);
  });
});
