import { defineConfig } from '../lib/config/defineConfig.ts';
import { configFile, loadConfig } from '../lib/config/loadConfig.ts';
import { repositoryRoot } from '../local/dataDirectory.ts';

/** Yours: what SLUICE_CONFIG named when the demo began, else sluice.config.ts at the root. */
const own = await loadConfig(configFile(repositoryRoot, { SLUICE_CONFIG: process.env['SLUICE_OWN_CONFIG'] }));

/**
 * What `npm run demo` deploys: under your names, so that what it leaves can be looked at with your configuration, and
 * with a customer besides. All else has its default: filters or redaction of yours would be another story.
 */
export default defineConfig({
  bucket: own.bucket,
  statsigFolder: own.statsigFolder,
  database: own.database,
  tables: own.tables,
  unitIds: own.unitIds,
  athena: own.athena,
  experiments: ['checkout_button', 'homepage_hero'],
  holdouts: ['spring_holdout'],
  sources: [
    {
      name: 'acme',
      bucket: 'acme-drops',
      owner: '111122223333',
      datasets: [
        {
          name: 'revenue',
          kind: 'metrics',
          mapping: {
            unitId: 'customer',
            idType: { constant: 'userID' },
            date: 'day',
            metricName: { constant: 'net_revenue' },
            metricValue: 'amount',
          },
        },
      ],
    },
  ],
  exports: [
    {
      name: 'exposures',
      table: own.tables.exposures,
      target: { bucket: 'acme-warehouse', owner: '111122223333' },
      lookbackDays: 1,
    },
  ],
});
