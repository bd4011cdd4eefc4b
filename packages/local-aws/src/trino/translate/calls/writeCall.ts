import type { Rendering, TokenWriter } from '../Rendering.ts';
import { mismatched, notEmulated, refusal, SqlError } from '../tokens.ts';
import { functionNames } from '../vocabulary.ts';
import { writeCallForm } from './callForms.ts';
import { type CastTarget, castCall, parseCastType } from './castType.ts';

/**
 * Writes the call of a function.
 *
 * @param index The index of the function's name, which a parenthesis follows.
 * @param word The name in lower case.
 * @returns The index after the call.
 * @throws SqlError `FUNCTION_NOT_FOUND` for a function that Trino does not have, or that is not emulated; others for
 *   arguments that are not valid or not emulated.
 */
export function writeCall(writer: TokenWriter, out: Rendering, index: number, word: string): number {
  const { list } = writer;
  const at = list.offset(index);
  if (word === 'cast' || word === 'try_cast') return writeCast(writer, out, index, word === 'try_cast');
  if (word === 'extract') return writeExtract(writer, out, index);
  const name = functionNames.get(word);
  if (name === undefined)
    throw new SqlError('FUNCTION_NOT_FOUND', refusal(`Function '${word}' not registered, or it`), at);
  const close = list.closeOf(index + 1);
  const form = writeCallForm(writer, out, index, { word, name });
  if (form !== undefined) return form;
  out.add(name, at);
  out.add('(', at + word.length);
  writer.write(out, index + 2, close);
  const hasNulls = list.words(close + 1, 'ignore', 'nulls') || list.words(close + 1, 'respect', 'nulls');
  if (hasNulls) out.add(`${list.word(close + 1)} nulls`, list.offset(close + 1));
  out.add(')', list.offset(close));
  return hasNulls ? close + 3 : close + 1;
}

/** Fields of EXTRACT, each of which is a function, too. */
const FIELDS = /^(?:year|quarter|month|week|day|day_of_month|day_of_week|day_of_year|hour|minute|second)$/;
/** Other names of fields. */
const SHORT_FIELDS: ReadonlyMap<string, string> = new Map([
  ['dow', 'day_of_week'],
  ['doy', 'day_of_year'],
]);
/** Fields that Trino has besides. */
const OTHER_FIELDS = /^(?:year_of_week|yow|timezone_hour|timezone_minute)$/;

/** Writes `EXTRACT(field FROM value)`. @returns The index after it. @throws SqlError for a field that Trino or the local Athena lacks. */
function writeExtract(writer: TokenWriter, out: Rendering, index: number): number {
  const { list } = writer;
  const at = list.offset(index);
  const close = list.closeOf(index + 1);
  const { raw, value } = list.token(index + 2);
  if (list.word(index + 3) !== 'from') throw mismatched(list.at(index + 3) ?? list.token(close), "'FROM'");
  const field = SHORT_FIELDS.get(value) ?? value;
  if (OTHER_FIELDS.test(field)) throw notEmulated(`EXTRACT of ${raw}`, at);
  const name = FIELDS.test(field) ? functionNames.get(field) : undefined;
  if (name === undefined) throw new SqlError('SYNTAX_ERROR', `Invalid EXTRACT field: ${raw}`, at);
  out.add(`${name}(`, at);
  writer.write(out, index + 4, close);
  out.add(')', list.offset(close));
  return close + 1;
}

/**
 * Writes `CAST(value AS type)`. NULL is cast without a macro, whose branches for all types DuckDB would bind.
 *
 * @param isTried Whether it is TRY_CAST: NULL for a value that is none of the type.
 * @returns The index after it.
 */
function writeCast(writer: TokenWriter, out: Rendering, index: number, isTried: boolean): number {
  const { list } = writer;
  const close = list.closeOf(index + 1);
  let as = index + 2;
  while (as < close && list.word(as) !== 'as')
    as = list.symbol(as) === '(' || list.symbol(as) === '[' ? list.closeOf(as) + 1 : as + 1;
  if (as >= close) throw mismatched(list.token(close), "'AS'");
  const target = parseCastType(list.tokens, as + 1);
  const after = list.at(target.next);
  if (target.next !== close && after !== undefined) throw mismatched(after, "')'");
  const isNull = as === index + 3 && list.word(index + 2) === 'null';
  const [start, end] = isNull ? ['CAST(', ` AS ${target.type})`] : callOfType(target, isTried);
  out.add(start, list.offset(index));
  writer.write(out, index + 2, as);
  out.add(end, list.offset(close));
  return close + 1;
}

/** What is before the value in a cast to a type, and what is behind it. */
function callOfType(
  { name, length, type }: CastTarget,
  isTried: boolean,
): readonly [start: string, end: string] {
  if (name === 'json') return ['trino_to_json(', ')'];
  const toText = `trino_${isTried ? 'try_' : ''}to_varchar(`;
  if (name === 'char') return [`rpad(${toText}`, `), ${length ?? 1}, ' ')`];
  if (name !== 'varchar') return castCall(type, isTried);
  return length === undefined ? [toText, ')'] : [`left(${toText}`, `), ${length})`];
}
