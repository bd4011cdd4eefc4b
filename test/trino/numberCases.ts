import { quoteText } from '../../lib/base/sql.ts';
import { NUMBER, valueNumber } from '../../lib/views/productEvents.ts';

/** Values of events, of which the number is asked. */
const ODD_NUMBERS: readonly string[] = [
  '12.5',
  '-3',
  '+1e2',
  '.5',
  '7.',
  '-0',
  '00012',
  '0.1e1',
  '1e400',
  '-1e400',
  '1e-320',
  '5e-324',
  '1e-400',
  '9007199254740993',
  '123456789012345678901234567890',
  '1.7976931348623157E308',
  '1.7976931348623159e308',
  '12.5\n',
  '\n12.5',
  ' 4',
  '1,5',
  '1_000',
  'NaN',
  'Infinity',
  'inf',
  '1d',
  '1f',
  '0x10',
  '',
  'gold',
  '٣',
  '0.1',
  '2.2250738585072011e-308',
  '4.35',
  '1e23',
  '8.5e-1',
  '.',
  '+',
  'e5',
  '1e5.0',
  '--1',
];

/** The number that JavaScript reads in the value of an event; null if the views do not take it for a number. */
function numberValue(text: string): number | null {
  const isNumber = new RegExp(NUMBER.replace('\\z', '$')).test(text);
  return isNumber && Number.isFinite(Number(text)) ? Number(text) : null;
}

/** Trino's answers to {@link valueNumber} of odd texts. */
export const numberCases: readonly (readonly [sql: string, rows: readonly (readonly (string | null)[])[]])[] =
  ODD_NUMBERS.map((text) => {
    const value = numberValue(text);
    const sql = valueNumber.sql.replaceAll('"event_value"', quoteText(text));
    return value === null
      ? ([`SELECT CAST(${sql} AS varchar)`, [[null]]] as const)
      : ([`SELECT CAST((${sql}) = DOUBLE ${quoteText(String(value))} AS varchar)`, [['true']]] as const);
  });
