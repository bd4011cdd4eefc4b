import type { AnalystQuery } from './AnalystQuery.ts';
import { text, valuesOf } from './madeRows.ts';
import { onMadeRows, sqlBelow } from './onMadeRows.ts';

/** The query of docs/cost.md. */
export const costQueries: readonly AnalystQuery[] = [
  {
    title: 'Why the bill rose',
    sql: onMadeRows(sqlBelow('cost.md', 'Why the bill rose'), {
      statsig_forwarded_events: valuesOf('ds, event_name, user_object, company_metadata', [
        ["DATE '2026-11-20'", text('page_view'), text('{"userID":"ada"}'), text(null)],
        ["DATE '2026-11-20'", text('page_view'), text('{}'), text(null)],
        ["DATE '2026-11-20'", text('purchase'), text('{}'), text('{"sku":"hat-7","shop":"b"}')],
        ["DATE '2026-11-20'", text('purchase'), text(null), text(null)],
        ["DATE '2026-11-19'", text('purchase'), text('{}'), text(null)],
      ]),
    }),
    answers: [
      ['purchase', '2', '28'],
      ['page_view', '2', '18'],
    ],
  },
];
