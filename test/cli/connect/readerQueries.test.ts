import { expect, it } from '@jest/globals';
import { readerQueries } from '../../../cli/connect/readerQueries.ts';

const config = { database: 'sluice' };

it('reads queries with their names, and views with the database', () => {
  const sql =
    '-- Users: Table: all users.\nSELECT 1\nFROM {{daily_exposures}}\n\n-- Ones: a one.\nSELECT 1\n';
  expect(readerQueries(config, sql)).toEqual([
    {
      name: 'Users',
      about: 'Table: all users.',
      sql: expect.stringMatching(/^SELECT 1\nFROM .*sluice.*daily_exposures.*$/),
    },
    { name: 'Ones', about: 'a one.', sql: 'SELECT 1' },
  ]);
});

it.each([
  ['a query without a purpose', '-- Users\nSELECT 1\n'],
  ['a comment within a query', '-- Users: all.\nSELECT 1\n-- of today\nFROM {{daily_exposures}}\n'],
  ['a query without a statement', '-- Users: all.\n'],
  ['text before the first query', 'SELECT 1\n-- Users: all.\nSELECT 1\n'],
  ['an unknown view', '-- Users: all.\nSELECT 1 FROM {{daily_exposure}}\n'],
])('throws for %s', (_what, sql) => {
  expect(() => readerQueries(config, sql)).toThrow();
});
