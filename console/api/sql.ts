import * as z from 'zod';
import {
  cancelSql,
  MOST_ROWS,
  readSqlRows,
  readSqlRun,
  type SqlPage,
  type SqlRun,
  startSql,
} from '../../observe/runSql.ts';
import { count, cursor, type Route, route, text } from './route.ts';

/** Characters of a statement: Athena takes 262,144 bytes, https://docs.aws.amazon.com/athena/latest/ug/service-limits.html */
const MOST_SQL = 262_144;

/** The parameter `id`. */
const id = text("Athena's ID of the query");
/** The statement of a query. */
const sql = z.string().min(1).max(MOST_SQL).describe('one statement');

/** Calls of the page SQL. */
export const sqlRoutes: readonly Route[] = [
  route({
    method: 'POST',
    path: '/api/sql/start',
    summary:
      "Start a statement in Athena's dialect, in the workgroup. One that does more than read needs a console that may write.",
    body: z.strictObject({ sql }),
    handle: ({ deployment, body, mayWrite }): Promise<SqlRun> =>
      startSql(deployment, { sql: body.sql, mayWrite }),
  }),
  route({
    method: 'GET',
    path: '/api/sql/run',
    summary: 'How far a query is, the bytes it read, or why it failed.',
    query: z.strictObject({ id }),
    handle: ({ deployment, query }): Promise<SqlRun> => readSqlRun(deployment, query.id),
  }),
  route({
    method: 'GET',
    path: '/api/sql/rows',
    summary: 'A page of the rows of a query that succeeded.',
    query: z.strictObject({ id, limit: count({ usual: 100, most: MOST_ROWS }), cursor }),
    handle: ({ deployment, query: { id: queryId, ...page } }): Promise<SqlPage> =>
      readSqlRows(deployment, queryId, page),
  }),
  route({
    method: 'POST',
    path: '/api/sql/cancel',
    summary: 'Stop a query.',
    body: z.strictObject({ id }),
    async handle({ deployment, body }): Promise<SqlRun> {
      await cancelSql(deployment, body.id);
      return readSqlRun(deployment, body.id);
    },
  }),
];
