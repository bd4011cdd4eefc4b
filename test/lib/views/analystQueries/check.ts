import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { unitsQuery } from '../../../../observe/experiments/checkExperiments.ts';
import type { AnalystQuery } from './AnalystQuery.ts';
import { unitRows } from './madeRows.ts';
import { onMadeRows } from './onMadeRows.ts';

const config = defineConfig({
  bucket: 'acme',
  experiments: ['homepage_hero', { name: 'checkout_button', split: { A: 90, B: 10 }, since: '2026-11-21' }],
});

/** The query of `sluice check`. */
export const checkQueries: readonly AnalystQuery[] = [
  {
    title: 'sluice check, of a split that was changed',
    sql: onMadeRows(unitsQuery(config, 'user_id').replaceAll('"sluice".', ''), {
      first_exposures: unitRows({
        checkout_button: [
          ['before', 'B'],
          ['after', 'A', 'late'],
        ],
        homepage_hero: [['elsewhere', 'B']],
        search: [
          ['not configured', 'B'],
          ['several groups', 'B', 'crossover'],
          ['a device', 'B', 'device'],
          ['a gate', 'B', 'gate'],
        ],
      }),
    }),
    answers: [
      ['checkout_button', 'A', 'A', '1', '0'],
      ['homepage_hero', 'B', 'B', '1', '0'],
      ['search', 'B', 'B', '2', '1'],
    ],
  },
];
