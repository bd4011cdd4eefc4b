import type { AnalystQuery } from './AnalystQuery.ts';
import { text, valuesOf } from './madeRows.ts';
import { onMadeRows, sqlBelow } from './onMadeRows.ts';

/** The query of docs/privacy.md that lists members of metadata. */
export const privacyQueries: readonly AnalystQuery[] = [
  {
    title: 'Rules of what is stored: members of events',
    sql: onMadeRows(sqlBelow('privacy.md', 'Rules of what is stored'), {
      product_events: valuesOf('ds, event_name, company_metadata', [
        ["DATE '2026-11-20'", text('purchase'), text('{"sku":"hat-7","contact":"ada@example.com"}')],
        ["DATE '2026-11-20'", text('purchase'), text('{"sku":7}')],
        ["DATE '2026-11-20'", text('visit'), text('{"of":{"mail":"bob@example.com"}}')],
        ["DATE '2026-11-20'", text('visit'), text(null)],
        ["DATE '2026-11-19'", text('visit'), text('{"earlier":true}')],
      ]),
    }),
    answers: [
      ['purchase', 'contact', '1', '1'],
      ['purchase', 'sku', '2', '0'],
      ['visit', 'of', '1', '1'],
    ],
  },
];
