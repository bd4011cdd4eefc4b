import { FirehoseClient, PutRecordCommand } from '@aws-sdk/client-firehose';
import { afterAll, describe, expect, it } from '@jest/globals';
import { MINUTE_MS } from '../../lib/base/time.ts';
import { storyCloud } from '../harness/storyCloud.ts';

const DEMO = '{"TICKER_SYMBOL":"QXZ","SECTOR":"HEALTHCARE","CHANGE":-0.05,"PRICE":84.51}';

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
    expect(Buffer.from(await story.read(key)).toString()).toEqual(DEMO);
    expect(others).toEqual([]);
    await story.jumpHours(2);
    expect(await story.json('reconcile', '--day', '2026-11-20')).toMatchObject({ closes: true });
    const { stdout } = await story.sluice('reconcile', '--day', '2026-11-20');
    expect(stdout).toMatch(/ \d+ open \(its buffers are not due\)/);
    expect((await story.found('DAMAGED'))?.detail).toContain(
      `${DEMO.length} bytes, lines that begin as a row: 0.`,
    );
  });

  it('are shown by the first command of their finding, and deleted by the second', async () => {
    const [look = ''] = (await story.found('DAMAGED'))?.commands ?? [];
    expect((await story.paste(look)).stdout).toContain('TICKER_SYMBOL');
    expect(await story.cure('DAMAGED', /--discard/)).toEqual([0, 0]);
    expect(await story.found('DAMAGED')).toBeUndefined();
  });

  it('that hold rows after all are written by its third command', async () => {
    const before = Number((await rows())?.['rows']);
    await story.setFaults({
      lambda: [{ fault: 'throttleInvocations', function: 'sluice-local-write', calls: 'all' }],
    });
    await post();
    await story.advance(15 * MINUTE_MS);
    const [landed = ''] = await story.keys('landing/');
    const bytes = await story.read(landed);
    await story.clearFaults();
    await story.cloud.flush();
    await story.put(`damaged/${landed.slice('landing/'.length)}`, bytes);
    expect(await story.cure('DAMAGED', /--d(ry-run|amaged) /)).toEqual([0, 0]);
    await story.cloud.flush();
    expect(await story.found('DAMAGED')).toBeUndefined();
    // Twenty of the object of the landing, and those of its copy.
    expect(Number((await rows())?.['rows'])).toBe(before + 40);
  });
});
