import type { AnalystQuery } from './AnalystQuery.ts';
import { valuesOf } from './madeRows.ts';
import { onMadeRows, partOf } from './onMadeRows.ts';

const newest = partOf('ingest-mapping.md', /`(SELECT customer_id, max_by.*?)`/);
const isLeft = partOf('ingest-mapping.md', /`(HAVING NOT max_by.*?)`/);

/** The query of docs/ingest-mapping.md, which stands there in two parts. */
export const ingestMappingQueries: readonly AnalystQuery[] = [
  {
    title: 'Kinds: newest rows of changes with a mark of deletion',
    sql: onMadeRows(`${newest} ${isLeft} ORDER BY customer_id`, {
      acme_customers: valuesOf('customer_id, plan, deleted, changed_at', [
        ["'ada'", "'free'", 'NULL', 1],
        ["'ada'", "'pro'", false, 2],
        ["'bob'", "'pro'", true, 2],
        ["'bob'", "'free'", 'NULL', 1],
        ["'cyd'", "'pro'", true, 1],
        ["'cyd'", "'free'", 'NULL', 2],
      ]),
    }),
    answers: [
      ['ada', 'pro'],
      ['cyd', 'free'],
    ],
  },
];
