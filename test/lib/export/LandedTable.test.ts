import { expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { tableFiles } from '../../../lib/export/LandedTable.ts';

it.each([
  {
    table: 'statsig_forwarded_exposures',
    forwardedDays: 30,
    files: { kind: 'raw', expireAfterDays: 29 },
  },
  { table: 'statsig_forwarded_events', forwardedDays: 30, files: { kind: 'raw', expireAfterDays: 29 } },
  { table: 'statsig_forwarded_events', forwardedDays: null, files: { kind: 'raw', expireAfterDays: null } },
  { table: 'quarantine', forwardedDays: 30, files: { kind: 'raw', expireAfterDays: 90 } },
  { table: 'curated_events', forwardedDays: 30, files: { kind: 'versions' } },
])('files of $table are $files where forwarded ones are kept for $forwardedDays days', (row) => {
  const { table, forwardedDays, files } = row;
  const config = defineConfig({ bucket: 'acme', retention: { forwardedDays, quarantineDays: 90 } });
  expect(tableFiles(config, table)).toEqual(files);
});
