/** A type of column, with the values that a history has of it: as texts, which every reader's are brought to. */
export interface ColumnKind {
  /** In a CREATE TABLE of Athena. */
  readonly type: string;
  /** The type that it can be widened to. */
  readonly wide?: string;
  readonly values: readonly string[];
  /** A value in Trino's SQL. */
  readonly literal: (value: string) => string;
  /** Expression to select so that Athena and Trino show the value alike. Default: the column. */
  readonly show?: (column: string) => string;
  /** Normalizes a value that readers write in several ways. Default: as they show it. */
  readonly normal?: (shown: string) => string;
  /** How it can partition a table, as pyiceberg names transforms. */
  readonly transforms: readonly string[];
}

const plain = (value: string) => value;
/** 2.50, 2.5 and 2.5E0 are the same. */
const numeric = (shown: string) =>
  String(Number(shown.replace(/^-?(nan|NaN)$/, 'NaN').replace('inf', 'Infinity')));
const asJson = (column: string) => `json_format(CAST(${column} AS JSON))`;
const parsed = (value: string): unknown => JSON.parse(value);
const quoted = (value: unknown) =>
  value === null ? 'NULL' : typeof value === 'string' ? `'${value}'` : String(value);

function floating(trino: 'DOUBLE' | 'REAL'): ColumnKind {
  const named = new Map([
    ['NaN', 'nan()'],
    ['Infinity', 'infinity()'],
    ['-Infinity', '-infinity()'],
  ]);
  return {
    type: trino === 'REAL' ? 'float' : 'double',
    ...(trino === 'REAL' && { wide: 'double' }),
    values: ['0.5', '-2.25', '3', '1024', 'NaN', 'Infinity', '-Infinity'],
    literal: (value) => (named.has(value) ? `CAST(${named.get(value)} AS ${trino})` : `${trino} '${value}'`),
    normal: numeric,
    transforms: [],
  };
}

export const columnKinds = {
  int: {
    type: 'int',
    wide: 'bigint',
    values: ['0', '1', '-7', '42', '2147483647'],
    literal: plain,
    transforms: ['identity', 'bucket[3]', 'truncate[10]'],
  },
  bigint: {
    type: 'bigint',
    values: ['0', '9007199254740993', '-5', '77'],
    literal: plain,
    transforms: ['identity', 'bucket[3]'],
  },
  boolean: { type: 'boolean', values: ['true', 'false'], literal: plain, transforms: ['identity'] },
  decimal: {
    type: 'decimal(10,2)',
    wide: 'decimal(14,2)',
    values: ['0.00', '12.50', '-12.51', '99999999.99', '-0.01'],
    literal: (value) => `DECIMAL '${value}'`,
    transforms: ['identity', 'bucket[3]', 'truncate[100]'],
  },
  double: floating('DOUBLE'),
  float: floating('REAL'),
  date: {
    type: 'date',
    values: ['2026-11-01', '2026-12-31', '1969-12-31', '2024-02-29'],
    literal: (value) => `DATE '${value}'`,
    transforms: ['identity', 'year', 'month', 'day', 'bucket[3]'],
  },
  timestamp: {
    type: 'timestamp',
    values: ['2026-11-01 10:00:00.000000', '2026-11-02 10:59:59.999999', '1969-12-31 23:59:59.000001'],
    literal: (value) => `TIMESTAMP '${value}'`,
    transforms: ['year', 'month', 'day', 'hour', 'bucket[3]'],
  },
  string: {
    type: 'string',
    values: ['', 'a', 'b c/d=e', 'Grüße 🎉', 'a longer text than sixteen characters'],
    literal: (value) => `'${value}'`,
    transforms: ['identity', 'truncate[2]', 'bucket[3]'],
  },
  binary: {
    type: 'binary',
    values: ['', '00', 'AB01FF', '000102030405060708090A0B0C0D0E0F1011'],
    literal: (value) => `X'${value}'`,
    show: (column: string) => `to_hex(${column})`,
    transforms: [],
  },
  list: {
    type: 'array<string>',
    values: ['[]', '["a"]', '["a",null,"b"]'],
    literal: (value) =>
      `CAST(ARRAY[${(parsed(value) as unknown[]).map(quoted).join(', ')}] AS ARRAY(VARCHAR))`,
    show: asJson,
    transforms: [],
  },
  struct: {
    type: 'struct<a:int,b:string>',
    values: ['{"a":1,"b":"x"}', '{"a":null,"b":"y"}', '{"a":2,"b":null}'],
    literal: (value) => {
      const { a, b } = parsed(value) as { a: unknown; b: unknown };
      return `CAST(ROW(${quoted(a)}, ${quoted(b)}) AS ROW(a INTEGER, b VARCHAR))`;
    },
    show: asJson,
    transforms: [],
  },
  map: {
    type: 'map<string,int>',
    values: ['{}', '{"k":1}', '{"k":null,"l":2}'],
    literal: (value) => {
      const pairs = Object.entries(parsed(value) as object);
      const list = (of: readonly unknown[]) => `ARRAY[${of.map(quoted).join(', ')}]`;
      return `CAST(MAP(${list(pairs.map(([key]) => key))}, ${list(pairs.map(([, own]) => own))}) AS MAP(VARCHAR, INTEGER))`;
    },
    show: asJson,
    transforms: [],
  },
  // No list of structs: pyiceberg reads and writes null as an empty one, ArrowProjectionVisitor.list in its io/pyarrow.py.
  deep: {
    type: 'struct<l:array<int>,s:struct<v:double>>',
    values: ['{"l":[],"s":{"v":0.5}}', '{"l":[1,null],"s":{"v":null}}', '{"l":null,"s":null}'],
    literal: (value) => {
      const { l, s } = parsed(value) as { l: readonly unknown[] | null; s: { v: unknown } | null };
      const list = l === null ? 'NULL' : `ARRAY[${l.map(quoted).join(', ')}]`;
      const inner = s === null ? 'NULL' : `ROW(${quoted(s.v)})`;
      return `CAST(ROW(${list}, ${inner}) AS ROW(l ARRAY(INTEGER), s ROW(v DOUBLE)))`;
    },
    show: asJson,
    transforms: [],
  },
} as const satisfies Readonly<Record<string, ColumnKind>>;

export type KindName = keyof typeof columnKinds;

/** A kind with all its optional members. */
export function kindOf(name: KindName): ColumnKind {
  return columnKinds[name];
}
