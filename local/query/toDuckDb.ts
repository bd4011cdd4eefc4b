/** Athena's functions that have no like in DuckDB, under names of their own there. */
const MACROS = [
  'CREATE MACRO IF NOT EXISTS main.json_parse(value) AS CAST(value AS JSON)',
  // A list or an object is no scalar, and what is no JSON has none: null, where DuckDB's own gives text or fails.
  `CREATE MACRO IF NOT EXISTS main.athena_json_extract_scalar(value, path) AS
     CASE WHEN json_type(TRY_CAST(value AS JSON), path) NOT IN ('OBJECT', 'ARRAY') THEN TRY_CAST(value AS JSON) ->> path END`,
] as const;

/** A text literal, or a call of json_extract_scalar, which must not be taken for DuckDB's `->>`. */
const SCALAR_CALL = /'(?:[^']|'')*'|\bjson_extract_scalar\b(?=\s*\()/gi;

/** Loads the translator of Athena's SQL to DuckDB's, some 200 ms, and what its queries need to be there. */
export async function toDuckDb(): Promise<{
  readonly translate: (sql: string) => string;
  readonly macros: readonly string[];
}> {
  const { Dialect, transpile } = await import('@polyglot-sql/sdk');
  return {
    macros: MACROS,
    translate(sql) {
      const named = sql.replaceAll(SCALAR_CALL, (text) =>
        text.startsWith("'") ? text : 'athena_json_extract_scalar',
      );
      const { success, sql: translated, error } = transpile(named, Dialect.Athena, Dialect.DuckDB);
      const [statement, ...more] = translated ?? [];
      if (!success || statement === undefined || more.length > 0) {
        throw new Error(error ?? 'It is not one statement.');
      }
      return statement;
    },
  };
}
