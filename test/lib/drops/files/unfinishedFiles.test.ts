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

  it.each<[string, string, string]>([
    ['export_2026.11.19', PARQUET, 'a file'],
    ['a.parquet.filepart', PARQUET, 'a file'],
    ['a.parquet.filepart', 'PAR1 rows', 'unfinished'],
    ['a.parquet.filepart', 'rows PAR1', 'not_parquet'],
    ['a.parquet.filepart', 'x', 'not_parquet'],
    ['a.parquet.pgp', '\u0085 a packet of PGP', 'not_parquet'],
    ['a.unknown', 'some text', 'not_parquet'],
    ['a.csv', 'some text', 'not_parquet'],
    ['a.csv.gz', 'some text', 'not_parquet'],
    ['a.parquet.gz', '\u001f\u008b\u0008 packed', 'compressed'],
    ['a.parquet.zip', 'PK\u0003\u0004 packed', 'compressed'],
    ['Orders.XLSX', 'PK\u0003\u0004 packed', 'not_parquet'],
    ['orders.xlsb', 'PK\u0003\u0004 packed', 'not_parquet'],
    ['orders.ods', 'PK\u0003\u0004 packed', 'not_parquet'],
    ['a.zst', '\u0028\u00b5\u002f\u00fd packed', 'compressed'],
    ['part-0', 'BZh9 packed', 'compressed'],
    ['a.unknown', '\u00fd7zXZ packed', 'compressed'],
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
