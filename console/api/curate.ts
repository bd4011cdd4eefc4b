import * as z from 'zod';
import { forwardedKinds } from '../../lib/schema/kinds.ts';
import { readCuratedCalendar } from '../../observe/curate/curatedDays.ts';
import { requestCuration, requestRebuild } from '../../operate/curate/requests.ts';
import { count, day, dryRun, route } from './route.ts';

const kind = z.enum(forwardedKinds).describe('exposures or events');

/** Calls about curated days, on the page Tables. */
export const curateRoutes = [
  route({
    method: 'GET',
    path: '/api/curate',
    summary:
      'The calendar of the curated days of a table, newest day first: whether views read them, why not, raw and curated files, rows.',
    query: z.strictObject({ kind, days: count({ usual: 14, most: 400 }), until: day.optional() }),
    handle: ({ deployment, query: { kind: one, ...span } }) =>
      readCuratedCalendar(deployment, { kinds: [one], ...span }),
  }),
  route({
    method: 'POST',
    path: '/api/curate/run',
    summary: 'Curate the days of a table that are due, as the schedule does.',
    body: z.strictObject({ dryRun, kind }),
    writes: true,
    handle: ({ deployment, body }) =>
      requestCuration(deployment, { dryRun: body.dryRun, kinds: [body.kind] }),
  }),
  route({
    method: 'POST',
    path: '/api/curate/rebuild',
    summary: 'Curate days of a table again, changed or not.',
    body: z.strictObject({ dryRun, kind, from: day, to: day.optional() }),
    writes: true,
    handle: ({ deployment, body: { kind: one, ...body } }) =>
      requestRebuild(deployment, { kinds: [one], ...body }),
  }),
];
