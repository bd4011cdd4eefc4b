import * as z from 'zod';
import { forwardedKinds } from '../../lib/schema/kinds.ts';
import { type CuratedCalendar, readCuratedCalendar } from '../../observe/facts/days/curatedCalendar.ts';
import { configuredDatasets } from '../../observe/facts/days/datasets.ts';
import { type DropsCalendar, readDropsPage } from '../../observe/facts/days/dropsPage.ts';
import type { QuarantinedPage } from '../../observe/facts/tables/listQuarantined.ts';
import { namedDatasets } from '../../observe/ingest/datasets.ts';
import { type ExplainedDay, explainDay, listRefusedRows } from '../../observe/ingest/explainDay.ts';
import { type CurateRequested, requestRebuild } from '../../operate/curate/requests.ts';
import { type ExportDaysRequest, requestExport } from '../../operate/export/requests.ts';
import { type BackfillRequest, requestBackfill } from '../../operate/ingest/requests.ts';
import { count, cursor, day, dryRun, type Route, route, text } from './route.ts';

/** The parameter `source`. */
const source = text('name of a source');
/** The parameter `dataset`. */
const dataset = text('name of a dataset');
/** The parameter `kind`. */
const kind = z.enum(forwardedKinds).describe('exposures or events');

/** A page of the calendar of everything that has days in a ledger. */
export interface DaysAnswer extends DropsCalendar {
  /** Null of later pages and of one source, and if the configuration curates nothing. */
  readonly curated: CuratedCalendar | null;
  /** Names of all sources, in the order of the configuration. */
  readonly sources: readonly string[];
}

/** Calls of the page Days. */
export const dayRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/days',
    summary:
      'A page of the calendar of datasets, exports and curated tables, first those that need somebody: states, rows, versions, late days, what views read.',
    query: z.strictObject({
      days: count({ usual: 14, most: 92 }),
      until: day.optional(),
      source: text('name of a source: its datasets alone').optional(),
      after: cursor,
    }),
    async handle({ deployment, query: { source: named, after, ...span } }): Promise<DaysAnswer> {
      const { config } = deployment;
      const about =
        named === undefined
          ? { datasets: configuredDatasets(config), exports: config.exports }
          : { datasets: namedDatasets(config, { source: named }), exports: [] };
      const isCurated = config.curate && named === undefined && after === undefined;
      const [{ calendar }, curated] = await Promise.all([
        readDropsPage(deployment, about, { ...span, after }),
        isCurated ? readCuratedCalendar(deployment, { kinds: forwardedKinds, ...span }) : null,
      ]);
      return { ...calendar, curated, sources: config.sources.map(({ name }) => name) };
    },
  }),
  route({
    method: 'GET',
    path: '/api/drops/day',
    summary:
      'A day of a dataset, explained: fates of files, refused rows, failure with cause and cure, what is next.',
    query: z.strictObject({ source, dataset, day }),
    handle: ({ deployment, query }): Promise<ExplainedDay> => explainDay(deployment, query),
  }),
  route({
    method: 'GET',
    path: '/api/drops/refused',
    summary: 'Refused rows of the files that were loaded last for a day.',
    query: z.strictObject({ source, dataset, day, limit: count({ usual: 20, most: 500 }) }),
    handle: ({ deployment, query: { limit, ...wanted } }): Promise<QuarantinedPage> =>
      listRefusedRows(deployment, wanted, limit),
  }),
  route({
    method: 'POST',
    path: '/api/drops/backfill',
    summary: 'Load days of a dataset again, whatever the ledger says.',
    body: z.strictObject({ dryRun, source, dataset, from: day, to: day.optional() }),
    writes: true,
    handle: ({ deployment, body }): Promise<BackfillRequest> => requestBackfill(deployment, body),
  }),
  route({
    method: 'POST',
    path: '/api/exports/run',
    summary: 'Export days again, changed or not.',
    body: z.strictObject({ dryRun, export: text('name of an export'), from: day, to: day.optional() }),
    writes: true,
    handle: ({ deployment, body }): Promise<ExportDaysRequest> => requestExport(deployment, body),
  }),
  route({
    method: 'POST',
    path: '/api/curate/rebuild',
    summary: 'Curate days of a table again, changed or not.',
    body: z.strictObject({ dryRun, kind, from: day, to: day.optional() }),
    writes: true,
    handle: ({ deployment, body: { kind: curatedKind, ...body } }): Promise<CurateRequested> =>
      requestRebuild(deployment, { kinds: [curatedKind], ...body }),
  }),
];
