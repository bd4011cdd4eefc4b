import { collectionMacros } from './collectionMacros.ts';
import { castMacros, jsonMacros } from './conversionMacros.ts';
import { dateMacros } from './dateMacros.ts';
import { probabilityMacros, valueMacros } from './mathMacros.ts';
import { textMacros } from './textMacros.ts';

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
  failure(`NOT_SUPPORTED: ${what} is not emulated by the local Athena`, like);

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
const operatorMacros: readonly string[] = [
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
const modulusMacro = `trino_mod(a, b) AS ${MODULUS}`;

const nameOf = (macro: string) => /^"?([^"(]+)/.exec(macro)?.[1] ?? '';

const FUNCTIONS = [
  ...castMacros,
  ...valueMacros,
  ...jsonMacros,
  ...dateMacros,
  ...textMacros,
  ...collectionMacros,
  modulusMacro,
  ...probabilityMacros,
];

/** What stands for functions, by their names. */
const BY_NAME: ReadonlyMap<string, string> = new Map(FUNCTIONS.map((macro) => [nameOf(macro), macro]));

/** Names of functions in SQL: all that `translate` writes begin alike. */
const FUNCTION = /\btrino_\w+/g;

/** How each operator with a meaning of its own is written in SQL without its texts and quoted names. */
const OPERATORS: readonly { readonly macro: string; readonly written: RegExp }[] = operatorMacros.map(
  (macro) => {
    const name = nameOf(macro);
    return {
      macro,
      written: name === 'timezone' ? /\btimezone\b|at\s+time\s+zone/i : new RegExp(`[${name}]`),
    };
  },
);

const QUOTED = /'(?:[^']|'')*'|"(?:[^"]|"")*"/g;

const create = (macro: string) => `CREATE OR REPLACE MACRO memory.main.${macro};`;

/**
 * What must be in a DuckDB database before it binds SQL that `translate` wrote: macros that give Trino's meaning to
 * the functions and operators in it. They cost nothing at run time, but half a millisecond each to make; and an
 * operator then has Trino's meaning in whatever else is run there.
 *
 * @param sql What `translate` wrote; by default all macros are made.
 * @param known Names of those that are there already; the new ones are added.
 * @returns Statements as one text. The macros lie in `memory.main`, which has to be on the search path.
 */
export function macroStatements(sql?: string, known: Set<string> = new Set()): string {
  const made: string[] = [];
  const add = (name: string, macro: string | undefined) => {
    if (macro === undefined || known.has(name)) return;
    known.add(name);
    for (const used of macro.match(FUNCTION) ?? []) add(used, BY_NAME.get(used));
    made.push(macro);
  };
  for (const name of sql?.match(FUNCTION) ?? (sql === undefined ? BY_NAME.keys() : []))
    add(name, BY_NAME.get(name));
  // The operators come last: DuckDB cannot choose among them while it looks over the bodies of other macros.
  const bare = sql?.replaceAll(QUOTED, '');
  for (const { macro, written } of OPERATORS)
    if (bare === undefined || written.test(bare)) add(nameOf(macro), macro);
  return made.map(create).join('\n');
}
