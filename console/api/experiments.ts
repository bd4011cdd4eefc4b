import * as z from 'zod';
import { checkExperiment, LIST_DAYS, listExperiments } from '../../observe/experiments/checkExperiment.ts';
import { count, day, flag, route, text } from './route.ts';

const environment = text('tier, `production` by default').optional();

/** Calls of the page Experiments. */
export const experimentRoutes = [
  route({
    method: 'GET',
    path: '/api/experiments',
    summary:
      'Experiments and gates that have exposures, with the verdict on the split of each: `sluice check`.',
    query: z.strictObject({
      days: count({ usual: LIST_DAYS, most: 400 }),
      environment,
      kind: z.enum(['experiment', 'gate']).optional().describe('`experiment` or `gate`, both by default'),
      search: text('a part of the name').optional(),
    }),
    handle: ({ deployment, query }) => listExperiments(deployment, query),
  }),
  route({
    method: 'GET',
    path: '/api/experiment',
    summary: 'One experiment or gate, by group and day: `sluice check <experiment>`.',
    query: z.strictObject({
      name: text('name of the experiment or gate'),
      gate: flag,
      unit: text('unit ID, the one that most exposures have by default').optional(),
      from: day.optional(),
      to: day.optional(),
      environment,
      equal: flag,
    }),
    handle: ({ deployment, query: { name, gate, equal, ...rest } }) =>
      checkExperiment(deployment, {
        experiment: name,
        isEqual: equal,
        isGate: gate || undefined,
        ...rest,
      }),
  }),
];
