import * as z from 'zod';
import { checkExperiments, type ExperimentList } from '../../observe/experiments/checkExperiments.ts';
import { route, text } from './route.ts';

/** The call of the page Experiments. */
export const experimentRoutes = [
  route({
    method: 'GET',
    path: '/api/experiments',
    summary: 'Experiments with units in production, and the verdict on the split of each: `sluice check`.',
    query: z.strictObject({
      unit: text('column of the unit ID, `user_id` by default').optional(),
    }),
    handle: ({ deployment, query }): Promise<ExperimentList> => checkExperiments(deployment, query),
  }),
];
