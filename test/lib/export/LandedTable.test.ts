import { expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { rawTableDays } from '../../../lib/export/LandedTable.ts';

it.each([
  { table: 'statsig_forwarded_exposures', forwardedDays: 30, days: 29 },
  { table: 'statsig_forwarded_events', forwardedDays: 30, days: 29 },
  { table: 'statsig_forwarded_events', forwardedDays: null, days: null },
  { table: 'quarantine', forwardedDays: 30, days: 90 },
  { table: 'curated_events', forwardedDays: 30, days: undefined },
])('files of $table begin to expire after $days days, where $forwardedDays are kept', (row) => {
  const { table, forwardedDays, days } = row;
  const config = defineConfig({ bucket: 'acme', retention: { forwardedDays, quarantineDays: 90 } });
  expect(rawTableDays(config, table)).toBe(days);
});
