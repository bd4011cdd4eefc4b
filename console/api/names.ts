import * as z from 'zod';
import { listNames, NAMES_DAYS, NAMES_LIMIT, namesJson } from '../../observe/names/names.ts';
import { count, cursor, route, text } from './route.ts';

/** Calls of the page Names. */
export const nameRoutes = [
  route({
    method: 'GET',
    path: '/api/names',
    summary: 'Event names and properties with counts, types and warnings: `sluice names`.',
    query: z.strictObject({
      days: count({ usual: NAMES_DAYS, most: 90 }),
      event: text('one event, with all of its properties').optional(),
      environment: text('tier, `production` by default').optional(),
      search: text('a part of the name').optional(),
      limit: count({ usual: NAMES_LIMIT, most: NAMES_LIMIT }),
      cursor,
    }),
    handle: async ({ deployment, query }) => namesJson(await listNames(deployment, query)),
  }),
];
