import { defineConfig } from '../lib/config/defineConfig.ts';

/** The configuration of `npm run demo`. */
export default defineConfig({
  bucket: 'sluice-demo',
  unitIds: { companyID: 'company_id' },
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
});
