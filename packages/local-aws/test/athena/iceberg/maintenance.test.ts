import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openIceberg } from './openTable.ts';

let lake: Awaited<ReturnType<typeof openIceberg>>;
beforeAll(async () => {
  lake = await openIceberg();
});
afterAll(() => lake.close());

const reason = async (sql: string) => (await lake.failure(sql)).reason;

describe('ALTER TABLE', () => {
  it('adds, renames, widens, describes, moves and drops columns, whose values files keep', async () => {
    await lake.create('altered', 'id int, name string, v float', 'PARTITIONED BY (name)');
    await lake.rows("INSERT INTO altered VALUES (1, 'a', REAL '1.5')");
    await lake.rows(
      "ALTER TABLE altered ADD COLUMNS (extra int COMMENT 'x', st struct<a:int,b:array<string>>)",
    );
    await lake.rows("ALTER TABLE altered CHANGE COLUMN extra more bigint COMMENT 'y' AFTER id");
    await lake.rows('ALTER TABLE altered CHANGE v v double FIRST');
    await lake.rows(
      "INSERT INTO altered (id, more, name, v, st) SELECT 2, 5, 'b', 1e300, CAST(ROW(1, ARRAY['q']) AS ROW(a integer, b array(varchar)))",
    );
    expect(await lake.rows('SELECT * FROM altered ORDER BY id')).toEqual([
      ['1.5', '1', undefined, 'a', undefined],
      ['1.0E300', '2', '5', 'b', '{a=1, b=[q]}'],
    ]);
    expect(lake.catalog.table('db', 'altered').input.StorageDescriptor?.Columns).toMatchObject([
      { Name: 'v', Type: 'double' },
      { Name: 'id', Type: 'int' },
      { Name: 'more', Type: 'bigint', Comment: 'y' },
      { Name: 'name', Type: 'string' },
      { Name: 'st', Type: 'struct<a:int,b:array<string>>' },
    ]);
    await lake.rows('ALTER TABLE altered DROP COLUMN more');
    await lake.rows('ALTER TABLE altered ADD COLUMNS (more string)');
    expect(await lake.rows('SELECT id, more FROM altered ORDER BY id')).toEqual([
      ['1', undefined],
      ['2', undefined],
    ]);
  });

  it('refuses what Iceberg and Athena refuse', async () => {
    await lake.create('kept', 'id bigint, name string', 'PARTITIONED BY (name)');
    const before = lake.metadataLocation('kept');
    expect(await reason('ALTER TABLE kept DROP COLUMN name')).toBe(
      'NOT_SUPPORTED: Cannot drop partition field: name',
    );
    expect(await reason('ALTER TABLE kept CHANGE id id int')).toMatch(/^NOT_SUPPORTED: .* from long to int/);
    expect(await reason('ALTER TABLE kept ADD COLUMNS (id int)')).toMatch(/has a column id already/);
    expect(await reason('ALTER TABLE kept DROP COLUMN nope')).toBe('Column does not exist: nope');
    expect(await reason('ALTER TABLE kept REPLACE COLUMNS (id int)')).toBe(
      'ALTER TABLE REPLACE COLUMNS is not supported for Iceberg tables',
    );
    expect(await reason('MSCK REPAIR TABLE kept')).toBe(
      'MSCK REPAIR TABLE is not supported for Iceberg tables',
    );
    expect(await reason("ALTER TABLE kept SET TBLPROPERTIES ('mine'='1')")).toBe(
      'Unsupported table property key: mine',
    );
    expect(await reason("ALTER TABLE kept UNSET TBLPROPERTIES ('mine')")).toBe(
      'Table property mine is not supported by Athena',
    );
    await expect(lake.ask('ALTER TABLE kept RENAME COLUMN id TO other')).rejects.toThrow(
      'NOT_SUPPORTED: Athena has no ALTER TABLE RENAME COLUMN: use CHANGE COLUMN',
    );
    await lake.rows('CREATE VIEW seen AS SELECT id FROM kept');
    for (const change of [
      'ADD COLUMNS (a int)',
      'DROP COLUMN id',
      'RENAME TO looked',
      "UNSET TBLPROPERTIES ('a')",
      'ADD PARTITION (id = 1)',
      'DROP PARTITION (id = 1)',
    ])
      expect(await reason(`ALTER TABLE seen ${change}`)).toBe(
        'FAILED: SemanticException [Error 10131]: To alter a view you need to use the ALTER VIEW command.',
      );
    expect(await reason('ALTER TABLE events DROP COLUMN id')).toMatch(
      /^NOT_SUPPORTED: ALTER TABLE DROP COLUMN/,
    );
    expect(lake.metadataLocation('kept')).toBe(before);
  });

  it('sets and unsets properties, and renames the table', async () => {
    await lake.create('named', 'id bigint');
    await lake.rows('INSERT INTO named VALUES 1');
    await lake.rows(
      "ALTER TABLE named SET TBLPROPERTIES ('vacuum_min_snapshots_to_keep'='3', 'write_compression'='none', 'write.data.path'='s3://lake/elsewhere')",
    );
    await lake.rows("ALTER TABLE named UNSET TBLPROPERTIES ('write_compression')");
    expect(lake.metadata('named').properties).toEqual({
      'history.expire.min-snapshots-to-keep': '3',
      'write.data.path': 's3://lake/elsewhere',
    });
    await lake.rows('ALTER TABLE named RENAME TO renamed');
    await lake.rows('INSERT INTO renamed VALUES 2');
    expect(lake.keys('elsewhere/')).toHaveLength(1);
    expect(await lake.rows('SELECT id FROM renamed ORDER BY id')).toEqual([['1'], ['2']]);
    expect(lake.catalog.database('db').tables.has('named')).toBe(false);
  });
});

describe('OPTIMIZE', () => {
  it('makes small files of a partition one, and takes no condition', async () => {
    await lake.create(
      'small',
      'id bigint, name string',
      'PARTITIONED BY (name)',
      ", 'optimize_rewrite_data_file_threshold'='3'",
    );
    for (let id = 0; id < 4; id += 1)
      await lake.rows(`INSERT INTO small VALUES (${id}, 'a'), (${id + 10}, 'b')`);
    const sizes = async () =>
      (await lake.rows('SELECT record_count FROM "small$files" ORDER BY 1')).map(([count]) => Number(count));
    expect(await sizes()).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    const first = await lake.ask('OPTIMIZE small REWRITE DATA USING BIN_PACK');
    expect([first.state, first.reason, first.kind]).toEqual(['SUCCEEDED', undefined, ['DML', 'OPTIMIZE']]);
    expect(first.scannedBytes).toBeGreaterThan(0);
    expect(await sizes()).toEqual([4, 4]);
    const before = lake.metadataLocation('small');
    await lake.rows('OPTIMIZE small REWRITE DATA USING BIN_PACK');
    expect(lake.metadataLocation('small')).toBe(before);
    expect(lake.metadata('small').snapshots.at(-1)?.summary['operation']).toBe('replace');
    expect(await lake.rows('SELECT name, count(*), sum(id) FROM small GROUP BY name ORDER BY name')).toEqual([
      ['a', '4', '6'],
      ['b', '4', '46'],
    ]);
    await expect(lake.ask("OPTIMIZE small REWRITE DATA USING BIN_PACK WHERE name = 'a'")).rejects.toThrow(
      /^NOT_SUPPORTED: OPTIMIZE with a condition/,
    );
    expect(await reason('OPTIMIZE events REWRITE DATA USING BIN_PACK')).toMatch(/^NOT_SUPPORTED: OPTIMIZE/);
  });
});

describe('OPTIMIZE of a table with deleted rows', () => {
  it('leaves the rows out where two delete files apply to a file, and the delete files that nothing needs', async () => {
    await lake.create('worn', 'id bigint, name string', 'PARTITIONED BY (name)');
    for (const name of ['a', 'b'])
      await lake.rows(`INSERT INTO worn SELECT n, '${name}' FROM UNNEST(sequence(1, 10)) AS t(n)`);
    await lake.rows('DELETE FROM worn WHERE id = 1');
    await lake.rows("DELETE FROM worn WHERE id = 2 AND name = 'a'");
    await lake.rows('OPTIMIZE worn REWRITE DATA USING BIN_PACK');
    expect(await lake.rows('SELECT record_count FROM "worn$files" WHERE content = 0 ORDER BY 1')).toEqual([
      ['8'],
      ['10'],
    ]);
    expect(await lake.rows('SELECT name, count(*), min(id) FROM worn GROUP BY name ORDER BY name')).toEqual([
      ['a', '8', '3'],
      ['b', '9', '2'],
    ]);
    expect(lake.metadata('worn').snapshots.at(-1)?.summary['total-position-deletes']).toBe('1');
  });
});

describe('VACUUM', () => {
  it('drops old snapshots, their files, old metadata and orphans, and keeps what is young', async () => {
    await lake.create(
      'swept',
      'id bigint',
      '',
      ", 'optimize_rewrite_data_file_threshold'='2', 'vacuum_max_snapshot_age_seconds'='60', 'vacuum_max_metadata_files_to_keep'='2'",
    );
    await lake.rows('INSERT INTO swept VALUES 1');
    await lake.rows('INSERT INTO swept VALUES 2');
    await lake.rows('OPTIMIZE swept REWRITE DATA USING BIN_PACK');
    await lake.store.put('lake', 'swept/data/orphan.parquet', 'left by a kill');
    await lake.rows('VACUUM swept');
    expect(lake.keys('swept/data/')).toHaveLength(4);
    expect(lake.metadata('swept').snapshots).toHaveLength(3);
    lake.athena.clock.advance(120_000);
    await lake.store.put('lake', 'swept/data/young.parquet', 'another writer is about to commit it');
    const swept = await lake.ask('VACUUM swept');
    expect([swept.state, swept.kind]).toEqual(['SUCCEEDED', ['DML', 'VACUUM']]);
    const data = lake.keys('swept/data/');
    expect(data).toHaveLength(2);
    expect(data).toContain('swept/data/young.parquet');
    expect(lake.metadata('swept').snapshots).toHaveLength(1);
    expect(lake.keys('swept/metadata/').filter((key) => key.endsWith('.metadata.json'))).toHaveLength(3);
    expect(await lake.rows('SELECT id FROM swept ORDER BY id')).toEqual([['1'], ['2']]);
    expect(await reason('VACUUM events')).toMatch(/^NOT_SUPPORTED: VACUUM/);
  });
});

describe('the calls to Glue and S3', () => {
  it('are reported: reads and writes of metadata and data, the update of the table, and removals', async () => {
    const during = async (sql: string) => {
      lake.athena.calls.length = 0;
      await lake.rows(sql);
      const names = lake.athena.calls.flatMap((call) => {
        const { service, operation, key = '' } = call as { service: string; operation: string; key?: string };
        const folder = /^called\/\w*/.exec(key)?.[0];
        if (service === 'glue') return [`glue:${operation}`];
        // Other objects are the statement's result.
        return folder === undefined ? [] : [`s3:${operation} ${folder}`];
      });
      return [...new Set(names)].sort();
    };
    expect(
      await during(
        "CREATE TABLE called (n int) LOCATION 's3://lake/called/' TBLPROPERTIES ('table_type'='ICEBERG', 'vacuum_max_snapshot_age_seconds'='1')",
      ),
    ).toEqual(['glue:CreateTable', 's3:PutObject called/metadata']);
    expect(await during('INSERT INTO called VALUES 1')).toEqual([
      'glue:GetTable',
      'glue:UpdateTable',
      's3:GetObject called/metadata',
      's3:PutObject called/data',
      's3:PutObject called/metadata',
    ]);
    await lake.store.put('lake', 'called/data/orphan.parquet', '');
    lake.athena.clock.advance(10_000);
    expect(await during('VACUUM called')).toEqual([
      'glue:GetTable',
      's3:DeleteObject called/data',
      's3:GetObject called/metadata',
      's3:ListBucket called/',
    ]);
    expect(await during('DROP TABLE called')).toEqual([
      'glue:DeleteTable',
      's3:DeleteObject called/data',
      's3:DeleteObject called/metadata',
      's3:GetObject called/metadata',
      's3:ListBucket called/',
    ]);
  });
});
