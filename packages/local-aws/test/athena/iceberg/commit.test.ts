import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { commitChange, commitTable, type RowsChange } from '../../../src/athena/iceberg/commit.ts';
import { openTableFiles } from '../../../src/athena/iceberg/tableFiles.ts';
import type { Catalog } from '../../../src/glue/index.ts';
import { readFiles, readMetadata, snapshotOf } from '../../../src/iceberg/index.ts';
import { openIceberg } from './openTable.ts';

const TABLE = { database: 'db', name: 't' } as const;

let lake: Awaited<ReturnType<typeof openIceberg>>;
beforeAll(async () => {
  lake = await openIceberg();
});
afterAll(() => lake.close());

/** A table of ten rows in one file: its snapshot, and the file. */
async function tableOfTen() {
  await lake.rows('DROP TABLE IF EXISTS t');
  await lake.create('t', 'id bigint');
  await lake.rows('INSERT INTO t SELECT n FROM UNNEST(sequence(1, 10)) AS s(n)');
  const files = openTableFiles({ store: lake.store, onCall: () => undefined });
  const metadata = await readMetadata(files, lake.metadataLocation('t'));
  const snapshot = snapshotOf(metadata);
  if (snapshot === undefined) throw new Error('The table has no snapshot.');
  const [file] = await readFiles(files, metadata, snapshot);
  if (file === undefined) throw new Error('The table has no file.');
  return { snapshotId: snapshot['snapshot-id'], file };
}

const commit = (change: RowsChange, catalog: Catalog = lake.catalog) => {
  const { store } = lake;
  const { clock } = lake.athena;
  const context = { onCall: () => undefined, signal: new AbortController().signal };
  return commitChange({ runner: { catalog, store, clock }, context }, TABLE, change);
};

/** The catalog, with another `updateTable`. */
const withUpdate = (update: Catalog['updateTable']): Catalog =>
  new Proxy(lake.catalog, {
    get(own, name) {
      const value: unknown = Reflect.get(own, name, own);
      if (name === 'updateTable') return update;
      return typeof value === 'function' ? value.bind(own) : value;
    },
  });

it('fails where another writer has deleted rows of a file that the change replaces, and removes what it added', async () => {
  const { snapshotId, file } = await tableOfTen();
  await lake.rows('DELETE FROM t WHERE id = 1');
  const location = 's3://lake/t/data/lost.parquet';
  await lake.store.put('lake', 't/data/lost.parquet', 'rewritten');
  const change: RowsChange = {
    operation: 'replace',
    added: [{ ...file, location }],
    removed: [file.location],
    basis: { snapshotId, touched: [file.location] },
  };
  await expect(commit(change)).rejects.toThrow(
    /^ICEBERG_COMMIT_ERROR: Failed to commit Iceberg update to table: db\.t: .*found new delete/,
  );
  expect(lake.keys('t/data/')).not.toContain('t/data/lost.parquet');
  expect(await lake.rows('SELECT count(*) FROM t')).toEqual([['9']]);
});

it('lands where the others have changed other rows, and on appends', async () => {
  const { snapshotId, file } = await tableOfTen();
  await lake.rows('DELETE FROM t WHERE id = 1');
  await lake.rows('INSERT INTO t VALUES 11');
  const basis = { snapshotId, touched: [file.location], overlaps: async () => false };
  await commit({ operation: 'delete', added: [], removed: [file.location], basis });
  expect(await lake.rows('SELECT id FROM t')).toEqual([['11']]);
});

it('fails where a file that the change replaces has gone', async () => {
  const { snapshotId, file } = await tableOfTen();
  const change: RowsChange = { operation: 'delete', added: [], removed: [file.location] };
  await commit(change);
  const basis = { snapshotId, touched: [file.location] };
  await expect(commit({ ...change, basis })).rejects.toThrow(/missing data files/);
  await expect(commit(change)).rejects.toThrow(/^ICEBERG_COMMIT_ERROR/);
});

it('is made again when another writer was faster, and known to be made when the answer is lost', async () => {
  const { file } = await tableOfTen();
  const { updateTable } = lake.catalog;
  let attempts = 0;
  const slow = withUpdate((database, input, options) => {
    attempts += 1;
    const current = lake.catalog.table('db', 't').input;
    if (attempts === 1) lake.catalog.updateTable('db', { ...current, Description: 'another writer' });
    updateTable.call(lake.catalog, database, input, options);
  });
  await lake.store.put('lake', 't/data/again.parquet', 'rows');
  const added = [{ ...file, location: 's3://lake/t/data/again.parquet' }];
  await commit({ operation: 'append', added }, slow);
  expect(attempts).toBe(2);
  expect(lake.catalog.table('db', 't').input.Description).toBe('another writer');
  expect(lake.keys('t/metadata/').filter((key) => key.endsWith('.metadata.json'))).toHaveLength(3);

  const silent = withUpdate((database, input, options) => {
    updateTable.call(lake.catalog, database, input, options);
    throw new Error('The connection was reset.');
  });
  const before = lake.metadataLocation('t');
  await commit({ operation: 'delete', added: [], removed: [file.location] }, silent);
  expect(lake.metadataLocation('t')).not.toBe(before);

  const broken = withUpdate(() => {
    throw new Error('The disk is full.');
  });
  const keys = lake.keys('t/');
  await expect(commit({ operation: 'append', added: [] }, broken)).rejects.toThrow('The disk is full.');
  expect(lake.keys('t/')).toEqual(keys);
});

it('fails where the table was dropped meanwhile, or made anew, and leaves nothing', async () => {
  const { file } = await tableOfTen();
  const { updateTable } = lake.catalog;
  const change: RowsChange = {
    operation: 'append',
    added: [{ ...file, location: 's3://lake/t/data/late.parquet' }],
  };
  const after = (work: () => void) =>
    withUpdate((...update) => {
      work();
      updateTable.apply(lake.catalog, update);
    });
  const dropped = lake.catalog.table('db', 't').input;
  await expect(
    commit(
      change,
      after(() => lake.catalog.deleteTable('db', 't')),
    ),
  ).rejects.toThrow(/^ICEBERG_COMMIT_ERROR: .*: db\.t: Table t not found/);
  await expect(commit(change)).rejects.toThrow(/^ICEBERG_COMMIT_ERROR/);
  expect(lake.keys('t/metadata/').filter((key) => key.endsWith('.metadata.json'))).toHaveLength(2);

  // The store fails once the table has gone: no metadata was written, and none is there.
  const store = new Proxy(lake.store, {
    get(own, name) {
      const value: unknown = Reflect.get(own, name, own);
      if (name === 'put')
        return async () => {
          lake.catalog.deleteTable('db', 't');
          throw new Error('The bucket has gone.');
        };
      return typeof value === 'function' ? value.bind(own) : value;
    },
  });
  lake.catalog.createTable('db', dropped);
  const context = { onCall: () => undefined, signal: new AbortController().signal };
  await expect(
    commitTable(
      { runner: { catalog: lake.catalog, store, clock: lake.athena.clock }, context },
      TABLE,
      (metadata) => ({
        metadata: { ...metadata, properties: { owner: 'nobody' } },
      }),
    ),
  ).rejects.toThrow('The bucket has gone.');
});

it('does not take the place of a table that was made anew under the name, with the same version', async () => {
  const { file } = await tableOfTen();
  const first = lake.catalog.table('db', 't');
  lake.catalog.deleteTable('db', 't');
  lake.catalog.createTable('db', first.input);
  await lake.create('renewed', 'id bigint');
  const other = lake.catalog.table('db', 'renewed').input;
  const files = openTableFiles({ store: lake.store, onCall: () => undefined });
  const { 'table-uuid': tableUuid } = await readMetadata(files, lake.metadataLocation('t'));
  let isRenewed = false;
  const store = new Proxy(lake.store, {
    get(own, name) {
      const value: unknown = Reflect.get(own, name, own);
      if (typeof value !== 'function') return value;
      if (name !== 'put') return value.bind(own);
      return async (...put: unknown[]) => {
        if (!isRenewed) {
          lake.catalog.deleteTable('db', 't');
          lake.catalog.createTable('db', { ...other, Name: 't' });
        }
        isRenewed = true;
        return await value.apply(own, put);
      };
    },
  });
  const context = { onCall: () => undefined, signal: new AbortController().signal };
  await expect(
    commitChange({ runner: { catalog: lake.catalog, store, clock: lake.athena.clock }, context }, TABLE, {
      operation: 'append',
      added: [{ ...file, location: 's3://lake/t/data/late.parquet' }],
      tableUuid,
    }),
  ).rejects.toThrow(/^ICEBERG_COMMIT_ERROR: .*Table UUID does not match/);
  expect(await lake.rows('SELECT * FROM t')).toEqual([]);
});
