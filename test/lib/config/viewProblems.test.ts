import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';

const define = (input: Partial<ConfigInput>) => () => defineConfig({ bucket: 'acme', ...input });

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
