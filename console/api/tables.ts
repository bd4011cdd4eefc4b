import * as z from 'zod';
import { listTableDays, MOST_DAYS, type TableDays } from '../../observe/facts/tables/tableDays.ts';
import { findTable, listTables, type TableList } from '../../observe/facts/tables/tables.ts';
import { count, flag, type Route, route, text } from './route.ts';

/** The parameter `table`. */
const table = text('name of a table or view');

/** Calls of the page Tables. */
export const tableRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/tables',
    summary: 'All tables and views with their columns and registered days.',
    handle: ({ deployment }): Promise<TableList> => listTables(deployment),
  }),
  route({
    method: 'GET',
    path: '/api/tables/days',
    summary: 'The calendar of a table, newest day first: rows, files, bytes, gaps.',
    query: z.strictObject({
      table,
      limit: count({ usual: 60, most: MOST_DAYS }),
      noRows: flag.describe('whether rows are not counted, which is a query; false by default'),
    }),
    handle: async ({ deployment, query: { noRows, table: name, limit } }): Promise<TableDays> =>
      listTableDays(deployment, await findTable(deployment, name), { limit, countRows: !noRows }),
  }),
];
