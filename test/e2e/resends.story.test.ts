import { afterAll, expect, it } from '@jest/globals';
import { addDays, type UtcDay } from '../../lib/base/time.ts';
import type { CuratedCalendar } from '../../observe/facts/days/curatedDays.ts';
import { copiesQuery } from '../harness/copiesQuery.ts';
import { storyCloud } from '../harness/storyCloud.ts';

const FIRST: UtcDay = '2026-11-01';
const at = (days: number) => `${addDays(FIRST, days)}T10:00:00Z`;
const time = (days: number) => Date.parse(at(days));

/** What is sent: an event's time, the days after the first on which it is received, and the rows that views show. */
const sent = {
  'in the window': { time: time(0), on: [0, 1, 6], rows: 1 },
  'ten days late': { time: time(-10), on: [0, 9], rows: 2 },
  'late at the second try': { time: time(-1), on: [0, 9], rows: 2 },
  'late, twice on one day': { time: time(-10), on: [0, 0], rows: 1 },
  'seconds for milliseconds': { time: time(0) / 1_000, on: [0, 1, 9], rows: 3 },
  'three days ahead': { time: time(3), on: [0, 2], rows: 2 },
  'replayed with its header': { time: time(0), on: [0, 1], rows: 2, clock: 'header' },
  'replayed with its query': { time: time(0), on: [0, 1], rows: 2, clock: 'query' },
  'replayed with its body': { time: time(0), on: [0, 1], rows: 2, clock: 'body' },
  'replayed without its clock': { time: time(0), on: [0, 1], rows: 1, clock: 'stripped' },
} as const;
const names = Object.keys(sent) as (keyof typeof sent)[];

/** The request of its first try, as it was recorded; `stripped` as docs/sdks.md asks for after the first. */
function requestOf(name: keyof typeof sent, day: number) {
  const { time: sentTime, ...one } = sent[name];
  const clock = 'clock' in one ? one.clock : undefined;
  const stated = String(time(0));
  const user = { userID: 'ada' };
  const metadata = { gate: name, gateValue: 'true', ruleID: 'r' };
  const events = [
    { eventName: name, time: sentTime, user },
    { eventName: 'statsig::gate_exposure', time: sentTime, user, metadata },
  ];
  const isInHeader = clock === 'header' || (clock === 'stripped' && day === 0);
  return {
    path: clock === 'query' ? `/v1/rgstr?t=${stated}` : '/v1/rgstr',
    headers: isInHeader ? { 'statsig-client-time': stated } : {},
    body: JSON.stringify(clock === 'body' ? { events, clientTime: stated } : { events }),
  };
}

const copiesSql = copiesQuery();
const exposuresSql = copiesSql
  .replaceAll('product_events', 'experiment_exposures')
  .replaceAll('event_name', 'experiment_id');

// One story: the days go by.
const story = await storyCloud({ curate: true }, { startsAt: at(0) });
afterAll(() => story.close());

async function expectCopies() {
  const rows =
    'SELECT event_name, count(*) AS n, count(DISTINCT event_id) AS ids FROM product_events GROUP BY 1';
  const shown = await story.ask(rows);
  const wanted = names.map((name) => ({ event_name: name, n: String(sent[name].rows), ids: '1' }));
  expect(new Set(shown)).toEqual(new Set(wanted));
  const several = names.filter((name) => sent[name].rows > 1);
  const copies = (column: string) =>
    new Set(several.map((name) => ({ [column]: name, copies: String(sent[name].rows - 1) })));
  expect(new Set(await story.ask(copiesSql))).toEqual(copies('event_name'));
  expect(new Set(await story.ask(exposuresSql))).toEqual(copies('experiment_id'));
  const units = await story.ask(
    'SELECT DISTINCT experiment_id, count(*) AS n FROM first_exposures GROUP BY 1',
  );
  expect(new Set(units.map(({ n }) => n))).toEqual(new Set(['1']));
}

it('lie under each day on which they were received outside of the window or with an old clock, and the query of docs/answers.md counts them', async () => {
  const days = new Set(names.flatMap((name) => sent[name].on));
  for (const day of [...days].sort((a, b) => a - b)) {
    if (day > 0) await story.jumpTo(at(day));
    for (const name of names)
      for (const on of sent[name].on)
        if (on === day) expect(await story.post(requestOf(name, day))).toBe(202);
    await story.cloud.flush();
  }
  await expectCopies();
});

it('do so once their days are curated, too', async () => {
  await story.jumpTo(at(13));
  for (let left = 1, flushes = 0; left > 0 && flushes < 5; flushes += 1)
    left = (await story.cloud.flush()).unregistered;
  const { tables }: CuratedCalendar = await story.json('curate', 'status', '--days', '14');
  for (const { days } of tables)
    expect(days.filter(({ state }) => state === 'curated').map(({ day }) => day)).toEqual(
      [9, 3, 1, 0].map((one) => addDays(FIRST, one)),
    );
  await expectCopies();
});
