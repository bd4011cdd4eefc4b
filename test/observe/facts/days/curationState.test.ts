import { GlueClient } from '@aws-sdk/client-glue';
import { afterEach, describe, expect, it } from '@jest/globals';
import { addDays, HOUR_MS } from '../../../../lib/base/time.ts';
import type { LedgerEntry } from '../../../../lib/ledger/LedgerEntry.ts';
import {
  CURATED_LEDGER,
  curatedDaysKey,
  ledgerKey,
  versionFilesKey,
} from '../../../../lib/tables/ledgerKeys.ts';
import { dayFolder, versionPrefix } from '../../../../lib/tables/tableFolders.ts';
import {
  type CurationState,
  readCurationState,
  unreadCurated,
} from '../../../../observe/facts/days/curationState.ts';
import { answeredBy } from '../../../harness/answering.ts';
import { ledgerEntry } from '../../../harness/ledgerEntry.ts';
import {
  closeDeployments,
  config,
  dayAt,
  deploymentOf,
  ENTRIES,
  failed,
  failure,
  folderOf,
  keeping,
  listedOf,
  lists,
  lost,
  NOW,
  versionUrl,
} from './curatedEntries.ts';

afterEach(closeDeployments);
const fileOf = (date: number, name: string) => `${folderOf(date)}${name}.parquet`;

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
    const partition = { Values: [dayAt(5)], StorageDescriptor: { Location: versionUrl(4) } };
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
        ...(date === 5 ? { elsewhere: { location: versionUrl(4), madeAt: null } } : {}),
      })),
    ]);
  });
});
