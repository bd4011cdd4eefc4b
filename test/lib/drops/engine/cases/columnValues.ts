import { sqlText } from './DropCase.ts';
import { JSON_TEXTS } from './oddTexts.ts';

/** Values of each kind of column that casts and JSON are made of. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  tiny: ['(-128)::TINYINT', '1::TINYINT'],
  small: ['32767::SMALLINT'],
  int: ['0::INTEGER', '(-2147483648)::INTEGER'],
  big: ['0', '1', '-12', '9223372036854775807', '9007199254740993'].map((n) => `(${n})::BIGINT`),
  double: doubles('DOUBLE'),
  float: doubles('FLOAT'),
  dec: ['12.50', '12.00', '-0.05', '99999999.99'].map((n) => `(${n})::DECIMAL(10,2)`),
  broken: ['0.50', '-0.05', '0'].map((n) => `(${n})::DECIMAL(2,2)`),
  wide: ['12345678901234567890123456789012345678', '-1'].map((n) => `(${n})::DECIMAL(38,0)`),
  deep: ['1234567890123456789.0123456789', '1'].map((n) => `(${n})::DECIMAL(38,10)`),
  flag: ['true', 'false'],
  day: ["DATE '2026-11-20'", "DATE '1969-12-31'", "DATE '0001-01-01'", "DATE '9999-12-31'"],
  at: [
    "TIMESTAMP '2026-11-20 10:15:30.120'",
    "TIMESTAMP '1969-12-31 23:59:59.999'",
    "TIMESTAMP '2026-11-20'",
  ],
  instant: ["TIMESTAMPTZ '2026-11-20 10:15:30.5+02'", "TIMESTAMPTZ '2026-11-20 00:00:00+00'"],
  bytes: [
    "'plain'::BLOB",
    "'\\xC3\\xBC'::BLOB",
    "'12'::BLOB",
    "'\\x55\\x0E\\x84\\x00\\xE2\\x9B\\x41\\xD4\\xA7\\x16\\x44\\x66\\x55\\x44\\x00\\x00'::BLOB",
    "''::BLOB",
  ],
  json: [...JSON_TEXTS.filter((text) => /^[[{"\dnt]/.test(text) && isJson(text)), ' {"a": 1.50} '].map(
    (text) => `${sqlText(text)}::JSON`,
  ),
  struct: ["{'a': 1, 'b': NULL::VARCHAR, 'c': {'d': [1.5, NULL, 1e21], 'e': 'x\"y'}}"],
  list: ['[1, NULL, 3]', '[]'],
};

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function doubles(type: string): string[] {
  const all = [
    '1.5',
    '0.0001',
    '0.00001',
    '1.2e-7',
    '1e15',
    '1e16',
    '1.5e16',
    '1e17',
    '-0.1',
    '-1e-10',
    '0',
    '-0.0',
    '100',
    '9007199254740991',
    '9007199254740992',
    '9007199254740993',
    '1234567.125',
    '0.1',
    '33.333333333333336',
    '16777217',
    "'nan'",
    "'inf'",
    "'-inf'",
    '9.3e18',
    '1e21',
    '1e22',
    '123456789012345678',
    '3.4e38',
    '1.17549435e-38',
    ...(type === 'DOUBLE' ? ['1.5e300', '4.9e-324', '1.7976931348623157e308'] : []),
  ];
  return all.map((value) => `(${value})::${type}`);
}

/** A row for each value, in a column of its kind; all other columns are null. */
export function rowForEach(kinds: readonly string[]): string {
  const parts = kinds.map(
    (kind) =>
      `SELECT '${kind}-' || generate_subscripts(given, 1) AS id, unnest(given) AS "${kind}" FROM (SELECT [${VALUES[kind]?.join(', ')}] AS given)`,
  );
  return `SELECT 1795169730 AS ts, 'e' AS event_name, 'u' AS unit_id, * FROM (${parts.join(' UNION ALL BY NAME ')})`;
}

/** All kinds of columns. */
export const KINDS = Object.keys(VALUES);
