import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openLake } from './openLake.ts';

let lake: Awaited<ReturnType<typeof openLake>>;
beforeAll(async () => {
  lake = await openLake();
});
afterAll(async () => {
  await lake.close();
});

const given = (...ExecutionParameters: string[]) => ({
  QueryExecutionContext: { Database: 'db' },
  ExecutionParameters,
});

/** The value and the type of each column of a query with one row. */
async function typed(sql: string, input?: Parameters<typeof lake.ask>[1]) {
  const { rows, columns, reason } = await lake.ask(sql, input);
  return reason ?? columns.map(({ Type }, index) => [rows[0]?.[index], Type]);
}

describe('literals', () => {
  it('reads a number with a point as a double', async () => {
    expect(await typed("SELECT 1.2, -.5, 1 / 0.0, 1 / -0.0, 0 / 0.0, 0.1 + 0.2, DECIMAL '1.20'")).toEqual([
      ['1.2', 'double'],
      ['-0.5', 'double'],
      ['Infinity', 'double'],
      ['-Infinity', 'double'],
      ['NaN', 'double'],
      ['0.30000000000000004', 'double'],
      ['1.20', 'decimal'],
    ]);
    expect(await typed('SELECT ?, ?', given('1.50', '-2.5'))).toEqual([
      ['1.5', 'double'],
      ['-2.5', 'double'],
    ]);
  });

  it('stores doubles of literals in views and tables, and casts them where a decimal is inserted', async () => {
    await lake.rows('CREATE VIEW halves AS SELECT id * 0.5 AS half FROM events');
    expect(await typed('SELECT max(half) FROM halves')).toEqual([['4.5', 'double']]);
    await lake.rows('CREATE TABLE ratios AS SELECT 1.25 AS ratio');
    expect(await lake.rows('DESCRIBE ratios')).toEqual([[expect.stringMatching(/^ratio\s+double/)]]);
    await lake.rows("CREATE TABLE prices AS SELECT CAST('1.50' AS decimal(10,2)) AS price");
    await lake.rows('INSERT INTO prices VALUES (2.25), (3)');
    expect(await lake.rows('SELECT price FROM prices WHERE price > 1.5 ORDER BY 1')).toEqual([
      ['2.25'],
      ['3.00'],
    ]);
    expect(await lake.rows('SELECT price FROM prices WHERE price = 1.5')).toEqual([['1.50']]);
  });

  it.each([
    {
      expression: "DATE '2026-02-30'",
      reason: "INVALID_LITERAL: line 1:8: '2026-02-30' is not a valid DATE literal",
    },
    {
      expression: "TIMESTAMP '2026-11-30 24:00:00'",
      reason: "INVALID_LITERAL: line 1:8: '2026-11-30 24:00:00' is not a valid TIMESTAMP literal",
    },
    {
      expression: "TIMESTAMP 'x'",
      reason: "INVALID_LITERAL: line 1:8: 'x' is not a valid TIMESTAMP literal",
    },
    {
      expression: "IPADDRESS '::1'",
      reason:
        'NOT_SUPPORTED: line 1:8: The type ipaddress is not emulated by the local Athena: try it in Trino or on AWS',
    },
    {
      expression: "INTERVAL '1.5' DAY",
      reason: "INVALID_LITERAL: line 1:8: '1.5' is not a valid INTERVAL literal",
    },
    { expression: "NUMERIC '1.5'", reason: 'TYPE_NOT_FOUND: line 1:8: Unknown type: NUMERIC' },
    {
      expression: "CAST('::1' AS ipaddress)",
      reason:
        'NOT_SUPPORTED: line 1:22: The type ipaddress is not emulated by the local Athena: try it in Trino or on AWS',
    },
  ])('refuses $expression', async ({ expression, reason }) => {
    expect((await lake.failure(`SELECT ${expression}`)).reason).toBe(reason);
  });

  it.each([
    {
      expression: '1a',
      why: 'identifiers must not start with a digit; surround the identifier with double quotes',
    },
    {
      expression: '0x1F',
      why: 'identifiers must not start with a digit; surround the identifier with double quotes',
    },
  ])('refuses $expression before it runs', async ({ expression, why }) => {
    await expect(lake.ask(`SELECT ${expression}`)).rejects.toThrow(`line 1:8: ${why}`);
  });

  it('takes casts of literals as parameters', async () => {
    expect(
      await typed(
        'SELECT ?, ?',
        given("CAST('1' AS integer)", "CAST(CAST('2.50' AS decimal(5, 2)) AS double)"),
      ),
    ).toEqual([
      ['1', 'integer'],
      ['2.5', 'double'],
    ]);
    for (const text of ['CAST(id AS integer)', "CAST('1' AS integer) OR true", 'CAST((SELECT 1) AS integer)'])
      expect((await lake.failure('SELECT ? FROM events', given(text))).reason).toBe(
        `INVALID_PARAMETER_USAGE: Execution parameter ${text} is not a literal: texts need quotes`,
      );
  });
});
