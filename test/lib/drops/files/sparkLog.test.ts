import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import type { DatasetFolder } from '../../../../lib/drops/datasetFolder.ts';
import { judgeByLogs } from '../../../../lib/drops/files/judgeByLogs.ts';
import { listDrop } from '../../../../lib/drops/listDrops.ts';
import { bucketOf, DAY, inFolder, judge, PARQUET } from './judgedFiles.ts';

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

describe('Spark’s log', () => {
  const root = 's3a://writer-lake/streams/out/';
  const LOG = 'events/_spark_metadata/';
  const a = 'part-00000-a-c000.snappy.parquet';
  const b = 'part-00000-b-c000.snappy.parquet';
  const c = 'part-00000-c-c000.snappy.parquet';
  const files = { [a]: PARQUET, [b]: PARQUET, [c]: PARQUET };
  const notNamed = (log = LOG) => `not_committed Not committed: ${log} does not name it.`;

  it.each<{
    readonly where: string;
    readonly log: string;
    /** The folder of the files below that of the day. */
    readonly below?: string;
    readonly dataset?: Partial<DatasetFolder>;
  }>([
    { where: 'beside the day folders', log: LOG },
    { where: 'in the day folder', log: `events/${DAY}/_spark_metadata/` },
    { where: 'beside them, of files in folders below', log: LOG, below: 'country=DE/hour=3/' },
    { where: 'beside years', log: LOG, dataset: { dayFormat: 'YYYY/MM/DD' } },
    {
      where: 'beside days of a month',
      log: 'events/2026/11/_spark_metadata/',
      below: 'country=DE/',
      dataset: { dayFormat: 'YYYY/MM/DD' },
    },
    { where: 'beside days of a layout', log: LOG, dataset: { layout: 'YYYY/MM/DD/*.parquet' } },
    {
      where: 'in a folder of a layout',
      log: 'events/run-7/_spark_metadata/',
      dataset: { layout: 'run-*/YYYY-MM-DD/*.parquet' },
    },
    { where: 'in a folder below', log: `events/${DAY}/DE/_spark_metadata/`, below: 'DE/' },
  ])('leaves out files that it does not name: $where', async ({ log, below = '', dataset = {} }) => {
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
      '19': 'not read',
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
    const unescaped = { '0': batch(path(a, `${DAY}/100%`)) };
    expect((await spark(unescaped, `events/${DAY}/100%/`)).files).toEqual([a]);
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
    { name: '0', text: '' },
    { name: '0', text: 'v2' },
    { name: '0', text: 'v1\nno JSON' },
    { name: '0', text: 'v1\n{"size":1}' },
    { name: '0', text: `v1\n${'x'.repeat(70_000)}` },
    { name: '1', text: 'v1' },
  ])('refuses the day if it is damaged or incomplete: $name', async ({ name, text }) => {
    await expect(spark({ [name]: text })).rejects.toMatchObject({ code: 'SLUICE_SOURCE_LOG_INVALID' });
  });

  it('is read line by line, also if its bytes come in pieces that cut letters', async () => {
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
