import * as z from 'zod';
import { monitorsJson, readMonitors } from '../../observe/monitors/monitors.ts';
import { readAlarms } from '../../observe/status/alarms.ts';
import { readRates } from '../../observe/status/rates.ts';
import { readStatus } from '../../observe/status/status.ts';
import { deploymentOptions } from '../../observe/target.ts';
import { count, route } from './route.ts';

/** Calls of the pages Now and Health. What loads many clients or the collector is loaded when it is first asked. */
export const statusRoutes = [
  route({
    method: 'GET',
    path: '/api/status',
    summary: 'The state of every part, what waits, and what needs attention, as `sluice status --json`.',
    handle: ({ deployment }) => readStatus(deployment),
  }),
  route({
    method: 'GET',
    path: '/api/rates',
    summary: 'The last hour by minute: requests, events by what became of them, latency, files.',
    handle: ({ deployment }) => readRates(deployment),
  }),
  route({
    method: 'GET',
    path: '/api/alarms',
    summary: 'The alarms of the stack, and which of them are on.',
    handle: async ({ deployment }) => ({ alarms: await readAlarms(deployment) }),
  }),
  route({
    method: 'GET',
    path: '/api/monitors',
    summary:
      'What monitors found: what is open and why, and what began and ended, as `sluice monitors --json`.',
    handle: async ({ deployment }) =>
      monitorsJson(await readMonitors(deployment), deploymentOptions(deployment)),
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
  route({
    method: 'GET',
    path: '/api/doctor',
    summary: 'Findings so far of the last run of `sluice doctor` in this console.',
    handle: async ({ deployment }) => (await import('./doctorRun.ts')).readDoctorRun(deployment),
  }),
  route({
    method: 'POST',
    path: '/api/doctor',
    summary: 'Start the doctor, unless it is running. It changes nothing.',
    handle: async ({ deployment }) => (await import('./doctorRun.ts')).startDoctorRun(deployment),
  }),
];
