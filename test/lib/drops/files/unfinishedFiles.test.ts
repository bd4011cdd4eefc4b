import { describe, expect, it } from '@jest/globals';
import { DAY, inFolder, judge, PARQUET } from './judgedFiles.ts';

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
  it.each(end)('is left out beside the whole one, whatever its ending: %s', async (ending) => {
    for (const bytes of [PARQUET, 'PAR1 row', 'x'])
      for (const folder of [`events/${DAY}/`, `events/${DAY}/country=DE/`])
        expect(
          await judge(inFolder({ 'a.parquet': PARQUET, [`a.parquet${ending}`]: bytes }, folder)),
        ).toMatchObject({
          files: ['a.parquet'],
          left: { [`a.parquet${ending}`]: bytes === 'x' ? 'not_parquet' : 'unfinished' },
        });
  });

  it.each<{
    readonly name: string;
    /** What its bytes are, for the title. */
    readonly of: string;
    /** Each character is a byte. */
    readonly bytes: string;
    /** Why it is left out; null if it counts, so that a load says what is wrong with it. */
    readonly left: 'unfinished' | 'not_parquet' | 'compressed' | null;
  }>([
    { name: 'export_2026.11.19', of: 'Parquet', bytes: PARQUET, left: null },
    { name: 'a.parquet.filepart', of: 'Parquet', bytes: PARQUET, left: null },
    { name: 'a.parquet.filepart', of: 'the begin of Parquet', bytes: 'PAR1 rows', left: 'unfinished' },
    { name: 'a.parquet.filepart', of: 'the end of Parquet', bytes: 'rows PAR1', left: 'not_parquet' },
    { name: 'a.parquet.filepart', of: 'one byte', bytes: 'x', left: 'not_parquet' },
    { name: 'a.parquet.pgp', of: 'PGP', bytes: '\u0085 a packet of PGP', left: 'not_parquet' },
    { name: 'a.unknown', of: 'text', bytes: 'some text', left: 'not_parquet' },
    { name: 'a.csv', of: 'text', bytes: 'some text', left: 'not_parquet' },
    { name: 'a.csv.gz', of: 'text', bytes: 'some text', left: 'not_parquet' },
    { name: 'a.parquet.gz', of: 'gzip', bytes: '\u001f\u008b\u0008 packed', left: 'compressed' },
    { name: 'a.parquet.zip', of: 'zip', bytes: 'PK\u0003\u0004 packed', left: 'compressed' },
    { name: 'Orders.XLSX', of: 'zip', bytes: 'PK\u0003\u0004 packed', left: 'not_parquet' },
    { name: 'orders.xlsb', of: 'zip', bytes: 'PK\u0003\u0004 packed', left: 'not_parquet' },
    { name: 'orders.ods', of: 'zip', bytes: 'PK\u0003\u0004 packed', left: 'not_parquet' },
    { name: 'a.zst', of: 'zstd', bytes: '\u0028\u00b5\u002f\u00fd packed', left: 'compressed' },
    { name: 'part-0', of: 'bzip2', bytes: 'BZh9 packed', left: 'compressed' },
    { name: 'a.unknown', of: 'xz', bytes: '\u00fd7zXZ packed', left: 'compressed' },
    { name: 'part-0', of: 'text', bytes: 'some text', left: 'not_parquet' },
    // What a known ending, or none, says to be whole fails the day if it is not.
    { name: 'a.snappy', of: 'the begin of Parquet', bytes: 'PAR1 rows', left: null },
    { name: 'part-0', of: 'the end of Parquet', bytes: 'rows PAR1', left: null },
  ])('alone is judged by its bytes: $name of $of is left out as $left', async ({ name, bytes, left }) => {
    // A dot in the dataset's folder is no ending.
    for (const folder of ['events', 'events.v2']) {
      const judged = await judge(inFolder({ [name]: bytes }, `${folder}/${DAY}/`), { folder });
      expect(judged.files).toEqual(left === null ? [name] : []);
      expect(judged.left).toEqual(left === null ? {} : { [name]: left });
    }
  });

  it.each<{
    readonly what: string;
    readonly names: readonly string[];
    /** Those of them that count. */
    readonly files: readonly string[];
  }>([
    { what: 'is a packed copy', names: ['a.parquet', 'a.parquet.gz'], files: ['a.parquet'] },
    {
      what: 'is none of a name that is not Parquet',
      names: ['a.csv', 'a.csv.gz'],
      files: ['a.csv', 'a.csv.gz'],
    },
    {
      what: 'is one of a name that only seems to have an ending',
      names: ['export_2026.11.19', 'export_2026.11.19.filepart'],
      files: ['export_2026.11.19'],
    },
    {
      what: 'is one of a name without an ending, unless it is a name of its own',
      names: ['part-0', 'part-0.filepart', 'part-0.parquet', 'part-00', 'part-0_1'],
      files: ['part-0', 'part-0.parquet', 'part-00', 'part-0_1'],
    },
    {
      what: 'is none of another name',
      names: ['a.parquet', 'b.parquet.filepart'],
      files: ['a.parquet', 'b.parquet.filepart'],
    },
    {
      what: 'is one with any endings',
      names: ['a.parquet', 'a.parquet.x', 'a.parquet.x.y'],
      files: ['a.parquet'],
    },
  ])('that is whole itself, beside the whole one, $what', async ({ names, files }) => {
    const found = await judge(inFolder(Object.fromEntries(names.map((name) => [name, PARQUET]))));
    expect(found.files).toEqual(files);
  });

  it('is left out beside a whole one that is archived', async () => {
    const texts = inFolder({ 'a.parquet': PARQUET, 'a.parquet.filepart': PARQUET });
    const { files, left } = await judge(texts, {}, [`events/${DAY}/a.parquet`]);
    expect(files).toEqual([]);
    expect(left).toEqual({ 'a.parquet': 'archived', 'a.parquet.filepart': 'unfinished' });
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
