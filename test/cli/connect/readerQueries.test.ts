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
  { what: 'a query without a purpose', sql: '-- Users\nSELECT 1\n', refusal: 'No query' },
  {
    what: 'a comment within a query',
    sql: '-- Users: all.\nSELECT 1\n-- of today\nFROM {{daily_exposures}}\n',
    refusal: 'No query',
  },
  { what: 'a query without a statement', sql: '-- Users: all.\n', refusal: 'No query' },
  {
    what: 'text before the first query',
    sql: 'SELECT 1\n-- Users: all.\nSELECT 1\n',
    refusal: 'Text before',
  },
  {
    what: 'an unknown view',
    sql: '-- Users: all.\nSELECT 1 FROM {{daily_exposure}}\n',
    refusal: 'no view daily_exposure',
  },
  {
    what: 'spaces around a view',
    sql: '-- Users: all.\nSELECT 1 FROM {{ daily_exposures }}\n',
    refusal: 'no view  daily_exposures .',
  },
  { what: 'a semicolon at the end', sql: '-- Users: all.\nSELECT 1;\n', refusal: 'semicolon' },
])('refuses $what', ({ sql, refusal }) => {
  expect(() => readerQueries(config, sql)).toThrow(refusal);
});
