import { GetQueryResultsCommand } from '@aws-sdk/client-athena';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runToEnd } from '../../harness/startAthena.ts';
import { openLake } from './openLake.ts';

let lake: Awaited<ReturnType<typeof openLake>>;

beforeAll(async () => {
  lake = await openLake();
  await lake.rows('CREATE VIEW names AS SELECT id, name, ds FROM events');
});

afterAll(() => lake.close());

const text = async (sql: string) => (await lake.rows(sql)).map(([line]) => line).join('\n');
const json = async (sql: string) => JSON.parse(await text(sql));

interface Constraint {
  readonly columnName: string;
  readonly type: string;
  readonly domain: {
    readonly nullsAllowed: boolean;
    readonly ranges: readonly { low: object; high: object }[];
  };
}

/** The constraints of the first table in the plan of a query, by column. */
async function constraints(sql: string): Promise<Record<string, Constraint['domain']>> {
  const plan = await json(`EXPLAIN (TYPE IO, FORMAT JSON) ${sql}`);
  const all: Constraint[] = plan.inputTableColumnInfos[0].constraint.columnConstraints;
  return Object.fromEntries(all.map(({ columnName, domain }) => [columnName, domain]));
}

const exactly = (value: string) => ({
  low: { value, bound: 'EXACTLY' },
  high: { value, bound: 'EXACTLY' },
});

describe('EXPLAIN', () => {
  it('shows the logical plan by default, without reading or listing anything', async () => {
    const { rows, columns, kind, scannedBytes } = await lake.ask(
      "EXPLAIN SELECT count(*) AS n FROM events WHERE ds = DATE '2026-11-18'",
    );
    expect(columns.map(({ Name, Type }) => [Name, Type])).toEqual([['Query Plan', 'varchar']]);
    expect(kind).toEqual(['UTILITY', 'EXPLAIN']);
    expect(scannedBytes).toBe(0);
    expect(rows.map(([line]) => line?.trimEnd())).toEqual([
      'Output[columnNames = [n]]',
      '│   Layout: [n:bigint]',
      '└─ Aggregate[aggregates = count_star()]',
      "   └─ TableScan[table = awsdatacatalog:db:events, filters = ds='2026-11-18'::DATE]",
    ]);
    expect(await text('EXPLAIN (TYPE LOGICAL, FORMAT TEXT) SELECT id FROM events')).toBe(
      await text('EXPLAIN (FORMAT TEXT) SELECT id FROM events'),
    );
  });

  it.each([
    ['EXPLAIN SELECT 1', 'Query Plan', 'Output[columnNames = [_col0]]'],
    ['EXPLAIN (TYPE IO, FORMAT JSON) SELECT 1', 'Query Plan', '{'],
    ['EXPLAIN ANALYZE SELECT 1', 'Query Plan', 'Fragment 1 [SINGLE]'],
    ['EXPLAIN (TYPE VALIDATE) SELECT 1', 'Valid', 'true'],
  ])("begins with the column's name: %s", async (sql, name, first) => {
    const execution = await runToEnd(lake.athena.client, sql);
    const { ResultSet } = await lake.athena.client.send(
      new GetQueryResultsCommand({ QueryExecutionId: execution?.QueryExecutionId }),
    );
    expect(ResultSet?.ResultSetMetadata?.ColumnInfo?.map(({ Name }) => Name)).toEqual([name]);
    const rows = ResultSet?.Rows?.map(({ Data }) => Data?.map(({ VarCharValue }) => VarCharValue?.trimEnd()));
    expect(rows?.slice(0, 2)).toEqual([[name], [first]]);
    const location = execution?.ResultConfiguration?.OutputLocation ?? '';
    const key = location.slice(`s3://${lake.bucket}/`.length);
    const text = String(Buffer.concat(await lake.store.get(lake.bucket, key).body.toArray()));
    expect(key).toMatch(/\.txt$/);
    expect(text.split('\n').slice(0, 2)).toEqual([name, expect.stringMatching(/^\S/)]);
  });

  it('shows a distributed plan of one fragment', async () => {
    const [first, second] = await lake.rows('EXPLAIN (TYPE DISTRIBUTED) SELECT id FROM events');
    expect([first?.[0], second?.[0]]).toEqual(['Fragment 0 [SINGLE]', '    Output[columnNames = [id]]']);
    const fragments = await json('EXPLAIN (TYPE DISTRIBUTED, FORMAT JSON) SELECT id FROM events');
    expect(Object.keys(fragments)).toEqual(['0']);
    expect(fragments[0].name).toBe('Output');
  });

  it("shows the plan as a tree in Trino's JSON, and as a graph", async () => {
    const sql = 'SELECT a.id, b.name FROM events a JOIN names b ON a.id = b.id ORDER BY 1 LIMIT 3';
    const plan = await json(`EXPLAIN (FORMAT JSON) ${sql}`);
    expect(plan).toMatchObject({
      id: '0',
      name: 'Output',
      descriptor: { columnNames: '[id, name]' },
      outputs: [
        { symbol: 'id', type: 'bigint' },
        { symbol: 'name', type: 'varchar' },
      ],
      estimates: [{ outputRowCount: 'NaN' }],
      children: [{ id: '1', name: 'TopN' }],
    });
    const namesOf = (node: typeof plan): string[] => [node.name, ...node.children.flatMap(namesOf)];
    expect(namesOf(plan).filter((name) => /Join|Scan/.test(name))).toEqual([
      'InnerJoin',
      'TableScan',
      'TableScan',
    ]);
    const graph = await text(`EXPLAIN (TYPE LOGICAL, FORMAT GRAPHVIZ) ${sql}`);
    expect(graph).toMatch(/^digraph logical_plan \{\nsubgraph cluster_0 \{\nlabel = "SINGLE"\n/);
    expect(graph.match(/^plannode_\d+\[/gm)).toHaveLength(namesOf(plan).length);
    expect(graph.match(/ -> /g)).toHaveLength(namesOf(plan).length - 1);
  });

  it('validates: one column that is true, or the error of the statement', async () => {
    const { rows, columns } = await lake.ask('EXPLAIN (FORMAT TEXT, TYPE VALIDATE) SELECT id FROM events');
    expect(columns.map(({ Name, Type }) => [Name, Type])).toEqual([['Valid', 'boolean']]);
    expect(rows).toEqual([['true']]);
    const { reason } = await lake.failure('EXPLAIN (TYPE VALIDATE) SELECT nothing FROM events');
    expect(reason).toMatch(/^COLUMN_NOT_FOUND: line 1:32: Column 'nothing' cannot be resolved/);
  });

  it.each([
    ['INSERT INTO events SELECT 1', /^TYPE_MISMATCH: Insert query has mismatched column types/],
    ['INSERT INTO nowhere SELECT 1', /^TABLE_NOT_FOUND: line 1:37: Table 'awsdatacatalog.db.nowhere'/],
    ['INSERT INTO names SELECT 1', /^NOT_SUPPORTED: Inserting into views/],
    ['INSERT INTO events (none) SELECT 1', /^COLUMN_NOT_FOUND: Insert column name does not exist/],
    ['CREATE TABLE events AS SELECT 1 AS a', /^TABLE_ALREADY_EXISTS: line 1:38: /],
    ['CREATE TABLE nodb.t AS SELECT 1 AS a', /^SCHEMA_NOT_FOUND: line 1:38: Schema 'nodb'/],
    ['CREATE TABLE fresh AS SELECT 1', /^MISSING_COLUMN_NAME: /],
    [
      'CREATE TABLE fresh AS SELECT 1 AS a, 2 AS A',
      /^DUPLICATE_COLUMN_NAME: line 1:25: Column name 'a' specified more than once/,
    ],
    ['CREATE TABLE fresh AS SELECT NULL AS a', /^COLUMN_TYPE_UNKNOWN: line 1:25: Column type is unknown: a/],
    ['CREATE TABLE fresh AS SELECT nope AS a FROM events', /^COLUMN_NOT_FOUND: /],
    ['CREATE TABLE fresh AS SELECT now() AS a', /^NOT_SUPPORTED: Unsupported Hive type: timestamp\(3\) with/],
    [
      "CREATE TABLE fresh WITH (table_type = 'ICEBERG', is_external = false, location = 's3://lake/fresh/') AS SELECT ts FROM events",
      /^NOT_SUPPORTED: Timestamp precision \(3\) not supported for Iceberg/,
    ],
  ])('validates %s as the statement itself', async (sql, message) => {
    expect((await lake.failure(`EXPLAIN (TYPE VALIDATE) ${sql}`)).reason).toMatch(message);
  });

  it('explains statements that write, and writes nothing', async () => {
    const plan = await text('EXPLAIN CREATE TABLE fresh AS SELECT id FROM events');
    expect(plan).toContain('TableWriter[table = awsdatacatalog:db:fresh]');
    expect((await lake.rows('SHOW TABLES')).flat()).toEqual(['events', 'names']);
    const io = await json('EXPLAIN (TYPE IO) INSERT INTO events (id) SELECT id FROM names');
    expect(io.outputTable).toEqual({
      catalog: 'awsdatacatalog',
      schemaTable: { schema: 'db', table: 'events' },
    });
    const unload = "UNLOAD (SELECT id FROM events) TO 's3://lake/out/' WITH (format = 'PARQUET')";
    expect((await json(`EXPLAIN (TYPE IO) ${unload}`)).inputTableColumnInfos).toHaveLength(1);
    expect(await lake.rows('SELECT count(*) FROM events')).toEqual([['30']]);
  });
});

describe('EXPLAIN (TYPE IO)', () => {
  it('names the table whose rows a statement changes, and changes none', async () => {
    await lake.rows(
      "CREATE TABLE rows (id bigint) LOCATION 's3://lake/rows/' TBLPROPERTIES ('table_type' = 'ICEBERG')",
    );
    await lake.rows('INSERT INTO rows VALUES 1, 2');
    const plan = await json('EXPLAIN (TYPE IO) DELETE FROM rows WHERE id = 1');
    const table = { catalog: 'awsdatacatalog', schemaTable: { schema: 'db', table: 'rows' } };
    expect(plan).toMatchObject({ outputTable: table, inputTableColumnInfos: [{ table }] });
    expect(await lake.rows('EXPLAIN (TYPE VALIDATE) DELETE FROM rows')).toEqual([['true']]);
    expect(await lake.rows('SELECT count(*) FROM rows')).toEqual([['2']]);
    await lake.rows('DROP TABLE rows');
  });

  it('lists the tables below views, each once', async () => {
    const plan = await json('EXPLAIN (TYPE IO, FORMAT JSON) SELECT * FROM names a, names b');
    expect(plan.inputTableColumnInfos.map(({ table }: { table: object }) => table)).toEqual([
      { catalog: 'awsdatacatalog', schemaTable: { schema: 'db', table: 'events' } },
    ]);
    expect(plan.estimate.outputRowCount).toBe('NaN');
    expect(await text('EXPLAIN (TYPE IO) SELECT 1')).toBe(
      await text('EXPLAIN (FORMAT JSON, TYPE IO) SELECT 1'),
    );
  });

  it('has the values of the partitions that are read', async () => {
    expect((await constraints("SELECT id FROM events WHERE ds > DATE '2026-11-18'"))['ds']).toEqual({
      nullsAllowed: false,
      ranges: [exactly('2026-11-19'), exactly('2026-11-20')],
    });
    const none = await json("EXPLAIN (TYPE IO) SELECT id FROM events WHERE ds = DATE '2020-01-01'");
    expect(none.inputTableColumnInfos[0].constraint).toEqual({ none: true, columnConstraints: [] });
  });

  it.each([
    ['value > 1.5', 'value', [{ low: { value: '1.5E0', bound: 'ABOVE' }, high: { bound: 'BELOW' } }]],
    [
      'id >= 2 AND id < 10',
      'id',
      [{ low: { value: '2', bound: 'EXACTLY' }, high: { value: '10', bound: 'BELOW' } }],
    ],
    ["name = 'x' OR name = 'it''s'", 'name', [exactly("it's"), exactly('x')]],
    ["name IN ('c', 'a', 'b')", 'name', [exactly('a'), exactly('b'), exactly('c')]],
    [
      "name <> 'a'",
      'name',
      [
        { low: { bound: 'ABOVE' }, high: { value: 'a', bound: 'BELOW' } },
        { low: { value: 'a', bound: 'ABOVE' }, high: { bound: 'BELOW' } },
      ],
    ],
    ["ts = TIMESTAMP '2026-11-18 10:00:00.5'", 'ts', [exactly('2026-11-18 10:00:00.500')]],
    ['id < 5 OR id > 3', 'id', [{ low: { bound: 'ABOVE' }, high: { bound: 'BELOW' } }]],
  ])('narrows the column of %s', async (condition, column, ranges) => {
    const found = await constraints(`SELECT id FROM events WHERE ${condition}`);
    expect(found[column]).toEqual({ nullsAllowed: false, ranges });
  });

  it('allows NULL where the condition does, and leaves out what it cannot read', async () => {
    expect((await constraints("SELECT id FROM events WHERE name IS NULL OR name = 'a'"))['name']).toEqual({
      nullsAllowed: true,
      ranges: [exactly('a')],
    });
    expect(Object.keys(await constraints("SELECT id FROM events WHERE lower(name) = 'a' OR id = 1"))).toEqual(
      ['ds'],
    );
  });
});

describe('EXPLAIN ANALYZE', () => {
  it('runs the query and shows rows and time of each step', async () => {
    const { rows, scannedBytes } = await lake.ask(
      "EXPLAIN ANALYZE SELECT count(*) FROM events WHERE ds = DATE '2026-11-18'",
    );
    expect(scannedBytes).toBe(lake.sizes[0]);
    const lines = rows.map(([line]) => line).join('\n');
    expect(lines).toMatch(/^Fragment 1 \[SINGLE\]\n {4}Output/);
    expect(lines).toMatch(/CPU: \d+\.\d\dms, Output: 10 rows/);
    const { fragments } = await json('EXPLAIN ANALYZE (FORMAT JSON) SELECT id FROM events');
    expect(fragments[0]).toMatchObject({
      id: '1',
      stageStats: { outputRows: '30 rows' },
      outputLayout: 'id',
    });
    expect(fragments[0].logicalPlan[1][0].name).toBe('Output');
  });
});

describe('what EXPLAIN refuses by name', () => {
  it.each([
    ['EXPLAIN SHOW TABLES', /NOT_SUPPORTED: EXPLAIN of anything but a query and/],
    ['EXPLAIN DROP TABLE events', /NOT_SUPPORTED: EXPLAIN of anything but a query and/],
    ['EXPLAIN ANALYZE VERBOSE SELECT 1', /NOT_SUPPORTED: EXPLAIN ANALYZE VERBOSE/],
    ['EXPLAIN ANALYZE INSERT INTO events SELECT 1', /NOT_SUPPORTED: EXPLAIN ANALYZE of anything but a query/],
    ['EXPLAIN (TYPE IO, FORMAT GRAPHVIZ) SELECT 1', /NOT_SUPPORTED: Unhandled plan type: IO/],
    ['EXPLAIN (TYPE COST) SELECT 1', /mismatched input 'COST'. Expecting: 'LOGICAL'/],
    ['EXPLAIN (FORMAT XML) SELECT 1', /mismatched input 'XML'. Expecting: 'TEXT', 'GRAPHVIZ', 'JSON'/],
    ['EXPLAIN ANALYZE (TYPE IO) SELECT 1', /mismatched input 'TYPE'. Expecting: 'FORMAT'/],
    ['EXPLAIN ANALYZE (FORMAT GRAPHVIZ) SELECT 1', /mismatched input 'GRAPHVIZ'. Expecting: 'TEXT', 'JSON'/],
    ['EXPLAIN', /mismatched input '<EOF>'/],
  ])('%s', async (sql, message) => {
    await expect(lake.ask(sql)).rejects.toThrow(message);
  });
});
