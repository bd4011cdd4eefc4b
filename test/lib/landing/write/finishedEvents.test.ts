import { expect, it } from '@jest/globals';
import { EventCounter } from '../../../../lib/landing/write/finishedEvents.ts';

/** Lines of a member, as the reader of objects of the landing gives them. */
function linesOf(...rows: readonly Readonly<Record<string, unknown>>[]) {
  let text = '';
  const lines = rows.map((row) => {
    const from = text.length;
    const head = '{"kind":"events","ds":"2026-11-20","row":';
    text += `${head}${JSON.stringify(row)}}\n`;
    const place = { from, rowFrom: from + head.length, to: text.length };
    return { kind: 'events', day: '2026-11-20', hour: null, ...place } as const;
  });
  return { text: Buffer.from(text), lines };
}

it('the time is that of the column, not of a value or a name that ends so', () => {
  const counter = new EventCounter();
  const nested = JSON.stringify({ received_at: '2026-11-20T01:00:00.000Z' });
  counter.add(
    linesOf(
      { user_object: nested, my_received_at: '2026-11-20T02', received_at: '2026-11-20T03:00:00.000Z' },
      { event_name: 'without a time' },
      { received_at: 'no time' },
      { received_at: '2026-11-20T04:10:00.000Z' },
    ),
  );
  const events_finished = 1;
  expect(counter.counts).toEqual({
    '2026-11-20T03': { events_finished },
    '2026-11-20T04': { events_finished },
  });
});

it('the hour is that of the line, and of its row in a line without one', () => {
  const counter = new EventCounter();
  const at = (hour: string) => ({ received_at: `2026-11-20T${hour}:10:00.000Z` });
  const { text, lines } = linesOf(at('03'), at('04'), at('04'), {}, at('04'));
  const said = ['2026-11-20T07', null, '2026-11-20T04', '2026-11-20T07', null];
  counter.add({ text, lines: lines.map((line, i) => ({ ...line, hour: said[i] ?? null })) });
  expect(counter.counts).toEqual({
    '2026-11-20T07': { events_finished: 2 },
    '2026-11-20T04': { events_finished: 3 },
  });
});
