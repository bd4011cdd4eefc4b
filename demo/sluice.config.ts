import { defineConfig } from '../lib/config/defineConfig.ts';
import { configFile, loadConfig } from '../lib/config/loadConfig.ts';
import { LOCAL_STAGE } from '../lib/schema/stages.ts';
import { repositoryRoot } from '../local/dataDirectory.ts';

/** The user's configuration: SLUICE_CONFIG at the start of the demo, else sluice.config.ts at the root. */
const own = await loadConfig(
  configFile(repositoryRoot, { SLUICE_CONFIG: process.env['SLUICE_OWN_CONFIG'] }),
  LOCAL_STAGE,
);

/**
 * The configuration of `npm run demo`: it has your names, so that you can read its data with your configuration, and a
 * customer. Everything else is the default, because your filters or redaction would change the figures.
 */
export default defineConfig({
  bucket: own.bucket,
  statsigFolder: own.statsigFolder,
  database: own.database,
  tables: own.tables,
  curatedTables: own.curatedTables,
  unitIds: own.unitIds,
  athena: own.athena,
  experiments: [
    'checkout_button',
    'homepage_hero',
    { name: 'signup_form', split: { Control: 50, Test: 50 } },
  ],
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
});
