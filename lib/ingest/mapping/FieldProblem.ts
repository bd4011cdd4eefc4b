/** What is wrong with a column of a file, before it is known which file: {@link compileMapping} says that. */
export class FieldProblem extends Error {
  readonly code: 'SLUICE_INGEST_COLUMN_MISSING' | 'SLUICE_INGEST_COLUMN_TYPE_UNFIT';

  /**
   * @param expected Types that the field can be read from, in words.
   * @param found The column's type; null when there is no such column.
   */
  constructor(
    code: 'SLUICE_INGEST_COLUMN_MISSING' | 'SLUICE_INGEST_COLUMN_TYPE_UNFIT',
    column: string,
    expected: string,
    found: string | null,
  ) {
    super(
      `column ${JSON.stringify(column)}: expected ${expected}, found ${found === null ? 'no such column' : found}`,
    );
    this.code = code;
  }
}
