import { expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { type TableFiles, tableFiles } from '../../../lib/export/LandedTable.ts';

interface Case {
  readonly what: string;
  readonly table: string;
  /** `retention.forwardedDays`; null keeps them for ever. */
  readonly forwardedDays: number | null;
  readonly files: TableFiles;
}

it.each<Case>([
  {
    what: 'of exposures begin to expire a day early, as the oldest came a day before their day',
    table: 'statsig_forwarded_exposures',
    forwardedDays: 30,
    files: { kind: 'raw', expireAfterDays: 29 },
  },
  {
    what: 'of events begin to expire then, too',
    table: 'statsig_forwarded_events',
    forwardedDays: 30,
    files: { kind: 'raw', expireAfterDays: 29 },
  },
  {
    what: 'of events never expire if they are kept for ever',
    table: 'statsig_forwarded_events',
    forwardedDays: null,
    files: { kind: 'raw', expireAfterDays: null },
  },
  {
    what: 'of quarantine expire by their own days',
    table: 'quarantine',
    forwardedDays: 30,
    files: { kind: 'raw', expireAfterDays: 90 },
  },
  {
    what: 'of a curated table are those of a version',
    table: 'curated_events',
    forwardedDays: 30,
    files: { kind: 'versions' },
  },
])('files $what', ({ table, forwardedDays, files }) => {
  const config = defineConfig({ bucket: 'acme', retention: { forwardedDays, quarantineDays: 90 } });
  expect(tableFiles(config, table)).toEqual(files);
});
