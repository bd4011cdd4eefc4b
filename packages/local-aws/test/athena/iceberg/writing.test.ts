import { GetTableCommand, GlueClient, UpdateTableCommand } from '@aws-sdk/client-glue';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTableFiles } from '../../../src/athena/iceberg/tableFiles.ts';
import { glueService } from '../../../src/glue/index.ts';
import {
  boundValue,
  type FileEntry,
  readFiles,
  readMetadata,
  snapshotOf,
  transformValue,
} from '../../../src/iceberg/index.ts';
import { ACCOUNT } from '../../../src/testing/startAthena.ts';
import { startServices } from '../../../src/testing/startServices.ts';
import { openIceberg } from './openTable.ts';

let lake: Awaited<ReturnType<typeof openIceberg>>;
beforeAll(async () => {
  lake = await openIceberg();
});
afterAll(() => lake.close());

/** The live files of a table. */
async function filesOf(table: string): Promise<FileEntry[]> {
  const files = openTableFiles({ store: lake.store, onCall: () => undefined });
  const metadata = await readMetadata(files, lake.metadataLocation(table));
  const snapshot = snapshotOf(metadata);
  return snapshot === undefined ? [] : await readFiles(files, metadata, snapshot);
}

describe('INSERT INTO', () => {
  it('stores times with a zone in columns without one, and dates, as do UPDATE and MERGE', async () => {
    await lake.create('clocked', 'id int, ts timestamp');
    await lake.rows(
      "INSERT INTO clocked VALUES (1, TIMESTAMP '2026-01-01 10:00:00 UTC'), (2, current_timestamp)",
    );
    await lake.rows("UPDATE clocked SET ts = DATE '2026-02-01' WHERE id = 2");
    await lake.rows(`MERGE INTO clocked USING (VALUES (2, TIMESTAMP '2026-03-01 10:00:00 UTC')) AS s(id, bought_at) ON clocked.id = s.id
      WHEN MATCHED THEN UPDATE SET ts = s.bought_at`);
    expect(await lake.rows('SELECT * FROM clocked ORDER BY id')).toEqual([
      ['1', '2026-01-01 10:00:00.000000'],
      ['2', '2026-03-01 10:00:00.000000'],
    ]);
  });

  it('adds a snapshot with counts and bounds by the IDs of the columns', async () => {
    await lake.create(
      'typed',
      'i int, l bigint, f float, d double, s string, b binary, dt date, ts timestamp, de decimal(20,3), ok boolean, p struct<x:int>, a array<int>',
    );
    const inserted = await lake.ask(`INSERT INTO typed VALUES
      (1, 10000000000, REAL '1.5', 2.5e0, 'abcdefghijklmnopqrst', X'00ff', DATE '1969-12-31', TIMESTAMP '1969-12-31 23:59:59.123456', DECIMAL '12345678901234567.891', true, ROW(5), ARRAY[1, 2]),
      (-7, NULL, REAL '0.5', 1e300, 'né', X'01', DATE '2026-11-20', TIMESTAMP '2026-11-20 07:32:00', DECIMAL '-0.001', false, ROW(NULL), ARRAY[])`);
    expect([inserted.reason, inserted.updateCount]).toEqual([undefined, 2]);
    const [file, ...others] = await filesOf('typed');
    expect(others).toEqual([]);
    expect(file?.recordCount).toBe(2n);
    expect(file?.valueCounts?.get(2)).toBe(2n);
    expect(file?.nullCounts?.get(2)).toBe(1n);
    expect(file?.nanCounts?.get(4)).toBe(0n);
    const types = [
      'int',
      'long',
      'float',
      'double',
      'string',
      'binary',
      'date',
      'timestamp',
      'decimal(20, 3)',
      'boolean',
    ];
    const bounds = types.map((type, index) =>
      [file?.lowerBounds, file?.upperBounds].map((all) => {
        const bytes = all?.get(index + 1);
        return bytes === undefined ? undefined : boundValue(type, bytes);
      }),
    );
    expect(bounds).toEqual([
      [-7, 1],
      [10_000_000_000n, 10_000_000_000n],
      [0.5, 1.5],
      [2.5, 1e300],
      ['abcdefghijklmnop', 'né'],
      [Buffer.from('00ff', 'hex'), Buffer.from('01', 'hex')].map((bytes) => new Uint8Array(bytes)),
      [-1, 20_777],
      [-876_544n, 1_795_159_920_000_000n],
      [-1n, 12_345_678_901_234_567_891n],
      [false, true],
    ]);
    expect(file?.lowerBounds?.has(13)).toBe(true);
    expect(file?.lowerBounds?.has(14)).toBe(false);
    expect(await lake.rows('SELECT i, l, s, p.x, cardinality(a) FROM typed ORDER BY i DESC')).toEqual([
      ['1', '10000000000', 'abcdefghijklmnopqrst', '5', '2'],
      ['-7', undefined, 'né', undefined, '0'],
    ]);
  });

  it('casts, fills columns that it does not name, and refuses other types and columns', async () => {
    await lake.create('narrow', 'a int, b string, c double');
    await lake.rows("INSERT INTO narrow (c, a) SELECT 1, BIGINT '2'");
    await lake.rows(
      "INSERT INTO narrow SELECT id, name, value FROM events WHERE id = 3 AND ds = DATE '2026-11-20'",
    );
    expect(await lake.rows('SELECT a, b, c FROM narrow ORDER BY a')).toEqual([
      ['2', undefined, '1.0'],
      ['3', 'n3', '4.5'],
    ]);
    const before = lake.keys('narrow/');
    const reasons: (string | undefined)[] = [];
    for (const sql of [
      "INSERT INTO narrow VALUES ('x', 'y', 1e0)",
      'INSERT INTO narrow (nope) VALUES 1',
      'INSERT INTO narrow (a) VALUES 10000000000',
    ])
      reasons.push((await lake.failure(sql)).reason);
    expect(reasons).toEqual([
      expect.stringMatching(
        /^TYPE_MISMATCH: Insert query has mismatched column types: Table: \[integer, varchar, double\], Query: \[varchar\(1\), varchar\(1\), double\]|^TYPE_MISMATCH: Insert query has mismatched column types: Table: \[integer, varchar, double\], Query: \[varchar, varchar, double\]/,
      ),
      'COLUMN_NOT_FOUND: Insert column name does not exist in target table: nope',
      expect.stringMatching(/10000000000/),
    ]);
    expect(lake.keys('narrow/')).toEqual(before);
    const nothing = await lake.ask("INSERT INTO narrow SELECT 1, 'x', 1e0 WHERE false");
    expect([nothing.reason, nothing.updateCount]).toEqual([undefined, 0]);
    expect(lake.keys('narrow/')).toEqual(before);
  });

  it('gives each partition its own files, by the transforms of the specification', async () => {
    await lake.create(
      'split',
      'i int, l bigint, s string, dt date, ts timestamp, de decimal(9,2), b binary',
      'PARTITIONED BY (i, bucket(8, l), bucket(8, s), bucket(8, de), bucket(8, b), bucket(8, dt), bucket(8, ts), truncate(2, s), truncate(50, de), year(dt), month(dt), day(dt), hour(ts))',
    );
    await lake.rows(`INSERT INTO split VALUES
      (1, 34, 'iceberg', DATE '2017-11-16', TIMESTAMP '2017-11-16 22:31:08', 14.20, X'00010203'),
      (-1, -5, 'né', DATE '1969-12-31', TIMESTAMP '1969-12-31 23:59:59.5', -0.01, X''),
      (NULL, NULL, NULL, NULL, NULL, NULL, NULL)`);
    const micros = [1_510_871_468_000_000n, -500_000n];
    const rows = [
      [1, 34n, 'iceberg', 17_486, micros[0], 1_420n, Buffer.from('00010203', 'hex')],
      [-1, -5n, 'né', -1, micros[1], -1n, Buffer.alloc(0)],
      [null, null, null, null, null, null, null],
    ] as const;
    const fields = [
      ['identity', 'int', 0],
      ['bucket[8]', 'long', 1],
      ['bucket[8]', 'string', 2],
      ['bucket[8]', 'decimal(9, 2)', 5],
      ['bucket[8]', 'binary', 6],
      ['bucket[8]', 'date', 3],
      ['bucket[8]', 'timestamp', 4],
      ['truncate[2]', 'string', 2],
      ['truncate[50]', 'decimal(9, 2)', 5],
      ['year', 'date', 3],
      ['month', 'date', 3],
      ['day', 'date', 3],
      ['hour', 'timestamp', 4],
    ] as const;
    const expected = rows.map((row) =>
      fields.map(([transform, type, index]) => transformValue(transform, type, row[index] ?? null)),
    );
    const found = (await filesOf('split')).map(({ partition }) => [...partition.values()]);
    const sorted = (all: readonly (readonly unknown[])[]) =>
      all.toSorted((left, right) => (String(left) < String(right) ? -1 : 1));
    expect(sorted(found)).toEqual(sorted(expected));
    expect(await lake.rows("SELECT l, s FROM split WHERE ts > TIMESTAMP '2000-01-01 00:00:00'")).toEqual([
      ['34', 'iceberg'],
    ]);
  });

  it('has partitions of any text', async () => {
    await lake.create('texts', 's string', 'PARTITIONED BY (s)');
    const texts = ["a/b=c'%", '', 'x'.repeat(300), `${'x'.repeat(299)}y`, '😀', 'null'];
    const literal = (text: string) => `('${text.replaceAll("'", "''")}')`;
    await lake.rows(`INSERT INTO texts VALUES ${texts.map(literal).join(', ')}, (NULL)`);
    const found = (await filesOf('texts')).map(({ partition }) => partition.get(1_000));
    expect(new Set(found)).toEqual(new Set([...texts, null]));
    expect(found).toHaveLength(7);
    expect(await lake.rows(`SELECT count(*) FROM texts WHERE s = '${'x'.repeat(300)}'`)).toEqual([['1']]);
  });
});

describe('concurrent writers', () => {
  it('all land', async () => {
    await lake.create('shared', 'n int');
    const numbers = Array.from({ length: 12 }, (_, index) => index);
    const answers = await Promise.all(numbers.map((n) => lake.ask(`INSERT INTO shared VALUES ${n}`)));
    expect(answers.map(({ state, reason }) => [state, reason])).toEqual(
      numbers.map(() => ['SUCCEEDED', undefined]),
    );
    expect((await lake.rows('SELECT n FROM shared ORDER BY n')).map(([n]) => Number(n))).toEqual(numbers);
    expect(lake.metadata('shared').snapshots).toHaveLength(12);
    expect(lake.keys('shared/data/')).toHaveLength(12);
  });

  it("honour another client's UpdateTable", async () => {
    await lake.create('moved', 'n int');
    await lake.rows('INSERT INTO moved VALUES 1');
    const first = lake.metadataLocation('moved');
    await lake.rows('INSERT INTO moved VALUES 2');
    const served = await startServices([
      glueService({ catalog: lake.catalog, clock: lake.athena.clock, account: ACCOUNT }),
    ]);
    const glue = new GlueClient(served.options);
    try {
      const { Table } = await glue.send(new GetTableCommand({ DatabaseName: 'db', Name: 'moved' }));
      const { Name, TableType, Parameters, StorageDescriptor, VersionId } = Table ?? {};
      const update = new UpdateTableCommand({
        DatabaseName: 'db',
        TableInput: {
          Name,
          TableType,
          StorageDescriptor,
          Parameters: { ...Parameters, metadata_location: first },
        },
        VersionId,
      });
      await glue.send(update);
      await expect(glue.send(update)).rejects.toThrow(/concurrent modifications/);
      await lake.rows('INSERT INTO moved VALUES 3');
      expect(await lake.rows('SELECT n FROM moved ORDER BY n')).toEqual([['1'], ['3']]);
    } finally {
      glue.destroy();
      await served.close();
    }
  });
});
