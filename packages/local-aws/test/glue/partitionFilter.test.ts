import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parsePartitionFilter } from '../../src/glue/partitionFilter.ts';

const keys = [
  { Name: 'ds', Type: 'date' },
  { Name: 'hour', Type: 'int' },
];
const rows = [
  ['2026-11-19', '9'],
  ['2026-11-20', '10'],
  ['2026-11-21', '23'],
] as const;
const wanted = (expression: string) => {
  const filter = parsePartitionFilter(keys, expression);
  return rows.filter((row) => filter(row)).map(([day]) => day.slice(-2));
};

describe('partitionFilter', () => {
  it.each([
    ['', ['19', '20', '21']],
    ["ds = '2026-11-20'", ['20']],
    ["DS <> '2026-11-20'", ['19', '21']],
    ["ds != '2026-11-20'", ['19', '21']],
    ["ds >= '2026-11-20'", ['20', '21']],
    ["ds > '2026-11-20' OR ds < '2026-11-20'", ['19', '21']],
    ["ds BETWEEN '2026-11-19' AND '2026-11-20' AND hour > 9", ['20']],
    ["ds NOT BETWEEN '2026-11-19' AND '2026-11-20'", ['21']],
    ["ds IN ('2026-11-19', '2026-11-21')", ['19', '21']],
    ["NOT (ds in ('2026-11-19') or hour = 23)", ['20']],
    ['hour < 10', ['19']],
    ["hour <= '10'", ['19', '20']],
    ['"hour" = 9 AND `ds` = \'2026-11-19\'', ['19']],
    ["ds LIKE '2026-11-2_'", ['20', '21']],
    ["ds like '%-20'", ['20']],
    ["ds LIKE '2026.11.2%' OR ds LIKE '2026-11'", []],
    ["ds NOT LIKE '%-20'", ['19', '21']],
    ['ds IS NULL', []],
    ['ds IS NOT NULL AND NOT hour IS NULL', ['19', '20', '21']],
    // AND binds tighter than OR.
    ["hour = 23 OR hour = 9 AND ds = 'x'", ['21']],
  ])('%s', (expression, expected) => {
    expect(wanted(expression)).toEqual(expected);
  });

  it('takes the name of a type for a key when no literal follows', () => {
    const named = [
      { Name: 'date', Type: 'date' },
      { Name: 'timestamp', Type: 'int' },
    ];
    const filter = parsePartitionFilter(named, "(date='2026-11-20') and Timestamp > 9");
    expect(rows.map((row) => filter(row))).toEqual([false, true, false]);
    expect(() => parsePartitionFilter(named, "date > date '2026-11-20'")).toThrow('DATE is not emulated');
  });

  it.each([
    "hour LIKE '1%'",
    "ds LIKE 'a!%' ESCAPE '!'",
    "ds = DATE '2026-11-20'",
    'CAST(hour AS varchar) = 9',
  ])('refuses by name: %s', (expression) => {
    expect(() => wanted(expression)).toThrow('is not emulated');
  });

  it.each([
    "day = '1'",
    'ds =',
    "ds = '1' AND",
    "(ds = '1'",
    "ds '1'",
    "ds = '1')",
    "ds = 'a",
    'ds IN ()',
    'ds IS 1',
    'ds LIKE 1',
    'ds NOT IS NULL',
    '#',
  ])('rejects as unsupported: %s', (expression) => {
    expect(() => wanted(expression)).toThrow(/Unsupported expression/);
  });

  it('finds the partition of rows without a value', () => {
    const values = ['__HIVE_DEFAULT_PARTITION__', '5'];
    const matching = (expression: string) => {
      const filter = parsePartitionFilter([{ Name: 'n', Type: 'int' }], expression);
      return values.filter((value) => filter([value]));
    };
    expect(matching('n IS NULL')).toEqual(values.slice(0, 1));
    expect(matching('n IS NOT NULL')).toEqual(['5']);
    expect(matching('n < 9 OR n >= 9')).toEqual(['5']);
  });

  it('finds every text by a pattern of itself', () => {
    const literal = fc.string().filter((text) => !/[%_]/.test(text));
    fc.assert(
      fc.property(literal, (text) => {
        const filter = parsePartitionFilter([{ Name: 'k' }], `k LIKE '${text.replaceAll("'", "''")}'`);
        expect([filter([text]), filter([`${text}.`])]).toEqual([true, false]);
      }),
    );
  });

  it('compares numbers beyond the precision of a double exactly', () => {
    const filter = parsePartitionFilter([{ Name: 'n', Type: 'bigint' }], 'n > 9007199254740992');
    expect([filter(['9007199254740992']), filter(['9007199254740993'])]).toEqual([false, true]);
  });

  it('equals a plain comparison of strings for every string', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (value, literal) => {
        const filter = parsePartitionFilter([{ Name: 'k' }], `k <= '${literal.replaceAll("'", "''")}'`);
        expect(filter([value])).toBe(value <= literal);
      }),
    );
  });
});
