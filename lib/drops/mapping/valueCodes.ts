import { CODES } from '../engine/Engine.ts';
import type { FoundColumn } from './FoundColumn.ts';
import { textSql } from './valueSql.ts';

/** The largest double: infinity and NaN are no numbers. */
const LARGEST = '1.7976931348623157e308';
/** Bytes of the longest text that is looked at for a number: it takes DuckDB long to see that a hash is none. */
const LONGEST_NUMBER = 31;

/** SQL of the code of a field: one of {@link CODES}. */
export function codeSql(
  { kind, type }: Pick<FoundColumn, 'kind' | 'type'>,
  { value, raw, isTime }: { readonly value: string; readonly raw: string; readonly isTime: boolean },
): string {
  const { none, number, other } = CODES;
  if (!isTime && type !== 'UUID' && ['text', 'json', 'bytes'].includes(kind)) {
    const text = kind === 'text' ? raw : textSql(raw, kind, type);
    const isNumber = `strlen(${text}) <= ${LONGEST_NUMBER} AND (${text} < '/' OR ${text} >= '0') AND TRY_CAST(${text} AS DOUBLE) BETWEEN -${LARGEST} AND ${LARGEST}`;
    const isNull = kind === 'json' ? `WHEN ${text} = 'null' THEN ${none} ` : '';
    // All numbers begin before `:`. Most other texts do not, which a comparison sees at once.
    return `CASE ${isNull}WHEN ${text} >= ':' THEN ${other} WHEN ${isNumber} THEN ${number} WHEN trim(${text}) <> '' THEN ${other} ELSE ${none} END`;
  }
  const isNumber = ['integer', 'decimal', 'float'].includes(kind);
  return `CASE WHEN ${value} IS NULL THEN ${none} ELSE ${isNumber ? number : other} END`;
}

/**
 * The type of a column in the file. Writers choose the precision of decimals by their values, and one more member of a struct is no
 * other type. Empty if the file says that the column holds no value.
 */
export function typeOf({ kind, type }: Pick<FoundColumn, 'kind' | 'type'>): string {
  if (kind === 'empty') return '';
  if (type.endsWith(']')) return 'LIST';
  return kind === 'nested' || kind === 'decimal' ? type.replace(/\(.*$/s, '') : type;
}
