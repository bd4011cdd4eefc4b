import { defineConfig } from './lib/config/defineConfig.ts';

/** The one configuration file. Every field: docs/reference/configuration.md. Several stages: docs/deploy.md */
export default defineConfig({
  bucket: 'sluice-experiments',
  statsigFolder: 'statsig',
  database: 'sluice',
  tables: { exposures: 'statsig_forwarded_exposures', events: 'statsig_forwarded_events' },
  unitIds: { companyID: 'company_id' },
  timeWindow: { pastDays: 7, futureDays: 1 },
  experiments: ['checkout_button', 'homepage_hero'], // the demo's; list your own
  holdouts: ['spring_holdout'], // the demo's; list all of your own
  keys: [],
});
