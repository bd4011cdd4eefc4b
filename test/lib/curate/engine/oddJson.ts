import { NUMBER } from '../../../../lib/views/productEvents.ts';

/** JSON texts, and what is nearly JSON: what is at `$.a` of each is asked of Trino and of the curator. */
export const ODD_JSON: readonly string[] = [
  ...['12345678901234567890123', '1.10', '1e5', '1E5', '1e+5', '1e21', '1e+21', '-0', '-0.0', '0', '0.1e1'],
  ...['1E400', '1e-400', '123456789012345678901234567890.5', '18446744073709551616', '-9223372036854775809'],
  ...['1.7976931348623157e308', '5e-324', '9007199254740993', '0.000001', '1e-7', '2.5', '12.50', '-3'],
  ...['NaN', '-Infinity', '01', '1.', '+1', '.5', '-', '1e', '1x', 'tru', 'truex', 'true', 'false', 'null'],
  ...['""', '" "', '"x"', '"é\u2028"', '[1]', '[]', '{}', '{"a":1}', '"1.10"', '"null"', '"true"', '"{"'],
  ...[String.raw`"x\u0000y"`, String.raw`"\ud83d\ude00"`, String.raw`"\ud800"`, String.raw`"\ude00z"`],
  ...[String.raw`"\ud800\ud800"`, String.raw`"q\"uo\\te\/\b\f\n\r\t"`, String.raw`"\x"`, '"tab\there"'],
]
  .map((value) => `{"a":${value}}`)
  .concat([
    ...['{"a":"1","a":"2"}', '{"a":{"b":1},"a":"2"}', '{"a":null,"a":"2"}', '{"a":1.10,"b":{"a":1.1}}'],
    ...[
      '{"b":{"a":1.1},"a":1.10}',
      '{"a" : 1.10 , "b":{"a":1.1}}',
      String.raw`{"\u0061":1.10,"b":{"a":1.1}}`,
    ],
    ...[String.raw`{"\u0061":"k"}`, String.raw`{"b":"\ud800","a":"v"}`, String.raw`{"a":"v","b":"\ud800"}`],
    ...[
      ' {"a":1} ',
      '\t{\n"a"\r:\n1.0\n}\n',
      '',
      ' ',
      'null',
      '"a"',
      '["a"]',
      '1',
      '[{"a":1}]',
      'no json',
      '{',
    ],
    ...['{"a":1', '{"a":1} x', '{"a":"x" "b"}', '{"a":"x"', '{"a":"x', '{"a":12', '{"a":1}\n{"a":2}', '{"a"'],
    ...[
      '{"b":{"a":1}}',
      '{"A":1}',
      '{"b":x,"a":1}',
      '// c',
      '{"a":/*c*/1}',
      "{'a':1}",
      '{a:1}',
      '\ufeff{"a":1}',
    ],
    ...[
      '{"b":["a",1,{"a":3}],"a":2}',
      '{"b":[[],{},[{}]],"a":2.0}',
      '{"b":":1,","a":1.50}',
      '{"b":[1 2],"a":1}',
    ],
    ...[
      String.raw`{"a":1.50,"b":"\":1.5,"}`,
      '{"b":1e5,"a":"1e5"}',
      '{"b":"a","a":1.0}',
      '{"b":{"c":1,},"x":1,"a":2} y',
    ],
    ...[
      '{"a":1,}',
      '{"":1,"a":2}',
      '{"b":"{","a":"}"}',
      '{"a":100000000000000000000}',
      '{"b":"\u0001","a":1}',
    ],
  ]);

/** JSON texts of which `$.c.b` is asked. */
export const NESTED_JSON: readonly string[] = [
  '{"c":{"b":1.0}}',
  '{"c":{"b":"x"},"b":"y"}',
  '{"c":{"a":1},"c":{"b":2}}',
  '{"c":1,"c":{"b":2}}',
  '{"c":null,"c":{"b":2.0}}',
  '{"c":[{"b":1}]}',
  '{"c":"not an object"}',
  '{"c":{"d":{"b":1},"b":2}}',
  '{"c":{"b":2',
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
