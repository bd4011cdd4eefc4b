import * as z from 'zod';
import { readLive } from '../../observe/live/live.ts';
import { queryCost, usd } from '../../observe/prices.ts';
import { TraceError, trace } from '../../observe/trace/trace.ts';
import { count, dayTimes, flag, route, text } from './route.ts';

/** Characters of a name that Live shows. */
const BRIEF = 120;
/** USD that a search may cost unless another price is named, as `sluice trace` has it. */
const MOST_USD = 1;

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
    query: z.strictObject({
      ...traceQuery,
      maxUsd: z
        .string()
        .regex(/^\d{1,6}(\.\d{1,4})?$/, 'expected an amount')
        .transform(Number)
        .default(MOST_USD)
        .describe(`price above which nothing is read, ${MOST_USD} by default`),
    }),
    async handle({ deployment, query: { id, as, since, maxUsd } }) {
      const subject = as === undefined ? {} : { subject: as };
      let mostUsd = 0;
      const found = await trace(deployment, {
        ...{ id, ...subject, ...(since === undefined ? {} : { since }), withRow: true },
        onEstimate(bytes) {
          mostUsd = queryCost(bytes);
          if (mostUsd > maxUsd)
            throw new TraceError(
              'SLUICE_TRACE_TOO_EXPENSIVE',
              `At most ${usd(mostUsd)}, and maxUsd is ${maxUsd}.`,
            );
        },
      });
      return { ...found, mostUsd };
    },
  }),
];
