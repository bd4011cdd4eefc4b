import { describe, expect, it } from '@jest/globals';
import type { CustomerBucket } from '../../../../lib/drops/CustomerBucket.ts';
import type { DatasetFolder } from '../../../../lib/drops/datasetFolder.ts';
import { lookElsewhere } from '../../../../lib/drops/plan/lookElsewhere.ts';

/** A bucket that counts how often it is listed. */
interface CountedBucket extends Pick<CustomerBucket, 'list'> {
  calls: number;
}

/** Lists with a delimiter as S3 does. @param pageNames Names of a page. */
function bucketOf(keys: readonly string[], pageNames = 2): CountedBucket {
  const object = (key: string) => ({ key, size: 1, eTag: '"1"', lastModified: new Date(0) });
  return {
    calls: 0,
    async list({ prefix, next = '', delimiter }) {
      this.calls += 1;
      const names = keys.flatMap((key) => {
        if (!key.startsWith(prefix) || delimiter === undefined) return [];
        const end = key.indexOf(delimiter, prefix.length);
        return end < 0 ? [key] : [key.slice(0, end + 1)];
      });
      const left = [...new Set(names)].sort().filter((name) => name > next);
      const page = left.slice(0, pageNames);
      return {
        objects: page.filter((name) => !name.endsWith('/')).map(object),
        folders: page.filter((name) => name.endsWith('/')),
        next: left.length > page.length ? page.at(-1) : undefined,
      };
    },
  };
}

describe('what lies in a dataset’s folder', () => {
  it.each<{
    readonly what: string;
    readonly place: Partial<DatasetFolder>;
    readonly paths: readonly string[];
    readonly days: readonly string[];
    /** In any order. */
    readonly others: readonly string[];
  }>([
    {
      what: 'folders of days',
      place: { dayFormat: 'YYYY-MM-DD' },
      paths: [
        '2026-01-02/a.parquet',
        '2026-01-03 00:00:00/c=DE/a.parquet',
        '_x/a',
        '.x=1/a',
        '_x=1/a',
        '20260104/a.parquet',
        '_SUCCESS',
        'a.parquet.tmp',
      ],
      days: ['2026-01-02', '2026-01-03'],
      others: ['20260104/', '_x=1/'],
    },
    {
      what: 'folders of hours',
      place: { dayFormat: 'YYYY/MM/DD/HH' },
      paths: [
        '2025/12/31/23/a.parquet',
        '2026/01/02/00/a.parquet',
        '2026/1/3/a.parquet',
        'day=1/a.parquet',
        '2026/01/_temporary/a.parquet',
        'x.csv',
      ],
      days: ['2025-12-31', '2026-01-02'],
      others: ['day=1/', 'x.csv', '2026/1/'],
    },
    {
      what: 'a folder in which no name is a day: three of the names',
      place: { dayFormat: 'ds=YYYY-MM-DD' },
      paths: ['year=2026/month=11/day=9/a.parquet', 'a.parquet', 'b.parquet', 'c.parquet', 'd.parquet'],
      days: [],
      others: ['a.parquet', 'b.parquet', 'c.parquet'],
    },
    {
      what: 'a layout of folders, of which one month has three pages',
      place: { layout: 'year=YYYY/month=M/day=D/**' },
      paths: ['9', '10', '11', '12', '09'].map((day) => `year=2026/month=1/day=${day}/a.parquet`),
      days: ['2026-01-09', '2026-01-10', '2026-01-11', '2026-01-12'],
      others: ['year=2026/month=1/day=09/'],
    },
    {
      what: 'a layout whose days are below any folders',
      place: { layout: '**/dt=YYYY-MM-DD/*.parquet' },
      paths: [
        'c=DE/dt=2026-01-02/a.parquet',
        'c=FR/run/dt=2026-01-03/a.parquet',
        'dt=2026-01-04/a.parquet',
        'c=FR/x.csv',
      ],
      days: ['2026-01-02', '2026-01-03', '2026-01-04'],
      others: ['c=FR/x.csv'],
    },
    {
      what: 'a layout whose days are in the names of files, beside a marker',
      place: { layout: 'x_YYYYMMDD*.parquet', waitFor: 'READY' },
      paths: [
        'READY',
        'x_20260102.parquet',
        'x_20260103-1.parquet',
        'x_20260104.csv',
        'old/x_20260101.parquet',
      ],
      days: ['2026-01-02', '2026-01-03'],
      others: ['old/', 'x_20260104.csv'],
    },
  ])('is days by the dataset, or other names: $what', async ({ place, paths, days, others }) => {
    const dataset = { folder: 'in', dayFormat: 'YYYY-MM-DD', ...place };
    const found = await lookElsewhere(bucketOf(paths.map((path) => `in/${path}`)), dataset);
    expect(found.days).toEqual(days);
    expect(found.others.toSorted()).toEqual(others.toSorted());
  });

  it('is looked through from the newest on, by 30 calls at most', async () => {
    const years = Array.from({ length: 60 }, (_, i) => `in/${2_000 + i}/01/02/a.parquet`);
    const bucket = bucketOf(years.slice(-2));
    const dataset = { folder: 'in', dayFormat: 'YYYY/MM/DD' };
    expect((await lookElsewhere(bucket, dataset)).days).toEqual(['2058-01-02', '2059-01-02']);
    // A call for the years, and of each year one for its months and one for its days.
    const all = bucketOf(years, 1_000);
    const newest = Array.from({ length: 14 }, (_, i) => `${2_046 + i}-01-02`);
    expect((await lookElsewhere(all, dataset)).days).toEqual(newest);
    expect(all.calls).toBe(30);
  });
});
