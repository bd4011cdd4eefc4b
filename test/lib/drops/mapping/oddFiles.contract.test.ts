import { afterAll, describe, expect, it } from '@jest/globals';
import { columnOf, fails, MappingBench } from '../engine/MappingBench.ts';

const bench = await MappingBench.open();
afterAll(() => bench.close());

const events = (mapping: object) => ({ kind: 'events' as const, refusedShare: 1, mapping });

describe('a map that holds a key twice', () => {
  const columns = ['numbers', 'texts', 'whole', 'inside', 'deep'];

  it('has the last value, of any type and at any depth', async () => {
    const file = bench.fixture('keys-twice.parquet');
    const { rows, metadata } = await bench.load(events({ metadata: columns }), [file]);
    expect(rows[0]?.['event_metadata']).toBe(
      '{"numbers":{"a":0.5,"k":2.0},"texts":{"k":"b"},"whole":{"7":null},"inside":{"list":[{"a":0.5,"k":2.0}]},"deep":{"m":{"a":0.5,"k":2.0}}}',
    );
    expect(metadata.slice(1)).toEqual([
      { numbers: { k: 1 }, texts: {}, whole: {}, deep: {} },
      { numbers: {}, inside: { list: [] } },
    ]);
  });

  it('has it in raw rows as well', async () => {
    const file = bench.fixture('keys-twice.parquet');
    const { refused } = await bench.load(events({ timestamp: { column: 'event_name', unit: 'iso' } }), [
      file,
    ]);
    const [first] = refused.map(({ raw }) => String(raw));
    expect(first).toContain('"numbers":{"a":0.5,"k":2.0},"texts":{"k":"b"},"whole":{"7":null}');
    expect(first).toContain('"deep":{"m":{"a":0.5,"k":2.0}}');
  });

  it('has it as the only metadata as well', async () => {
    const file = bench.fixture('keys-twice.parquet');
    const { rows } = await bench.load(events({ metadataJson: 'texts' }), [file]);
    expect(columnOf(rows, 'event_metadata')).toEqual(['{"k":"b"}', null, null]);
  });
});

describe('16 bytes of which a file does not say what they are', () => {
  const load = (mapping: object) => bench.loadFixture(events(mapping), 'sixteen-bytes.parquet');

  it.each([
    { how: 'as a unit ID', column: 'sixteen', mapping: { unitIds: { userID: 'sixteen' } } },
    { how: 'as metadata', column: 'sixteen', mapping: { metadata: ['sixteen'] } },
    { how: 'in a struct', column: 'inside', mapping: { metadata: ['inside'] } },
    { how: 'as a member', column: 'inside.n', mapping: { unitIds: { userID: 'inside.n' } } },
    { how: 'in a list', column: 'list', mapping: { metadataJson: { column: 'list', cast: 'string' } } },
  ])('are refused by name $how', async ({ column, mapping }) => {
    await fails(load(mapping), 'SLUICE_INGEST_COLUMN_TYPE_UNFIT', {
      detail: expect.stringContaining(
        `column "${column}": expected 16 bytes that the file annotates as a UUID`,
      ),
    });
  });

  it('are what the mapping says', async () => {
    const { rows } = await load({ eventValue: { column: 'inside.n', cast: 'uuid' } });
    expect(rows[0]).toMatchObject({ event_value: '07000000-0000-0000-0000-000000000000' });
  });

  it('are kept in the raw rows of a mapping that does not name them', async () => {
    const { raws } = await load({ timestamp: { column: 'event_name', unit: 'iso' } });
    expect(raws[0]).toMatchObject({
      sixteen: expect.stringMatching(/^\\x07/),
    });
  });
});

describe('names that differ in case', () => {
  const load = (mapping: object) => bench.loadFixture(events(mapping), 'members-by-case.parquet');

  it.each(['both', 'listed'])('are refused in a struct: %s', async (column) => {
    await fails(load({ metadata: [column] }), 'SLUICE_INGEST_COLUMN_TYPE_UNFIT', {
      detail: expect.stringContaining(
        `column "${column}": expected members whose names differ in more than case`,
      ),
    });
  });

  it('are found each as a member', async () => {
    const { metadata } = await load({ metadata: { a: 'both.id', b: 'both.ID', c: 'Plan', d: 'plan' } });
    expect(metadata[0]).toEqual({ a: 1, b: 2, c: 'a', d: 'A' });
  });

  it('are the own names of columns in raw rows', async () => {
    const { raws } = await load({ timestamp: { column: 'event_name', unit: 'iso' } });
    const raw = raws[0];
    const listed = 'not read: "x" and "X"';
    expect(raw).toMatchObject({ both: { id: 1, ID: 2 }, listed, Plan: 'a', plan: 'A' });
  });
});

describe('a column that a file lacks', () => {
  it.each([
    {
      name: '\ufefftimestamp',
      detail: 'the nearest is "\\ufefftimestamp", among "\\ufefftimestamp", "event_name", "unit_id"',
    },
    {
      name: 'timestamp ',
      detail: 'the nearest is "timestamp ", among "timestamp ", "event_name", "unit_id"',
    },
    { name: 'time\u00a0stamp', detail: 'the nearest is "time\\u00a0stamp", among' },
    { name: 'event_timestamp', detail: 'the nearest is "event_timestamp", among' },
    { name: 'timestmap', detail: 'the nearest is "timestmap", among' },
    { name: 'sent', detail: 'found no such name, among "sent", "event_name", "unit_id".' },
  ])('is told with what the file has: $name', async ({ name, detail }) => {
    const sql = `SELECT 1795169730 AS "${name}", 'e' AS event_name, 'u' AS unit_id`;
    await fails(
      bench.load(events({}), [await bench.write('lacks.parquet', sql)]),
      'SLUICE_INGEST_COLUMN_MISSING',
      {
        detail: expect.stringContaining(detail),
      },
    );
  });
});

describe('columns called as those that a load adds', () => {
  const added = ['file_row_number', 'File_Index', 'filename', 'sluice_folder_0'];

  const load = (mapping: object) => {
    const files = [bench.fixture('added-names.parquet'), bench.fixture('encodings.parquet')];
    const own = files.map((file, i) => ({ ...file, name: `drops/ds=${i}/${file.name}` }));
    return bench.load(events(mapping), own);
  };

  it.each([
    { which: 'none', mapped: [], own: {} },
    {
      which: 'all',
      mapped: added,
      own: { file_row_number: 80, File_Index: 'y', filename: 'g', sluice_folder_0: 'q' },
    },
  ])(
    'are metadata where they are mapped, and hide no row from the load: $which of them',
    async ({ mapped, own }) => {
      const columns = mapped.map((column) => [column, { column, optional: true }]);
      const day = { folder: 'ds', optional: true };
      const { rows } = await load({ metadata: { ...Object.fromEntries(columns), day } });
      const placeOf = (row: (typeof rows)[number]) => `${row['source_file']} ${row['row_number']}`;
      const sorted = rows.toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
      expect(sorted.map(placeOf)).toEqual(
        ['drops/ds=0/added-names.parquet', 'drops/ds=1/encodings.parquet'].flatMap((name) =>
          [0, 1, 2].map((n) => `${name} ${n}`),
        ),
      );
      expect(JSON.parse(String(sorted[1]?.['event_metadata']))).toEqual({ ...own, day: '0' });
    },
  );

  it('are kept in raw rows', async () => {
    const { raws } = await load({ timestamp: { column: 'event_name', unit: 'iso' } });
    expect(raws).toContainEqual(
      expect.objectContaining({ file_row_number: 90, File_Index: 'z', filename: 'h', sluice_folder_0: 'r' }),
    );
  });
});
