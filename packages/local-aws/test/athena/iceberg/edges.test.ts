import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { icebergTableInput } from '../../../src/athena/iceberg/glueTable.ts';
import { writeMetadata } from '../../../src/iceberg/index.ts';
import { openIceberg } from './openIceberg.ts';

let lake: Awaited<ReturnType<typeof openIceberg>>;
beforeAll(async () => {
  lake = await openIceberg();
});
afterAll(() => lake.close());

const create = (name: string, columns: string, more = '') =>
  lake.rows(
    `CREATE TABLE ${name} (${columns}) ${more} LOCATION 's3://lake/${name}/' TBLPROPERTIES ('table_type' = 'ICEBERG')`,
  );
const ids = async (table: string, more = '') =>
  (await lake.rows(`SELECT id FROM ${table} ${more} ORDER BY id`)).map(([id]) => Number(id));
const reason = async (sql: string) => (await lake.failure(sql)).reason;

describe('a statement while another one ends', () => {
  /** Runs a statement that waits with its first data file until others have ended. @returns Why it failed. */
  const during = async (sql: string, others: () => Promise<unknown>) => {
    const { store } = lake;
    const own = store.put.bind(store);
    const reached = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    store.put = async (...given: Parameters<typeof own>) => {
      if (given[1].includes('/data/')) {
        store.put = own;
        reached.resolve();
        await gate.promise;
      }
      return await own(...given);
    };
    const slow = lake.ask(sql);
    await Promise.race([reached.promise, slow]);
    await others();
    gate.resolve();
    return (await slow).reason;
  };

  it('fails where both are a MERGE that inserts what it did not find, and not where it finds all', async () => {
    await create('merged', 'id bigint, n bigint');
    await lake.rows('INSERT INTO merged VALUES (1, 1), (3, 3)');
    const merge = (...values: readonly string[]) =>
      `MERGE INTO merged t USING (VALUES ${values.join(', ')}) s(id, n) ON t.id = s.id
       WHEN MATCHED THEN UPDATE SET n = s.n WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.n)`;
    const upsert = merge("(BIGINT '2', BIGINT '7')");
    expect(await during(upsert, () => lake.rows(upsert))).toMatch(
      /^ICEBERG_COMMIT_ERROR: .*Found conflicting files/,
    );
    expect(await ids('merged')).toEqual([1, 2, 3]);
    const update = merge("(BIGINT '1', BIGINT '8')");
    expect(await during(update, () => lake.rows('INSERT INTO merged VALUES (4, 4)'))).toBeUndefined();
    expect(await lake.rows('SELECT n FROM merged ORDER BY id')).toEqual([['8'], ['7'], ['3'], ['4']]);
  });

  it('fails where the table was dropped and created anew', async () => {
    await create('renewed', 'id bigint');
    const failed = await during('INSERT INTO renewed VALUES 1', async () => {
      await lake.rows('DROP TABLE renewed');
      await create('renewed', 'id string');
    });
    expect(failed).toMatch(/^ICEBERG_COMMIT_ERROR: .*Table UUID does not match/);
    expect(await lake.rows('SELECT * FROM renewed')).toEqual([]);
  });

  it('fails where the columns were changed after it looked them up', async () => {
    const table = await lake.create('altered', [
      ['id', 'long'],
      ['n', 'long'],
    ]);
    await table.add('SELECT 1::BIGINT AS id, 2::BIGINT AS n');
    const before = lake.catalog.table('db', 'altered').input;
    await table.change({ move: 'n', after: null });
    const after = lake.catalog.table('db', 'altered').input;
    lake.catalog.updateTable('db', before);
    const { store } = lake;
    const own = store.localPath.bind(store);
    store.localPath = (...given: Parameters<typeof own>) => {
      store.localPath = own;
      lake.catalog.updateTable('db', after);
      return own(...given);
    };
    expect(await reason('UPDATE altered SET n = 3 WHERE id = 1')).toMatch(/^ICEBERG_COMMIT_ERROR/);
    expect(await lake.rows('SELECT id, n FROM altered')).toEqual([['1', '2']]);
  });
});

describe('what a statement may not have', () => {
  beforeAll(async () => {
    await create('strict', 'id bigint, n bigint');
    await lake.rows('INSERT INTO strict VALUES (1, 1), (2, 2)');
  });

  it.each([
    'DELETE FROM strict WHERE id > 0 LIMIT 1',
    'DELETE FROM strict WHERE id > 0 ORDER BY id',
    'DELETE FROM strict WHERE id > 0 UNION ALL SELECT 0, null, null',
    'DELETE FROM strict WHERE SELECT true',
    'UPDATE strict SET id = 3 AS x WHERE id = 1',
    'UPDATE strict SET id = * WHERE id = 1',
    'UPDATE strict SET id = (strict.*) WHERE id = 1',
    'MERGE INTO strict t USING (SELECT 1 AS id) s ON t.id = s.id WHERE s.id > 3 WHEN MATCHED THEN DELETE',
    'MERGE INTO strict t USING (SELECT 1 AS id) s ON t.id = s.id LIMIT 0 WHEN MATCHED THEN DELETE',
    'MERGE INTO strict t USING (SELECT 5 AS id) s ON t.id = s.id WHEN NOT MATCHED THEN INSERT (id) VALUES (5 ELSE 6)',
  ])('is a syntax error: %s', async (sql) => {
    await expect(async () => {
      const { reason: found } = await lake.failure(sql);
      throw new Error(found);
    }).rejects.toThrow(/line 1:\d+: mismatched input/);
    expect(await ids('strict')).toEqual([1, 2]);
  });

  it('is a column twice in the list of INSERT', async () => {
    expect(await reason('INSERT INTO strict (id, id) VALUES (1, 2)')).toBe(
      'DUPLICATE_COLUMN_NAME: Insert column name is specified more than once: id',
    );
  });
});

describe('names and values', () => {
  it('may have quotes, and be those that our own SQL has', async () => {
    await lake.rows(`CREATE TABLE quoted WITH (table_type = 'ICEBERG', is_external = false, location = 's3://lake/quoted/', partitioning = ARRAY['c0'])
      AS SELECT 1 AS "a""b'c", 2 AS c0, 3 AS rows, 4 AS pos, 5 AS file_path, 6 AS "sel;ect"`);
    await lake.rows('INSERT INTO quoted VALUES (2, 3, 4, 5, 6, 7)');
    await lake.rows(`UPDATE quoted SET "a""b'c" = 9, c0 = 8 WHERE "sel;ect" = 7 AND "a""b'c" = 2`);
    await lake.rows(`DELETE FROM quoted WHERE "a""b'c" = 1`);
    expect(await lake.rows(`SELECT * FROM quoted WHERE "a""b'c" > 3`)).toEqual([
      ['9', '8', '4', '5', '6', '7'],
    ]);
  });

  it('of others may have capitals', async () => {
    await lake.create(
      'capitals',
      [
        ['Id', 'long'],
        ['Name', 'string'],
      ],
      [{ column: 'Name', transform: 'identity', name: 'Name' }],
    );
    await lake.rows("INSERT INTO capitals (ID, name) VALUES (1, 'a'), (2, 'b'), (3, 'b')");
    await lake.rows("UPDATE capitals SET NAME = 'c' WHERE iD = 2");
    await lake.rows("DELETE FROM capitals WHERE name = 'a'");
    await lake.rows('OPTIMIZE capitals REWRITE DATA USING BIN_PACK');
    expect(await lake.rows('SELECT ID, "NAME" FROM capitals ORDER BY 1')).toEqual([
      ['2', 'c'],
      ['3', 'b'],
    ]);
  });

  it('with NUL are compared with those of files', async () => {
    await create('nul', 'id bigint, name string');
    await lake.rows("INSERT INTO nul SELECT 1, 'a' || chr(0) || 'b'");
    await lake.rows("INSERT INTO nul VALUES (2, 'x')");
    expect(await ids('nul', "WHERE name > 'b'")).toEqual([2]);
    expect(await ids('nul', "WHERE name < 'b'")).toEqual([1]);
  });

  it('in long paths keep their deletes', async () => {
    await create('long', 'id bigint, name string', 'PARTITIONED BY (name)');
    await lake.rows("INSERT INTO long SELECT n, rpad('', 300, 'k') FROM UNNEST(sequence(1, 3)) AS t(n)");
    await lake.rows('DELETE FROM long WHERE id = 2');
    expect(await ids('long')).toEqual([1, 3]);
  });
});

describe('files that are removed', () => {
  it('are not those of a table that forbids it', async () => {
    const table = await lake.create('kept', [['id', 'long']]);
    await table.set({ 'gc.enabled': 'false' });
    expect(await reason('VACUUM kept')).toMatch(/GC is disabled/);
    const { location } = await table.add('SELECT 1::BIGINT AS id');
    await lake.rows('DROP TABLE kept');
    expect(lake.store.head('ice', location.slice('s3://ice/'.length)).size).toBeGreaterThan(0);
  });

  it('are none where the metadata that could forbid it cannot be read', async () => {
    const table = await lake.create('unread', [['id', 'long']]);
    const { location } = await table.add('SELECT 1::BIGINT AS id');
    const pointer = lake.catalog.table('db', 'unread').input.Parameters?.['metadata_location'] ?? '';
    await lake.store.put('ice', pointer.slice('s3://ice/'.length), 'not JSON');
    await lake.rows('DROP TABLE unread');
    expect(lake.store.head('ice', location.slice('s3://ice/'.length)).size).toBeGreaterThan(0);
  });

  it('are not those beside a table that has a bucket of its own, nor of a neighbour', async () => {
    lake.store.createBucket('whole');
    await lake.store.put('whole', 'other/file', 'of another');
    await lake.rows(
      "CREATE TABLE whole (id int) LOCATION 's3://whole' TBLPROPERTIES ('table_type' = 'ICEBERG')",
    );
    await lake.rows('INSERT INTO whole VALUES 1');
    await lake.rows('DROP TABLE whole');
    const { entries } = lake.store.list('whole', { prefix: '', after: '', limit: 100 });
    expect(entries.map((entry) => ('object' in entry ? entry.object.key : ''))).toEqual(['other/file']);
    await create('near', 'id bigint');
    await create('near2', 'id bigint');
    await lake.rows('INSERT INTO near2 VALUES 1');
    await lake.rows('DROP TABLE near');
    expect(await ids('near2')).toEqual([1]);
  });

  it('are not those of another table in the same folder of data', async () => {
    const [first, second] = [
      await lake.create('first', [['id', 'long']]),
      await lake.create('second', [['id', 'long']]),
    ];
    for (const table of [first, second])
      await table.set({ 'write.data.path': 's3://ice/shared', 'history.expire.max-snapshot-age-ms': '1000' });
    await lake.rows('INSERT INTO first VALUES 1');
    await lake.rows('INSERT INTO second VALUES 2');
    lake.athena.clock.advance(60_000);
    await lake.rows('VACUUM first');
    expect([await ids('first'), await ids('second')]).toEqual([[1], [2]]);
  });

  it('are metadata files that leave the log, where a table asks for that at each commit', async () => {
    const kept = { 'write.metadata.previous-versions-max': '2' };
    for (const [name, properties] of [
      ['piling', kept],
      ['clearing', { ...kept, 'write.metadata.delete-after-commit.enabled': 'true' }],
    ] as const) {
      const table = await lake.create(name, [['id', 'long']]);
      await table.set(properties);
      for (let id = 0; id < 4; id += 1) await lake.rows(`INSERT INTO ${name} VALUES ${id}`);
      const { entries } = lake.store.list('ice', { prefix: `${name}/metadata/`, after: '', limit: 100 });
      const files = entries.filter(
        (entry) => 'object' in entry && entry.object.key.endsWith('.metadata.json'),
      );
      expect(files).toHaveLength(name === 'piling' ? 6 : 3);
      expect(await ids(name)).toEqual([0, 1, 2, 3]);
    }
  });

  it('are not those of a tag, which time travel names', async () => {
    const table = await lake.create('tagged', [['id', 'long']]);
    const { snapshot } = await table.add('SELECT 1::BIGINT AS id');
    const metadata = {
      ...table.metadata,
      properties: { 'history.expire.max-snapshot-age-ms': '1000' },
      refs: { ...table.metadata.refs, 'v-1': { 'snapshot-id': snapshot, type: 'tag' as const } },
    };
    const location = await writeMetadata(lake.files, metadata, table.location);
    lake.catalog.updateTable('db', icebergTableInput('tagged', metadata, location));
    await lake.rows('DELETE FROM tagged');
    await lake.rows('INSERT INTO tagged VALUES 2');
    lake.athena.clock.advance(60_000);
    await lake.rows('VACUUM tagged');
    expect(await lake.rows('SELECT count(*) FROM "tagged$snapshots"')).toEqual([['2']]);
    expect(await ids('tagged')).toEqual([2]);
    expect(await ids('tagged', "FOR VERSION AS OF 'v-1'")).toEqual([1]);
    expect(await ids('tagged', "FOR VERSION AS OF 'main'")).toEqual([2]);
    expect(await reason("SELECT * FROM tagged FOR VERSION AS OF 'v-2'")).toMatch(
      'INVALID_ARGUMENTS: Cannot find snapshot with reference name: v-2',
    );
  });
});

describe('a table whose partitions changed', () => {
  it('is read and written in both specs, with deletes of each', async () => {
    const table = await lake.create(
      'evolved',
      [
        ['id', 'long'],
        ['ts', 'timestamp'],
        ['kind', 'string'],
      ],
      [{ column: 'ts', transform: 'day', name: 'ts_day' }],
    );
    const rows = (from: number) =>
      `SELECT range AS id, TIMESTAMP '1969-12-31 10:00:00' AS ts, CASE WHEN range % 2 = 0 THEN 'even' ELSE 'odd' END AS kind FROM range(${from}, ${from + 4})`;
    await table.add(rows(0), { partition: new Map([[1000, -1]]) });
    await table.evolve({
      'spec-id': 1,
      fields: [{ 'source-id': 3, 'field-id': 1001, name: 'kind', transform: 'identity' }],
    });
    await lake.rows(
      "INSERT INTO evolved VALUES (4, TIMESTAMP '1969-12-31 10:00:00', 'even'), (5, TIMESTAMP '2026-11-22 10:00:00', 'odd'), (6, NULL, NULL)",
    );
    expect(await ids('evolved', "WHERE kind = 'even'")).toEqual([0, 2, 4]);
    expect(await ids('evolved', "WHERE ts < TIMESTAMP '1970-01-01'")).toEqual([0, 1, 2, 3, 4]);
    expect(await ids('evolved', 'WHERE kind IS NULL')).toEqual([6]);
    await lake.rows('DELETE FROM evolved WHERE id IN (1, 6)');
    await lake.rows("UPDATE evolved SET kind = 'odd' WHERE id IN (2, 4)");
    expect(await lake.rows('SELECT id, kind FROM evolved ORDER BY id')).toEqual([
      ['0', 'even'],
      ['2', 'odd'],
      ['3', 'odd'],
      ['4', 'odd'],
      ['5', 'odd'],
    ]);
    await lake.rows(
      "ALTER TABLE evolved SET TBLPROPERTIES ('optimize_rewrite_data_file_threshold' = '1', 'optimize_rewrite_delete_file_threshold' = '1')",
    );
    await lake.rows('OPTIMIZE evolved REWRITE DATA USING BIN_PACK');
    expect(
      await lake.rows('SELECT kind, count(*), min(id) FROM evolved GROUP BY kind ORDER BY kind'),
    ).toEqual([
      ['even', '1', '0'],
      ['odd', '4', '2'],
    ]);
    expect(await lake.rows('SELECT count(*) FROM "evolved$files" WHERE content > 0')).toEqual([['0']]);
    // Other readers would refuse the table: https://github.com/apache/iceberg/issues/10234
    expect(await reason('ALTER TABLE evolved DROP COLUMN ts')).toBe(
      'NOT_SUPPORTED: Cannot drop column which is used by an old partition spec: ts',
    );
  });
});

it('reads and deletes, and does not write, rows of a table with a column of the type fixed', async () => {
  const table = await lake.create('keyed', [
    ['id', 'long'],
    ['parts', { type: 'list', 'element-id': 20, element: 'fixed[2]', 'element-required': false }],
  ]);
  await table.add("SELECT id::BIGINT AS id, ['\\x01\\x02'::BLOB] AS parts FROM range(3) AS r(id)");
  await lake.rows('DELETE FROM keyed WHERE id = 1');
  expect(await ids('keyed')).toEqual([0, 2]);
  expect(await reason('UPDATE keyed SET id = 5 WHERE id = 2')).toMatch(
    'Writing rows of an Iceberg table with a column of the type fixed',
  );
  expect(await ids('keyed')).toEqual([0, 2]);
});
