import { refusal } from '../translate/tokens.ts';
import { collectionMacros } from './collectionMacros.ts';
import { castMacros, jsonMacros } from './conversionMacros.ts';
import { dateMacros } from './dateMacros.ts';
import { probabilityMacros, valueMacros } from './mathMacros.ts';
import { textMacros } from './textMacros.ts';

/** The scale of a decimal, 0 for integers: the precision that Trino's division rounds to. */
const SCALE = (operand: string) =>
  `coalesce(try_cast(regexp_extract(typeof(${operand}), ',(\\d+)', 1) AS INTEGER), 0)`;

/** Whether an operand is a floating-point number. */
const FRACTION = (operand: string) => `typeof(${operand}) IN ('DOUBLE', 'FLOAT')`;

/** Whether an operand is a decimal. */
const DECIMAL = (operand: string) => `typeof(${operand}) LIKE 'DECIMAL%'`;

/**
 * Reports an error with a custom message, typed like another expression: a string that cannot be converted. DuckDB's
 * `error` is not allowed within TRY.
 */
const failure = (text: string, like: string) => `cast_to_type('${text}', ${like})`;

/** Fails with the error for a feature that is not emulated, typed like another expression. */
const notEmulated = (feature: string, like: string) => failure(`NOT_SUPPORTED: ${refusal(feature)}`, like);

/** Fails with Trino's error, typed like another expression. */
const divisionByZero = (like: string) => failure('DIVISION_BY_ZERO: Division by zero', like);

/** `a % b` as Trino has it. */
const MODULUS = `CASE
  WHEN b = 0 AND NOT (${FRACTION('a')} OR ${FRACTION('b')}) THEN ${divisionByZero('system.main."%"(a, b)')}
  ELSE system.main."%"(a, b) END`;

/**
 * Operators with Trino's meaning: integers divide to integers, decimals keep the larger scale, and only
 * floating-point numbers can be divided by zero. No macro is overloaded by type, since DuckDB cannot determine the
 * type of an aggregate. https://trino.io/docs/current/functions/decimal.html#result-decimal-precision-and-scale
 */
const operatorMacros: readonly string[] = [
  `"-"(a, b) AS CASE
     WHEN typeof(a) = 'DATE' AND typeof(b) = 'DATE' THEN ${notEmulated('The difference of two dates (use date_diff)', 'system.main."-"(a, b)')}
     ELSE system.main."-"(a, b) END,
   (a) AS system.main."-"(a)`,
  `"/"(a, b) AS CASE
     WHEN (${FRACTION('a')} OR ${FRACTION('b')}) AND b = 0 THEN cast_to_type(system.main."/"(a, b), divide(a, b))
     WHEN ${FRACTION('a')} OR ${FRACTION('b')} THEN divide(a, b)
     WHEN b = 0 THEN ${divisionByZero('divide(a, b)')}
     WHEN ${DECIMAL('a')} OR ${DECIMAL('b')} THEN cast_to_type(round(divide(a, b), greatest(${SCALE('a')}, ${SCALE('b')})), divide(a, b))
     ELSE divide(a, b) END`,
  `"%"(a, b) AS ${MODULUS}`,
  // A time without time zone is in the session's zone (UTC) and is converted; DuckDB interprets it in the given zone.
  'timezone(zone, x) AS system.main.timezone(zone, CAST(x AS TIMESTAMPTZ))',
];

/** The function form of the operator `%`. */
const modulusMacro = `trino_mod(a, b) AS ${MODULUS}`;

/** The name of a macro, which its text begins with. */
const nameOf = (macro: string) => /^"?([^"(]+)/.exec(macro)?.[1] ?? '';

/** The macros of functions, by their rooms. */
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

/** The macros by name. */
const BY_NAME: ReadonlyMap<string, string> = new Map(FUNCTIONS.map((macro) => [nameOf(macro), macro]));

/** Matches the macros in SQL: all that `translate` writes have the same prefix. */
const FUNCTION = /\btrino_\w+/g;

/** The operator macros, and how each is detected in SQL without strings and quoted names. */
const OPERATORS: readonly { readonly macro: string; readonly written: RegExp }[] = operatorMacros.map(
  (macro) => {
    const name = nameOf(macro);
    return {
      macro,
      written: name === 'timezone' ? /\btimezone\b|at\s+time\s+zone/i : new RegExp(`[${name}]`),
    };
  },
);

/** A string or a quoted name. */
const QUOTED = /'(?:[^']|'')*'|"(?:[^"]|"")*"/g;

/**
 * Gives lambdas' parameters names that no column has: an argument that is written within a lambda would be taken for its
 * parameter of the same name, as `i` of `repeat(i, 2)`.
 */
function withOwnParameters(macro: string): string {
  const names = new Set(
    [...macro.matchAll(/\blambda ([\w, ]+):/g)].flatMap(([, list = '']) => list.split(', ')),
  );
  if (names.size === 0) return macro;
  const used = new RegExp(`(?<![\\w.])(?:${[...names].join('|')})(?!\\w| :=)`, 'g');
  return macro
    .split(/('(?:[^']|'')*')/)
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll(used, (name) => `own_${name}`)))
    .join('');
}

/** Makes slices of the lists that lambdas are called for: see `lambdaForm` of translate/calls/callForms.ts. */
const withSlices = (macro: string) => macro.replaceAll(/(?=,\s*lambda\b)/g, '[:]');

/** The statement that makes a macro. */
const create = (macro: string) =>
  `CREATE OR REPLACE MACRO memory.main.${withOwnParameters(withSlices(macro))};`;

/**
 * The macros that a DuckDB database needs to bind SQL of `translate`. They give functions and operators Trino's
 * meaning. They cost nothing at run time, but creating one takes half a millisecond. An operator then has Trino's
 * meaning in all other SQL of the database, too.
 *
 * @param sql The SQL of `translate`. Default: all macros are created.
 * @param known The names of existing macros. New ones are added.
 * @returns The statements as one text. The macros are in `memory.main`, which must be on the search path.
 */
export function macroStatements(sql?: string, known: Set<string> = new Set()): string {
  const created: string[] = [];
  const add = (name: string, macro: string | undefined) => {
    if (macro === undefined || known.has(name)) return;
    known.add(name);
    for (const used of macro.match(FUNCTION) ?? []) add(used, BY_NAME.get(used));
    created.push(macro);
  };
  for (const name of sql?.match(FUNCTION) ?? (sql === undefined ? BY_NAME.keys() : []))
    add(name, BY_NAME.get(name));
  // Operators come last: DuckDB cannot resolve them while it parses the bodies of other macros.
  const bare = sql?.replaceAll(QUOTED, '');
  for (const { macro, written } of OPERATORS)
    if (bare === undefined || written.test(bare)) add(nameOf(macro), macro);
  return created.map(create).join('\n');
}
