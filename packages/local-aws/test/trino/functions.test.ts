import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answers, openAnswers } from './answers.ts';
import { functionCases, queryCases } from './functionCases.ts';
import { knownDifferences } from './knownDifferences.ts';

/** Arguments that have to be constants: of DuckDB's `regexp_extract` and `round` of a decimal. */
const CONSTANT_ARGUMENTS = /^regexp_extract\(|^round\(DECIMAL/;

/** Names of columns, among them those that macros use for their own values. */
const COLUMNS = ['z', 'i', 'e', 's', 't', 'm', 'v', 'g', 'n', 'w', 'x', 'y', 'a', 'b'];

/** An expression with its whole-number arguments taken from columns of zeros, outside texts and types. */
const withColumn = (expression: string): string =>
  expression
    .split(/('(?:[^']|'')*')/)
    .map((part, position) =>
      position % 2 === 1
        ? part
        : part.replace(
            /(?<=(?<!decimal|char|timestamp|time)\(|\[|(?<!\d), )\d+(?=[,)\]])/gi,
            (digits, at: number) => `(${digits} + ${COLUMNS[(position + at) % COLUMNS.length]})`,
          ),
    )
    .join('');

describe('SQL that is translated', () => {
  let answers: Answers;
  beforeAll(async () => {
    answers = await openAnswers();
  });
  afterAll(() => answers.close());

  it.each(functionCases)("has Trino's value $expected: $expression", async ({ expression, expected }) => {
    expect(await answers.value(expression)).toBe(expected);
  });

  // DuckDB folds constants, and evaluates some that no row needs: what is right for a constant can fail for a column.
  it.each(
    functionCases
      .map((known) => ({ ...known, columns: withColumn(known.expression) }))
      .filter(({ columns, expression }) => columns !== expression && !CONSTANT_ARGUMENTS.test(expression)),
  )('has that value of a column, too: $columns', async ({ columns, expected }) => {
    const row = `(${COLUMNS.map(() => 0).join(', ')})`;
    const rows = await answers.rows(
      `SELECT ${columns} FROM (VALUES ${row}, ${row}) AS c(${COLUMNS.join(', ')})`,
    );
    expect(rows).toEqual([[expected], [expected]]);
  });

  it.each(knownDifferences)('differs in a known way: $expression', async (known) => {
    expect(known.here).not.toBe(known.trino);
    expect(await answers.value(known.expression)).toBe(known.here);
  });

  it.each(queryCases)("has Trino's rows: $sql", async ({ sql, expected }) => {
    expect(await answers.rows(sql)).toEqual(expected);
  });
});
