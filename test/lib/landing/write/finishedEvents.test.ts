import { expect, it } from '@jest/globals';
import { EventCounter } from '../../../../lib/landing/write/finishedEvents.ts';
import type { TableKind } from '../../../../lib/schema/kinds.ts';

/** Lines of a member, as the reader of objects of the landing gives them. */
function linesOf(...rows: readonly (readonly [kind: TableKind, row: Readonly<Record<string, unknown>>])[]) {
  let text = '';
  const lines = rows.map(([kind, row]) => {
    const from = text.length;
    const head = `{"kind":"${kind}","ds":"2026-11-20","row":`;
    text += `${head}${JSON.stringify(row)}}\n`;
    return { kind, day: '2026-11-20', from, rowFrom: from + head.length, to: text.length };
  });
  return { text: Buffer.from(text), lines };
}

it('events are counted by table and the hour in which they were received', () => {
  const counter = new EventCounter({ 'events_finished 2026-11-20T07': 5 });
  counter.add(
    linesOf(
      ['events', { event_name: 'a', received_at: '2026-11-20T07:59:59.999Z' }],
      ['exposures', { received_at: '2026-11-20T07:00:00.000Z' }],
      ['events', { received_at: '2026-11-20T08:00:00.000Z' }],
      ['events', { received_at: '2026-11-20T07:30:00.000Z' }],
    ),
  );
  counter.refuse('events', '{"event_name":"b","received_at":"2026-11-20T08:10:00.000Z"}');
  expect(counter.counts).toEqual({
    'events_finished 2026-11-20T07': 7,
    'exposures_finished 2026-11-20T07': 1,
    'events_finished 2026-11-20T08': 1,
    'events_refused 2026-11-20T08': 1,
  });
  expect(counter.counts).toEqual(counter.counts);
});

it('the time is that of the column, not of a value or a name that ends so', () => {
  const counter = new EventCounter();
  const nested = JSON.stringify({ received_at: '2026-11-20T01:00:00.000Z' });
  counter.add(
    linesOf(
      [
        'events',
        { user_object: nested, my_received_at: '2026-11-20T02', received_at: '2026-11-20T03:00:00.000Z' },
      ],
      ['events', { event_name: 'without a time' }],
      ['events', { received_at: 'no time' }],
      ['events', { received_at: '2026-11-20T03:10:00.000Z' }],
    ),
  );
  expect(counter.counts).toEqual({ 'events_finished 2026-11-20T03': 2 });
});
