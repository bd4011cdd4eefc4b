import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { openLake } from './openLake.ts';

/** Runs of the property. */
const RUNS = Number(process.env['LOCAL_AWS_PROJECTIONS'] ?? 10);

let lake: Awaited<ReturnType<typeof openLake>>;
beforeAll(async () => {
  lake = await openLake();
});
afterAll(() => lake.close());

/** Creates a table with a column `a`, by default in Parquet. @param projection Properties after `projection.`, or of `storage.`. */
async function create(
  name: string,
  keys: string,
  projection: Readonly<Record<string, string>>,
  format = 'STORED AS PARQUET',
): Promise<void> {
  const own = Object.entries(projection).map(
    ([key, value]) => `, '${key.startsWith('storage.') ? '' : 'projection.'}${key}' = '${value}'`,
  );
  await lake.rows(
    `CREATE EXTERNAL TABLE ${name} (a int) PARTITIONED BY (${keys}) ${format} LOCATION 's3://lake/${name}'
     TBLPROPERTIES ('projection.enabled' = 'TRUE'${own.join('')})`,
  );
}

/** Writes a file with one row to a folder. */
async function put(folder: string, a: number): Promise<number> {
  return await lake.put(`${folder}/0.parquet`, `SELECT ${a}::INTEGER AS a`);
}

/** The values of the projected partitions of a table with a key `k`. */
async function partitions(name: string): Promise<readonly (string | undefined)[]> {
  return (await lake.rows(`SELECT k FROM "${name}$partitions"`)).map(([value]) => value);
}

describe('partition projection', () => {
  it('reads the partitions that properties describe, and not those of Glue', async () => {
    await create('pairs', 'c string, n int', {
      'c.type': ' Enum ',
      'c.values': 'x,y z',
      'n.type': 'integer',
      'n.range': ' 8 , 12 ',
      'n.interval': '2',
      'n.digits': '2',
    });
    await put('pairs/c=x/n=08', 1);
    const size = await put('pairs/c=y z/n=10', 2);
    await put('pairs/c=x/n=9', 3);
    await put('pairs/c=other/n=08', 4);
    await lake.rows(
      "ALTER TABLE pairs ADD PARTITION (c = 'other', n = 8) LOCATION 's3://lake/pairs/c=other/n=08/'",
    );
    expect(await lake.rows('SELECT a, c, n FROM pairs ORDER BY a')).toEqual([
      ['1', 'x', '8'],
      ['2', 'y z', '10'],
    ]);
    const { rows, scannedBytes } = await lake.ask("SELECT a FROM pairs WHERE c LIKE 'y%' AND n + 1 = 11");
    expect([rows, scannedBytes]).toEqual([[['2']], size]);
    expect(await lake.rows('SHOW PARTITIONS pairs')).toEqual([['c=other/n=8']]);
    expect(await lake.rows('SELECT c, n FROM "pairs$partitions" ORDER BY n, c')).toEqual([
      ...[8, 10, 12].flatMap((n) => ['x', 'y z'].map((c) => [c, String(n)])),
    ]);
  });

  it('reads through views, joins and EXPLAIN', async () => {
    await create('joined', 'k int', { 'k.type': 'integer', 'k.range': '1,100' });
    const sizes = [await put('joined/k=7', 7), await put('joined/k=8', 8)];
    await put('joined/k=9', 9);
    await lake.rows('CREATE VIEW seven AS SELECT a, k FROM joined WHERE k < 8');
    const { rows, scannedBytes } = await lake.ask(
      'SELECT s.a, j.a FROM seven s JOIN joined j ON j.k = s.k + 1 WHERE j.k = 8',
    );
    expect([rows, scannedBytes]).toEqual([[['7', '8']], (sizes[0] ?? 0) + (sizes[1] ?? 0)]);
    const lines = await lake.rows('EXPLAIN (TYPE IO, FORMAT JSON) SELECT a FROM joined WHERE k IN (3, 5)');
    const plan = JSON.parse(lines.map(([line]) => line).join('')) as {
      inputTableColumnInfos: { constraint: unknown }[];
    };
    const exactly = (value: string) => ({
      low: { value, bound: 'EXACTLY' },
      high: { value, bound: 'EXACTLY' },
    });
    expect(plan.inputTableColumnInfos[0]?.constraint).toEqual({
      none: false,
      columnConstraints: [
        {
          columnName: 'k',
          type: 'integer',
          domain: { nullsAllowed: false, ranges: [exactly('3'), exactly('5')] },
        },
      ],
    });
  });

  it('reads text files, once ALTER TABLE turns it on', async () => {
    await lake.rows(
      "CREATE EXTERNAL TABLE texts (a int) PARTITIONED BY (k string) ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' LOCATION 's3://lake/texts/'",
    );
    await lake.store.put('lake', 'texts/of/b/0.csv', Readable.from(['5\n']));
    expect(await lake.rows('SELECT a FROM texts')).toEqual([]);
    await lake.rows(
      `ALTER TABLE texts SET TBLPROPERTIES ('projection.enabled' = 'true', 'projection.k.type' = 'enum',
       'projection.k.values' = 'a,b', 'storage.location.template' = 's3://lake/texts/of/\${k}')`,
    );
    expect(await lake.rows('SELECT a, k FROM texts')).toEqual([['5', 'b']]);
    await lake.rows("ALTER TABLE texts SET TBLPROPERTIES ('projection.enabled' = 'false')");
    expect(await lake.rows('SELECT a FROM texts')).toEqual([]);
  });

  it.each([
    ['date', 'yyyy/MM/dd', '2026/11/18,NOW', {}, ['2026-11-18', '2026-11-19', '2026-11-20']],
    ['string', 'yyyyMMdd', 'NOW-2DAYS,NOW', {}, ['20261118', '20261119', '20261120']],
    ['string', 'yyyy-MM', '2026-10,NOW + 1 MONTH', {}, ['2026-10', '2026-11', '2026-12']],
    ['string', "yyyy'W'", '2024W,NOWW', {}, undefined],
    ['string', 'yyyy', '2022,NOW', { 'interval.unit': 'years', interval: '2' }, ['2022', '2024', '2026']],
    ['string', 'd MMM yy, h a', '20 Nov 26, 11 AM,20 Nov 26, 1 PM', { 'interval.unit': 'HOURS' }, undefined],
    [
      'string',
      "d MMM yyyy h a 'Uhr'",
      '20 Nov 2026 11 AM Uhr,20 Nov 2026 1 PM Uhr',
      { 'interval.unit': 'HOURS', interval: '1' },
      ['20 Nov 2026 11 AM Uhr', '20 Nov 2026 12 PM Uhr', '20 Nov 2026 1 PM Uhr'],
    ],
    [
      'timestamp',
      "yyyy-DDD'T'HH.mm",
      'NOW-1HOUR,NOW',
      { 'interval.unit': 'MINUTES', interval: '30' },
      ['2026-11-20 06:32:00.000', '2026-11-20 07:02:00.000', '2026-11-20 07:32:00.000'],
    ],
    [
      'string',
      'yyyy-MM-dd',
      '2024-01-31,2024-05-01',
      { 'interval.unit': 'MONTHS' },
      ['2024-01-31', '2024-02-29', '2024-03-29', '2024-04-29'],
    ],
  ])('projects %s by %s from %s', async (type, format, range, more, expected) => {
    const name = `dates${expect
      .getState()
      .currentTestName?.replaceAll(/[^a-z0-9]/gi, '_')
      .toLowerCase()}`;
    const own = Object.entries(more).map(([key, value]) => [`k.${key}`, value]);
    const quoted = format.replaceAll("'", "''");
    await create(name, `k ${type}`, {
      'k.type': 'date',
      'k.format': quoted,
      'k.range': range,
      ...Object.fromEntries(own),
    });
    if (expected !== undefined) expect(await partitions(name)).toEqual(expected);
    else {
      const { reason } = await lake.failure(`SELECT * FROM ${name}`);
      expect(reason).toMatch(/^INVALID_TABLE_PROPERTY: Column projection for column 'k' failed\. /);
    }
  });

  it('finds the folders of dates in other formats than the column', async () => {
    await create('folders', 'k date', {
      'k.type': 'date',
      'k.format': 'yyyy/MM/dd',
      'k.range': '2020/01/01,NOW',
      'storage.location.template': `s3://lake/elsewhere/\${k}/x`,
    });
    await put('elsewhere/2026/11/19/x', 1);
    expect(await lake.rows('SELECT * FROM folders')).toEqual([['1', '2026-11-19']]);
    await lake.rows("INSERT INTO folders VALUES (2, DATE '2026-11-20')");
    expect(await lake.rows("SELECT * FROM folders WHERE k > DATE '2026-11-19'")).toEqual([
      ['2', '2026-11-20'],
    ]);
    const [partition] = lake.catalog.table('db', 'folders').partitions;
    expect([partition?.values, partition?.input.StorageDescriptor?.Location]).toEqual([
      ['2026-11-20'],
      's3://lake/elsewhere/2026/11/20/x/',
    ]);
  });

  it('takes the values of injected keys from the conditions', async () => {
    await create('injected', 'k string, n bigint', { 'k.type': 'injected', 'n.type': 'injected' });
    await put('injected/k=a/n=1', 1);
    await put('injected/k=b/n=9007199254740993', 2);
    const where = 'SELECT a FROM injected WHERE';
    expect(await lake.rows(`${where} k = lower('A') AND n = 1`)).toEqual([['1']]);
    expect(
      await lake.rows(
        `${where} (k = 'a' OR k = 'b') AND n IN (1, 9007199254740992, 9007199254740993) AND a > 0 ORDER BY a`,
      ),
    ).toEqual([['1'], ['2']]);
    expect(await lake.rows(`${where} k = 'a' AND k = 'b' AND n = 1`)).toEqual([]);
    // DuckDB makes a join of a long list, and a range of neighbours.
    for (const length of [2, 3, 5, 50]) {
      const others = Array.from({ length: length - 1 }, (_, index) => index + 2);
      const keys = ["'a'", ...others.map((other) => `'v${other}'`)].join(', ');
      for (const numbers of [
        [1, ...others],
        [...others.map((other) => other * 10), 1],
      ])
        expect(await lake.rows(`${where} k IN (${keys}) AND n IN (${numbers.join(', ')})`)).toEqual([['1']]);
    }
    for (const [column, condition] of [
      ['k', 'n = 1'],
      ['k', "k > 'a' AND n = 1"],
      ['n', "k = 'a' AND n IN (SELECT id FROM events)"],
      ['k', "(k = 'a' OR a = 1) AND n = 1"],
    ]) {
      expect((await lake.failure(`${where} ${condition}`)).reason).toBe(
        `CONSTRAINT_VIOLATION: For the injected projected partition column ${column}, the WHERE clause must contain only static equality conditions, and at least one such condition must be present.`,
      );
    }
  });

  it('refuses what it cannot project', async () => {
    const one = async (name: string, key: string, projection: Readonly<Record<string, string>>) => {
      await create(name, `k ${key}`, projection);
      return (await lake.failure(`SELECT * FROM ${name}`)).reason;
    };
    expect(await one('bad1', 'string', {})).toBe(
      'INVALID_TABLE_PROPERTY: Table db.bad1 is configured for partition projection, but the following partition columns are missing projection configuration: [k]',
    );
    expect(await one('bad2', 'string', { 'k.type': 'enum' })).toBe(
      "INVALID_TABLE_PROPERTY: Column projection for column 'k' failed. Missing required property: 'projection.k.values'",
    );
    expect(
      await one('bad3', 'string', {
        'k.type': 'enum',
        'k.values': 'a',
        'storage.location.template': 's3://lake/x/',
      }),
    ).toBe(
      "INVALID_TABLE_PROPERTY: Partition projection location template: s3://lake/x/ is missing partition column: 'k' placeholder",
    );
    expect(await one('bad4', 'int', { 'k.type': 'enum', 'k.values': '1,one' })).toBe(
      "HIVE_INVALID_PARTITION_VALUE: Invalid partition value 'one' for integer partition key: k",
    );
    expect(
      await one('bad5', 'string', { 'k.type': 'date', 'k.range': 'NOW,NOW', 'k.format': 'yyyy-ww' }),
    ).toBe(
      "NOT_SUPPORTED: The date format 'yyyy-ww' of a partition projection is not emulated by the local Athena",
    );
    expect(
      await one('bad6', 'string', { 'k.type': 'date', 'k.range': 'NOW-1YEAR,NOW', 'k.format': 'yyyyMMddHH' }),
    ).toContain("'projection.k.interval.unit' needs to be set");
    expect(await one('bad7', 'bigint', { 'k.type': 'integer', 'k.range': '0,9223372036854775807' })).toBe(
      'NOT_SUPPORTED: A projection of more than 1000000 values of the partition key k that the conditions leave is not emulated by the local Athena',
    );
    await put('bad7/k=9223372036854775806', 1);
    expect(await lake.rows('SELECT a FROM bad7 WHERE k > 9223372036854775800')).toEqual([['1']]);
    expect(await lake.rows('SELECT a FROM bad7 WHERE k = 9223372036854775806')).toEqual([['1']]);
    expect(await one('bad8', 'bigint', { 'k.type': 'integer', 'k.range': '0,18446744073709551610' })).toBe(
      "INVALID_TABLE_PROPERTY: Column projection for column 'k' failed. Property: 'projection.k.range' has a value beyond 64 bits: 18446744073709551610",
    );
    await create('wide', 'k string', { 'k.type': 'integer', 'k.range': '1,2000000' });
    await put('wide/k=7', 7);
    expect(await lake.rows("SELECT a FROM wide WHERE k IN ('7', '20', '30', '40', '50', '60')")).toEqual([
      ['7'],
    ]);
    await create('digits', 'k int', { 'k.type': 'integer', 'k.range': '1,9', 'k.digits': '2' });
    expect((await lake.failure('INSERT INTO digits VALUES (1, 1)')).reason).toContain('with 2 digits');
  });

  it('answers for years of hours', async () => {
    await create('hours', 'k string, h int', {
      'k.type': 'date',
      'k.format': 'yyyy/MM/dd/HH',
      'k.range': '2010/01/01/00,NOW',
      'k.interval.unit': 'HOURS',
      'h.type': 'integer',
      'h.range': '1,2',
    });
    const size = await put('hours/k=2026/11/20/05/h=2', 1);
    const { rows, scannedBytes } = await lake.ask("SELECT a, k FROM hours WHERE k >= '2026/11/20' AND h = 2");
    expect([rows, scannedBytes]).toEqual([[['1', '2026/11/20/05']], size]);
    expect(await lake.rows('SELECT count(*) FROM hours WHERE h > 1')).toEqual([['1']]);
  });
});

describe('projected partitions and a table of all values', () => {
  /** Each key's values as they are written, with its type and projection. */
  const KEYS = {
    e: {
      type: 'string',
      values: ['a', 'B', "c'd"],
      projection: { 'e.type': 'enum', 'e.values': "a,B,c''d" },
    },
    i: {
      type: 'bigint',
      values: ['-02', '001', '004'],
      projection: { 'i.type': 'integer', 'i.range': '-2,6', 'i.interval': '3', 'i.digits': '3' },
    },
    d: {
      type: 'date',
      values: ['2026-11-19', '2026-11-20'],
      projection: { 'd.type': 'date', 'd.format': 'yyyy-MM-dd', 'd.range': 'NOW-1DAY,NOW' },
    },
    t: {
      type: 'string',
      values: ['2026-10', '2026-11'],
      projection: { 't.type': 'date', 't.format': 'yyyy-MM', 't.range': '2026-10,NOW' },
    },
  };
  let size = 0;

  beforeAll(async () => {
    const { e, i, d, t } = KEYS;
    await create(
      'projected',
      Object.entries(KEYS)
        .map(([name, { type }]) => `${name} ${type}`)
        .join(', '),
      Object.assign({}, e.projection, i.projection, d.projection, t.projection),
    );
    const rows: string[] = [];
    for (const first of e.values) {
      for (const second of i.values) {
        for (const third of d.values) {
          for (const fourth of t.values) {
            size = await put(`projected/e=${first}/i=${second}/d=${third}/t=${fourth}`, 1);
            rows.push(`('${first.replaceAll("'", "''")}', ${Number(second)}, DATE '${third}', '${fourth}')`);
          }
        }
      }
    }
    await lake.put('model/0.parquet', `SELECT * FROM (VALUES ${rows.join(', ')}) AS v(e, i, d, t)`);
    await lake.rows(
      "CREATE EXTERNAL TABLE model (e string, i int, d date, t string) STORED AS PARQUET LOCATION 's3://lake/model/'",
    );
  }, 60_000);

  const literal = fc.oneof(
    fc.constantFrom("'a'", "'B''c'", "'zz'", "''").map((text) => ['e', text] as const),
    fc.integer({ min: -7, max: 10 }).map((value) => ['i', String(value)] as const),
    fc.integer({ min: 16, max: 22 }).map((day) => ['d', `DATE '2026-11-${day}'`] as const),
    fc.constantFrom("'2026-10'", "'2026-11'", "'2026-1'", "'x'").map((text) => ['t', text] as const),
  );
  const comparison = fc
    .tuple(literal, fc.constantFrom('=', '<>', '<', '<=', '>', '>='))
    .map(([[key, value], operator]) => `${key} ${operator} ${value}`);
  const leaf = fc.oneof(
    { weight: 6, arbitrary: comparison },
    fc.array(literal, { minLength: 1, maxLength: 4 }).map((all) => {
      const key = all[0]?.[0] ?? 'e';
      const own = all.filter(([name]) => name === key).map(([, value]) => value);
      return `${key} IN (${own.join(', ')})`;
    }),
    fc.constantFrom(
      ...["e LIKE '%''%'", 'i % 2 = 0', 'day(d) = i + 18', 'd IS NOT NULL', "date_format(d, '%Y-%m') = t"],
      ...[
        't = e',
        "lower(e) = 'b''c'",
        'i BETWEEN -2 AND 4',
        "d BETWEEN DATE '2026-11-19' AND DATE '2027-01-01'",
      ],
    ),
  );
  const condition = fc.letrec<{ all: string }>((tie) => ({
    all: fc.oneof(
      { maxDepth: 2 },
      leaf,
      fc.tuple(tie('all'), fc.constantFrom('AND', 'OR'), tie('all')).map((parts) => `(${parts.join(' ')})`),
      tie('all').map((inner) => `NOT (${inner})`),
    ),
  })).all;

  it('have the same rows, and read no more files', async () => {
    await fc.assert(
      fc.asyncProperty(condition, async (where) => {
        const query = (table: string) => `SELECT e, i, d, t FROM ${table} WHERE ${where} ORDER BY 1, 2, 3, 4`;
        const found = await lake.ask(query('projected'));
        expect(found.reason).toBeUndefined();
        expect(found.rows).toEqual(await lake.rows(query('model')));
        expect(found.scannedBytes).toBe(found.rows.length * size);
      }),
      { numRuns: RUNS, seed: 20, interruptAfterTimeLimit: 45_000 },
    );
  }, 60_000);
});
