import { defineErrorFamily } from '../../../../../lib/errors/defineErrorFamily.ts';

/** What can be wrong with a query over the local tables. */
export const QueryError = defineErrorFamily('user', {
  SLUICE_QUERY_NO_DATA: {
    cause: 'There is no catalog to query.',
    cure: 'Start the local cloud once (`npm start`), or name its data directory with --data.',
  },
  SLUICE_QUERY_FAILED: {
    cause: 'DuckDB could not answer the query.',
    cure: 'Mend the SQL; `show all tables` lists the tables, `describe <table>` a table’s columns.',
  },
});
