import { describe, expect, it } from '@jest/globals';
import { DAY, inFolder, judge, PARQUET } from './judgedFiles.ts';

describe('unfinished files and copies', () => {
  const ENDINGS = [
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
  it.each(ENDINGS)('a.parquet%s is left out beside a.parquet, by what its bytes are', async (ending) => {
    const copy = `a.parquet${ending}`;
    for (const { bytes, left } of [
      { bytes: PARQUET, left: 'unfinished' },
      { bytes: 'PAR1 row', left: 'unfinished' },
      { bytes: 'x', left: 'not_parquet' },
    ])
      for (const folder of [`events/${DAY}/`, `events/${DAY}/country=DE/`]) {
        const judged = await judge(inFolder({ 'a.parquet': PARQUET, [copy]: bytes }, folder));
        expect(judged).toMatchObject({ files: ['a.parquet'], left: { [copy]: left } });
      }
  });

  it.each<{
    readonly name: string;
    /** What its bytes are, for the title. */
    readonly content: string;
    /** Each character is a byte. */
    readonly bytes: string;
    /** Why it is left out; `counts` if a load takes it, which says what is wrong with it. */
    readonly fate: 'unfinished' | 'not_parquet' | 'compressed' | 'counts';
  }>([
    { name: 'export_2026.11.19', content: 'Parquet', bytes: PARQUET, fate: 'counts' },
    { name: 'a.parquet.filepart', content: 'Parquet', bytes: PARQUET, fate: 'counts' },
    {
      name: 'a.parquet.filepart',
      content: 'the beginning of Parquet',
      bytes: 'PAR1 rows',
      fate: 'unfinished',
    },
    { name: 'a.parquet.filepart', content: 'the end of Parquet', bytes: 'rows PAR1', fate: 'not_parquet' },
    { name: 'a.parquet.filepart', content: 'one byte', bytes: 'x', fate: 'not_parquet' },
    { name: 'a.parquet.pgp', content: 'PGP', bytes: '\u0085 a packet of PGP', fate: 'not_parquet' },
    { name: 'a.unknown', content: 'text', bytes: 'some text', fate: 'not_parquet' },
    { name: 'a.csv', content: 'text', bytes: 'some text', fate: 'not_parquet' },
    { name: 'a.csv.gz', content: 'text', bytes: 'some text', fate: 'not_parquet' },
    { name: 'a.parquet.gz', content: 'gzip', bytes: '\u001f\u008b\u0008 packed', fate: 'compressed' },
    { name: 'a.parquet.zip', content: 'zip', bytes: 'PK\u0003\u0004 packed', fate: 'compressed' },
    { name: 'Orders.XLSX', content: 'zip', bytes: 'PK\u0003\u0004 packed', fate: 'not_parquet' },
    { name: 'orders.xlsb', content: 'zip', bytes: 'PK\u0003\u0004 packed', fate: 'not_parquet' },
    { name: 'orders.ods', content: 'zip', bytes: 'PK\u0003\u0004 packed', fate: 'not_parquet' },
    { name: 'a.zst', content: 'zstd', bytes: '\u0028\u00b5\u002f\u00fd packed', fate: 'compressed' },
    { name: 'part-0', content: 'bzip2', bytes: 'BZh9 packed', fate: 'compressed' },
    { name: 'a.unknown', content: 'xz', bytes: '\u00fd7zXZ packed', fate: 'compressed' },
    { name: 'part-0', content: 'text', bytes: 'some text', fate: 'not_parquet' },
    // A file with a known ending, or none, counts also if it is broken: the load then fails the day by its name.
    { name: 'a.snappy', content: 'the beginning of Parquet', bytes: 'PAR1 rows', fate: 'counts' },
    { name: 'part-0', content: 'the end of Parquet', bytes: 'rows PAR1', fate: 'counts' },
  ])('$name alone, of $content: $fate', async ({ name, bytes, fate }) => {
    // A dot in the dataset's folder is no ending.
    for (const folder of ['events', 'events.v2']) {
      const judged = await judge(inFolder({ [name]: bytes }, `${folder}/${DAY}/`), { folder });
      expect(judged.files).toEqual(fate === 'counts' ? [name] : []);
      expect(judged.left).toEqual(fate === 'counts' ? {} : { [name]: fate });
    }
  });

  it.each<{
    readonly what: string;
    readonly names: readonly string[];
    /** Those of them that count. */
    readonly files: readonly string[];
    /** Those of them that are left out, as copies. */
    readonly copies: Readonly<Record<string, 'unfinished'>>;
  }>([
    {
      what: 'a.parquet.gz is a copy of a.parquet',
      names: ['a.parquet', 'a.parquet.gz'],
      files: ['a.parquet'],
      copies: { 'a.parquet.gz': 'unfinished' },
    },
    {
      what: 'a.csv.gz is no copy of a.csv, as CSV is not Parquet',
      names: ['a.csv', 'a.csv.gz'],
      files: ['a.csv', 'a.csv.gz'],
      copies: {},
    },
    {
      what: 'a copy is one also of a name that only seems to have an ending',
      names: ['export_2026.11.19', 'export_2026.11.19.filepart'],
      files: ['export_2026.11.19'],
      copies: { 'export_2026.11.19.filepart': 'unfinished' },
    },
    {
      what: 'part-0.filepart is a copy of part-0, and no other name that begins so',
      names: ['part-0', 'part-0.filepart', 'part-0.parquet', 'part-00', 'part-0_1'],
      files: ['part-0', 'part-0.parquet', 'part-00', 'part-0_1'],
      copies: { 'part-0.filepart': 'unfinished' },
    },
    {
      what: 'b.parquet.filepart is no copy of a.parquet',
      names: ['a.parquet', 'b.parquet.filepart'],
      files: ['a.parquet', 'b.parquet.filepart'],
      copies: {},
    },
    {
      what: 'a copy may have any endings',
      names: ['a.parquet', 'a.parquet.x', 'a.parquet.x.y'],
      files: ['a.parquet'],
      copies: { 'a.parquet.x': 'unfinished', 'a.parquet.x.y': 'unfinished' },
    },
  ])('of whole files, $what', async ({ names, files, copies }) => {
    const found = await judge(inFolder(Object.fromEntries(names.map((name) => [name, PARQUET]))));
    expect(found.files).toEqual(files);
    expect(found.left).toEqual(copies);
  });

  it('a copy is left out beside a whole file that is archived', async () => {
    const texts = inFolder({ 'a.parquet': PARQUET, 'a.parquet.filepart': PARQUET });
    const { files, left } = await judge(texts, {}, [`events/${DAY}/a.parquet`]);
    expect(files).toEqual([]);
    expect(left).toEqual({ 'a.parquet': 'archived', 'a.parquet.filepart': 'unfinished' });
  });

  it('a file is no copy of one in another folder, nor of one that does not count', async () => {
    const texts = {
      [`events/${DAY}/a.parquet`]: PARQUET,
      [`events/${DAY}/DE/a.parquet.x`]: PARQUET,
      [`events/${DAY}/FR/a.parquet`]: '',
      [`events/${DAY}/FR/a.parquet.y`]: PARQUET,
    };
    expect((await judge(texts)).files).toEqual(['a.parquet', 'a.parquet.x', 'a.parquet.y']);
  });
});
