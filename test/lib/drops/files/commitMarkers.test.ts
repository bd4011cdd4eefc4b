import { describe, expect, it } from '@jest/globals';
import type { DatasetFolder } from '../../../../lib/drops/datasetFolder.ts';
import { judgeByLogs } from '../../../../lib/drops/files/judgeByLogs.ts';
import { listDrop } from '../../../../lib/drops/listDrops.ts';
import { bucketOf, DAY, inFolder, judge, PARQUET, part } from './judgedFiles.ts';

const changes = (added: readonly string[], removed: readonly string[] = []) =>
  JSON.stringify({ added, removed });

const ONE = part('1111');

const TWO = part('2222');

const both = { [ONE]: PARQUET, [TWO]: PARQUET };

const uncommitted = (transaction: string) => `not_committed Not committed: no _committed_${transaction}.`;

const unnamed = (transaction: string) =>
  `not_committed Not committed: _committed_${transaction} does not name it.`;

/** A day, and what of it counts. */
interface Case {
  readonly title: string;
  /** Texts by names of objects. */
  readonly names: Readonly<Record<string, string>>;
  /** Names of files that count. */
  readonly files: readonly string[];
  /** Why others do not, by name. */
  readonly left: Readonly<Record<string, string>>;
}

const COMMITS: readonly Case[] = [
  {
    title: 'that a commit has removed',
    names: { ...both, _committed_1111: changes([ONE]), _committed_2222: changes([TWO], [ONE]) },
    files: [TWO],
    left: { [ONE]: 'removed Removed by _committed_2222.' },
  },
  {
    title: 'of a transaction that is started and not committed',
    names: { ...both, _committed_1111: changes([ONE]), _started_1111: '', _started_2222: '' },
    files: [ONE],
    left: { [TWO]: uncommitted('2222') },
  },
  {
    title: 'of the only one, which is not committed',
    names: { [ONE]: PARQUET, _started_1111: '' },
    files: [],
    left: { [ONE]: uncommitted('1111') },
  },
  {
    title: 'that its commit does not name',
    names: { [ONE]: PARQUET, [part('1111', 1)]: PARQUET, _committed_1111: changes([ONE]) },
    files: [ONE],
    left: { [part('1111', 1)]: unnamed('1111') },
  },
  {
    title: 'none, of two commits that remove nothing',
    names: { ...both, _committed_1111: changes([ONE]), _committed_2222: changes([TWO]) },
    files: [ONE, TWO],
    left: {},
  },
  { title: 'none, without markers, as people copy part-* only', names: both, files: [ONE, TWO], left: {} },
  {
    title: 'none, whose commit is empty and whose start is gone',
    names: { ...both, _committed_2222: '' },
    files: [ONE, TWO],
    left: {},
  },
  {
    title: 'of a commit that is empty, and was started',
    names: { ...both, _committed_2222: '', _started_2222: '' },
    files: [ONE],
    left: { [TWO]: uncommitted('2222') },
  },
  {
    title: 'without a transaction only if a commit has removed it',
    names: {
      'a.parquet': PARQUET,
      'b.parquet': PARQUET,
      _started_1111: '',
      _committed_1111: changes([], ['a.parquet']),
    },
    files: ['b.parquet'],
    left: { 'a.parquet': 'removed Removed by _committed_1111.' },
  },
  {
    title: 'by names as they are, of its own folder alone',
    names: {
      'a%20b.parquet': PARQUET,
      'a b.parquet': PARQUET,
      'DE/c.parquet': PARQUET,
      _committed_3: changes([], ['a%20b.parquet', 'DE/c.parquet']),
    },
    files: ['a b.parquet', 'c.parquet'],
    left: { 'a%20b.parquet': 'removed Removed by _committed_3.' },
  },
  {
    title: 'that no vacuum of markers mentions',
    names: {
      ...both,
      _committed_1111: changes([ONE]),
      _committed_vacuum7: changes([], ['_committed_1111', '_committed_vacuum7']),
    },
    files: [ONE, TWO],
    left: {},
  },
  {
    title: 'that are no Parquet, as the log says of them',
    names: { 'part-0-tid-1111-a-c000.csv.gz': 'x', 'b.csv': 'x', [TWO]: PARQUET, _started_1111: '' },
    files: [TWO],
    left: { 'part-0-tid-1111-a-c000.csv.gz': uncommitted('1111'), 'b.csv': 'not_parquet' },
  },
];

describe('Databricks’ commits leave out files', () => {
  it.each(COMMITS)('$title', async ({ names, files, left }) => {
    expect(await judge(inFolder(names))).toMatchObject({ files: files.toSorted(), left });
  });

  it.each<{ readonly where: string; readonly folder: string; readonly dataset?: Partial<DatasetFolder> }>([
    { where: 'a folder below the day', folder: `events/${DAY}/country=DE/hour=3/` },
    {
      where: 'a day of three folders',
      folder: 'events/2026/11/19/country=DE/',
      dataset: { dayFormat: 'YYYY/MM/DD' },
    },
    {
      where: 'a layout that the markers do not match',
      folder: 'events/2026/11/19/',
      dataset: { layout: 'YYYY/MM/DD/*.parquet' },
    },
    {
      where: 'a layout of any depth',
      folder: 'events/run-7/2026-11-19/',
      dataset: { layout: '**/YYYY-MM-DD/*.parquet' },
    },
    {
      where: 'a layout whose folder has all days',
      folder: 'events/',
      dataset: { layout: '*-c000.snappy.parquet.YYYYMMDD' },
    },
  ])('in $where', async ({ folder, dataset = {} }) => {
    const end = dataset.layout?.endsWith('YYYYMMDD') === true ? '.20261119' : '';
    const complete = ONE + end;
    const two = TWO + end;
    const texts = {
      [folder + complete]: PARQUET,
      [folder + two]: PARQUET,
      [`${folder}_committed_1111`]: changes([complete]),
      [`${folder}_committed_2222`]: changes([two], [complete]),
    };
    expect(await judge(texts, dataset)).toMatchObject({
      files: [two],
      left: { [complete]: 'removed Removed by _committed_2222.' },
    });
  });

  it('also where they lie beside a prefix that the days’ names begin with', async () => {
    const layout = 'day-YYYYMMDD-*';
    const name = `events/day-20261119-tid-1111-0.parquet`;
    const judgedBy = (markers: Record<string, string>) => judge({ [name]: PARQUET, ...markers }, { layout });
    expect((await judgedBy({})).files).toHaveLength(1);
    expect((await judgedBy({ 'events/_started_1111': '' })).files).toEqual([]);
    expect((await judgedBy({ 'events/_committed_1111': changes([]) })).files).toEqual([]);
  });

  it.each(['no JSON', '[]', '{"added":["a"]}', '{"added":[1],"removed":[]}'])(
    'and refuse the day by name if one is damaged: %s',
    async (text) => {
      await expect(judge(inFolder({ ...both, _committed_1111: text }))).rejects.toMatchObject({
        code: 'SLUICE_SOURCE_LOG_INVALID',
        detail: expect.stringContaining(`events/${DAY}/_committed_1111: `),
      });
    },
  );

  it('and have the caller list again if one is gone since, or refuse the day if one is too large', async () => {
    const bucket = bucketOf(inFolder({ ...both, _committed_1111: changes([ONE]) }));
    const list: typeof bucket.list = async (asked) => {
      const { objects } = await bucket.list(asked);
      return { objects: objects.map((object) => ({ ...object, size: 33_554_433 })), next: undefined };
    };
    const dataset = { folder: 'events', dayFormat: 'YYYY-MM-DD' } as const;
    const drop = await listDrop({ list }, dataset, DAY);
    expect(await judgeByLogs({ read: async () => null }, drop)).toBeNull();
    await expect(judgeByLogs(bucket, drop)).rejects.toMatchObject({ code: 'SLUICE_SOURCE_LOG_INVALID' });
  });

  it('and change the day’s fingerprint when they come, as nothing else does', async () => {
    const judgedBy = async (markers: Record<string, string>) =>
      (await judge(inFolder({ ...both, ...markers }))).fingerprint;
    const all = await Promise.all([
      judgedBy({}),
      judgedBy({ _started_1111: '' }),
      judgedBy({ _committed_1111: changes([ONE]) }),
      judgedBy({ _committed_1111: changes([ONE], [TWO]) }),
    ]);
    expect(new Set(all).size).toBe(4);
    expect(await judgedBy({ _SUCCESS: '' })).toBe(all[0]);
    const only = await judge(inFolder({ _started_1111: '', _committed_1111: changes([]) }));
    expect(only.fingerprint).toBe((await judge({})).fingerprint);
  });
});
