import { textTable } from '../../cli/terminal/tables.ts';
import type { JsonObject } from '../../lib/base/json.ts';
import { addDays, MINUTE_MS, type UtcDay, utcDay } from '../../lib/base/time.ts';
import { askAthena } from '../../observe/deployment.ts';
import { advanceClock, heading, post, type Story, say } from './Story.ts';

/** Days of a week. */
const WEEK_DAYS = 7;
/** The number of events of a day. */
const EVENTS = 150;
/** Names of events. */
const SONGS = ['song_played', 'song_saved', 'song_skipped'];
/** How many listeners there are. */
const LISTENERS = 40;
/** The number of days of the week that are old enough to be curated in the first night. */
const CURATED = 5;

/**
 * Sends a week of events, all of them twice, and most of them late. A night later the views read the days that are old
 * enough from the curated table. They read fewer bytes, with the same answer.
 *
 * @param begin The time of the local cloud at the beginning, ISO 8601.
 * @returns The time of the local cloud at the end.
 */
export async function tellCurated(story: Story, begin: string): Promise<string> {
  const { cloud, checks } = story;
  const last = utcDay(Date.parse(begin));
  const week = Array.from({ length: WEEK_DAYS }, (_, i) => addDays(last, i + 1 - WEEK_DAYS));
  const [first = last] = week;
  heading('8. A week of events is curated over night');
  const requests = week.map((day) =>
    Array.from({ length: EVENTS }, (_, i) => song(SONGS[i % SONGS.length] ?? '', day, i)),
  );
  for (const events of requests) await post(story, events);
  await cloud.flush();
  for (const events of requests) await post(story, events);
  await cloud.flush();
  say(
    `${WEEK_DAYS * EVENTS} events of a week arrive, and arrive again: an SDK had no answer. Their days are read raw.\n`,
  );

  const answers: Record<string, unknown>[] = [];
  const question = `SELECT event_name, count(*) AS events, count(DISTINCT user_id) AS users FROM product_events
WHERE ds BETWEEN DATE '${first}' AND DATE '${week[CURATED - 1]}' AND event_name LIKE 'song_%' GROUP BY 1 ORDER BY 1`;
  const ask = async (moment: string, now: string) => {
    const deployment = { ...story.deployment, now: Date.parse(now) };
    const { rows, scannedBytes } = await askAthena(deployment, question);
    const answer = Object.fromEntries(rows.map(({ event_name, events }) => [event_name, Number(events)]));
    answers.push({ when: moment, ...answer, 'bytes that Athena read': scannedBytes });
    return { answer, rows, scannedBytes };
  };
  const raw = await ask('before', begin);
  const perSong = (CURATED * EVENTS) / SONGS.length;
  checks.equal('events by name', raw.answer, Object.fromEntries(SONGS.map((name) => [name, perSong])));

  const night = await advanceClock(story, `${addDays(last, 1)}T06:00:00Z`);
  const curated = await ask('in the morning, curated', night);
  checks.equal('the answer from curated days', curated.rows, raw.rows);
  checks.equal('it reads fewer bytes', curated.scannedBytes < raw.scannedBytes, true);

  say(`The same question, of ${first} to ${week[CURATED - 1]}:\n\n${question}\n\n${textTable(answers)}`);
  return night;
}

/** An event of a listener. @param i Its number, which decides who and when. */
function song(eventName: string, day: UtcDay, i: number): JsonObject {
  const user = { userID: `listener-${i % LISTENERS}`, custom: { plan: i % 3 === 0 ? 'free' : 'family' } };
  return { eventName, user, value: i, time: Date.parse(`${day}T00:10:00Z`) + i * MINUTE_MS };
}
