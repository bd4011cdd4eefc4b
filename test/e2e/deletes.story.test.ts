import { gunzipSync, gzipSync } from 'node:zlib';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HOUR_MS } from '../../lib/base/time.ts';
import { type StoryCloud, storyCloud } from '../harness/storyCloud.ts';
import { eventually } from '../harness/waiting.ts';

const FOLDER = 'statsig/statsig_forwarded_events/statsig_forwarded_events/';
const LANDED = 'landing/direct/2026-11-20/waits.ndjson.gz';
/** Objects of tables and of the landing, beside {@link files}. */
const KEPT = [
  'statsig/ingested/acme_visits/2026-11-20/v/part-0.parquet',
  'quarantine/2026-11-20/a.parquet',
  LANDED,
];
/** Objects of other folders. */
const OTHERS = ['query-results/a.csv', 'quarantine-large/2026-11-20/a', 'damaged/a', 'relay/waiting/a'];

let story: StoryCloud;
/** Files of the table of events. */
let files: readonly string[];
beforeAll(async () => {
  story = await storyCloud(undefined, { startsAt: '2026-11-20T10:00:00Z' });
  const events = ['ada', 'bea'].map((userID) => ({ eventName: 'purchase', user: { userID } }));
  expect(await story.post({ events })).toBe(202);
  await story.cloud.flush();
  files = await story.keys(FOLDER);
  await story.setFaults({
    lambda: [{ fault: 'throttleInvocations', function: 'sluice-local-write', calls: 'all' }],
  });
  for (const key of [...KEPT, ...OTHERS]) await story.put(key, 'x');
});
afterAll(() => story?.close());

describe('a deletion that names no version', () => {
  const versions = async (Prefix = '') => {
    const asked = new ListObjectVersionsCommand({ Bucket: story.cloud.bucket, Prefix });
    const { Versions = [], DeleteMarkers = [] } = await story.s3By().send(asked);
    const named = (all: typeof Versions) => all.map(({ Key = '', VersionId }) => ({ Key, VersionId }));
    return { stored: named(Versions), markers: named(DeleteMarkers) };
  };
  const remove = (all: readonly { Key: string; VersionId?: string | undefined }[]) =>
    story
      .s3By()
      .send(
        new DeleteObjectsCommand({ Bucket: story.cloud.bucket, Delete: { Objects: [...all], Quiet: true } }),
      );

  it('of the writer takes what is written out of the landing', async () => {
    expect(files).toHaveLength(1);
    expect((await story.keys('landing/')).filter((key) => key !== LANDED)).toEqual([]);
    expect(story.refusals).toEqual([]);
  });

  it('is denied to a person, the root too, for files of tables and of the landing', async () => {
    const all = [...files, ...KEPT];
    const { Errors = [] } = await remove(all.map((Key) => ({ Key })));
    expect(Errors.map(({ Key, Code }) => [Key, Code])).toEqual(all.map((key) => [key, 'AccessDenied']));
    for (const Key of all) {
      const plain = story.s3By().send(new DeleteObjectCommand({ Bucket: story.cloud.bucket, Key }));
      await expect(plain).rejects.toMatchObject({ name: 'AccessDenied' });
    }
    expect((await versions()).markers.filter(({ Key }) => all.includes(Key))).toEqual([]);
    expect(await remove(OTHERS.map((Key) => ({ Key })))).not.toHaveProperty('Errors');
    expect((await Promise.all(OTHERS.map((key) => story.keys(key)))).flat()).toEqual([]);
  });

  it('is no hindrance to writing an object of the landing again, and to deleting everything for good', async () => {
    const Bucket = story.cloud.bucket;
    const { stored, markers } = await versions('landing/');
    const [written] = stored.filter(({ Key }) => Key === markers[0]?.Key);
    await story.clearFaults();
    const CopySource = `${Bucket}/${written?.Key}?versionId=${written?.VersionId}`;
    await story.s3By().send(new CopyObjectCommand({ Bucket, Key: written?.Key, CopySource }));
    await story.cloud.flush();
    expect(await story.keys(FOLDER)).toHaveLength(2);
    const everything = await versions();
    expect(await remove([...everything.stored, ...everything.markers])).not.toHaveProperty('Errors');
    expect(await versions()).toEqual({ stored: [], markers: [] });
  });
});

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-delete-enforce.html
/** In the bucket that the tests above have emptied. */
describe('a bucket that allows only conditional deletions', () => {
  const post = async (userID: string) =>
    expect(await story.post({ events: [{ eventName: 'purchase', user: { userID } }] })).toBe(202);
  const users = async () =>
    (await story.query('SELECT user_id AS id FROM statsig_forwarded_events ORDER BY 1')).map(({ id }) => id);

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
    expect(await users()).toEqual(['ada', 'eve']);
    expect(await story.keys('landing/')).toEqual([]);
  });

  it('is curated, and swept of versions that are replaced', async () => {
    const files = () => story.keys('statsig/ingested/curated_events/2026-11-20/');
    await story.jump(3 * 24 * HOUR_MS);
    await story.cloud.flush();
    const before = await files();
    const day = ['--from', '2026-11-20', '--to', '2026-11-20'];
    expect(await story.sluice('curate', 'rebuild', ...day)).toMatchObject({ code: 0 });
    await story.cloud.flush();
    expect(before).toHaveLength(1);
    expect(await files()).toHaveLength(2);
    await story.jump(2 * 24 * HOUR_MS);
    await story.cloud.flush();
    const after = await files();
    expect(after).toHaveLength(1);
    expect(after.filter((key) => before.includes(key))).toEqual([]);
    expect(await users()).toEqual(['ada', 'eve']);
    expect(story.refusals).toEqual([]);
  });
});
