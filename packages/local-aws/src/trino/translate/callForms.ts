import { jodaPattern, mysqlPattern } from './datePatterns.ts';
import { jsonPath } from './jsonPath.ts';
import type { Rendering } from './Rendering.ts';
import { regexpCall } from './regexpCall.ts';
import { SqlError } from './SqlError.ts';
import { mismatched, type TokenRange } from './TokenList.ts';
import type { Translator } from './Translator.ts';

/** A call that is being rewritten. */
interface Call {
  readonly translator: Translator;
  readonly out: Rendering;
  readonly word: string;
  readonly name: string;
  readonly at: number;
  readonly open: number;
  readonly close: number;
  readonly values: readonly TokenRange[];
}

type Form = (call: Call) => number | undefined;

const quoteText = (text: string) => `'${text.replaceAll("'", "''")}'`;

const refuse = ({ word, at }: Call, what: string) =>
  new SqlError('NOT_SUPPORTED', `Function '${word}' ${what} is not emulated by Sluice's local Athena`, at);

/** Writes `before`, the values from one to another, and `after`. @returns The index after the call. */
function wrap({ translator, out, at, open, close }: Call, before: string, after: string): number {
  out.add(before, at);
  translator.write(out, open + 1, close);
  out.add(after, translator.list.offset(close));
  return close + 1;
}

/** Writes a call of which one value, a text in the statement, is spelled otherwise. */
function respell(call: Call, position: number, spell: (text: string) => string): number | undefined {
  const { translator, out, values, at } = call;
  const range = values[position];
  const text = range === undefined ? undefined : translator.list.at(range.from);
  if (range === undefined || text?.kind !== 'text' || range.to - range.from !== 1) return undefined;
  out.add(`${call.name}(`, at);
  for (const [index, value] of values.entries()) {
    if (index > 0) out.add(',', translator.list.offset(value.from));
    if (index === position) out.add(spell(text.value), text.start);
    else translator.write(out, value.from, value.to);
  }
  out.add(')', translator.list.offset(call.close));
  return call.close + 1;
}

const pattern =
  (convert: (text: string) => string | undefined): Form =>
  (call) => {
    const next = respell(call, 1, (text) => {
      const spelled = convert(text);
      if (spelled === undefined) throw refuse(call, `with the pattern '${text}'`);
      return quoteText(spelled);
    });
    if (next === undefined) throw refuse(call, 'with a pattern that is no text in the statement');
    return next;
  };

const path: Form = (call) =>
  respell(call, 1, (text) => {
    const spelled = jsonPath(text);
    if (spelled === undefined)
      throw new SqlError('INVALID_FUNCTION_ARGUMENT', `Invalid JSON path: '${text}'`, call.at);
    return quoteText(spelled);
  });

const noLambda: Form = (call) => {
  const { list } = call.translator;
  for (let index = call.open; index < call.close; index += 1)
    if (list.symbol(index) === '->') throw refuse(call, 'with a lambda');
  return undefined;
};

const atMost =
  (count: number, what: string): Form =>
  (call) => {
    if (call.values.length > count) throw refuse(call, what);
    return undefined;
  };

const regexp: Form = ({ translator, out, word, open }) => regexpCall(translator, out, open - 1, word);

/** Without the question whether it is a date that has no such unit, where the unit tells. */
const unit: Form = (call) => {
  const text = call.translator.list.at(call.values[0]?.from ?? -1);
  return text?.kind === 'text' && /^(?:day|week|month|quarter|year)$/i.test(text.value)
    ? respell({ ...call, name: `${call.name}_days` }, 0, quoteText)
    : undefined;
};

/** Where `ON OVERFLOW …` begins in a call: without it a text that is too long fails, as with ERROR. */
function overflowOf({ translator: { list }, open, close }: Call): number | undefined {
  for (let index = open + 1; index < close; index += 1) {
    if (list.symbol(index) === '(') index = list.closeOf(index);
    else if (list.words(index, 'on', 'overflow')) return index;
  }
  return undefined;
}

const END = { kind: 'symbol', raw: '<EOF>', value: '', start: 0, end: 0 } as const;

const FORMS: Readonly<Record<string, Form>> = {
  all_match: (call) => wrap(call, 'trino_all_match(list_transform(', '))'),
  any_match: (call) => wrap(call, 'trino_any_match(list_transform(', '))'),
  none_match: (call) => wrap(call, 'trino_none_match(list_transform(', '))'),
  date_add: unit,
  date_format: pattern(mysqlPattern),
  date_parse: pattern(mysqlPattern),
  date_trunc: unit,
  format_datetime: pattern(jodaPattern),
  parse_datetime: pattern(jodaPattern),
  json_extract: path,
  json_extract_scalar: path,
  json_size: path,
  array_sort: noLambda,
  regexp_count: regexp,
  regexp_extract: regexp,
  regexp_extract_all: regexp,
  regexp_like: regexp,
  regexp_replace: (call) => noLambda(call) ?? regexp(call),
  regexp_split: regexp,
  normalize: atMost(1, 'with a form'),
  split: atMost(2, 'with a limit'),
  strpos: atMost(2, 'with an instance'),
  approx_percentile: atMost(2, 'with weights'),
  approx_distinct: ({ translator, out, at, values, close }) => {
    const first = values[0];
    if (first === undefined) return undefined;
    // Exact, within whatever error is asked for: DuckDB's estimate is out by one of ten already.
    out.add('count(DISTINCT', at);
    translator.write(out, first.from, first.to);
    out.add(')', translator.list.offset(close));
    return close + 1;
  },
  substring: (call) => {
    const { list } = call.translator;
    for (let index = call.open + 1; index < call.close; index += 1) {
      if (list.symbol(index) === '(') index = list.closeOf(index);
      else if (list.word(index) === 'from') return wrap(call, 'substring(', ')');
    }
    return undefined;
  },
  // An array's elements, or one text.
  concat_ws: (call) => (call.values.length === 2 ? wrap(call, 'trino_concat_ws(', ')') : undefined),
  cardinality: (call) => {
    const word = call.translator.list.word(call.open + 1) ?? '';
    const array =
      /^(?:array|array_.*|filter|transform|split|sequence|map_keys|map_values|regexp_.*|slice|repeat|zip)$/;
    return array.test(word) ? wrap(call, 'len(', ')') : undefined;
  },
  listagg: (call) => {
    const { translator, out, close, at, values } = call;
    const { list } = translator;
    if (!list.words(close + 1, 'within', 'group') || list.symbol(close + 3) !== '(')
      throw mismatched(list.at(close + 1) ?? END, "'WITHIN'");
    const end = list.closeOf(close + 3);
    const overflow = overflowOf(call);
    if (overflow !== undefined && list.word(overflow + 2) === 'truncate')
      throw refuse(call, 'with ON OVERFLOW TRUNCATE');
    out.add('listagg(', at);
    translator.write(out, call.open + 1, overflow ?? close);
    // DuckDB's own separator is a comma.
    if (values.length === 1) out.add(", ''", at);
    translator.write(out, close + 4, end);
    out.add(')', list.offset(end));
    return end + 1;
  },
  map_agg: (call) => {
    const { translator, out, at, values, close } = call;
    const [key, value] = values;
    if (key === undefined || value === undefined) return undefined;
    if (/^(?:filter|over)$/.test(translator.list.word(close + 1) ?? ''))
      throw refuse(call, 'with FILTER or OVER');
    out.add('trino_map_agg(list(', at);
    translator.write(out, key.from, key.to);
    out.add('), list(', at);
    translator.write(out, value.from, value.to);
    out.add('))', translator.list.offset(close));
    return close + 1;
  },
  row: (call) => {
    const { translator, out, at, values, open, close } = call;
    const { list } = translator;
    // A row that is cast at once takes its names from there.
    if (list.symbol(open - 2) === '(' && /^(?:try_)?cast$/.test(list.word(open - 3) ?? '')) return undefined;
    out.add('struct_pack(', at);
    for (const [index, { from, to }] of values.entries()) {
      if (index > 0) out.add(',', list.offset(from));
      out.add(`field${index} :=`, list.offset(from));
      translator.write(out, from, to);
    }
    out.add(')', list.offset(close));
    return close + 1;
  },
  reduce: (call) => {
    const { translator, out, at, values, close } = call;
    const [array, initial, step, output] = values;
    if (array === undefined || initial === undefined || step === undefined || output === undefined)
      return undefined;
    const part = (before: string, range: TokenRange) => {
      out.add(before, at);
      translator.write(out, range.from, range.to);
    };
    part('list_transform([list_reduce(', array);
    part(',', step);
    part(',', initial);
    part(')],', output);
    out.add(')[1]', translator.list.offset(close));
    return close + 1;
  },
};

/**
 * Writes the call of a function whose values or shape differ in DuckDB, by the index of its name.
 *
 * @returns The index after it; undefined when it is written as any other.
 */
export function callForm(
  translator: Translator,
  out: Rendering,
  index: number,
  word: string,
  name: string,
): number | undefined {
  const form = FORMS[word];
  if (form === undefined) return undefined;
  const close = translator.list.closeOf(index + 1);
  const values = translator.list.split(index + 2, close);
  return form({
    translator,
    out,
    word,
    name,
    at: translator.list.offset(index),
    open: index + 1,
    close,
    values,
  });
}
