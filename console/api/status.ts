import * as z from 'zod';
import { systemClock } from '../../lib/base/time.ts';
import type { CheckReport } from '../../observe/doctor/report.ts';
import { readAlarms } from '../../observe/facts/flow/alarms.ts';
import { readStatus } from '../../observe/findings/status.ts';
import { count, route } from './route.ts';

/** What `sluice doctor` found. */
export interface DoctorAnswer {
  readonly checks: readonly CheckReport[];
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
      const [{ openDoctorContext }, { runChecks }, { checks }, { reportChecks }] = await Promise.all([
        import('../../observe/doctor/DoctorContext.ts'),
        import('../../observe/doctor/runChecks.ts'),
        import('../../observe/doctor/checks.ts'),
        import('../../observe/doctor/report.ts'),
      ]);
      const loadConfig = async () => deployment.config;
      const context = openDoctorContext({ ...deployment, loadConfig, clock: systemClock });
      try {
        return { checks: reportChecks(await runChecks(checks, context)) };
      } finally {
        context.close();
      }
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
