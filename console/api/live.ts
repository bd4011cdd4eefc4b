import * as z from 'zod';
import { readLive } from '../../observe/live/live.ts';
import { trace } from '../../observe/trace/trace.ts';
import { count, dayTimes, flag, route, text } from './route.ts';

/** Characters of a name that Live shows. */
const BRIEF = 120;
/** The search options, the same as those of `sluice trace`. */
const traceQuery = {
  id: text('event ID, user or another unit ID, or request ID'),
  as: z
    .enum(['event', 'user', 'request'])
    .optional()
    .describe('`event`, `user` or `request`, by its form by default'),
  since: z.iso
    .datetime({ offset: true })
    .or(z.iso.date())
    .transform((at) => Date.parse(at))
    .pipe(dayTimes)
    .optional()
    .describe('time or day; required for events and users of a deployment'),
};

/** Calls of the pages Live and Trace. */
export const liveRoutes = [
  route({
    method: 'GET',
    path: '/api/live',
    summary: 'Events and requests since a cursor, and during the wait: `sluice tail`.',
    query: z.strictObject({
      after: text('`next` of the answer before; by default what comes from now on').max(16_000).optional(),
      last: count({ usual: 0, least: 0, most: 10_000 }),
      waitMs: count({ usual: 0, least: 0, most: 25_000 }),
      most: count({ usual: 500, most: 2_000 }),
      rows: flag,
      only: z.enum(['requests', 'rows']).optional().describe('`requests` or `rows`, both by default'),
      user: text('as `--user`').optional(),
      event: text('as `--event`').optional(),
      experiment: text('as `--experiment`').optional(),
      sdk: text('as `--sdk`').optional(),
      code: text('as `--code`').optional(),
      status: text('as `--status`').optional(),
      errors: flag,
    }),
    handle: ({ deployment, query: { after, last, waitMs, most, rows, ...filter } }) =>
      readLive(deployment, { after, last, waitMs, most, filter, briefly: rows ? undefined : BRIEF }),
  }),
  route({
    method: 'GET',
    path: '/api/trace',
    summary:
      'Where an event, the events of a user, or a request is: `sluice trace --row`. Times are epoch milliseconds.',
    query: z.strictObject(traceQuery),
    handle: ({ deployment, query: { id, as, since } }) =>
      trace(deployment, {
        ...{ id, withRow: true },
        ...(as === undefined ? {} : { subject: as }),
        ...(since === undefined ? {} : { since }),
      }),
  }),
];
