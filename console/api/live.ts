import * as z from 'zod';
import { shortText } from '../../lib/base/text.ts';
import type { LiveAnswer, LiveEntry } from '../../observe/facts/flow/liveEntries.ts';
import { type Gate, readGate } from '../../observe/live/gate.ts';
import { MOST_WAIT_MS } from '../../observe/live/LiveOptions.ts';
import { readLive } from '../../observe/live/live.ts';
import { count, flag, type Route, route, text } from './route.ts';

/** Where the first event stopped. */
export interface GateAnswer {
  /** What stopped it; null once there are rows. */
  readonly gate: Gate | null;
}

/** Characters of a sender's text that Live shows. */
const BRIEF = 120;
/**
 * Characters of a cursor. It is in the address, and Node takes 16 KB of address and headers. The token of CloudWatch Logs in a cursor has
 * no greatest length: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
 */
const MOST_CURSOR = 8_000;
/** Entries from before the call that one answer has. */
const MOST_ENTRIES = 1_000;

/**
 * An entry in which texts of the sender are short. An event is without its row: the page asks for the row of one that somebody unfolds.
 */
function briefly(entry: LiveEntry): LiveEntry {
  const short = (sent: string | null) => sent && shortText(sent, BRIEF);
  if (entry.type === 'request') return { ...entry, host: short(entry.host) };
  const { name, unit, group } = entry;
  return { ...entry, name: short(name), unit: short(unit), group: short(group), row: null };
}

/** Calls of the page Live. */
export const liveRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/live',
    summary: 'Events and requests since a cursor, and during the wait: `sluice tail`.',
    query: z.strictObject({
      after: text('`next` of the answer before; by default what comes from now on', MOST_CURSOR).optional(),
      last: count({
        what: 'matching entries from before the call, without `after`',
        usual: 0,
        least: 0,
        most: MOST_ENTRIES,
      }),
      waitMs: count({
        what: 'milliseconds to wait for an entry that matches',
        usual: 0,
        least: 0,
        most: MOST_WAIT_MS,
      }),
      user: text('only rows of this user or other unit ID').optional(),
      event: text(
        'only rows of this event, experiment, gate or config; `*` at the end stands for any rest',
      ).optional(),
      sdk: text('only of this SDK, as `javascript-client`; `*` at the end stands for any rest').optional(),
      errors: flag.describe(
        'whether only what was refused, failed, overflowed or went to quarantine; false by default',
      ),
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
];
