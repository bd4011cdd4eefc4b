import * as z from 'zod';
import type { LookedAt } from '../../observe/doctor/diagnose.ts';
import { type Period, readOverTime } from '../../observe/facts/flow/overTime.ts';
import { readStatus, type Status } from '../../observe/findings/status.ts';
import { count, type Route, route } from './route.ts';

/** What `sluice doctor` found. */
export interface DoctorAnswer {
  /** What was looked at, in order. */
  readonly checks: readonly LookedAt[];
}

/** Calls of the page Status. What loads many clients or the collector is loaded when it is first asked. */
export const statusRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/findings',
    summary:
      '`cheap`: the state of every part and what needs attention, as `sluice status --json`. `full`: what every check of `sluice doctor` finds.',
    query: z.strictObject({
      depth: z.enum(['cheap', 'full']).default('cheap').describe('`cheap`, the default, or `full`'),
    }),
    async handle({ deployment, query: { depth } }): Promise<Status | DoctorAnswer> {
      if (depth === 'cheap') return readStatus(deployment);
      const { diagnose } = await import('../../observe/doctor/diagnose.ts');
      const { checks } = await diagnose(deployment);
      return { checks };
    },
  }),
  route({
    method: 'GET',
    path: '/api/over-time',
    summary:
      'The last days by five minutes: requests by answer, events, what went to `landing/direct/`, and messages of the writer.',
    query: z.strictObject({ days: count({ usual: 1, most: 7 }) }),
    handle: ({ deployment, query }): Promise<readonly Period[]> => readOverTime(deployment, query.days),
  }),
];
