import * as z from 'zod';
import { shortText } from '../../lib/base/text.ts';
import type { LiveAnswer, LiveEntry } from '../../observe/facts/flow/liveEntries.ts';
import { type Gate, readGate } from '../../observe/live/gate.ts';
import { readLive } from '../../observe/live/live.ts';
import { type Trace, trace } from '../../observe/trace/trace.ts';
import { count, dayTimes, flag, route, text } from './route.ts';

/** Where the first event stopped. */
export interface GateAnswer {
  /** What stopped it; null once there are rows. */
  readonly gate: Gate | null;
}

/** Characters of a name that Live shows. */
const BRIEF = 120;
/**
 * Characters of a cursor: the token of CloudWatch Logs in it has no greatest length, and Node takes 16 KB of headers with the address.
 * https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
 */
export const MOST_CURSOR = 8_000;
/** Entries from before the call that one answer has. */
const MOST_ENTRIES = 1_000;
/** The longest wait for an entry, milliseconds: browsers and proxies end a call without an answer after 30 s or more. */
const MOST_WAIT_MS = 25_000;

/** An entry without its row, and with short texts: the page asks for the row of an entry that somebody unfolds. */
function briefly(entry: LiveEntry): LiveEntry {
  const short = (value: unknown) => (typeof value === 'string' ? shortText(value, BRIEF) : value);
  const members = Object.entries(entry).map(([name, value]) => [name, short(value)]);
  return { ...Object.fromEntries(members), ...(entry.type === 'event' ? { row: null } : {}) };
}

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
      after: text('`next` of the answer before; by default what comes from now on', MOST_CURSOR).optional(),
      last: count({ usual: 0, least: 0, most: MOST_ENTRIES }),
      waitMs: count({ usual: 0, least: 0, most: MOST_WAIT_MS }),
      user: text('as `--user`').optional(),
      event: text('as `--event`').optional(),
      sdk: text('as `--sdk`').optional(),
      errors: flag,
    }),
    async handle({ deployment, query: { after, last, waitMs, ...filter } }): Promise<LiveAnswer> {
      const answer = await readLive(deployment, { after, last, waitMs, filter });
      return { ...answer, entries: answer.entries.map(briefly) };
    },
  }),
  route({
    method: 'GET',
    path: '/api/live/gate',
    summary:
      'Where the first event stopped, and what to do; null once there are rows: the notes of `sluice tail`.',
    query: z.strictObject({}),
    handle: async ({ deployment }): Promise<GateAnswer> => ({ gate: await readGate(deployment) }),
  }),
  route({
    method: 'GET',
    path: '/api/trace',
    summary:
      'Where an event, the events of a user, or a request is: `sluice trace`, with the row of an event. Times are epoch milliseconds.',
    query: z.strictObject(traceQuery),
    handle: ({ deployment, query: { id, as, since } }): Promise<Trace> =>
      trace(deployment, {
        id,
        withRow: true,
        ...(as === undefined ? {} : { subject: as }),
        ...(since === undefined ? {} : { since }),
      }),
  }),
];
