import * as z from 'zod';
import { readAlarms } from '../../observe/facts/flow/alarms.ts';
import type { LookedAt } from '../../observe/findings/setup/diagnose.ts';
import { readStatus } from '../../observe/findings/status.ts';
import { count, route } from './route.ts';

/** What `sluice doctor` found. */
export interface DoctorAnswer {
  readonly checks: readonly LookedAt[];
}

/** Calls of the page Status. What loads many clients or the collector is loaded when it is first asked. */
export const statusRoutes = [
  route({
    method: 'GET',
    path: '/api/status',
    summary: 'The state of every part, what waits, and what needs attention, as `sluice status --json`.',
    handle: ({ deployment }) => readStatus(deployment),
  }),
  route({
    method: 'GET',
    path: '/api/doctor',
    summary: 'What every check of `sluice doctor` finds. It takes a while, and changes nothing.',
    async handle({ deployment }): Promise<DoctorAnswer> {
      const { diagnose } = await import('../../observe/findings/setup/diagnose.ts');
      const { checks } = await diagnose({ ...deployment, loadConfig: async () => deployment.config });
      return { checks };
    },
  }),
  route({
    method: 'GET',
    path: '/api/alarms',
    summary: 'The alarms of the stack, and which of them are on.',
    handle: async ({ deployment }) => ({ alarms: await readAlarms(deployment) }),
  }),
  route({
    method: 'GET',
    path: '/api/cost',
    summary: 'USD a month by part, by the metrics of the last days, as `sluice cost --json`.',
    query: z.strictObject({ days: count({ usual: 7, most: 30 }) }),
    async handle({ deployment, query: { days } }) {
      const { costJson, costOfStage } = await import('../../observe/cost/cost.ts');
      return costJson(await costOfStage(deployment, { days, events: undefined }));
    },
  }),
];
