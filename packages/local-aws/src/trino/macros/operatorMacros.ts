/** A decimal's scale, 0 for whole numbers: what Trino's division rounds to. */
const SCALE = (operand: string) =>
  `coalesce(try_cast(regexp_extract(typeof(${operand}), ',(\\d+)', 1) AS INTEGER), 0)`;

const FRACTION = (operand: string) => `typeof(${operand}) IN ('DOUBLE', 'FLOAT')`;

const DECIMAL = (operand: string) => `typeof(${operand}) LIKE 'DECIMAL%'`;

/**
 * An error of our own words in the type of another expression: a text that can't be converted. DuckDB's `error` may
 * not stand within TRY.
 */
const failure = (text: string, like: string) => `cast_to_type('${text}', ${like})`;

const refused = (what: string, like: string) =>
  failure(`NOT_SUPPORTED: ${what} is not emulated by Sluice''s local Athena`, like);

const divisionByZero = (like: string) => failure('DIVISION_BY_ZERO: Division by zero', like);

const MODULUS = `CASE
  WHEN b = 0 AND NOT (${FRACTION('a')} OR ${FRACTION('b')}) THEN ${divisionByZero('system.main."%"(a, b)')}
  ELSE system.main."%"(a, b) END`;

/**
 * Operators with Trino's meaning: whole numbers divide to whole numbers, decimals keep the larger scale, and zero
 * divides nothing but floating-point numbers. No macro here is overloaded by type: DuckDB takes the argument for
 * any type while it is an aggregate.
 * https://trino.io/docs/current/functions/decimal.html#result-decimal-precision-and-scale
 */
export const operatorMacros: readonly string[] = [
  `"-"(a, b) AS CASE
     WHEN typeof(a) = 'DATE' AND typeof(b) = 'DATE' THEN ${refused('The difference of two dates (use date_diff)', 'system.main."-"(a, b)')}
     ELSE system.main."-"(a, b) END,
   (a) AS system.main."-"(a)`,
  `"/"(a, b) AS CASE
     WHEN (${FRACTION('a')} OR ${FRACTION('b')}) AND b = 0 THEN cast_to_type(system.main."/"(a, b), divide(a, b))
     WHEN ${FRACTION('a')} OR ${FRACTION('b')} THEN divide(a, b)
     WHEN b = 0 THEN ${divisionByZero('divide(a, b)')}
     WHEN ${DECIMAL('a')} OR ${DECIMAL('b')} THEN cast_to_type(round(divide(a, b), greatest(${SCALE('a')}, ${SCALE('b')})), divide(a, b))
     ELSE divide(a, b) END`,
  `"%"(a, b) AS ${MODULUS}`,
  // A time without a zone is the session's (UTC), which is then told in another zone; in DuckDB it is that zone's.
  'timezone(zone, x) AS system.main.timezone(zone, CAST(x AS TIMESTAMPTZ))',
];

/** The function of the operator `%`. */
export const modulusMacro = `trino_mod(a, b) AS ${MODULUS}`;
