import { expect, it } from '@jest/globals';
import { loadShape } from '../../../../lib/drops/load/pieces.ts';
import type { Config } from '../../../../lib/schema/config.ts';
import type { Source } from '../../../../lib/schema/sources.ts';
import { type DatasetInput, definedDataset } from '../../../harness/configInput.ts';

const DAY = '2026-11-19';

/**
 * The shape of loads of a dataset.
 *
 * @param more What differs of the configuration.
 * @param source What differs of the source.
 */
function shape(
  input: Partial<DatasetInput> = {},
  more: Partial<Config> = {},
  source: Partial<Source> = {},
): string {
  const made = definedDataset(input);
  const place = { source: { ...made.source, ...source }, dataset: made.dataset, day: DAY };
  return loadShape({ config: { ...made.config, ...more } }, place);
}

it('a load in pieces is gone on with by the configuration that has begun it alone', () => {
  const { config } = definedDataset({});
  const others = [
    shape({ refusedShare: 0.5 }),
    shape({ mapping: { eventName: 'name' } }),
    shape({}, { unitIds: { ...config.unitIds, companyID: 'company_id' } }),
    shape({}, { statsigFolder: 'other' }),
    shape({}, { tables: { ...config.tables, quarantine: 'other' } }),
    shape({}, {}, { name: 'other' }),
    shape({}, {}, { bucket: 'other' }),
  ];
  expect(new Set([shape(), ...others]).size).toBe(8);
  // What does not make its rows is none of it.
  expect(shape({}, { region: 'eu-west-1' }, { settleMinutes: 60 })).toBe(shape());
});
