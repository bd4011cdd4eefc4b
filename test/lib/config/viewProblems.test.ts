import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';

const define = (input: Partial<ConfigInput>) => () => defineConfig({ bucket: 'acme', ...input });

describe('jsonPaths', () => {
  it('accept any key of letters, digits, _ and - that is not a number', () => {
    const jsonPaths = {
      plan: 'user.custom.plan',
      page: 'statsigMetadata.currentPage',
      sku: 'metadata.sku',
      deep: 'user.custom.a-b.c_d.0e',
    };
    expect(define({ jsonPaths })().jsonPaths).toEqual(jsonPaths);
    expect(define({})().jsonPaths).toEqual({});
  });

  it.each([
    'user',
    'custom.plan',
    'user.',
    'user..plan',
    'user.custom.*',
    "user.it's",
    'User.custom',
    'user.a b',
    // In a list Trino would take the element at that place, DuckDB nothing.
    'user.custom.plans.0',
    'user.custom.plans.-0',
    '',
  ])('reject %j, which is not a path', (path) => {
    expect(define({ jsonPaths: { plan: path } })).toThrow(
      `jsonPaths.plan: got ${JSON.stringify(path)}, expected a path such as user.custom.plan`,
    );
  });

  it.each([
    ['user_id', "of a table's"],
    ['ds', 'of the partition key'],
    ['country', "of a view's"],
    ['unit_id', "of another view's"],
    ['copy', 'of what a view is made of'],
    ['company_id', "of a unit ID's"],
  ])('reject the column %s: it is the name %s', (column) => {
    const input = { unitIds: { companyID: 'company_id' }, jsonPaths: { [column]: 'user.custom.x' } };
    expect(define(input)).toThrow(
      `jsonPaths.${column}: expected a column that tables and views don't have already.`,
    );
  });

  it.each(['Plan', 'my plan', '1st', ''])('reject the column %j, which is not an SQL name', (column) => {
    expect(define({ jsonPaths: { [column]: 'user.custom.x' } })).toThrow(
      `jsonPaths.${column}: expected a column's name before the path`,
    );
  });
});

describe('a column or a name that views already have', () => {
  it("cannot be a unit ID's column", () => {
    expect(define({ unitIds: { country: 'country' } })).toThrow(
      'unitIds.country: got "country", expected a column that the views don\'t have already.',
    );
  });

  it("cannot be a table's name", () => {
    expect(define({ tables: { exposures: 'first_exposures' } })).toThrow(
      'tables.exposures: got "first_exposures", expected another name than a view has.',
    );
  });
});
