import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  applySnapshot,
  changeProperties,
  changeSchema,
  expireSnapshots,
  type IcebergType,
  newSnapshotId,
  reachableFiles,
  readFiles,
  type SchemaChange,
  schemaOf,
  snapshotOf,
  type TableMetadata,
  writeMetadata,
} from '../../src/iceberg/index.ts';
import { LOCATION, MemoryFiles, NOW, orderFile, ordersTable } from './memoryFiles.ts';

const columns = (table: TableMetadata) => schemaOf(table).fields.map(({ id, name }) => `${id} ${name}`);
const change = (table: TableMetadata, ...changes: SchemaChange[]) => changeSchema(table, changes, NOW + 1);
const invalid = (words: string) =>
  expect.objectContaining({ code: 'INVALID_SCHEMA', message: expect.stringContaining(words) });

describe('a change of the schema', () => {
  it('adds a column with new IDs, also of what it holds, and never gives one again', () => {
    const struct: IcebergType = {
      type: 'struct',
      fields: [
        { id: 1, name: 'a', required: false, type: 'int' },
        { id: 2, name: 'b', required: false, type: 'string' },
      ],
    };
    const added = change(ordersTable(), { add: { name: 'extra', type: struct, doc: 'more' } });
    expect(schemaOf(added).fields.at(-1)).toEqual({
      id: 6,
      name: 'extra',
      required: false,
      doc: 'more',
      type: {
        type: 'struct',
        fields: [
          { ...struct.fields[0], id: 7 },
          { ...struct.fields[1], id: 8 },
        ],
      },
    });
    expect(added).toMatchObject({ 'last-column-id': 8, 'current-schema-id': 1, 'last-updated-ms': NOW + 1 });
    const again = change(added, { drop: 'extra' }, { add: { name: 'extra', type: 'int' } });
    expect(columns(again)).toEqual(['1 id', '2 day', '3 amount', '4 tags', '9 extra']);
    expect(again.schemas).toHaveLength(3);
  });

  it('comes back to a schema that the table had', () => {
    const added = change(ordersTable(), { add: { name: 'extra', type: 'int' } });
    const back = change(added, { drop: 'EXTRA' });
    expect(back).toMatchObject({ 'current-schema-id': 0, 'last-column-id': 6 });
    expect(back.schemas).toHaveLength(2);
  });

  it('renames, describes and moves a column that keeps its ID', () => {
    const changed = change(
      ordersTable(),
      { rename: 'Amount', to: 'total' },
      { describe: 'total', doc: 'in euros' },
      { move: 'tags', after: null },
      { move: 'id', after: 'total' },
    );
    expect(columns(changed)).toEqual(['4 tags', '2 day', '3 total', '1 id']);
    expect(schemaOf(changed).fields[2]?.doc).toBe('in euros');
    expect(schemaOf(change(changed, { describe: 'total', doc: undefined })).fields[2]).not.toHaveProperty(
      'doc',
    );
    expect(columns(change(changed, { rename: 'total', to: 'TOTAL' }))[2]).toBe('3 TOTAL');
  });

  it.each<[from: IcebergType, to: IcebergType]>([
    ['int', 'long'],
    ['float', 'double'],
    ['decimal(9, 2)', 'decimal(12,2)'],
    ['int', 'int'],
  ])('widens %j to %j', (from, to) => {
    const table = change(ordersTable(), { add: { name: 'c', type: from } });
    expect(schemaOf(change(table, { widen: 'c', to })).fields.at(-1)).toMatchObject({ id: 6, type: to });
  });

  it('widens inside of a struct, a list and a map, which keep their IDs', () => {
    const nested = (number: string): IcebergType => ({
      type: 'map',
      'key-id': 1,
      key: 'int',
      'value-id': 2,
      value: {
        type: 'list',
        'element-id': 3,
        element: { type: 'struct', fields: [{ id: 4, name: 'n', required: false, type: number }] },
        'element-required': false,
      },
      'value-required': false,
    });
    const table = change(ordersTable(), { add: { name: 'c', type: nested('int') } });
    const before = JSON.stringify(schemaOf(table).fields.at(-1)?.type);
    const wide = change(table, { widen: 'c', to: nested('long') });
    // The key is an int, too, and comes first.
    expect(JSON.stringify(schemaOf(wide).fields.at(-1)?.type)).toBe(
      before.replace('"n","required":false,"type":"int"', '"n","required":false,"type":"long"'),
    );
    expect(() => change(table, { widen: 'c', to: nested('string') })).toThrow(invalid('c.value.element.n'));
  });

  it.each<[from: IcebergType, to: IcebergType]>([
    ['long', 'int'],
    ['int', 'double'],
    ['int', 'string'],
    ['date', 'timestamp'],
    ['decimal(9, 2)', 'decimal(9, 3)'],
    ['decimal(9, 2)', 'decimal(8, 2)'],
    ['string', 'binary'],
    ['string', { type: 'struct', fields: [] }],
  ])('refuses to make %j a %j', (from, to) => {
    const table = change(ordersTable(), { add: { name: 'c', type: from } });
    expect(() => change(table, { widen: 'c', to })).toThrow(invalid('The column c'));
  });

  it.each<[words: string, ...SchemaChange[]]>([
    ['has a column ID', { add: { name: 'ID', type: 'int' } }],
    ['has a column day', { rename: 'amount', to: 'day' }],
    ['no column lost', { drop: 'lost' }],
    ['no column lost', { rename: 'lost', to: 'found' }],
    ['no column lost', { move: 'id', after: 'lost' }],
    ['behind itself', { move: 'tags', after: 'tags' }],
    ['partitioned by it', { drop: 'day' }],
    ['has a name', { rename: 'amount', to: '' }],
  ])('is refused: %s', (words, ...changes) => {
    expect(() => change(ordersTable(), ...changes)).toThrow(invalid(words));
  });

  it('keeps the names of columns in files without IDs', () => {
    const mapping = JSON.stringify([
      { 'field-id': 1, names: ['id'] },
      { 'field-id': 3, names: ['amount'] },
    ]);
    const table = ordersTable({ 'schema.name-mapping.default': mapping });
    const renamed = change(
      table,
      { rename: 'amount', to: 'total' },
      { add: { name: 'amount', type: 'int' } },
    );
    expect(JSON.parse(renamed.properties['schema.name-mapping.default'] ?? '')).toEqual([
      { 'field-id': 1, names: ['id'] },
      { 'field-id': 3, names: ['total'] },
      { 'field-id': 6, names: ['amount'] },
    ]);
    const bad = ordersTable({ 'schema.name-mapping.default': '{' });
    expect(() => change(bad, { drop: 'amount' })).toThrow(expect.objectContaining({ code: 'BAD_METADATA' }));
  });

  it('gives no ID twice in any history', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd');
    const step: fc.Arbitrary<SchemaChange> = fc.oneof(
      name.map((wanted) => ({ add: { name: wanted, type: 'int' } })),
      name.map((wanted) => ({ drop: wanted })),
      fc.tuple(name, name).map(([from, to]) => ({ rename: from, to })),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let table = ordersTable();
        for (const next of steps) {
          const last = table['last-column-id'];
          const before = table.schemas.flatMap(({ fields }) => fields.map(({ id }) => id));
          try {
            table = change(table, next);
          } catch (error) {
            expect(error).toMatchObject({ code: 'INVALID_SCHEMA' });
          }
          const ids = schemaOf(table).fields.map(({ id }) => id);
          expect(new Set(ids).size).toBe(ids.length);
          // A new one is above all that there were.
          const fresh = ids.filter((id) => !before.includes(id));
          expect(fresh.filter((id) => id <= last)).toEqual([]);
          expect(Math.max(...ids)).toBeLessThanOrEqual(table['last-column-id']);
        }
      }),
    );
  });
});

describe('a change of properties', () => {
  it('sets and removes, and refuses both of one', () => {
    const table = changeProperties(
      ordersTable({ a: '1', b: '2' }),
      { a: '3', c: '4' },
      ['b', 'none'],
      NOW + 5,
    );
    expect(table).toMatchObject({ properties: { a: '3', c: '4' }, 'last-updated-ms': NOW + 5 });
    expect(() => changeProperties(table, { a: '1' }, ['a'], NOW)).toThrow(invalid('set and removed'));
    expect(() => changeProperties(table, { 'format-version': '3' }, [], NOW)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    );
  });
});

describe('expiring', () => {
  /** A table with a snapshot a minute, each of which replaces the file of the one before. */
  const replaced = async (snapshots: number) => {
    const files = new MemoryFiles();
    let table = ordersTable();
    for (let minute = 0; minute < snapshots; minute += 1) {
      const added = [orderFile(String(minute))];
      for (const { location } of added) await files.write(location, Buffer.from('data'));
      const removed = minute > 0 ? [orderFile(String(minute - 1)).location] : [];
      const at = { now: NOW + minute * 60_000, snapshotId: newSnapshotId(table) };
      ({ metadata: table } = await applySnapshot(
        files,
        table,
        { operation: 'overwrite', added, removed },
        at,
      ));
    }
    return { files, table };
  };
  const minutes = (table: TableMetadata) =>
    table.snapshots.map((each) => (each['timestamp-ms'] - NOW) / 60_000);
  const options = (olderThan: number, keepLast: number) => ({
    olderThanMs: NOW + olderThan * 60_000,
    keepLast,
    now: NOW + 3_600_000,
  });

  it('drops old snapshots, but the last ones, and names the files that nothing reaches any more', async () => {
    const { files, table } = await replaced(6);
    expect(minutes((await expireSnapshots(files, table, options(100, 3))).metadata)).toEqual([3, 4, 5]);
    const { metadata, unreachable } = await expireSnapshots(files, table, options(4, 1));
    expect(minutes(metadata)).toEqual([4, 5]);
    expect(metadata['snapshot-log'].map((entry) => entry['snapshot-id'])).toEqual(
      metadata.snapshots.map((each) => each['snapshot-id']),
    );
    for (const location of unreachable) await files.remove(location);
    for (const snapshot of metadata.snapshots) {
      const live = await readFiles(files, metadata, snapshot);
      expect(live).toHaveLength(1);
      for (const { location } of live) expect(files.contents.has(location)).toBe(true);
    }
    // Only files that the table reaches are left.
    expect(new Set(files.contents.keys())).toEqual(await reachableFiles(files, metadata));
  });

  it('changes nothing where every snapshot is young', async () => {
    const { files, table } = await replaced(3);
    expect(await expireSnapshots(files, table, options(0, 1))).toEqual({ metadata: table, unreachable: [] });
  });

  it('keeps what tags and branches name, as long as they hold', async () => {
    const { files, table } = await replaced(6);
    const id = (minute: number) => table.snapshots[minute]?.['snapshot-id'] ?? 0n;
    const tagged: TableMetadata = {
      ...table,
      refs: {
        ...table.refs,
        tag: { 'snapshot-id': id(1), type: 'tag' },
        branch: { 'snapshot-id': id(3), type: 'branch', 'min-snapshots-to-keep': 2 },
        old: { 'snapshot-id': id(0), type: 'tag', 'max-ref-age-ms': 60_000 },
      },
    };
    const { metadata } = await expireSnapshots(files, tagged, options(100, 1));
    expect(minutes(metadata)).toEqual([1, 2, 3, 5]);
    expect(Object.keys(metadata.refs)).toEqual(['main', 'tag', 'branch']);
    const aged = changeProperties(
      tagged,
      { 'history.expire.max-ref-age-ms': String(57.5 * 60_000) },
      [],
      NOW,
    );
    expect(Object.keys((await expireSnapshots(files, aged, options(100, 1))).metadata.refs)).toEqual([
      'main',
      'branch',
    ]);
    // The log ends where a snapshot is missing.
    expect(metadata['snapshot-log']).toHaveLength(1);
    expect(snapshotOf(metadata)?.['snapshot-id']).toBe(id(5));
  });

  it('keeps young snapshots that only a tag comes from, as Java does', async () => {
    const { files, table } = await replaced(6);
    const id = (minute: number) => table.snapshots[minute]?.['snapshot-id'] ?? 0n;
    // Rolled back to the first.
    const tagged: TableMetadata = {
      ...table,
      'current-snapshot-id': id(0),
      refs: { main: { 'snapshot-id': id(0), type: 'branch' }, tag: { 'snapshot-id': id(5), type: 'tag' } },
    };
    expect(minutes((await expireSnapshots(files, tagged, options(3, 1))).metadata)).toEqual([0, 3, 4, 5]);
  });

  it('forgets statistics of dropped snapshots, and counts those of others and logged metadata as reached', async () => {
    const { files, table } = await replaced(2);
    const [old, now] = table.snapshots.map((each) => each['snapshot-id']);
    const withStatistics = {
      ...table,
      statistics: [
        { 'snapshot-id': old, 'statistics-path': 's3://lake/old.stats' },
        { 'snapshot-id': now, 'statistics-path': 's3://lake/now.stats' },
      ],
      'metadata-log': [
        { 'timestamp-ms': NOW, 'metadata-file': `${LOCATION}/metadata/00000-x.metadata.json` },
      ],
    };
    const { metadata, unreachable } = await expireSnapshots(files, withStatistics, options(100, 1));
    expect(unreachable).toContain('s3://lake/old.stats');
    expect(unreachable).not.toContain('s3://lake/now.stats');
    const reached = await reachableFiles(files, metadata);
    expect(reached).toContain('s3://lake/now.stats');
    expect(reached).toContain(`${LOCATION}/metadata/00000-x.metadata.json`);
    expect(reached).not.toContain('s3://lake/old.stats');
    await expect(writeMetadata(files, metadata, null)).resolves.toContain(LOCATION);
  });
});
