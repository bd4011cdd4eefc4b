import { SqlError, type TokenList } from './tokens.ts';

const ZONE = /(?:Z|[+-]\d{1,2}(?::?\d\d)?|\s[A-Za-z][\w/+-]*)$/;
/** Trino allows a space before an offset or Z; DuckDB does not. */
const SPACE_BEFORE_OFFSET = /\s+(?=(?:Z|[+-]\d{1,2}(?::?\d\d)?)'$)/;

/**
 * Translates a typed literal (`TIMESTAMP '…'`, `X'65'`, `INTERVAL '1' DAY`) to DuckDB's SQL.
 *
 * @returns Its SQL and the index after it; undefined when there is none at the index.
 */
export function parseTypedLiteral(
  list: TokenList,
  index: number,
): { readonly sql: string; readonly next: number } | undefined {
  const word = list.at(index);
  if (word?.kind !== 'word') return undefined;
  if (word.value === 'interval') return intervalLiteral(list, index);
  const text = list.at(index + 1);
  if (text?.kind === 'text') {
    const next = index + 2;
    if (word.value === 'x' && text.start === word.end) return { sql: `unhex(${text.raw})`, next };
    if (word.value === 'timestamp') {
      const zoned = ZONE.test(text.value.slice(10));
      return {
        sql: zoned ? `TIMESTAMPTZ ${text.raw.replace(SPACE_BEFORE_OFFSET, '')}` : `TIMESTAMP ${text.raw}`,
        next,
      };
    }
    if (word.value === 'decimal') return { sql: decimalLiteral(text.value, text.start), next };
    if (
      /^(?:date|time|double|real|bigint|integer|smallint|tinyint|boolean|varchar|json|uuid)$/.test(word.value)
    ) {
      return { sql: `CAST(${text.raw} AS ${word.value === 'real' ? 'FLOAT' : word.raw})`, next };
    }
  }
  if (word.value === 'u' && list.symbol(index + 1) === '&' && list.at(index + 2)?.kind === 'text') {
    throw new SqlError('NOT_SUPPORTED', "U&'…' strings are not emulated by the local Athena", word.start);
  }
  return undefined;
}

function decimalLiteral(text: string, offset: number): string {
  const [, whole = '', fraction = ''] = /^[+-]?(\d*)\.?(\d*)$/.exec(text) ?? [];
  if (whole + fraction === '')
    throw new SqlError('INVALID_LITERAL', `'${text}' is not a valid DECIMAL literal`, offset);
  const precision = Math.max(whole.replace(/^0+/, '').length + fraction.length, 1);
  return `CAST('${text}' AS DECIMAL(${precision}, ${fraction.length}))`;
}

function intervalLiteral(
  list: TokenList,
  index: number,
): { readonly sql: string; readonly next: number } | undefined {
  const minus = list.symbol(index + 1) === '-';
  const at = list.symbol(index + 1) === '+' || minus ? index + 2 : index + 1;
  const text = list.at(at);
  if (text?.kind !== 'text') return undefined;
  const unit = list.word(at + 1) ?? '';
  const sign = minus ? '-' : '';
  const invalid = new SqlError(
    'INVALID_LITERAL',
    `'${text.value}' is not a valid INTERVAL literal`,
    list.offset(index),
  );
  if (list.word(at + 2) === 'to') {
    const next = at + 4;
    const [, negative = '', years, months] = /^(-?)(\d+)-(\d+)$/.exec(text.value) ?? [];
    if (unit === 'year' && years !== undefined) {
      return { sql: `to_months(${sign}${negative}${Number(years) * 12 + Number(months)})`, next };
    }
    const [, days, time] = /^(\d+) (\d+(?::\d+){0,2}(?:\.\d+)?)$/.exec(text.value) ?? [];
    if (unit === 'day' && days !== undefined && time !== undefined) {
      const full = time.split(':').length === 1 ? `${time}:00:00` : time;
      return { sql: `(${sign === '' ? '' : '-1 * '}INTERVAL '${days} days ${full}')`, next };
    }
    throw invalid;
  }
  if (!/^(?:second|minute|hour|day|month|year)$/.test(unit) || !/^[+-]?\d+(?:\.\d+)?$/.test(text.value))
    throw invalid;
  return { sql: `INTERVAL '${sign}${text.value.replace(/^\+/, '')}' ${unit.toUpperCase()}`, next: at + 2 };
}
