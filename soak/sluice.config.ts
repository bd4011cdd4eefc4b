import { defineConfig } from '../lib/config/defineConfig.ts';

/** The configuration of `npm run soak`. Nothing is curated: the tables that Firehose fills are counted. */
export default defineConfig({
  bucket: 'sluice-soak',
  statsigFolder: 'statsig',
  database: 'sluice_soak',
  timeWindow: { pastDays: 7, futureDays: 1 },
});
