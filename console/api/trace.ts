import * as z from 'zod';
import { type Trace, trace } from '../../observe/trace/trace.ts';
import { dayTimes, type Route, route, text } from './route.ts';

/** The call of the page Trace. */
export const traceRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/trace',
    summary:
      'Where an event, the events of a user, or a request is: `sluice trace`, with the row of an event. Times are epoch milliseconds.',
    query: z.strictObject({
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
    }),
    handle: ({ deployment, query: { id, as, since } }): Promise<Trace> =>
      trace(deployment, { id, withRow: true, subject: as, since }),
  }),
];
