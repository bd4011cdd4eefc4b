import { FirehoseClient, PutRecordCommand } from '@aws-sdk/client-firehose';
import { GetBucketPolicyCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { afterAll, describe, expect, it } from '@jest/globals';
import { storyCloud } from '../harness/storyCloud.ts';

const DEMO = '{"TICKER_SYMBOL":"QXZ","SECTOR":"HEALTHCARE","CHANGE":-0.05,"PRICE":84.51}';
const HOUR_MS = 3_600_000;

let posted = 0;
const story = await storyCloud(undefined, { startsAt: '2026-11-20T10:00:00Z' });
afterAll(() => story.close());

/** A request of twenty events, each of a user of its own. */
async function post(): Promise<void> {
  const events = Array.from({ length: 20 }, (_, i) => ({
    eventName: 'purchase',
    user: { userID: `user-${posted * 20 + i}` },
  }));
  posted += 1;
  expect(await story.post({ events })).toBe(202);
}
const rows = async () =>
  (
    await story.query(
      'SELECT count(*) AS rows, count(DISTINCT user_id) AS users FROM statsig_forwarded_events',
    )
  )[0];
const findings = async () => {
  const { problems } = await story.json('status');
  return problems as { code: string; detail: string; commands: string[] }[];
};

describe('bytes that somebody else puts into the stream', () => {
  it('cost nobody a row', async () => {
    const firehose = story.kept(new FirehoseClient(story.clientOptions()));
    for (let i = 0; i < 10; i += 1) {
      await post();
      if (i > 0) continue;
      const DeliveryStreamName = story.cloud.status().pending[0]?.stream;
      await firehose.send(new PutRecordCommand({ DeliveryStreamName, Record: { Data: Buffer.from(DEMO) } }));
    }
    await story.cloud.flush();
    expect(Object.values((await rows()) ?? {}).map(Number)).toEqual([200, 200]);
    const [key = '', ...others] = await story.keys('damaged/');
    expect([Buffer.from(await story.read(key)).toString(), others]).toEqual([DEMO, []]);
    await story.advance(2 * HOUR_MS);
    expect(await story.json('reconcile', '--day', '2026-11-20')).toMatchObject({ closes: true });
    const [damaged] = (await findings()).filter(({ code }) => code === 'SLUICE_FINDING_DAMAGED');
    expect(damaged?.detail).toContain(`${DEMO.length} bytes, 0 lines that begin as a row.`);
  });

  it('keep no erasure open', async () => {
    const erase = () => story.json('erase', '--unit', 'user_id=user-7');
    const first = await erase();
    expect(first.state).toBe('again');
    expect(first.notSearched).toMatchObject([{ goneBy: '2027-02-27' }]);
    await story.jump(48 * HOUR_MS);
    expect(await erase()).toMatchObject({ state: 'complete' });
    expect(Number((await rows())?.['rows'])).toBe(199);
  });

  const damagedNow = async () =>
    (await findings()).filter(({ code }) => code === 'SLUICE_FINDING_DAMAGED').flatMap((one) => one.commands);

  it('are shown by the first command of their finding, and deleted by it without --dry-run', async () => {
    const [look = ''] = await damagedNow();
    const { code, stdout } = await story.paste(look);
    expect([code, stdout]).toEqual([0, expect.stringContaining('TICKER_SYMBOL')]);
    expect((await story.paste(look.replace(' --dry-run', ''))).code).toBe(0);
    expect(await damagedNow()).toEqual([]);
  });

  it('that hold rows after all are written by its second command', async () => {
    const before = Number((await rows())?.['rows']);
    await story.setFaults({
      lambda: [{ fault: 'throttleInvocations', function: 'sluice-local-write', calls: 'all' }],
    });
    await post();
    await story.advance(15 * 60_000);
    const [landed = ''] = await story.keys('landing/');
    const bytes = await story.read(landed);
    await story.clearFaults();
    await story.cloud.flush();
    await story.put(`damaged/${landed.slice('landing/'.length)}`, bytes);
    const [look = '', again = ''] = await damagedNow();
    expect((await story.paste(look)).code).toBe(0);
    expect((await story.paste(again)).code).toBe(0);
    await story.cloud.flush();
    expect(await damagedNow()).toEqual([]);
    // Twenty of the object of the landing, and those of its copy.
    expect(Number((await rows())?.['rows'])).toBe(before + 40);
  });
});

describe('a bucket that denies deletions', () => {
  it('gets every row once, and says what it denies', async () => {
    const s3 = story.s3By();
    const Bucket = story.cloud.bucket;
    const { Policy = '' } = await s3.send(new GetBucketPolicyCommand({ Bucket }));
    const { Statement, ...policy } = JSON.parse(Policy);
    const denied = {
      Sid: 'NoDeletes',
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:DeleteObject',
      Resource: `arn:aws:s3:::${Bucket}/landing/*`,
    };
    const put = (Statements: readonly object[]) =>
      s3.send(
        new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify({ ...policy, Statement: Statements }) }),
      );
    await put([...Statement, denied]);
    await post();
    await story.cloud.flush();
    await story.advance(5 * HOUR_MS);
    expect(Number((await rows())?.['rows'])).toBe(259);
    const found = await findings();
    expect(found.find(({ code }) => code === 'SLUICE_FINDING_UNDELETED')?.detail).toMatch(
      /^landing\/: 1 object, .* S3 answers AccessDenied to s3:DeleteObject\.$/,
    );
    expect(found.map(({ code }) => code)).not.toContain('SLUICE_FINDING_LANDING_LATE');
    expect(await story.json('redrive', '--landing', '--dry-run')).toMatchObject({ messages: 0 });
    const doctor = await story.json('doctor');
    expect(JSON.stringify(doctor)).toContain('NoDeletes denies s3:DeleteObject');
    await put(Statement);
    await story.advance(2 * HOUR_MS);
    expect([await story.keys('landing/'), Number((await rows())?.['rows'])]).toEqual([[], 259]);
  });
});
