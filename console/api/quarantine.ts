import * as z from 'zod';
import { isQuarantineReason } from '../../lib/landing/quarantineReasons.ts';
import { QUARANTINE_HOURS } from '../../observe/commands.ts';
import { countQuarantine, type QuarantineCounts } from '../../observe/facts/tables/countQuarantine.ts';
import { listQuarantined, type QuarantinedPage } from '../../observe/facts/tables/listQuarantined.ts';
import type { QuarantineSelection } from '../../observe/quarantine/readQuarantine.ts';
import { type RedriveReport, redrive } from '../../operate/quarantine/redriveQuarantine.ts';
import { count, day, dayTimes, dryRun, type Route, route, text } from './route.ts';

/** Rows of quarantine that were validated again. */
export interface RedriveAnswer extends QuarantineSelection, RedriveReport {
  /** Whether nothing was delivered. */
  readonly dryRun: boolean;
}

/** A parameter with a time. */
const instant = z.iso
  .datetime()
  .transform((value) => Date.parse(value))
  .pipe(dayTimes)
  .describe('time of receipt, ISO 8601');
/** The parameter `reason`. */
const reason = z
  .string()
  .refine(isQuarantineReason, 'expected a reason that can be redriven')
  .describe('code of a reason that can be redriven');

/** Calls of the page Quarantine. */
export const quarantineRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/quarantine',
    summary: 'Refused events of the last hours, by reason, with cause and cure.',
    query: z.strictObject({ hours: count(QUARANTINE_HOURS) }),
    handle: ({ deployment, query }): Promise<QuarantineCounts> => countQuarantine(deployment, query),
  }),
  route({
    method: 'GET',
    path: '/api/quarantine/rows',
    summary: 'Rows of quarantine, the newest first, each with the beginning of what was refused.',
    query: z.strictObject({
      reason: text('code of a reason').optional(),
      from: instant,
      to: instant,
      limit: count({ usual: 20, most: 500 }),
    }),
    handle: ({ deployment, query: { limit, ...filter } }): Promise<QuarantinedPage> =>
      listQuarantined(deployment, filter, limit),
  }),
  route({
    method: 'POST',
    path: '/api/quarantine/redrive',
    summary: 'Validate the rows of a reason again, by days of receipt, and deliver those that pass.',
    body: z.strictObject({ dryRun, reason, from: day, to: day }),
    writes: true,
    handle: async ({ deployment, body: { dryRun: isDry, ...selection } }): Promise<RedriveAnswer> => ({
      dryRun: isDry,
      ...selection,
      ...(await redrive(deployment, selection, isDry)),
    }),
  }),
];
