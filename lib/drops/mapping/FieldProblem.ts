/** What a column may be. */
type FieldProblemCode =
  | 'SLUICE_INGEST_COLUMN_MISSING'
  | 'SLUICE_INGEST_COLUMN_AMBIGUOUS'
  | 'SLUICE_INGEST_COLUMN_TYPE_UNFIT';

/** What is wrong with a column of a file, before it is known which file: {@link compileMapping} says that. */
export class FieldProblem extends Error {
  readonly code: FieldProblemCode;

  /**
   * @param expected Types that the field can be read from, in words.
   * @param found The column's type; null when there is no such column.
   */
  constructor(code: FieldProblemCode, column: string, expected: string, found: string | null) {
    super(
      `column ${JSON.stringify(column)}: expected ${expected}, found ${found === null ? 'no such column' : found}`,
    );
    this.code = code;
  }
}
