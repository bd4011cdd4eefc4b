import type { AnalystQuery } from './AnalystQuery.ts';
import { valuesOf } from './madeRows.ts';
import { onMadeRows, sqlBelow } from './onMadeRows.ts';

/** The second query of docs/answers.md. The first is that of `firstQuery`. */
export const answersQueries: readonly AnalystQuery[] = [
  {
    title: 'Each order once',
    sql: onMadeRows(sqlBelow('answers.md', 'Each order once'), {
      product_events: valuesOf('event_name, ds, company_metadata, value_number', [
        ["'purchase'", "DATE '2026-11-11'", `'{"order":"o-1"}'`, 12.5],
        ["'purchase'", "DATE '2026-11-11'", `'{"order":"o-1"}'`, 12.5],
        ["'purchase'", "DATE '2026-11-11'", `'{"order":2}'`, 7],
        ["'purchase'", "DATE '2026-11-11'", `'{}'`, 100],
      ]),
    }),
    answers: [['2', '19.5']],
  },
];
