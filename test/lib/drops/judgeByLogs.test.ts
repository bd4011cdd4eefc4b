import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import type { DropObject } from '../../../lib/drops/CustomerBucket.ts';
import { inspectObjects } from '../../../lib/drops/inspectObjects.ts';
import { judgeByLogs } from '../../../lib/drops/judgeByLogs.ts';
import { type DatasetFolder, listDrop } from '../../../lib/drops/listDrops.ts';

const DAY = '2026-11-19';
const PARQUET = 'PAR1 rows PAR1';
/** A file of a transaction of Databricks. */
const part = (transaction: string, number = 0) =>
  `part-0000${number}-tid-${transaction}-0a1b-2c3d-${number}-1-c000.snappy.parquet`;
const changes = (added: readonly string[], removed: readonly string[] = []) =>
  JSON.stringify({ added, removed });
/** A batch of Spark's log. */
const batch = (...lines: readonly (string | object)[]) =>
  ['v1', ...lines.map((line) => JSON.stringify(typeof line === 'string' ? named(line) : line))].join('\n');
const named = (path: string, action = 'add') => ({
  path,
  size: 14,
  isDir: false,
  modificationTime: 1,
  blockReplication: 1,
  blockSize: 1,
  action,
});

/** A bucket of some texts by key. */
function bucketOf(texts: Readonly<Record<string, string>>) {
  const objects = Object.entries(texts).map(
    ([key, text]): DropObject => ({ key, size: text.length, eTag: `"${text}"`, lastModified: new Date(0) }),
  );
  return {
    list: async ({ prefix }: { prefix: string }) => ({
      objects: objects.filter(({ key }) => key.startsWith(prefix)),
      next: undefined,
    }),
    read: async ({ key }: { key: string }, range?: { first: number; last: number }) =>
      Readable.from([Buffer.from((texts[key] ?? '').slice(range?.first, (range?.last ?? 1e9) + 1))]),
  };
}

/** A day's fingerprint, the names of the files that count, and why others do not. */
async function judge(texts: Readonly<Record<string, string>>, dataset: Partial<DatasetFolder> = {}) {
  const bucket = bucketOf(texts);
  const configured = { folder: 'events', dayFormat: 'YYYY-MM-DD', ...dataset } as const;
  const listed = await listDrop(bucket, configured, DAY);
  const judged = await judgeByLogs(bucket, listed);
  const drop = judged === null ? null : await inspectObjects(bucket, judged);
  if (drop === null) throw new Error('the day changed');
  const nameOf = ({ key }: DropObject) => key.split('/').at(-1) ?? '';
  const left = drop.leftOut.filter(({ reason }) => reason !== 'success_marker' && reason !== 'temporary');
  return {
    fingerprint: listed.fingerprint,
    files: drop.files.map(nameOf).sort(),
    left: Object.fromEntries(
      left.map(({ object, reason, detail = '' }) => [nameOf(object), `${reason} ${detail}`.trim()]),
    ),
  };
}

/** The same names in the day's folder, or in another one. */
const inFolder = (names: Readonly<Record<string, string>>, folder = `events/${DAY}/`) =>
  Object.fromEntries(Object.entries(names).map(([name, text]) => [folder + name, text]));

const ONE = part('1111');
const TWO = part('2222');
const both = { [ONE]: PARQUET, [TWO]: PARQUET };
const uncommitted = (transaction: string) => `not_committed Not committed: no _committed_${transaction}.`;
const unnamed = (transaction: string) =>
  `not_committed Not committed: _committed_${transaction} does not name it.`;

type Case = [what: string, names: Record<string, string>, files: string[], left: Record<string, string>];
const COMMITS: Case[] = [
  [
    'that a commit has removed',
    { ...both, _committed_1111: changes([ONE]), _committed_2222: changes([TWO], [ONE]) },
    [TWO],
    { [ONE]: 'removed Removed by _committed_2222.' },
  ],
  [
    'of a transaction that is started and not committed',
    { ...both, _committed_1111: changes([ONE]), _started_1111: '', _started_2222: '' },
    [ONE],
    { [TWO]: uncommitted('2222') },
  ],
  [
    'of the only one, which is not committed',
    { [ONE]: PARQUET, _started_1111: '' },
    [],
    { [ONE]: uncommitted('1111') },
  ],
  [
    'that its commit does not name',
    { [ONE]: PARQUET, [part('1111', 1)]: PARQUET, _committed_1111: changes([ONE]) },
    [ONE],
    { [part('1111', 1)]: unnamed('1111') },
  ],
  [
    'none, of two commits that remove nothing',
    { ...both, _committed_1111: changes([ONE]), _committed_2222: changes([TWO]) },
    [ONE, TWO],
    {},
  ],
  ['none, without markers, as people copy part-* only', both, [ONE, TWO], {}],
  ['none, whose commit is empty and whose start is gone', { ...both, _committed_2222: '' }, [ONE, TWO], {}],
  [
    'of a commit that is empty, and was started',
    { ...both, _committed_2222: '', _started_2222: '' },
    [ONE],
    { [TWO]: uncommitted('2222') },
  ],
  [
    'without a transaction only if a commit has removed it',
    {
      'a.parquet': PARQUET,
      'b.parquet': PARQUET,
      _started_1111: '',
      _committed_1111: changes([], ['a.parquet']),
    },
    ['b.parquet'],
    { 'a.parquet': 'removed Removed by _committed_1111.' },
  ],
  [
    'by names as they are, of its own folder alone',
    {
      'a%20b.parquet': PARQUET,
      'a b.parquet': PARQUET,
      'DE/c.parquet': PARQUET,
      _committed_3: changes([], ['a%20b.parquet', 'DE/c.parquet']),
    },
    ['a b.parquet', 'c.parquet'],
    { 'a%20b.parquet': 'removed Removed by _committed_3.' },
  ],
  [
    'that no vacuum of markers mentions',
    {
      ...both,
      _committed_1111: changes([ONE]),
      _committed_vacuum7: changes([], ['_committed_1111', '_committed_vacuum7']),
    },
    [ONE, TWO],
    {},
  ],
  [
    'that are no Parquet, as the log says of them',
    { 'part-0-tid-1111-a-c000.csv.gz': 'x', 'b.csv': 'x', [TWO]: PARQUET, _started_1111: '' },
    [TWO],
    { 'part-0-tid-1111-a-c000.csv.gz': uncommitted('1111'), 'b.csv': 'not_parquet' },
  ],
];

describe('Databricks’ commits leave out files', () => {
  it.each(COMMITS)('%s', async (_, names, files, left) => {
    expect(await judge(inFolder(names))).toMatchObject({ files: files.sort(), left });
  });

  it.each<[string, string, Partial<DatasetFolder>]>([
    ['a folder below the day', `events/${DAY}/country=DE/hour=3/`, {}],
    ['a day of three folders', 'events/2026/11/19/country=DE/', { dayFormat: 'YYYY/MM/DD' }],
    ['a layout that the markers do not match', 'events/2026/11/19/', { layout: 'YYYY/MM/DD/*.parquet' }],
    ['a layout of any depth', 'events/run-7/2026-11-19/', { layout: '**/YYYY-MM-DD/*.parquet' }],
    ['a layout whose folder has all days', 'events/', { layout: '*-c000.snappy.parquet.YYYYMMDD' }],
  ])('in %s', async (_, folder, dataset) => {
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

describe('Spark’s log', () => {
  const root = 's3a://writer-lake/streams/out/';
  const LOG = 'events/_spark_metadata/';
  const [a, b, c] = ['a', 'b', 'c'].map((name) => `part-00000-${name}-c000.snappy.parquet`) as [
    string,
    string,
    string,
  ];
  const files = { [a]: PARQUET, [b]: PARQUET, [c]: PARQUET };
  const notNamed = (log = LOG) => `not_committed Not committed: ${log} does not name it.`;

  it.each<[string, string, string, Partial<DatasetFolder>]>([
    ['beside the day folders', LOG, '', {}],
    ['in the day folder', `events/${DAY}/_spark_metadata/`, '', {}],
    ['beside them, of files in folders below', LOG, 'country=DE/hour=3/', {}],
    ['beside years', LOG, '', { dayFormat: 'YYYY/MM/DD' }],
    ['beside days of a month', 'events/2026/11/_spark_metadata/', 'country=DE/', { dayFormat: 'YYYY/MM/DD' }],
    ['beside days of a layout', LOG, '', { layout: 'YYYY/MM/DD/*.parquet' }],
    [
      'in a folder of a layout',
      'events/run-7/_spark_metadata/',
      '',
      { layout: 'run-*/YYYY-MM-DD/*.parquet' },
    ],
    ['in a folder below', `events/${DAY}/DE/_spark_metadata/`, 'DE/', {}],
  ])('leaves out files that it does not name: %s', async (_, log, below, dataset) => {
    const { layout = '' } = dataset;
    const plainDay = dataset.dayFormat || layout ? '2026/11/19/' : `${DAY}/`;
    const day = layout.startsWith('run') ? 'run-7/2026-11-19/' : plainDay;
    const folder = `events/${day}${below}`;
    const path = (name: string) => `${root}${folder.slice(log.length - '_spark_metadata/'.length)}${name}`;
    const texts = { ...inFolder(files, folder), [`${log}0`]: batch(path(a)), [`${log}1`]: batch(path(b)) };
    expect(await judge(texts, dataset)).toMatchObject({ files: [a, b], left: { [c]: notNamed(log) } });
  });

  const spark = (logs: Record<string, string>, folder?: string) =>
    judge({ ...inFolder(files, folder), ...inFolder(logs, LOG) });
  const path = (name: string, folder = DAY) => `${root}${folder}/${name}`;

  it('counts from its newest compacted batch on, by number', async () => {
    const logs = {
      '7': 'not read',
      '8': 'not read',
      '9.compact': batch(path(c)),
      '19.compact': batch(path(a)),
      '20': batch(path(b)),
      '.21.0a1b.tmp': 'not read',
    };
    expect(await spark(logs)).toMatchObject({ files: [a, b], left: { [c]: notNamed() } });
    const { fingerprint } = await spark(logs);
    expect((await spark({ ...logs, '8': 'changed' })).fingerprint).toBe(fingerprint);
    expect((await spark({ ...logs, '21': batch() })).fingerprint).not.toBe(fingerprint);
  });

  it('refuses the day if a batch between others is missing', async () => {
    const logs = { '19.compact': batch(path(a)), '20': batch(path(b)), '99': batch() };
    await expect(spark(logs)).rejects.toMatchObject({
      code: 'SLUICE_SOURCE_LOG_INVALID',
      detail: `${LOG}21 is missing.`,
    });
  });

  it('names files by the path behind its own folder, as Spark escapes it', async () => {
    const folder = `events/${DAY}/city=S%C3%A3o+Paulo 1/`;
    const escaped = `${DAY}/city=S%25C3%25A3o+Paulo%201`;
    const logs = { '0': batch(path(a, escaped), path(b, '2026-11-18'), `file:/tmp/${escaped}/${c}`) };
    expect((await spark(logs, folder)).files).toEqual([a, c]);
    expect((await spark({ '0': batch(path(a, `${DAY}/other`)) })).files).toEqual([]);
  });

  it('names neither files that it has deleted, nor folders', async () => {
    const deleted = named(path(b), 'delete');
    const logs = { '0': batch(path(a), path(b), { ...named(path(c)), isDir: true }), '1': batch(deleted) };
    expect((await spark(logs)).files).toEqual([a]);
  });

  it('leaves out all files before its first batch', async () => {
    expect((await spark({ '': '' })).files).toEqual([]);
    expect((await spark({})).files).toEqual([a, b, c]);
  });

  it.each([
    ['0', ''],
    ['0', 'v2'],
    ['0', 'v1\nno JSON'],
    ['0', 'v1\n{"size":1}'],
    ['0', `v1\n${'x'.repeat(70_000)}`],
    ['1', 'v1'],
  ])('refuses the day if it is damaged or incomplete: %s', async (name, text) => {
    await expect(spark({ [name]: text })).rejects.toMatchObject({ code: 'SLUICE_SOURCE_LOG_INVALID' });
  });

  it('is read line by line, however its bytes are cut', async () => {
    const key = `events/${DAY}/${a}`;
    const lines = Buffer.from(batch(...Array.from({ length: 500 }, (_, i) => path(`ü-${i}`)), path(a)));
    const bucket = bucketOf({ [key]: PARQUET, [`${LOG}0`]: lines.toString() });
    const drop = await listDrop(bucket, { folder: 'events', dayFormat: 'YYYY-MM-DD' }, DAY);
    const pieces = Array.from({ length: Math.ceil(lines.length / 7) }, (_, i) =>
      lines.subarray(i * 7, i * 7 + 7),
    );
    const judged = await judgeByLogs({ read: async () => Readable.from(pieces) }, drop);
    expect(judged?.files.map((file) => file.key)).toEqual([key]);
  });

  it('has the caller list again if a batch is gone since', async () => {
    const bucket = bucketOf({ [`events/${DAY}/${a}`]: PARQUET, [`${LOG}0`]: batch(path(a)) });
    const drop = await listDrop(bucket, { folder: 'events', dayFormat: 'YYYY-MM-DD' }, DAY);
    expect(await judgeByLogs({ read: async () => null }, drop)).toBeNull();
  });
});

describe('a file that is not finished', () => {
  const end = [
    '.filepart',
    '.partial',
    '.temp',
    '.inprogress.0a1b',
    '.crdownload',
    '.download',
    '.swp',
    '_old',
    '.1',
  ];
  it.each(end)('is left out beside the whole one, whatever its ending and bytes: %s', async (ending) => {
    for (const bytes of [PARQUET, 'PAR1 row', 'x'])
      for (const folder of [`events/${DAY}/`, `events/${DAY}/country=DE/`])
        expect(
          await judge(inFolder({ 'a.parquet': PARQUET, [`a.parquet${ending}`]: bytes }, folder)),
        ).toMatchObject({
          files: ['a.parquet'],
          left: { [`a.parquet${ending}`]: 'unfinished' },
        });
  });

  it.each<[string, string, string]>([
    ['export_2026.11.19', PARQUET, 'a file'],
    ['a.parquet.filepart', PARQUET, 'a file'],
    ['a.parquet.filepart', 'PAR1 rows', 'unfinished'],
    ['a.parquet.filepart', 'rows PAR1', 'unfinished'],
    ['a.parquet.filepart', 'x', 'unfinished'],
    ['a.unknown', 'some text', 'unfinished'],
    ['a.csv', 'some text', 'not_parquet'],
    ['a.csv.gz', 'some text', 'not_parquet'],
    ['part-0', 'some text', 'not_parquet'],
    // What a known ending, or none, says to be whole fails the day if it is not.
    ['a.snappy', 'PAR1 rows', 'a file'],
    ['part-0', 'rows PAR1', 'a file'],
  ])('alone is judged by its bytes: %s with %j is %s', async (name, bytes, what) => {
    for (const folder of [`events/${DAY}/`, `events.v2/${DAY}/`]) {
      const { files, left } = await judge(inFolder({ [name]: bytes }, folder), {
        folder: folder.split('/')[0] ?? '',
      });
      expect(files[0] === name ? 'a file' : left[name]).toBe(what);
    }
  });

  it.each<[string[], string[]]>([
    [['a.parquet', 'a.parquet.gz'], ['a.parquet']],
    [
      ['a.csv', 'a.csv.gz'],
      ['a.csv', 'a.csv.gz'],
    ],
    [['export_2026.11.19', 'export_2026.11.19.filepart'], ['export_2026.11.19']],
    [
      ['part-0', 'part-0.filepart', 'part-0.parquet', 'part-00', 'part-0_1'],
      ['part-0', 'part-0.parquet', 'part-00', 'part-0_1'],
    ],
    [
      ['a.parquet', 'b.parquet.filepart'],
      ['a.parquet', 'b.parquet.filepart'],
    ],
    [['a.parquet', 'a.parquet.x', 'a.parquet.x.y'], ['a.parquet']],
  ])('of %j, all whole: %j count', async (names, files) => {
    const found = await judge(inFolder(Object.fromEntries(names.map((name) => [name, PARQUET]))));
    expect(found.files).toEqual(files);
  });

  it('is no copy of a file in another folder, nor of one that does not count', async () => {
    const texts = {
      [`events/${DAY}/a.parquet`]: PARQUET,
      [`events/${DAY}/DE/a.parquet.x`]: PARQUET,
      [`events/${DAY}/FR/a.parquet`]: '',
      [`events/${DAY}/FR/a.parquet.y`]: PARQUET,
    };
    expect((await judge(texts)).files).toEqual(['a.parquet', 'a.parquet.x', 'a.parquet.y']);
  });
});
