import * as z from 'zod';
import { readCalendar } from '../../observe/ingest/calendar.ts';
import { explainDay, explainExportDay, listRefusedRows } from '../../observe/ingest/explainDay.ts';
import { requestBackfill, requestExport, requestIngest } from '../../operate/ingest/requests.ts';
import { count, cursor, day, dryRun, route, text } from './route.ts';

const source = text('name of a source');
const dataset = text('name of a dataset');
const exported = text('name of an export');

/** Calls of the page Drops and exports. */
export const dropRoutes = [
  route({
    method: 'GET',
    path: '/api/drops',
    summary: 'The calendar of all datasets and exports: states, rows, versions, late days.',
    query: z.strictObject({ days: count({ usual: 21, most: 92 }), until: day.optional() }),
    handle: ({ deployment, query }) => readCalendar(deployment, query),
  }),
  route({
    method: 'GET',
    path: '/api/drops/day',
    summary:
      'A day of a dataset, explained: fates of files, refused rows, failure with cause and cure, what is next.',
    query: z.strictObject({ source, dataset, day }),
    handle: ({ deployment, query }) => explainDay(deployment, query),
  }),
  route({
    method: 'GET',
    path: '/api/drops/refused',
    summary: 'Refused rows of the files that were loaded last for a day.',
    query: z.strictObject({ source, dataset, day, limit: count({ usual: 20, most: 500 }), cursor }),
    handle: ({ deployment, query: { limit, cursor: after, ...wanted } }) =>
      listRefusedRows(deployment, wanted, { limit, cursor: after }),
  }),
  route({
    method: 'POST',
    path: '/api/drops/run',
    summary: 'Look for changes of datasets and load them, as the schedule does.',
    body: z.strictObject({ dryRun, source: source.optional(), dataset: dataset.optional() }),
    writes: true,
    handle: ({ deployment, body }) => requestIngest(deployment, body),
  }),
  route({
    method: 'POST',
    path: '/api/drops/backfill',
    summary: 'Load days of a dataset again, whatever the ledger says.',
    body: z.strictObject({ dryRun, source, dataset, from: day, to: day.optional() }),
    writes: true,
    handle: ({ deployment, body }) => requestBackfill(deployment, body),
  }),
  route({
    method: 'GET',
    path: '/api/exports/day',
    summary: 'A day of an export, explained.',
    query: z.strictObject({ export: exported, day }),
    handle: ({ deployment, query }) => explainExportDay(deployment, query),
  }),
  route({
    method: 'POST',
    path: '/api/exports/run',
    summary: 'Export changed days of the lookback, or the days that are named, changed or not.',
    body: z.strictObject({ dryRun, export: exported.optional(), from: day.optional(), to: day.optional() }),
    writes: true,
    handle: ({ deployment, body }) => requestExport(deployment, body),
  }),
];
