import { afterAll, describe, expect, it } from '@jest/globals';
import type { SluiceError } from '../../../../lib/base/errors.ts';
import { pathFolders } from '../../../../lib/drops/mapping/columns/pathFolders.ts';
import { compileMapping } from '../../../../lib/drops/mapping/compileMapping.ts';
import type { EngineFile } from '../../../../lib/parquet/FileSchema.ts';
import { type DatasetInput, fails, MappingBench, subjectOf } from '../engine/MappingBench.ts';

const bench = await MappingBench.open();
afterAll(() => bench.close());

let files = 0;
/** A file of one event for each user, whose key has some folders. */
async function fileIn(folders: string, users: readonly string[], more = ''): Promise<EngineFile> {
  files += 1;
  const list = users.map((user) => `'${user}'`).join(', ');
  const { path } = await bench.write(
    `folders-${files}.parquet`,
    `SELECT TIMESTAMP '2026-11-20 10:00:00' AS timestamp, 'seen' AS event_name, unnest([${list}]) AS unit_id${more}`,
  );
  return { path, name: `events/ds=2026-11-20/${folders}part-${files}.parquet` };
}
const events = (mapping: object): DatasetInput => ({ kind: 'events', mapping });
const byUser = (rows: readonly Readonly<Record<string, unknown>>[], column: string) =>
  Object.fromEntries(rows.map((row) => [row['user_id'], row[column]]));

describe('folders of a file’s path', () => {
  it('are columns of each file if the mapping names them', async () => {
    const dropped = [
      await fileIn('country=DE/plan=pro/', ['a', 'b']),
      await fileIn('country=__HIVE_DEFAULT_PARTITION__/plan=a%2Fb%20%C3%BC%25/', ['c']),
      await fileIn("country=O'Brien/plan=/", ['d'], ', 1 AS unmapped'),
      await fileIn('country=DE/plan=pro/deeper/', ['e']),
    ];
    const { rows, refused, result } = await bench.load(
      events({ eventValue: { folder: 'country' }, metadata: { plan: { folder: 'plan' } } }),
      dropped,
    );
    expect(refused).toEqual([]);
    expect(byUser(rows, 'event_value')).toEqual({ a: 'DE', b: 'DE', c: null, d: "O'Brien", e: 'DE' });
    expect(byUser(rows, 'event_metadata')).toEqual({
      a: '{"plan":"pro"}',
      b: '{"plan":"pro"}',
      c: '{"plan":"a/b ü%"}',
      d: '{"plan":""}',
      e: '{"plan":"pro"}',
    });
    expect(result.files.map(({ out }) => out)).toEqual([2, 1, 1, 1]);
  });

  it('can be days, numbers and IDs, like text columns', async () => {
    const metrics: DatasetInput = {
      kind: 'metrics',
      timezone: 'Asia/Tokyo',
      mapping: {
        unitId: { folder: 'user' },
        idType: { constant: 'userID' },
        metricName: { folder: 'metric' },
        metricValue: { folder: 'value' },
        date: { folder: 'ds' },
      },
    };
    const file = await fileIn('user=u%3A1/metric=revenue/value=12/', ['a']);
    const { rows } = await bench.load(metrics, [file]);
    expect(rows).toMatchObject([
      { unit_id: 'u:1', metric_name: 'revenue', metric_value: 12, metric_date: '2026-11-20' },
    ]);
  });

  it('can be times in a format, like text columns', async () => {
    const hour = events({ timestamp: { folder: 'hour', format: "yyyyMMdd'T'HH" } });
    const { rows } = await bench.load(hour, [await fileIn('hour=20261120T07/', ['a'])]);
    expect(rows).toMatchObject([{ timestamp: '2026-11-20 07:00:00' }]);
  });

  it('reject the rows of a file if they are invalid, like columns', async () => {
    const mapping = {
      timestamp: { folder: 'at' },
      unitIds: { userID: { folder: 'user' } },
      eventValue: 'unit_id',
    };
    const { rows, refused } = await bench.load(events(mapping), [
      await fileIn('at=2026-11-20/user=a/', ['good']),
      await fileIn('at=soon/user=b/', ['late']),
      await fileIn('at=2026-11-20/user=__HIVE_DEFAULT_PARTITION__/', ['nobody']),
    ]);
    expect(rows.map((row) => [row['user_id'], row['event_value']])).toEqual([['a', 'good']]);
    expect(
      refused.map((row) => [row['reason'], row['detail'], JSON.parse(String(row['raw']))['unit_id']]),
    ).toEqual([
      ['SLUICE_INGEST_ROW_TIME_INVALID', 'row 0, column "at="', 'late'],
      ['SLUICE_INGEST_ROW_UNIT_MISSING', 'row 0, userID', 'nobody'],
    ]);
  });

  const byCountry = events({ eventValue: { folder: 'country' } });

  it('fail a file without one, unless it is optional', async () => {
    const none = await fileIn('', ['a']);
    await fails(bench.load(byCountry, [none]), 'SLUICE_INGEST_COLUMN_MISSING', {
      message: expect.stringContaining(`${none.name}, column "country=": expected a folder of the name`),
    });
    const optional = events({ eventValue: { folder: 'country', optional: true } });
    const { rows } = await bench.load(optional, [none, await fileIn('country=DE/', ['b'])]);
    expect(byUser(rows, 'event_value')).toEqual({ a: null, b: 'DE' });
  });

  it('fail each file with two of the name, by the values of its own', async () => {
    const twice = [
      await fileIn('country=DE/country=FR/', ['a']),
      await fileIn('country=US/country=AT/', ['a']),
    ];
    const schemas = (await bench.describe(twice)).flatMap((file) => ('problem' in file ? [] : [file]));
    const problems = new Map<string, SluiceError>();
    expect(() => compileMapping(subjectOf(byCountry), schemas, undefined, problems)).toThrow('"country=DE"');
    expect(twice.map(({ name }) => problems.get(name))).toMatchObject([
      {
        code: 'SLUICE_INGEST_COLUMN_AMBIGUOUS',
        message: expect.stringContaining('"country=DE" and "country=FR"'),
      },
      {
        code: 'SLUICE_INGEST_COLUMN_AMBIGUOUS',
        message: expect.stringContaining('"country=US" and "country=AT"'),
      },
    ]);
  });

  it.each([
    { what: 'in another case', folder: 'Country=DE', value: 'DE' },
    { what: 'exactly, beside one in another case', folder: 'Country=DE/country=FR', value: 'FR' },
    { what: 'with a NUL, which stays encoded', folder: 'country=D%00%C3%A9', value: 'D%00é' },
  ])('are found by their name: $what', async ({ folder, value }) => {
    const { rows } = await bench.load(byCountry, [await fileIn(`${folder}/`, ['a'])]);
    expect(byUser(rows, 'event_value')).toEqual({ a: value });
  });

  it('are suggested if a mapping looks for a column of their name', async () => {
    const load = bench.load(events({ eventValue: 'country' }), [await fileIn('country=DE/', ['a'])]);
    await expect(load).rejects.toThrow(
      /column "country": expected it, or \{ folder: "country" \} in the mapping/,
    );
  });

  it('are not columns unless a mapping names them, and do not replace columns of the file', async () => {
    const file = await fileIn('unit_id=other/event_name=other/', ['a']);
    const { rows } = await bench.load(events({}), [file]);
    expect(rows).toMatchObject([{ user_id: 'a', event_name: 'seen' }]);
    const taken = await fileIn('', ['a'], ', 1 AS sluice_folder_0');
    expect((await bench.load(events({}), [taken])).rows).toHaveLength(1);
  });

  it('need no separate statement for each value', async () => {
    const many: EngineFile[] = [];
    const { path } = await fileIn('', ['a']);
    for (let i = 0; i < 300; i += 1) many.push({ path, name: `events/ds=2026-11-20/n=${i}/a.parquet` });
    const schemas = await bench.describe(many.slice(0, 1));
    const [schema] = schemas;
    if (schema === undefined || 'problem' in schema) throw new Error('unreadable');
    const compiled = compileMapping(
      subjectOf(events({ eventValue: { folder: 'n' } })),
      many.map((file) => ({ ...schema, ...file })),
    );
    expect(compiled.groups).toHaveLength(1);
    expect(compiled.folders).toHaveLength(1);
  });

  it('are decoded as they were written, name and value', () => {
    expect(pathFolders('a=1/b=50%/c=%zz%41/d=%FF/=e/f/g=h=i/l%C3%A4nd=D%20E/j=k')).toEqual([
      { name: 'a', value: '1' },
      { name: 'b', value: '50%' },
      { name: 'c', value: '%zzA' },
      { name: 'd', value: '%FF' },
      { name: 'g', value: 'h=i' },
      { name: 'länd', value: 'D E' },
    ]);
  });
});
