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

  it.each<{ readonly name: string; readonly bytes: string; readonly what: string }>([
    { name: 'export_2026.11.19', bytes: PARQUET, what: 'a file' },
    { name: 'a.parquet.filepart', bytes: PARQUET, what: 'a file' },
    { name: 'a.parquet.filepart', bytes: 'PAR1 rows', what: 'unfinished' },
    { name: 'a.parquet.filepart', bytes: 'rows PAR1', what: 'not_parquet' },
    { name: 'a.parquet.filepart', bytes: 'x', what: 'not_parquet' },
    { name: 'a.parquet.pgp', bytes: '\u0085 a packet of PGP', what: 'not_parquet' },
    { name: 'a.unknown', bytes: 'some text', what: 'not_parquet' },
    { name: 'a.csv', bytes: 'some text', what: 'not_parquet' },
    { name: 'a.csv.gz', bytes: 'some text', what: 'not_parquet' },
    { name: 'a.parquet.gz', bytes: '\u001f\u008b\u0008 packed', what: 'compressed' },
    { name: 'a.parquet.zip', bytes: 'PK\u0003\u0004 packed', what: 'compressed' },
    { name: 'Orders.XLSX', bytes: 'PK\u0003\u0004 packed', what: 'not_parquet' },
    { name: 'orders.xlsb', bytes: 'PK\u0003\u0004 packed', what: 'not_parquet' },
    { name: 'orders.ods', bytes: 'PK\u0003\u0004 packed', what: 'not_parquet' },
    { name: 'a.zst', bytes: '\u0028\u00b5\u002f\u00fd packed', what: 'compressed' },
    { name: 'part-0', bytes: 'BZh9 packed', what: 'compressed' },
    { name: 'a.unknown', bytes: '\u00fd7zXZ packed', what: 'compressed' },
    { name: 'part-0', bytes: 'some text', what: 'not_parquet' },
    // What a known ending, or none, says to be whole fails the day if it is not.
    { name: 'a.snappy', bytes: 'PAR1 rows', what: 'a file' },
    { name: 'part-0', bytes: 'rows PAR1', what: 'a file' },
  ])('alone is judged by its bytes: $name with $bytes is $what', async ({ name, bytes, what }) => {
    for (const folder of [`events/${DAY}/`, `events.v2/${DAY}/`]) {
      const { files, left } = await judge(inFolder({ [name]: bytes }, folder), {
        folder: folder.split('/')[0] ?? '',
      });
      expect(files[0] === name ? 'a file' : left[name]).toBe(what);
    }
  });

  it.each<{ readonly names: string[]; readonly files: string[] }>([
    { names: ['a.parquet', 'a.parquet.gz'], files: ['a.parquet'] },
    {
      names: ['a.csv', 'a.csv.gz'],
      files: ['a.csv', 'a.csv.gz'],
    },
    { names: ['export_2026.11.19', 'export_2026.11.19.filepart'], files: ['export_2026.11.19'] },
    {
      names: ['part-0', 'part-0.filepart', 'part-0.parquet', 'part-00', 'part-0_1'],
      files: ['part-0', 'part-0.parquet', 'part-00', 'part-0_1'],
    },
    {
      names: ['a.parquet', 'b.parquet.filepart'],
      files: ['a.parquet', 'b.parquet.filepart'],
    },
    { names: ['a.parquet', 'a.parquet.x', 'a.parquet.x.y'], files: ['a.parquet'] },
  ])('of $names, all whole: $files count', async ({ names, files }) => {
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
