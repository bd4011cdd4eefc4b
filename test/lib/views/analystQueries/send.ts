import type { AnalystQuery } from './AnalystQuery.ts';
import { text, valuesOf } from './madeRows.ts';
import { onMadeRows, sqlBelow } from './onMadeRows.ts';

/** The devices of one user: one more than the query leaves out. */
const GUESTS = Array.from({ length: 21 }, (_, device) => `device ${device}`);

/** The query of docs/send.md. */
export const sendQueries: readonly AnalystQuery[] = [
  {
    title: 'IDs',
    sql: onMadeRows(sqlBelow('send.md', 'IDs'), {
      product_events: valuesOf('ds, user_id, stable_id', [
        ["DATE '2026-11-11'", text('ada'), text('phone')],
        ["DATE '2026-11-11'", text('ada'), text('laptop')],
        ["DATE '2026-11-11'", text(' Undefined'), text('a')],
        ["DATE '2026-11-11'", text('0'), text(null)],
        ["DATE '2026-11-11'", text(null), text('b')],
        ...GUESTS.map((device) => ["DATE '2026-11-11'", text('guest'), text(device)]),
        ...GUESTS.slice(1).map((device) => ["DATE '2026-11-11'", text('of 20 devices'), text(device)]),
      ]),
    }),
    answers: [
      ['guest', '21', '21'],
      [' Undefined', '1', '1'],
      ['0', '0', '1'],
    ],
  },
];
