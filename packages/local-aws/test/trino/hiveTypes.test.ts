import { describe, expect, it } from '@jest/globals';
import { duckDbType, parseHiveType } from '../../src/trino/index.ts';

interface Known {
  readonly type: string;
  readonly duckDb: string;
  readonly trino: string;
}

const KNOWN: readonly Known[] = [
  { type: 'string', duckDb: 'VARCHAR', trino: 'varchar' },
  { type: ' Float ', duckDb: 'FLOAT', trino: 'real' },
  { type: 'decimal', duckDb: 'DECIMAL(10,0)', trino: 'decimal(10,0)' },
  { type: 'DECIMAL(38)', duckDb: 'DECIMAL(38,0)', trino: 'decimal(38,0)' },
  { type: 'decimal(2, 2)', duckDb: 'DECIMAL(2,2)', trino: 'decimal(2,2)' },
  { type: 'char(255)', duckDb: 'VARCHAR', trino: 'char(255)' },
  { type: 'varchar(65535)', duckDb: 'VARCHAR', trino: 'varchar(65535)' },
  {
    type: 'array<map<string,int>>',
    duckDb: 'MAP(VARCHAR, INTEGER)[]',
    trino: 'array(map(varchar, integer))',
  },
  {
    type: 'struct<userID:bigint, price:decimal(9,2)>',
    duckDb: 'STRUCT("userID" BIGINT, "price" DECIMAL(9,2))',
    trino: 'row(userid bigint, price decimal(9,2))',
  },
  // A character of two UTF-16 units before the comma.
  {
    type: 'struct<a😀:int,bb:string>',
    duckDb: 'STRUCT("a😀" INTEGER, "bb" VARCHAR)',
    trino: 'row(a😀 integer, bb varchar)',
  },
];

const UNKNOWN: readonly string[] = [
  'text',
  'constructor',
  '__proto__',
  'decimal(0)',
  'decimal(39,2)',
  'decimal(2,3)',
  'char(0)',
  'char(256)',
  'varchar(65536)',
  'varchar',
  'array<int,int>',
  'array<text>',
  'map<string>',
  'map<string,int,int>',
  'struct<:int>',
  'struct<a>',
  'array<int',
];

describe('Hive types', () => {
  it.each(KNOWN)('have names in DuckDB and in Trino: $type', ({ type, duckDb, trino }) => {
    expect(parseHiveType(type)).toEqual({ duckDb, trino });
    expect(duckDbType(type)).toBe(duckDb);
  });

  it.each(UNKNOWN)('do not include %s', (type) => {
    expect(parseHiveType(type)).toBeUndefined();
    expect(duckDbType(type)).toBeUndefined();
  });
});
