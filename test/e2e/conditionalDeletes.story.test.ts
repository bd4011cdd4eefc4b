import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { storyCloud } from '../harness/storyCloud.ts';
import { eventually } from '../harness/waiting.ts';

const HOUR_MS = 3_600_000;

const story = await storyCloud(undefined, { startsAt: '2026-11-20T10:00:00Z' });
afterAll(() => story.close());

const post = async (userID: string) =>
  expect(await story.post({ events: [{ eventName: 'purchase', user: { userID } }] })).toBe(202);
const users = async () =>
  (await story.query('SELECT user_id AS id FROM statsig_forwarded_events ORDER BY 1')).map(({ id }) => id);

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-delete-enforce.html
describe('a bucket that allows only conditional deletions', () => {
  beforeAll(async () => {
    await story.deny({
      Sid: 'DeleteWhatWasRead',
      Action: 's3:DeleteObject',
      Condition: { Null: { 's3:if-match': 'true' } },
    });
  });

  it('loses nothing that somebody puts in the place of what is being written', async () => {
    await post('ada');
    // The writer's client gives a call up after ten seconds.
    const delayMs = 8_000;
    const delay = { fault: 'delayCalls', ms: delayMs, operations: ['DeleteObjects'] };
    await story.setFaults({ s3: [delay] });
    const flushed = story.cloud.flush();
    await eventually('a deletion that is delayed', async () => (await story.struck())[0] === 1);
    const [landed = ''] = await story.keys('landing/');
    const text = gunzipSync(await story.read(landed)).toString();
    const other = text.replaceAll('ada', 'eve').replace(/"event_id":"..../, '"event_id":"0000');
    await story.put(landed, gzipSync(other));
    await story.advance(delayMs);
    await flushed;
    await story.cloud.flush();
    expect([await users(), await story.keys('landing/')]).toEqual([['ada', 'eve'], []]);
  });

  it('is curated, and swept of versions that are replaced', async () => {
    const files = () => story.keys('statsig/ingested/curated_events/2026-11-20/');
    await story.jump(3 * 24 * HOUR_MS);
    await story.cloud.flush();
    const before = await files();
    const day = ['--from', '2026-11-20', '--to', '2026-11-20'];
    expect(await story.sluice('curate', 'rebuild', ...day)).toMatchObject({ code: 0 });
    await story.cloud.flush();
    expect([before.length, (await files()).length]).toEqual([1, 2]);
    await story.jump(2 * 24 * HOUR_MS);
    await story.cloud.flush();
    const after = await files();
    expect([after.length, after.filter((key) => before.includes(key))]).toEqual([1, []]);
    expect([await users(), story.refusals]).toEqual([['ada', 'eve'], []]);
  });
});
