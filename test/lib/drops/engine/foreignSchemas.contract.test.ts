import { afterAll, describe, expect, it } from '@jest/globals';
import {
  decimalFields,
  ELEMENT,
  editSchema,
  setElement,
  structField,
  withFields,
} from '../../parquet/format/editFooter.ts';
import { intField } from '../../parquet/format/thriftWriter.ts';
import { columnOf, type DatasetInput, EVENT, events, fails, MappingBench } from './MappingBench.ts';

const bench = await MappingBench.open();
afterAll(() => bench.close());

// Values from https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
/** The repetition of a repeated field. */
const REPEATED = 2;
/** Converted types, as older writers annotate fields. */
const CONVERTED = { map: 1, mapKeyValue: 2 } as const;
/** Places in the union of logical types. */
const LOGICAL = { map: 2, unknown: 11 } as const;
/** The annotation of older writers for the entries of a map. */
const KEY_VALUE = {
  [ELEMENT.convertedType]: intField(CONVERTED.mapKeyValue),
  [ELEMENT.logicalType]: undefined,
};
/** A logical type without parameters. */
const logicalType = (place: number) => structField(new Map([[place, structField(new Map())]]));

type EngineFile = ReturnType<MappingBench['fixture']>;

/** Metadata of the three rows of a file, read from one column. */
async function metadataOf(file: EngineFile, column: string): Promise<unknown[]> {
  const { metadata } = await bench.load(events({ metadata: { x: { column } } }), [file]);
  return metadata.map(({ x = null }) => x);
}

/** Takes the level away that newer writers put between a list and its items: the entries are called `name` then. */
function twoLevels(file: EngineFile, list: string, name: string): EngineFile {
  return editSchema(file, (elements) => {
    const at = elements.findIndex((element) => element.name === list);
    const [outer, entries, item, ...rest] = elements.slice(at);
    if (outer === undefined || entries === undefined || item === undefined) throw new RangeError(list);
    const children = item.fields.get(ELEMENT.children);
    return [
      ...elements.slice(0, at),
      outer,
      { name, fields: withFields(entries, { [ELEMENT.children]: children }).fields },
      ...rest,
    ];
  });
}

/** Takes both levels away: a group is a list by being repeated. */
function repeatedGroup(file: EngineFile, list: string): EngineFile {
  return editSchema(file, (elements) => {
    const at = elements.findIndex((element) => element.name === list);
    const [outer, , item, ...rest] = elements.slice(at);
    if (outer === undefined || item === undefined) throw new RangeError(list);
    const repeated = {
      [ELEMENT.repetition]: intField(REPEATED),
      [ELEMENT.children]: item.fields.get(ELEMENT.children),
      [ELEMENT.convertedType]: undefined,
      [ELEMENT.logicalType]: undefined,
    };
    return [...elements.slice(0, at), withFields(outer, repeated), ...rest];
  });
}

describe('lists and maps of older writers', () => {
  const items = [[{ str: 'x' }, { str: null }], [], null];

  it('have a level between list and items', async () => {
    expect(await metadataOf(bench.fixture('lists.parquet'), 'list')).toEqual(items);
  });

  it.each<{
    readonly what: string;
    readonly column: string;
    readonly edit: (file: EngineFile) => EngineFile;
  }>([
    { what: 'array', column: 'list', edit: (file) => twoLevels(file, 'list', 'array') },
    { what: 'list_tuple', column: 'list', edit: (file) => twoLevels(file, 'list', 'list_tuple') },
    { what: 'array inside a struct', column: 'struct', edit: (file) => twoLevels(file, 'inner', 'array') },
    {
      what: 'repeated, without an annotation',
      column: 'repeated',
      edit: (file) => repeatedGroup(file, 'repeated'),
    },
  ])('are refused by name if groups of one field are the items: $what', async ({ column, edit }) => {
    await fails(metadataOf(edit(bench.fixture('lists.parquet')), column), 'SLUICE_INGEST_COLUMN_TYPE_UNFIT');
    expect(await metadataOf(edit(bench.fixture('lists.parquet')), 'map')).toEqual([{ k: 1 }, {}, null]);
  });

  it.each(['bag', 'list', 'array_tuple'])(
    'have the field itself as element when its group is called %s',
    async (name) => {
      const file = twoLevels(bench.fixture('lists.parquet'), 'list', name);
      expect(await metadataOf(file, 'list')).toEqual([['x', null], [], null]);
    },
  );

  it('have groups of several fields as elements, also if these are called bag', async () => {
    const file = twoLevels(bench.fixture('lists.parquet'), 'pairs', 'bag');
    expect(await metadataOf(file, 'pairs')).toEqual([[{ str: 'x', n: 1 }], [], null]);
  });

  it('can have entries annotated with MAP_KEY_VALUE', async () => {
    const file = setElement(bench.fixture('lists.parquet'), 'key_value', KEY_VALUE);
    expect(await metadataOf(file, 'map')).toEqual([{ k: 1 }, {}, null]);
  });

  it('are refused with their file if a map is annotated with it, or has no values', async () => {
    const map = {
      [ELEMENT.convertedType]: intField(CONVERTED.map),
      [ELEMENT.logicalType]: logicalType(LOGICAL.map),
    };
    for (const file of [
      setElement(bench.fixture('lists.parquet'), 'map', KEY_VALUE),
      setElement(bench.fixture('lists.parquet'), 'keys', map),
    ])
      await fails(metadataOf(file, 'list'), 'SLUICE_INGEST_FILE_ENCODING_UNSUPPORTED');
  });
});

describe('VARIANT', () => {
  const write = () => bench.write('variant.parquet', `SELECT ${EVENT}, {'a': 1}::VARIANT AS v`);

  it.each(['v', 'V'])('is rejected by name if it is mapped: %s', async (column) => {
    const load = bench.load(events({ eventValue: column }), [await write()]);
    await fails(load, 'SLUICE_INGEST_COLUMN_TYPE_UNFIT', {
      message: expect.stringMatching(/expected JSON as text, found .*VARIANT/),
    });
  });

  it('is ignored if it is not mapped, and told by its type in raw rows', async () => {
    expect((await bench.load(events(), [await write()])).rows).toHaveLength(1);
    const { raws } = await bench.load(events({ timestamp: { column: 'event_name' } }), [await write()]);
    expect(raws[0]).toMatchObject({
      event_name: 'e',
      v: 'not read: VARIANT',
    });
  });
});

describe('decimals with a wrong footer', () => {
  const load = (file: EngineFile, column: string, more: Omit<DatasetInput, 'kind'> = {}) =>
    bench.load({ ...more, kind: 'events', mapping: { eventValue: column, metadata: { x: { column } } } }, [
      file,
    ]);

  it.each([
    { column: 'int32', values: [1234567.89, -1234567.89, 0.01] },
    { column: 'int64', values: [1234567.89, -1234567.89, 0.01] },
    { column: 'inside.list', values: [[1234567.89], [-1234567.89], [0.01]] },
  ])('are read correctly when the footer is right: $column', async ({ column, values }) => {
    const { metadata } = await load(bench.fixture('decimals.parquet'), column);
    expect(metadata.map(({ x }) => x)).toEqual(values);
  });

  const written = [
    { column: 'int32', fixture: 'decimals.parquet' },
    { column: 'int64', fixture: 'decimals.parquet' },
    { column: 'bytes', fixture: 'decimals-in-bytes.parquet' },
    { column: 'wide', fixture: 'decimals-in-bytes.parquet' },
  ];

  // Numbers, or statistics, that are more than DuckDB takes for such a decimal.
  it.each(written)('are rejected by file: $column as DECIMAL(2,2)', async ({ column, fixture }) => {
    const file = setElement(bench.fixture(fixture), column, decimalFields(2, 2));
    await fails(load(file, column), 'SLUICE_INGEST_FILE_DAMAGED');
  });

  it.each(
    written.flatMap((each) => [
      { ...each, digits: 5, scale: 2, small: '0.01' },
      { ...each, digits: 8, scale: 0, small: '1' },
    ]),
  )(
    'are rejected by row: $column as DECIMAL($digits,$scale)',
    async ({ column, fixture, digits, scale, small }) => {
      const file = setElement(bench.fixture(fixture), column, decimalFields(digits, scale));
      const { rows, refused, reasons } = await load(file, column);
      expect(reasons).toEqual(Array(2).fill('SLUICE_INGEST_ROW_DECIMAL_INVALID'));
      for (const { raw } of refused) expect(() => JSON.parse(String(raw))).not.toThrow();
      expect(rows.map((row) => [row['event_value'], row['event_metadata']])).toEqual([
        [small, `{"x":${small}}`],
      ]);
    },
  );

  it.each([
    { digits: 5, scale: 7 },
    { digits: 0, scale: 0 },
  ])(
    'are rejected with their file if the type is impossible: DECIMAL($digits,$scale)',
    async ({ digits, scale }) => {
      for (const column of ['int64', 'wide']) {
        const fixture = column.startsWith('int') ? 'decimals.parquet' : 'decimals-in-bytes.parquet';
        const lies = () => setElement(bench.fixture(fixture), column, decimalFields(digits, scale));
        await fails(load(lies(), column), 'SLUICE_INGEST_COLUMN_TYPE_UNFIT', {
          message: expect.stringContaining(`found DECIMAL(${digits},${scale})`),
        });
        expect((await load(lies(), 'unit_id')).rows).toHaveLength(3);
        const { refused } = await bench.load(events({ timestamp: 'event_name' }), [lies()]);
        for (const { raw } of refused)
          expect(JSON.parse(String(raw))[column]).toMatch(`not read: DECIMAL(${digits},${scale})`);
      }
    },
  );

  it('are rejected if the old annotation contradicts the new one', async () => {
    const file = setElement(bench.fixture('decimals.parquet'), 'int32', { [ELEMENT.precision]: intField(5) });
    await fails(load(file, 'int32'), 'SLUICE_INGEST_COLUMN_TYPE_UNFIT');
  });

  it('reject their row inside lists and structs', async () => {
    const file = setElement(bench.fixture('decimals.parquet'), 'element', decimalFields(6, 2));
    const { rows, reasons } = await load(file, 'inside');
    expect(reasons).toEqual(Array(2).fill('SLUICE_INGEST_ROW_DECIMAL_INVALID'));
    expect(columnOf(rows, 'event_value')).toEqual(['{"list":[0.01]}']);
  });

  it('reject the row of a metric and of a time', async () => {
    const file = setElement(bench.fixture('decimals.parquet'), 'int32', decimalFields(5, 2));
    const constant = { constant: 'x' };
    const { refused } = await bench.load(
      {
        kind: 'metrics',
        mapping: { date: 'timestamp', idType: constant, metricName: constant, metricValue: 'int32' },
      },
      [file],
    );
    expect(refused.map(({ reason }) => reason)).toEqual(Array(2).fill('SLUICE_INGEST_ROW_DECIMAL_INVALID'));
    const times = await bench.load(events({ timestamp: 'int32' }), [
      setElement(bench.fixture('decimals.parquet'), 'int32', decimalFields(5, 2)),
    ]);
    expect(times.rows).toHaveLength(1);
    expect(times.refused).toHaveLength(2);
  });
});

describe('UUIDs of 16 bytes', () => {
  const UUID = '8d1244ef-86df-4bf7-90e5-d9e6e9645a50';
  const NIL = '00000000-0000-0000-0000-000000000000';
  const units = async (
    userID: Exclude<
      NonNullable<(DatasetInput & { kind: 'events' })['mapping']>['unitIds'],
      undefined
    >[string],
  ) => {
    const { rows, refused } = await bench.loadFixture(events({ unitIds: { userID } }), 'uuids.parquet');
    return [...columnOf(rows, 'user_id'), ...refused.map(({ reason }) => reason)];
  };
  const MISSING = 'SLUICE_INGEST_ROW_UNIT_MISSING';

  it.each([
    { what: 'the file', userID: 'said' },
    { what: 'the mapping of a column', userID: { column: 'unsaid', cast: 'uuid' } },
    { what: 'the mapping of a member', userID: { column: 'inside.id', cast: 'uuid' } },
  ] as const)('are read as UUIDs if $what says so', async ({ userID }) => {
    expect(await units(userID)).toEqual([UUID, NIL, MISSING]);
  });

  it('are read as UUIDs from bytes of any length if the mapping says so', async () => {
    expect(await units({ column: 'any', cast: 'uuid' })).toEqual([UUID, NIL, MISSING]);
    expect((await units('any'))[1]).toBe('SLUICE_INGEST_ROW_TEXT_INVALID');
  });

  it('are texts of 16 characters if the mapping says so', async () => {
    const [first, second] = await units({ column: 'text', cast: 'string' });
    expect(first).toBe('abcdef0123456789');
    expect(second).toBe(`short${'\0'.repeat(11)}`);
  });

  it('can be metadata and values like any text', async () => {
    const { rows } = await bench.loadFixture(
      events({ eventValue: 'said', metadata: { unsaid: { column: 'unsaid', cast: 'uuid' } } }),
      'uuids.parquet',
    );
    expect(rows.map((row) => [row['event_value'], row['event_metadata']])).toEqual([
      [UUID, `{"unsaid":"${UUID}"}`],
      [NIL, `{"unsaid":"${NIL}"}`],
      [null, null],
    ]);
  });

  it('are not decimals of as many bytes, also of writers that say no newer type of these', async () => {
    const file = await bench.write(
      'large-decimal.parquet',
      `SELECT 1795169730 AS timestamp, 'e' AS event_name, 'u' AS unit, 1234567.89::DECIMAL(38, 2) AS amount`,
    );
    const { rows, refused } = await bench.load(
      events({ unitIds: { userID: 'unit' }, eventValue: 'amount' }),
      [setElement(file, 'amount', { [ELEMENT.logicalType]: undefined })],
    );
    expect({ values: columnOf(rows, 'event_value'), refused }).toEqual({
      values: ['1234567.89'],
      refused: [],
    });
  });

  it('are written canonically when cast from text, and rejected when the text is not a UUID', async () => {
    const { rows, reasons } = await bench.loadQueries(
      events({ unitIds: { userID: { column: 'unit_id', cast: 'uuid' } } }),
      `SELECT 1795169730 AS timestamp, 'e' AS event_name, unnest(['${UUID.toUpperCase()}', '{${UUID}}', 'nope']) AS unit_id`,
    );
    expect(columnOf(rows, 'user_id')).toEqual([UUID, UUID]);
    expect(reasons).toEqual(['SLUICE_INGEST_ROW_CAST_FAILED']);
  });
});

describe('a NUL', () => {
  const NUL = String.fromCharCode(0);

  it('in the name of a column or a member is rejected by name', async () => {
    for (const element of ['keys', 'inner', 'timestamp']) {
      const file = editSchema(bench.fixture('lists.parquet'), (elements) =>
        elements.map((schemaElement) =>
          schemaElement.name === element ? { ...schemaElement, name: `a${NUL}b` } : schemaElement,
        ),
      );
      await fails(bench.load(events(), [file]), 'SLUICE_INGEST_COLUMN_NAME_UNFIT', {
        message: expect.stringContaining('"a\\u0000b"'),
      });
    }
  });

  it('in the key of a file is rejected by name', async () => {
    const file = { ...bench.fixture('lists.parquet'), name: `a${NUL}b.parquet` };
    await fails(bench.load(events(), [file]), 'SLUICE_INGEST_FILE_NAME_UNFIT');
  });

  it('in texts, map keys and JSON is kept', async () => {
    const { rows, metadata } = await bench.loadQueries(
      events({ eventValue: 'm', metadata: ['m', 'p'], metadataJson: 'json' }),
      `SELECT 1795169730 AS timestamp, 'a' || chr(0) || 'b' AS event_name, 'u' AS unit_id, map {'k' || chr(0): 'v' || chr(0)} AS m,
         '{"p":1,"a' || chr(92) || 'u0000b":"c' || chr(92) || 'u0000d"}' AS json, 2 AS p`,
    );
    expect(rows[0]?.['event_name']).toBe(`a${NUL}b`);
    expect(metadata[0]).toEqual({
      m: { [`k${NUL}`]: `v${NUL}` },
      p: 2,
      [`a${NUL}b`]: `c${NUL}d`,
    });
  });
});

describe('a column that says that it holds no value', () => {
  const v = { column: 'v' };
  const asText = { ...v, cast: 'string' } as const;
  const asId = { ...v, cast: 'uuid' } as const;
  async function write(): Promise<EngineFile> {
    const sql = `SELECT ${EVENT}, NULL AS v`;
    const file = await bench.write('empty.parquet', sql);
    // As pyarrow, pandas and polars write it: https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#unknown-always-null
    return setElement(file, 'v', { [ELEMENT.logicalType]: logicalType(LOGICAL.unknown) });
  }

  it.each<{ readonly what: string; readonly dataset: DatasetInput; readonly expected: object }>([
    {
      what: 'of events, also as a struct without members',
      dataset: {
        kind: 'events',
        mapping: {
          eventValue: 'v.price',
          metadataJson: 'v',
          metadata: { v: 'v', 'v.plan': 'v.plan', as_string: asText, as_uuid: asId },
        },
      },
      expected: { event_value: null, event_metadata: null },
    },
    {
      what: 'of a table',
      dataset: {
        kind: 'table',
        mapping: {
          columns: {
            text: v,
            iso: { ...v, type: 'timestamp', unit: 'iso' },
            at: { ...v, type: 'timestamp', unit: 'timestamp' },
            day: { ...v, type: 'date', format: 'dd/MM/yyyy' },
            number: { ...v, type: 'double' },
            flag: { ...v, type: 'boolean' },
          },
        },
      },
      expected: { text: null, iso: null, at: null, day: null, number: null, flag: null },
    },
  ])('is null of any type $what', async ({ dataset, expected }) => {
    const { rows } = await bench.load(dataset, [await write()]);
    expect(rows).toEqual([expect.objectContaining(expected)]);
  });

  it('is missing in every row where it is required', async () => {
    const timed = events({ timestamp: { ...v, unit: 'iso' } });
    expect((await bench.load(timed, [await write()])).reasons).toEqual(['SLUICE_INGEST_ROW_TIME_MISSING']);
  });
});

describe('names of elements', () => {
  it('can have any other character', async () => {
    const file = editSchema(bench.fixture('lists.parquet'), (elements) =>
      elements.map((element) => (element.name === 'keys' ? { ...element, name: 'a"\'b' } : element)),
    );
    expect(await metadataOf(file, 'a"\'b')).toEqual([['k'], [], null]);
  });
});
