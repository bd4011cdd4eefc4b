import { quoteText } from '../../../base/sql.ts';
import { DATE_UNITS, TIME_UNITS } from '../../intervals.ts';
import type { Rendering, TokenWriter } from '../Rendering.ts';
import { notEmulated, SqlError, type TokenRange } from '../tokens.ts';
import { writeRegexpCall } from './regexp.ts';

/** A function call to translate. */
interface Call {
  /** Writes the arguments. */
  readonly writer: TokenWriter;
  /** Where the translation is written to. */
  readonly out: Rendering;
  /** The function's name as it is written. */
  readonly word: string;
  /** DuckDB's name of the macro that stands for the function. */
  readonly name: string;
  /** Offset of the call in the text. */
  readonly at: number;
  /** Token index of the opening parenthesis. */
  readonly open: number;
  /** Token index of the closing parenthesis. */
  readonly close: number;
  /** The tokens of each argument; empty without arguments. */
  readonly values: readonly TokenRange[];
}

/** Writes a call in another form. It returns the index after the call; undefined if the call is written as usual. */
type Form = (call: Call) => number | undefined;

/** The error for a call that is not emulated in this form. */
const unsupported = ({ word, at }: Call, problem: string) => notEmulated(`Function '${word}' ${problem}`, at);

/** Writes the arguments between `before` and `after`. @returns The index after the call. */
function wrapArguments({ writer, out, at, open, close }: Call, before: string, after: string): number {
  out.add(before, at);
  writer.write(out, open + 1, close);
  out.add(after, writer.list.offset(close));
  return close + 1;
}

/**
 * A call whose second argument is a lambda. DuckDB does not see that lambdas can fail, so that it calls them for all
 * values of a column's dictionary, also for values of rows that a CASE excludes. It does so only if the list can't fail
 * either, but a slice can: `ExecuteFunctionState` in https://github.com/duckdb/duckdb
 */
const lambdaForm =
  (before: string, after = ''): Form =>
  ({ writer, out, at, values, close }) => {
    const [list, lambda] = values;
    if (list === undefined || lambda === undefined) return undefined;
    out.add(`${before}(`, at);
    writer.write(out, list.from, list.to);
    out.add(')[:],', writer.list.offset(lambda.from));
    writer.write(out, lambda.from, close);
    out.add(`)${after}`, writer.list.offset(close));
    return close + 1;
  };

/** Writes a call in which one argument, a string literal, is rewritten. */
function rewriteTextArgument(
  call: Call,
  position: number,
  spell: (text: string) => string,
): number | undefined {
  const { writer, out, values, at } = call;
  const range = values[position];
  const text = range === undefined ? undefined : writer.list.at(range.from);
  if (range === undefined || text?.kind !== 'text' || range.to - range.from !== 1) return undefined;
  out.add(`${call.name}(`, at);
  for (const [index, value] of values.entries()) {
    if (index > 0) out.add(',', writer.list.offset(value.from));
    if (index === position) out.add(spell(text.value), text.start);
    else writer.write(out, value.from, value.to);
  }
  out.add(')', writer.list.offset(call.close));
  return call.close + 1;
}

/** A call whose second argument is a pattern of another syntax. */
const patternForm =
  (convert: (text: string) => string | undefined): Form =>
  (call) => {
    const next = rewriteTextArgument(call, 1, (text) => {
      const translated = convert(text);
      if (translated === undefined) throw unsupported(call, `with the pattern '${text}'`);
      return quoteText(translated);
    });
    if (next === undefined) throw unsupported(call, 'with a pattern that is not a string literal');
    return next;
  };

/** A call whose second argument is a path into JSON. */
const jsonPathForm: Form = (call) =>
  rewriteTextArgument(call, 1, (text) => {
    const translated = translateJsonPath(text);
    if (translated === undefined)
      throw new SqlError('INVALID_FUNCTION_ARGUMENT', `Invalid JSON path: '${text}'`, call.at);
    return quoteText(translated);
  });

/** A call that is not emulated with a lambda. */
const withoutLambda: Form = (call) => {
  const { list } = call.writer;
  let depth = 0;
  for (let index = call.open; index < call.close; index += 1) {
    const symbol = list.symbol(index);
    if (symbol === '(' || symbol === '[') depth += 1;
    else if (symbol === ')' || symbol === ']') depth -= 1;
    // A lambda of a call within the arguments is that call's own.
    else if (symbol === '->' && depth === 1) throw unsupported(call, 'with a lambda');
  }
  return undefined;
};

/** A call that is not emulated with more arguments. */
const atMost =
  (count: number, problem: string): Form =>
  (call) => {
    if (call.values.length > count) throw unsupported(call, problem);
    return undefined;
  };

/** A call whose second argument is a regular expression. */
const regexpForm: Form = ({ writer, out, word, open }) => writeRegexpCall(writer, out, open - 1, word);

/** The index of the FROM between a call's arguments, as in `substring(x FROM 2)`; undefined without one. */
function fromOf({ writer: { list }, open, close }: Call): number | undefined {
  for (let index = open + 1; index < close; index += 1) {
    if (list.symbol(index) === '(') index = list.closeOf(index);
    else if (list.word(index) === 'from') return index;
  }
  return undefined;
}

/** The macros that trim white space, by the word before FROM: `trim(LEADING FROM x)`. */
const TRIMS: ReadonlyMap<string, string> = new Map([
  ['both', 'trino_trim'],
  ['leading', 'trino_ltrim'],
  ['trailing', 'trino_rtrim'],
]);

/** Calls the macro for a unit that is a literal, which mentions its arguments less often than that for any unit. */
const unitForm =
  (units: readonly string[], suffixOf: (unit: string) => string): Form =>
  (call) => {
    const token = call.writer.list.at(call.values[0]?.from ?? -1);
    const unit = token?.value.toLowerCase() ?? '';
    return units.includes(unit)
      ? rewriteTextArgument({ ...call, name: `${call.name}_${suffixOf(unit)}` }, 0, quoteText)
      : undefined;
  };

/** The functions whose calls are not written as usual, by Trino's names. */
const FORMS: Readonly<Record<string, Form>> = {
  any_match: lambdaForm('trino_any_match(list_transform(', ')'),
  date_add: unitForm([...DATE_UNITS, ...TIME_UNITS], (unit) => `of_${unit}`),
  date_format: patternForm(translateMysqlPattern),
  date_parse: patternForm(translateMysqlPattern),
  // This leaves out the check of the unit against dates.
  date_trunc: unitForm(DATE_UNITS, () => 'days'),
  json_extract: jsonPathForm,
  json_extract_scalar: jsonPathForm,
  regexp_extract: regexpForm,
  regexp_like: regexpForm,
  regexp_replace: (call) => withoutLambda(call) ?? regexpForm(call),
  split: atMost(2, 'with a limit'),
  strpos: atMost(2, 'with an instance'),
  approx_percentile: (call) => {
    const { writer, out, at, values, close } = call;
    const [value, share] = values;
    if (values.length > 2) throw unsupported(call, 'with weights');
    if (value === undefined || share === undefined) return undefined;
    out.add(`${call.name}(`, at);
    writer.write(out, value.from, value.to);
    // DuckDB takes no doubles here.
    out.add(', CAST(', writer.list.offset(share.from));
    writer.write(out, share.from, share.to);
    const type = writer.list.word(share.from) === 'array' ? 'FLOAT[]' : 'FLOAT';
    out.add(`AS ${type}))`, writer.list.offset(close));
    return close + 1;
  },
  approx_distinct: ({ writer, out, at, values, close }) => {
    const first = values[0];
    if (first === undefined) return undefined;
    // Exact, and so within any requested error. DuckDB's estimate is off by one already for ten values.
    out.add('count(DISTINCT', at);
    writer.write(out, first.from, first.to);
    out.add(')', writer.list.offset(close));
    return close + 1;
  },
  substring: (call) => (fromOf(call) === undefined ? undefined : wrapArguments(call, 'substring(', ')')),
  trim: (call) => {
    const from = fromOf(call);
    if (from === undefined) return undefined;
    const macro = from === call.open + 2 ? TRIMS.get(call.writer.list.word(call.open + 1) ?? '') : undefined;
    return macro === undefined
      ? wrapArguments(call, 'trim(', ')')
      : wrapArguments({ ...call, open: from }, `${macro}(`, ')');
  },
  // The second argument is an array, or one string.
  concat_ws: (call) => (call.values.length === 2 ? wrapArguments(call, 'trino_concat_ws(', ')') : undefined),
  cardinality: (call) => {
    const word = call.writer.list.word(call.open + 1) ?? '';
    const array = /^(?:array|array_agg|split|sequence|map_keys|map_values)$/;
    return array.test(word) ? wrapArguments(call, 'len(', ')') : undefined;
  },
};

/**
 * Writes the call of a function whose arguments or syntax differ in DuckDB.
 *
 * @param index The index of the function's name.
 * @returns The index after it; undefined when it needs no special treatment.
 */
export function writeCallForm(
  writer: TokenWriter,
  out: Rendering,
  index: number,
  { word, name }: Pick<Call, 'word' | 'name'>,
): number | undefined {
  const form = FORMS[word];
  if (form === undefined) return undefined;
  const close = writer.list.closeOf(index + 1);
  const values = writer.list.split(index + 2, close);
  return form({
    writer,
    out,
    word,
    name,
    at: writer.list.offset(index),
    open: index + 1,
    close,
    values,
  });
}

/**
 * Translates a JSON path of Trino to DuckDB's syntax: `$["a b"].c` becomes `$."a b".c`.
 * https://trino.io/docs/current/functions/json.html#json-extract
 *
 * @returns undefined for a path that Trino rejects. A path must start with `$`, has no wildcards and no negative
 *   indexes, and needs quotes around all characters except letters, digits, `_` and `:`
 *   (JsonPathTokenizer.isUnquotedPathCharacter).
 */
function translateJsonPath(path: string): string | undefined {
  if (!path.startsWith('$')) return undefined;
  const named = path.replaceAll(/\[[^\]"']*\]|\[\s*(?:"(?:[^"\\]|\\.)*"|'[^']*')\s*\]/g, '');
  if (/[^\p{L}\p{N}_:.$"*]/u.test(named)) return undefined;
  const translated = path.replaceAll(
    /\[\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)')\s*\]/g,
    (_, double, single) => `."${double ?? single}"`,
  );
  // Colons and letters beyond ASCII need quotes in DuckDB only.
  const quoted = translated.replaceAll(/\.([\p{L}_][^.[\]"*\s]*)/gu, (match, name: string) =>
    /^\w+$/.test(name) ? match : `."${name}"`,
  );
  const steps = quoted.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  return /\*|\.\.|\[\s*[-#]|\.\$/.test(steps) ? undefined : quoted;
}

/**
 * `strftime` specifiers by MySQL's date specifiers. Missing ones are rejected.
 * https://trino.io/docs/current/functions/datetime.html#mysql-date-functions
 */
const MYSQL: Readonly<Record<string, string>> = {
  a: '%a',
  b: '%b',
  c: '%-m',
  d: '%d',
  e: '%-d',
  f: '%f',
  H: '%H',
  h: '%I',
  I: '%I',
  i: '%M',
  j: '%j',
  k: '%-H',
  l: '%-I',
  M: '%B',
  m: '%m',
  p: '%p',
  r: '%I:%M:%S %p',
  S: '%S',
  s: '%S',
  T: '%H:%M:%S',
  v: '%V',
  W: '%A',
  x: '%G',
  Y: '%Y',
  y: '%y',
  '%': '%%',
};

/** Translates a pattern of MySQL to `strftime`; undefined when it contains an unsupported specifier. */
function translateMysqlPattern(pattern: string): string | undefined {
  let known = true;
  const result = pattern.replaceAll(/%(.)?/gsu, (_, letter: string | undefined) => {
    const specifier = MYSQL[letter ?? ''];
    // Trino treats any other letter as literal text, and rejects these specifiers.
    if (specifier === undefined && /^[DUuVwX]?$/.test(letter ?? '')) known = false;
    return specifier ?? letter ?? '';
  });
  return known ? result : undefined;
}
