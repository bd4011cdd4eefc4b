import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  applySnapshot,
  changeProperties,
  newSnapshotId,
  newTable,
  readMetadata,
  schemaOf,
  snapshotAt,
  snapshotOf,
  specOf,
  writeMetadata,
} from '../../src/iceberg/index.ts';
import { LOCATION, MemoryFiles, NOW, orderFile, ordersTable } from './memoryFiles.ts';

const PLACE = `${LOCATION}/metadata/00000-a.metadata.json`;
const given = async (text: string | Uint8Array) => {
  const files = new MemoryFiles();
  await files.write(PLACE, typeof text === 'string' ? Buffer.from(text) : text);
  return files;
};
const textAt = (files: MemoryFiles, location: string) =>
  Buffer.from(files.contents.get(location) ?? []).toString('utf8');

/** A table's metadata as another writer has it. */
const foreign = (more: object = {}) => ({
  'format-version': 2,
  'table-uuid': '9c12d441-03fe-4693-9a96-a0705ddf69c1',
  location: LOCATION,
  'last-sequence-number': 34,
  'last-updated-ms': NOW,
  'last-column-id': 1,
  schemas: [{ type: 'struct', 'schema-id': 0, fields: [{ id: 1, name: 'x', required: true, type: 'long' }] }],
  'current-schema-id': 0,
  'partition-specs': [{ 'spec-id': 0, fields: [] }],
  'default-spec-id': 0,
  'last-partition-id': 999,
  'sort-orders': [{ 'order-id': 0, fields: [] }],
  'default-sort-order-id': 0,
  ...more,
});

describe('a new table', () => {
  it('gives IDs to columns, those at the top first, and to partition fields', () => {
    const table = ordersTable();
    expect(schemaOf(table).fields.map(({ id, name }) => [id, name])).toEqual([
      [1, 'id'],
      [2, 'day'],
      [3, 'amount'],
      [4, 'tags'],
    ]);
    expect(schemaOf(table).fields[3]?.type).toMatchObject({ 'element-id': 5 });
    expect(table['last-column-id']).toBe(5);
    expect(specOf(table).fields).toEqual([
      { 'source-id': 2, 'field-id': 1000, name: 'day', transform: 'identity' },
      { 'source-id': 1, 'field-id': 1001, name: 'id_bucket', transform: 'bucket[4]' },
    ]);
    expect(table['last-partition-id']).toBe(1001);
    expect(snapshotOf(table)).toBeUndefined();
  });

  const make = (
    fields: [name: string, type: string][],
    spec: [source: number, name: string, transform: string][],
  ) =>
    newTable({
      location: LOCATION,
      schema: {
        type: 'struct',
        fields: fields.map(([name, type], index) => ({ id: index + 1, name, required: false, type })),
      },
      spec: { fields: spec.map(([source, name, transform]) => ({ 'source-id': source, name, transform })) },
      properties: {},
      now: NOW,
      uuid: '6f2c4a52-0f4f-4d7c-9e9a-3b7c2d1e0f00',
    });

  it('refuses columns of one name, unknown types and partition fields that can not be', () => {
    const invalid = expect.objectContaining({ code: 'INVALID_SCHEMA' });
    expect(() =>
      make(
        [
          ['a', 'int'],
          ['a', 'long'],
        ],
        [],
      ),
    ).toThrow(invalid);
    expect(() => make([['a', 'int']], [[2, 'b', 'identity']])).toThrow(invalid);
    expect(() => make([['a', 'double']], [[1, 'b', 'bucket[4]']])).toThrow(invalid);
    expect(() =>
      make(
        [
          ['a', 'int'],
          ['b', 'int'],
        ],
        [[1, 'b', 'bucket[4]']],
      ),
    ).toThrow(invalid);
    expect(() => make([['a', 'number']], [])).toThrow(expect.objectContaining({ code: 'BAD_METADATA' }));
  });
});

describe("a table's metadata file", () => {
  it('keeps every digit of a snapshot ID, and members that nobody here knows', async () => {
    const text = JSON.stringify(foreign({ 'current-snapshot-id': 1 })).replace(
      '"current-snapshot-id":1',
      `"current-snapshot-id": 9223372036854775807,
       "snapshots": [{ "snapshot-id": 9223372036854775807, "parent-snapshot-id": null, "sequence-number": 34,
         "timestamp-ms": ${NOW}, "manifest-list": "s3://lake/l.avro", "summary": { "operation": "append" }, "key-id": 1.50 }],
       "snapshot-log": [{ "snapshot-id": 9223372036854775807, "timestamp-ms": ${NOW} }],
       "statistics": [{ "snapshot-id": 9223372036854775806, "blob": 1e400 }]`,
    );
    const files = await given(text);
    const table = await readMetadata(files, PLACE);
    expect(table['current-snapshot-id']).toBe(9223372036854775807n);
    expect(snapshotAt(table, NOW)).toBe(snapshotOf(table));
    expect(snapshotAt(table, NOW - 1)).toBeUndefined();
    expect(table.refs).toEqual({ main: { 'snapshot-id': 9223372036854775807n, type: 'branch' } });
    const next = await writeMetadata(files, table, PLACE);
    const written = textAt(files, next);
    expect(written).toContain('"current-snapshot-id":9223372036854775807');
    expect(written).toContain('"statistics":[{"snapshot-id":9223372036854775806,"blob":1e400}]');
    expect(written).toContain('"key-id":1.50');
    expect({ ...(await readMetadata(files, next)), 'metadata-log': [] }).toEqual(table);
  });

  it('is named by its number, and logs those before it up to a limit', async () => {
    const files = new MemoryFiles();
    let table = ordersTable({ 'write.metadata.previous-versions-max': '2' });
    let location = await writeMetadata(files, table, null);
    expect(location).toMatch(/^s3:\/\/lake\/orders\/metadata\/00000-[0-9a-f-]{36}\.metadata\.json$/);
    const locations = [location];
    for (let version = 1; version <= 3; version += 1) {
      table = await readMetadata(files, location);
      table = changeProperties(table, { version: String(version) }, [], NOW + version);
      location = await writeMetadata(files, table, location);
      expect(location).toContain(`/0000${version}-`);
      locations.push(location);
    }
    expect((await readMetadata(files, location))['metadata-log']).toEqual([
      { 'metadata-file': locations[1], 'timestamp-ms': NOW + 1 },
      { 'metadata-file': locations[2], 'timestamp-ms': NOW + 2 },
    ]);
    expect(textAt(files, locations[0] ?? '')).toContain('"current-snapshot-id":-1');
  });

  it('may be compressed, and elsewhere', async () => {
    const files = await given(gzipSync(JSON.stringify(foreign({ 'current-snapshot-id': -1 }))));
    const table = await readMetadata(files, PLACE);
    expect(table['current-snapshot-id']).toBeNull();
    expect(table.properties).toEqual({});
    const moved = changeProperties(table, { 'write.metadata.path': 's3://other/place/' }, [], NOW);
    expect(await writeMetadata(files, moved, null)).toMatch(/^s3:\/\/other\/place\/00000-/);
  });

  it('of version 1 is read, and changed after it became version 2', async () => {
    const { schemas, 'partition-specs': _specs, 'last-sequence-number': _last, ...rest } = foreign();
    const files = await given(
      JSON.stringify({
        ...rest,
        'format-version': 1,
        schema: { type: 'struct', fields: schemas[0]?.fields },
        'partition-spec': [{ 'source-id': 1, name: 'x_bucket', transform: 'bucket[2]' }],
        schemas: undefined,
        'current-snapshot-id': 7,
        snapshots: [
          {
            'snapshot-id': 7,
            'timestamp-ms': NOW,
            'manifest-list': 's3://lake/l.avro',
            summary: { operation: 'append' },
          },
        ],
      }),
    );
    const table = await readMetadata(files, PLACE);
    expect(schemaOf(table)['schema-id']).toBe(0);
    expect(specOf(table).fields[0]).toMatchObject({ 'field-id': 1000, transform: 'bucket[2]' });
    expect(snapshotOf(table)?.['sequence-number']).toBe(0n);
    const at = { now: NOW, snapshotId: newSnapshotId(table) };
    const refused = expect.objectContaining({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('version 1'),
    });
    await expect(applySnapshot(files, table, { operation: 'append', added: [] }, at)).rejects.toThrow(
      refused,
    );
    expect(() => changeProperties(table, { a: 'b' }, [], NOW)).toThrow(refused);
    await expect(writeMetadata(files, table, PLACE)).rejects.toThrow(refused);
    const upgraded = changeProperties(table, { 'format-version': '2' }, [], NOW);
    expect(upgraded).toMatchObject({ 'format-version': 2, properties: {} });
    const next = await writeMetadata(files, upgraded, PLACE);
    expect(Object.keys(JSON.parse(textAt(files, next)))).not.toContain('schema');
  });

  it.each([
    ['UNSUPPORTED', 'format version 3', { 'format-version': 3 }],
    [
      'UNSUPPORTED',
      'variant',
      {
        schemas: [
          { type: 'struct', 'schema-id': 0, fields: [{ id: 1, name: 'x', required: true, type: 'variant' }] },
        ],
      },
    ],
    ['BAD_METADATA', 'location', { location: 5 }],
    ['BAD_METADATA', 'schema 4', { 'current-schema-id': 4 }],
    ['BAD_METADATA', 'spec 4', { 'default-spec-id': 4 }],
    ['BAD_METADATA', 'snapshot 5', { 'current-snapshot-id': 5 }],
    ['BAD_METADATA', 'last-column-id', { 'last-column-id': 0 }],
    [
      'BAD_METADATA',
      'manifest list',
      { snapshots: [{ 'snapshot-id': 5, 'timestamp-ms': NOW, manifests: [] }] },
    ],
  ])('is refused with %s for its %s', async (code, words, change) => {
    const files = await given(JSON.stringify(foreign(change)));
    await expect(readMetadata(files, PLACE)).rejects.toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(words) }),
    );
  });

  it('is refused where it is missing or no JSON', async () => {
    const files = await given('{');
    await expect(readMetadata(files, PLACE)).rejects.toThrow(
      expect.objectContaining({ code: 'BAD_METADATA' }),
    );
    await expect(readMetadata(files, 's3://lake/none')).rejects.toThrow(
      expect.objectContaining({ code: 'FILE_MISSING' }),
    );
  });

  it('comes back as it was written after any snapshots', async () => {
    // Also those that a number writes with all their digits.
    const anyId = fc.oneof(
      fc.bigInt(1n, 2n ** 63n - 1n),
      fc
        .bigInt(1n, 2n ** 56n)
        .map((id) => BigInt(String(Number(id * 100n).toLocaleString('fullwide', { useGrouping: false })))),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(anyId, { maxLength: 4 }), async (ids) => {
        const files = new MemoryFiles();
        let table = ordersTable();
        for (const [index, snapshotId] of new Set(ids).entries() as unknown as [bigint, bigint][]) {
          const added = [orderFile(String(index))];
          ({ metadata: table } = await applySnapshot(
            files,
            table,
            { operation: 'append', added },
            { now: NOW, snapshotId },
          ));
        }
        expect(await readMetadata(files, await writeMetadata(files, table, null))).toEqual(table);
      }),
      { numRuns: 20 },
    );
  });
});
