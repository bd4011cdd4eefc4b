import { NUMBER } from '../../../../lib/views/productEvents.ts';

/** JSON as the collector writes it, and what Trino and the curator find in it at `$.a`: the text, or null. */
const values: readonly (readonly [json: string, text: string | null])[] = [
  ...['0', '-3', '12.5', '0.000001', '1e-7', '1e+21', '-1.5e+300', '5e-324', '9007199254740993'].map(same),
  ...['12345678901234567890123', '18446744073709551616', '-9223372036854775809', '1E400', '1e400'].map(same),
  ...['true', 'false'].map(same),
  ...['null', '[1]', '[]', '{}', '{"a":1}'].map((json) => [json, null] as const),
  ...['x', ' ', '1.10', 'null', 'true', '{', 'é\u2028', '\u{1f600}', 'q"uo\\te/\b\f\n\r\t', '1e21'].map(
    (text) => [JSON.stringify(text), text] as const,
  ),
];

function same(text: string): readonly [string, string] {
  return [text, text];
}

/** The same in objects. */
export const ODD_JSON: readonly (readonly [json: string, text: string | null])[] = [
  ...values.map(([json, text]) => [`{"a":${json}}`, text] as const),
  ['{"A":1}', null],
  ['{"a":1e+21,"b":{"a":1.1}}', '1e+21'],
  ['{"b":":1,","a":1.5}', '1.5'],
  ['{}', null],
];

/** JSON, and what is found in it at `$.c.b`. */
export const NESTED_JSON: readonly (readonly [json: string, text: string | null])[] = [
  ['{"b":"y","c":{"b":"x"}}', 'x'],
  ['{"c":{"b":2.5,"d":{"b":1}}}', '2.5'],
  ['{"c":[{"b":1}]}', null],
  ['{"c":"not an object"}', null],
];

/** Values of events, of which the number is asked. */
export const ODD_NUMBERS: readonly string[] = [
  ...[
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
  ],
  ...[
    '9007199254740993',
    '123456789012345678901234567890',
    '1.7976931348623157E308',
    '1.7976931348623159e308',
  ],
  ...[
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
  ],
  ...['0.1', '2.2250738585072011e-308', '4.35', '1e23', '8.5e-1', '.', '+', 'e5', '1e5.0', '--1'],
];

/** The number that JavaScript reads in the value of an event; null if the views do not take it for a number. */
export function numberValue(text: string): number | null {
  const isNumber = new RegExp(NUMBER.replace('\\z', '$')).test(text);
  return isNumber && Number.isFinite(Number(text)) ? Number(text) : null;
}
