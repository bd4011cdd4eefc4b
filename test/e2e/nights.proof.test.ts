import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import { HOUR_MS } from '../../lib/base/time.ts';
import type { ReceivedHour } from '../../lib/reconcile/receivedHours.ts';
import type { Status } from '../../observe/findings/status.ts';
import { storyCloud } from '../harness/storyCloud.ts';

const RECEIVED_HOURS = 'statsig/ingested/received_hours';

const story = await storyCloud({ curate: false }, { startsAt: '2026-11-20T20:30:00Z' });
afterAll(() => story.close());

/** What tells of nights: the finding, and the alarms that are on. */
async function findingsNow() {
  const { problems, alarms } = await story.json<Status>('status');
  const missing = problems.find(({ code }) => code === 'SLUICE_FINDING_NIGHT_MISSING');
  return {
    detail: missing?.detail ?? null,
    on: (alarms ?? []).flatMap(({ name, state }) => (state === 'ALARM' ? [name] : [])),
  };
}
const QUIET = { detail: null, on: [] };

async function hoursOf(day: string): Promise<readonly ReceivedHour[]> {
  const lines = Buffer.from(await story.read(`${RECEIVED_HOURS}/${day}.json`)).toString();
  return lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

describe('nights whose write is denied', () => {
  it('are told by nobody before the first is due', async () => {
    await story.jumpHours(4);
    expect(await findingsNow()).toEqual(QUIET);
    await story.jumpHours(3);
    expect(await story.keys(RECEIVED_HOURS)).toContain(`${RECEIVED_HOURS}/2026-11-20.json`);
    expect(await findingsNow()).toEqual(QUIET);
  });

  it('are told by status with what they failed with, and by one alarm, until one succeeds', async () => {
    const Resource = `arn:aws:s3:::${story.cloud.bucket}/${RECEIVED_HOURS}/*`;
    const putBack = await story.deny({ Sid: 'NoNights', Action: 's3:PutObject', Resource });
    await story.jumpTo('2026-11-22T01:00:00Z');
    await story.advance(1.25 * HOUR_MS);
    expect((await findingsNow()).detail).toMatch(/^2026-11-21 is the newest .* 2026-11-20 .*AccessDenied/);
    await story.jumpHours(2);
    expect((await findingsNow()).on).toContain('sluice-local-night-missing');
    await story.jumpTo('2026-11-23T01:00:00Z');
    await story.advance(1.25 * HOUR_MS);
    expect(await findingsNow()).toEqual({
      detail: expect.stringMatching(/^2026-11-22 is the newest .* 2026-11-20 /),
      on: expect.arrayContaining(['sluice-local-night-missing']),
    });
    await putBack();
    await story.jumpTo('2026-11-24T01:00:00Z');
    await story.advance(1.25 * HOUR_MS);
    expect((await findingsNow()).detail).toBeNull();
    expect((await findingsNow()).on).not.toContain('sluice-local-night-missing');
    // The two days are made up for.
    expect(await story.keys(RECEIVED_HOURS)).toContain(`${RECEIVED_HOURS}/2026-11-21.json`);
  });
});

describe('a damaged object that is tried again two days later', () => {
  it('is of the hour in which it came: the day of the try stays whole', async () => {
    const line = `{"kind":"events","ds":"2026-11-24","row":{"event_id":"a","received_at":"2026-11-24T07:10:00.000Z"},"v":2}\n`;
    await story.jumpTo('2026-11-24T07:10:00Z');
    await story.put('landing/2026/11/24/07/newer-1-2026-11-24-07-10-00-a.gz', gzipSync(line));
    await story.cloud.flush();
    expect(await story.keys('damaged/')).toHaveLength(1);
    // CloudWatch has values of each hour of the day.
    await story.jumpTo('2026-11-26T00:00:00Z');
    await story.advance(20 * HOUR_MS);
    expect((await story.sluice('redrive', '--damaged')).code).toBe(0);
    await story.cloud.flush();
    expect(await story.keys('damaged/')).toHaveLength(1);
    await story.advance(5.5 * HOUR_MS);
    for (const night of ['2026-11-28', '2026-11-29', '2026-11-30']) await story.jumpTo(`${night}T01:15:00Z`);
    const tried = await hoursOf('2026-11-26');
    expect(tried.filter(({ state }) => state !== 'whole')).toEqual([]);
    const waiting = (await hoursOf('2026-11-24')).filter((row) => Number(row['waiting_objects']) > 0);
    expect(waiting.map(({ hour, state }) => `${hour} ${state}`)).toEqual(Array(3).fill('7 unknown'));
  });
});
