import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parsePartitionFilter } from '../../src/glue/partitionFilter.ts';

const keys = [
  { Name: 'ds', Type: 'date' },
  { Name: 'zone', Type: 'string' },
];
const rows = [
  ['2026-11-19', 'eu'],
  ['2026-11-20', 'eu'],
  ['2026-11-21', 'us'],
] as const;
const wanted = (expression: string) => {
  const filter = parsePartitionFilter(keys, expression);
  return rows.filter((row) => filter(row)).map(([day]) => day.slice(-2));
};

describe('partitionFilter', () => {
  it.each([
    { expression: '', expected: ['19', '20', '21'] },
    { expression: "ds = '2026-11-20'", expected: ['20'] },
    { expression: "DS <> '2026-11-20'", expected: ['19', '21'] },
    { expression: "ds != '2026-11-20'", expected: ['19', '21'] },
    { expression: "ds >= '2026-11-20'", expected: ['20', '21'] },
    { expression: "ds > '2026-11-20' OR ds < '2026-11-20'", expected: ['19', '21'] },
    { expression: "ds IN ('2026-11-19', '2026-11-21')", expected: ['19', '21'] },
    { expression: "(ds in ('2026-11-19') or zone = 'us') and ds > '2026-11-19'", expected: ['21'] },
    { expression: "\"zone\" = 'eu' AND `ds` = '2026-11-19'", expected: ['19'] },
    // AND binds tighter than OR.
    { expression: "zone = 'us' OR zone = 'eu' AND ds = 'x'", expected: ['21'] },
  ])('selects the days $expected by $expression', ({ expression, expected }) => {
    expect(wanted(expression)).toEqual(expected);
  });

  it('takes the name of a type for a key when no literal follows', () => {
    const named = [
      { Name: 'date', Type: 'date' },
      { Name: 'timestamp', Type: 'string' },
    ];
    const filter = parsePartitionFilter(named, "(date='2026-11-20') and Timestamp > 'a'");
    expect(rows.map((row) => filter(row))).toEqual([false, true, false]);
    expect(() => parsePartitionFilter(named, "date > date '2026-11-20'")).toThrow('DATE is not emulated');
  });

  it.each([
    "ds LIKE '1%'",
    "NOT ds = '1'",
    "ds BETWEEN '1' AND '2'",
    'ds IS NULL',
    "ds = DATE '2026-11-20'",
    "CAST(zone AS varchar) = 'eu'",
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
    'ds = 1',
    '#',
  ])('rejects as unsupported: %s', (expression) => {
    expect(() => wanted(expression)).toThrow(/Unsupported expression/);
  });

  it('refuses keys whose values are not compared as text', () => {
    expect(() => parsePartitionFilter([{ Name: 'n', Type: 'bigint' }], "n = '1'")).toThrow(
      'on a partition key of type bigint is not emulated',
    );
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
