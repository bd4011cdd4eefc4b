import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { commitChange, type RowsChange } from '../../../src/athena/iceberg/commit.ts';
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
