import { describe, expect, it } from '@jest/globals';
import avro from 'avsc';
import fc from 'fast-check';
import {
  applySnapshot,
  boundBytes,
  deletesOf,
  type FileEntry,
  type NewFile,
  readFiles,
  readMetadata,
  type SnapshotChange,
  snapshotOf,
  type TableMetadata,
  writeMetadata,
} from '../../src/iceberg/index.ts';
import { LOCATION, MemoryFiles, NOW, orderFile, ordersTable } from './memoryFiles.ts';

/** A table whose snapshots are applied one after the other. */
class History {
  readonly files = new MemoryFiles();
  table: TableMetadata;

  constructor(properties: Readonly<Record<string, string>> = {}) {
    this.table = ordersTable(properties);
  }

  async apply(change: Partial<SnapshotChange> & Pick<SnapshotChange, 'operation'>): Promise<string[]> {
    // Small enough for avsc's own decoder, which reads its manifests below.
    const at = { now: NOW, snapshotId: this.table['last-sequence-number'] + 100n };
    const { metadata, written } = await applySnapshot(this.files, this.table, { added: [], ...change }, at);
    this.table = metadata;
    return written;
  }

  async live(): Promise<FileEntry[]> {
    const snapshot = snapshotOf(this.table);
    return snapshot ? readFiles(this.files, this.table, snapshot) : [];
  }

  get summary(): Readonly<Record<string, string>> {
    return snapshotOf(this.table)?.summary ?? {};
  }

  get manifests(): Promise<Record<string, unknown>[]> {
    return decode(this.files, snapshotOf(this.table)?.['manifest-list'] ?? '');
  }
}

/** An Avro file's records, read with avsc's own decoder. Its numbers are all small. */
async function decode(files: MemoryFiles, location: string): Promise<Record<string, unknown>[]> {
  const decoder = new avro.streams.BlockDecoder();
  decoder.end(await files.read(location));
  const records: Record<string, unknown>[] = [];
  for await (const record of decoder) records.push(record);
  return records;
}

/** The header of an Avro file, whose JSON is text in the file. */
const headerOf = (files: MemoryFiles, location: string) =>
  Buffer.from(files.contents.get(location) ?? []).toString('latin1');
const names = (files: readonly FileEntry[]) =>
  files.map(({ location }) => location.replace(`${LOCATION}/data/`, '').replace('.parquet', ''));
const deletes = (name: string, content: NewFile['content'], more: Partial<NewFile> = {}): NewFile =>
  orderFile(name, 20_000, { content, recordCount: 2n, ...more });

describe('a snapshot', () => {
  it('adds files that inherit its sequence number', async () => {
    const history = new History();
    await history.apply({ operation: 'append', added: [orderFile('a')] });
    await history.apply({ operation: 'append', added: [orderFile('b', null)] });
    const live = await history.live();
    expect(
      live.map(({ sequenceNumber, fileSequenceNumber }) => [sequenceNumber, fileSequenceNumber]),
    ).toEqual([
      [2n, 2n],
      [1n, 1n],
    ]);
    expect(live[0]).toMatchObject({ location: `${LOCATION}/data/b.parquet`, recordCount: 10n });
    expect(live[0]?.partition).toEqual(
      new Map([
        [1000, null],
        [1001, 3],
      ]),
    );
    expect(live[1]?.snapshotId).toBe(history.table.snapshots[0]?.['snapshot-id']);
    expect(history.table.refs['main']?.['snapshot-id']).toBe(history.table['current-snapshot-id']);
    expect(history.table['snapshot-log']).toHaveLength(2);
    expect(snapshotOf(history.table)).toMatchObject({
      'parent-snapshot-id': history.table.snapshots[0]?.['snapshot-id'],
      'sequence-number': 2n,
      'schema-id': 0,
    });
    const [first] = history.table.snapshots;
    expect(first && names(await readFiles(history.files, history.table, first))).toEqual(['a']);
  });

  it('keeps everything that is known of a file', async () => {
    const history = new History();
    const file = orderFile('a', 20_000, {
      columnSizes: new Map([[1, 100n]]),
      valueCounts: new Map([[1, 10n]]),
      nullCounts: new Map([[1, 0n]]),
      nanCounts: new Map(),
      lowerBounds: new Map([[1, boundBytes('long', 2n ** 62n)]]),
      upperBounds: new Map([[1, boundBytes('long', 2n ** 62n + 1n)]]),
      keyMetadata: Uint8Array.of(1, 2),
      splitOffsets: [4n, 2n ** 60n],
      sortOrderId: 0,
      sequenceNumber: 1n,
    });
    await history.apply({ operation: 'append', added: [file] });
    const own = { fileSequenceNumber: 1n, snapshotId: history.table['current-snapshot-id'] };
    expect(await history.live()).toEqual([{ ...file, ...own }]);
    // A manifest that is written again keeps it, too.
    await history.apply({ operation: 'append', added: [orderFile('b')] });
    await history.apply({
      operation: 'replace',
      added: [orderFile('c')],
      removed: [orderFile('b').location],
    });
    expect((await history.live()).find(({ location }) => location === file.location)).toEqual({
      ...file,
      ...own,
    });
  });

  it('removes files with an entry that tells it, which the next snapshot drops', async () => {
    const history = new History();
    await history.apply({ operation: 'append', added: [orderFile('a'), orderFile('b')] });
    await history.apply({ operation: 'delete', removed: [orderFile('a').location] });
    expect(names(await history.live())).toEqual(['b']);
    expect(await history.manifests).toMatchObject([
      { added_files_count: 0, existing_files_count: 1, deleted_files_count: 1, deleted_rows_count: 10 },
    ]);
    expect((await history.live())[0]).toMatchObject({ sequenceNumber: 1n, fileSequenceNumber: 1n });
    await history.apply({ operation: 'delete', removed: [orderFile('b').location] });
    expect(await history.live()).toEqual([]);
    expect(await history.manifests).toMatchObject([{ existing_files_count: 0, deleted_files_count: 1 }]);
    await history.apply({ operation: 'append', added: [orderFile('c')] });
    expect(await history.manifests).toHaveLength(1);
    expect(names(await history.live())).toEqual(['c']);
  });

  it('removes delete files that nothing needs, if nobody else has', async () => {
    const history = new History();
    const unneeded = [deletes('p', 'data').location];
    await history.apply({
      operation: 'overwrite',
      added: [orderFile('a'), orderFile('b'), deletes('p', 'position-deletes')],
    });
    await history.apply({ operation: 'delete', removed: [orderFile('a').location], unneeded });
    expect(names(await history.live())).toEqual(['b']);
    await history.apply({ operation: 'delete', removed: [orderFile('b').location], unneeded });
    expect(await history.live()).toEqual([]);
  });

  it('sums up what it changed and what there is', async () => {
    const history = new History();
    await history.apply({
      operation: 'overwrite',
      added: [orderFile('a'), orderFile('b', 20_001), deletes('p', 'position-deletes')],
      summary: { 'engine-name': 'test' },
    });
    expect(history.summary).toEqual({
      operation: 'overwrite',
      'engine-name': 'test',
      'added-data-files': '2',
      'added-delete-files': '1',
      'added-position-delete-files': '1',
      'added-records': '20',
      'added-files-size': '3000',
      'added-position-deletes': '2',
      'changed-partition-count': '2',
      'total-records': '20',
      'total-files-size': '3000',
      'total-data-files': '2',
      'total-delete-files': '1',
      'total-position-deletes': '2',
      'total-equality-deletes': '0',
    });
    await history.apply({
      operation: 'delete',
      removed: [orderFile('b').location, deletes('p', 'data').location],
    });
    expect(history.summary).toEqual({
      operation: 'delete',
      'deleted-data-files': '1',
      'removed-delete-files': '1',
      'removed-position-delete-files': '1',
      'deleted-records': '10',
      'removed-files-size': '2000',
      'removed-position-deletes': '2',
      'changed-partition-count': '2',
      'total-records': '10',
      'total-files-size': '1000',
      'total-data-files': '1',
      'total-delete-files': '0',
      'total-position-deletes': '0',
      'total-equality-deletes': '0',
    });
  });

  it('writes manifests with field IDs, and the bounds of their partitions into the list', async () => {
    const history = new History();
    const [manifest = '', list = ''] = await history.apply({
      operation: 'append',
      added: [orderFile('a', 20_000), orderFile('b', null), orderFile('c', -3)],
    });
    const header = headerOf(history.files, manifest);
    expect(header).toContain('"name":"file_path","type":"string","field-id":100');
    expect(header).toContain(
      '{"name":"day","type":["null",{"type":"int","logicalType":"date"}],"default":null,"field-id":1000}',
    );
    expect(header).toContain(
      '"name":"split_offsets","type":["null",{"type":"array","items":"long","element-id":133}]',
    );
    expect(header).toContain('"transform":"bucket[4]"');
    for (const key of [
      'schema',
      'schema-id',
      'partition-spec',
      'partition-spec-id',
      'format-version',
      'content',
    ]) {
      expect(header).toContain(`${String.fromCharCode(key.length * 2)}${key}`);
    }
    expect(headerOf(history.files, list)).toContain('"name":"partitions"');
    expect(await history.manifests).toMatchObject([
      {
        manifest_path: manifest,
        manifest_length: history.files.contents.get(manifest)?.length,
        added_files_count: 3,
        added_rows_count: 30,
        partitions: [
          {
            contains_null: true,
            contains_nan: false,
            lower_bound: Buffer.from(boundBytes('date', -3)),
            upper_bound: Buffer.from(boundBytes('date', 20_000)),
          },
          { contains_null: false, lower_bound: Buffer.from(boundBytes('int', 3)) },
        ],
      },
    ]);
  });

  it('leaves nothing behind when a file to remove is gone', async () => {
    const history = new History();
    await history.apply({ operation: 'append', added: [orderFile('a')] });
    const before = new Map(history.files.contents);
    await expect(
      history.apply({
        operation: 'overwrite',
        added: [orderFile('b')],
        removed: [orderFile('a').location, orderFile('lost').location],
      }),
    ).rejects.toThrow(
      expect.objectContaining({ code: 'COMMIT_CONFLICT', message: expect.stringContaining('lost') }),
    );
    expect(history.files.contents).toEqual(before);
  });

  it('names each file that it wrote', async () => {
    const history = new History({ 'commit.manifest.min-count-to-merge': '2' });
    for (const name of ['a', 'b', 'c']) {
      const before = new Set(history.files.contents.keys());
      const written = await history.apply({ operation: 'append', added: [orderFile(name)] });
      const fresh = [...history.files.contents.keys()].filter((location) => !before.has(location));
      expect(written.toSorted()).toEqual(fresh.toSorted());
    }
    expect(await history.manifests).toHaveLength(1);
  });

  it('merges manifests of one partition spec and content from a hundred on', async () => {
    const history = new History();
    for (let day = 0; day < 99; day += 1) {
      await history.apply({ operation: 'append', added: [orderFile(String(day), day)] });
    }
    expect(await history.manifests).toHaveLength(99);
    await history.apply({ operation: 'append', added: [orderFile('last')] });
    expect(await history.manifests).toMatchObject([{ added_files_count: 1, existing_files_count: 99 }]);
    const live = await history.live();
    expect(live).toHaveLength(100);
    // Each keeps the number of its snapshot.
    expect(new Set(live.map(({ sequenceNumber }) => sequenceNumber)).size).toBe(100);
    expect(history.summary).toMatchObject({ 'total-data-files': '100', 'added-data-files': '1' });
  });

  it('holds after random histories what a list of files holds', async () => {
    const step = fc.record({
      add: fc.integer({ min: 0, max: 3 }),
      drop: fc.array(fc.nat(), { maxLength: 3 }),
    });
    const mergeFrom = fc.constantFrom('2', '3', '100');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), mergeFrom, async (steps, minCount) => {
        const history = new History({ 'commit.manifest.min-count-to-merge': minCount });
        const model = new Map<string, bigint>();
        for (const [at, { add, drop }] of steps.entries()) {
          const alive = [...model.keys()];
          const removed = new Set(drop.flatMap((place) => alive[place % alive.length] ?? []));
          for (const location of removed) model.delete(location);
          const added = Array.from({ length: add }, (_, index) => orderFile(`${at}-${index}`, at % 3));
          await history.apply({ operation: 'overwrite', added, removed: [...removed] });
          for (const { location } of added) model.set(location, BigInt(at + 1));
          const live = await history.live();
          expect(new Map(live.map((file) => [file.location, file.sequenceNumber]))).toEqual(model);
          expect(live).toHaveLength(model.size);
          expect(history.summary['total-data-files']).toBe(String(model.size));
          const written = await writeMetadata(history.files, history.table, null);
          history.table = await readMetadata(history.files, written);
          if (minCount === '2') expect((await history.manifests).length).toBeLessThanOrEqual(2);
        }
      }),
      { numRuns: 25 },
    );
  });
});

describe('manifests of other writers', () => {
  /** Writes an Avro file without compression. */
  const encode = async (schema: object, records: readonly object[]): Promise<Uint8Array> => {
    const encoder = new avro.streams.BlockEncoder(schema as avro.Schema, { codec: 'null' });
    for (const record of records) encoder.write(record);
    encoder.end();
    const parts: Buffer[] = [];
    for await (const part of encoder) parts.push(part);
    return Buffer.concat(parts);
  };
  const field = (id: number, name: string, type: unknown) => ({ name, type, 'field-id': id });

  /** A table of version 1 with one manifest of one file. */
  const version1 = async (format = 'PARQUET') => {
    const files = new MemoryFiles();
    const table = ordersTable();
    const partition = [field(1000, 'other_name', ['null', 'int']), field(1001, 'id_bucket', ['null', 'int'])];
    const manifest = await encode(
      {
        type: 'record',
        name: 'manifest_entry',
        fields: [
          field(0, 'status', 'int'),
          field(1, 'snapshot_id', ['null', 'long']),
          field(99, 'nobody_knows', 'string'),
          field(2, 'data_file', {
            type: 'record',
            name: 'r2',
            fields: [
              field(100, 'file_path', 'string'),
              field(101, 'file_format', 'string'),
              field(102, 'partition', { type: 'record', name: 'r102', fields: partition }),
              field(103, 'record_count', 'long'),
              field(104, 'file_size_in_bytes', 'long'),
              field(105, 'block_size_in_bytes', 'long'),
            ],
          }),
        ],
      },
      [
        {
          status: 0,
          snapshot_id: 5,
          nobody_knows: 'x',
          data_file: {
            file_path: `${LOCATION}/data/a.parquet`,
            file_format: format,
            partition: { other_name: 9, id_bucket: null },
            record_count: 7,
            file_size_in_bytes: 70,
            block_size_in_bytes: 1,
          },
        },
      ],
    );
    await files.write('s3://lake/m.avro', manifest);
    const list = await encode(
      {
        type: 'record',
        name: 'manifest_file',
        fields: [
          field(500, 'manifest_path', 'string'),
          field(501, 'manifest_length', 'long'),
          field(502, 'partition_spec_id', 'int'),
          field(503, 'added_snapshot_id', ['null', 'long']),
          field(504, 'added_data_files_count', ['null', 'int']),
        ],
      },
      [
        {
          manifest_path: 's3://lake/m.avro',
          manifest_length: manifest.length,
          partition_spec_id: 0,
          added_snapshot_id: 5,
          added_data_files_count: null,
        },
      ],
    );
    await files.write('s3://lake/l.avro', list);
    const snapshot = {
      'snapshot-id': 5n,
      'sequence-number': 0n,
      'timestamp-ms': NOW,
      'manifest-list': 's3://lake/l.avro',
      summary: { operation: 'append' },
    };
    return { files, table: { ...table, snapshots: [snapshot], 'current-snapshot-id': 5n }, snapshot };
  };

  it('of version 1 are read by field IDs, without sequence numbers', async () => {
    const { files, table, snapshot } = await version1();
    expect(await readFiles(files, table, snapshot)).toEqual([
      {
        ...orderFile('a'),
        partition: new Map([
          [1000, 9],
          [1001, null],
        ]),
        recordCount: 7n,
        sizeBytes: 70n,
        sequenceNumber: 0n,
        fileSequenceNumber: 0n,
        snapshotId: 5n,
      },
    ]);
  });

  it('stay as they are in the next snapshot', async () => {
    const { files, table } = await version1();
    const at = { now: NOW, snapshotId: 6n };
    const next = await applySnapshot(files, table, { operation: 'append', added: [orderFile('b')] }, at);
    const snapshot = snapshotOf(next.metadata);
    const live = snapshot ? await readFiles(files, next.metadata, snapshot) : [];
    expect(live.map(({ sequenceNumber }) => sequenceNumber)).toEqual([1n, 0n]);
    // A total that the first snapshot doesn't have stays unknown after it.
    expect(snapshot?.summary).not.toHaveProperty('total-records');
  });

  it('are refused by name with deletion vectors', async () => {
    const { files, table, snapshot } = await version1('puffin');
    await expect(readFiles(files, table, snapshot)).rejects.toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining('deletion vectors') }),
    );
  });

  it('are refused where they are damaged', async () => {
    const { files, table, snapshot } = await version1();
    const bad = expect.objectContaining({ code: 'BAD_METADATA' });
    const manifest = await files.read('s3://lake/m.avro');
    for (const content of [
      manifest.subarray(0, manifest.length - 20),
      Buffer.from('PAR1 and more'),
      Buffer.from('Obj\x01'),
      Buffer.concat([manifest.subarray(0, manifest.length - 1), Buffer.of(0)]),
    ]) {
      await files.write('s3://lake/m.avro', content);
      await expect(readFiles(files, table, snapshot)).rejects.toThrow(bad);
    }
    await files.write(
      's3://lake/m.avro',
      Buffer.from(Buffer.from(manifest).toString('latin1').replace('\x08null', '\x08zstd'), 'latin1'),
    );
    await expect(readFiles(files, table, snapshot)).rejects.toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining('zstd') }),
    );
    await files.remove('s3://lake/m.avro');
    await expect(readFiles(files, table, snapshot)).rejects.toThrow(
      expect.objectContaining({ code: 'FILE_MISSING' }),
    );
  });
});

describe('delete files', () => {
  const entry = (file: NewFile, sequenceNumber: bigint): FileEntry => ({
    ...file,
    sequenceNumber,
    fileSequenceNumber: sequenceNumber,
    snapshotId: sequenceNumber,
  });
  const path = (text: string) => new Map([[2147483546, boundBytes('string', text)]]);
  const data = entry(orderFile('a'), 5n);
  const applied = (file: NewFile, sequenceNumber: bigint) =>
    deletesOf(data, [entry(file, sequenceNumber)]).length === 1;

  it('of positions are for data of their own and earlier snapshots', () => {
    expect(applied(deletes('p', 'position-deletes'), 4n)).toBe(false);
    expect(applied(deletes('p', 'position-deletes'), 5n)).toBe(true);
    expect(applied(deletes('p', 'position-deletes'), 6n)).toBe(true);
  });

  it('are for their own partition', () => {
    const other = new Map([
      [1000, 20_001],
      [1001, 3],
    ]);
    expect(applied(deletes('p', 'position-deletes', { partition: other }), 6n)).toBe(false);
    expect(applied(deletes('p', 'position-deletes', { specId: 1, partition: new Map() }), 6n)).toBe(false);
  });

  it('of positions are left out where they are about another file', () => {
    const of = (more: Partial<NewFile>) => applied(deletes('p', 'position-deletes', more), 6n);
    expect(of({ referencedDataFile: data.location })).toBe(true);
    expect(of({ referencedDataFile: orderFile('b').location })).toBe(false);
    expect(of({ lowerBounds: path(data.location), upperBounds: path(data.location) })).toBe(true);
    expect(of({ lowerBounds: path(orderFile('b').location) })).toBe(false);
    expect(of({ upperBounds: path(orderFile('A').location) })).toBe(false);
  });
});
