import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../harness/until.ts';
import { FirehoseFixture, plainStream, START } from './FirehoseFixture.ts';

let fixture: FirehoseFixture;
beforeEach(async () => {
  fixture = new FirehoseFixture();
  await fixture.start();
});
afterEach(() => fixture.end());

const UUID = '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}';
describe('delivered objects', () => {
  it('hold records unchanged and without separators, named as Firehose names them', async () => {
    await fixture.firehose.createStream('s', plainStream());
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    for (const record of ['one', 'two', bytes]) await fixture.put('s', record);
    await fixture.firehose.flush();
    expect(fixture.keys()).toEqual([
      expect.stringMatching(new RegExp(`^data/2026/11/20/12/s-1-2026-11-20-12-00-00-${UUID}$`)),
    ]);
    expect([...fixture.objects.values()][0]).toEqual(Buffer.concat([Buffer.from('onetwo'), bytes]));
  });

  it('are in UTC below a plain prefix, with the extension', async () => {
    await fixture.firehose.createStream('s', {
      ExtendedS3DestinationConfiguration: {
        BucketARN: 'arn:aws:s3:::bucket',
        RoleARN: 'arn:aws:iam::000000000000:role/delivery',
        Prefix: 'landing/',
        FileExtension: '.ndjson.gz',
        BufferingHints: { IntervalInSeconds: 60, SizeInMBs: 64 },
      },
    });
    await fixture.put('s', 'x');
    await fixture.firehose.flush();
    expect([...fixture.objects.keys()]).toEqual([
      expect.stringMatching(
        new RegExp(`^bucket/landing/2026/11/20/12/s-1-2026-11-20-12-00-00-${UUID}\\.ndjson\\.gz$`),
      ),
    ]);
  });

  it('have the date at which the oldest record arrived', async () => {
    fixture.clock.advance(Date.UTC(2026, 10, 20, 23, 59, 30) - START);
    await fixture.firehose.createStream('s', plainStream());
    await fixture.put('s', 'before ');
    fixture.clock.advance(40_000);
    await fixture.put('s', 'after midnight');
    await fixture.firehose.flush();
    expect(fixture.keys()).toEqual([
      expect.stringMatching(/^data\/2026\/11\/20\/23\/s-1-2026-11-20-23-59-30-/),
    ]);
    expect(fixture.text(fixture.keys()[0] ?? '')).toBe('before after midnight');
  });
});

describe('buffers', () => {
  it('are delivered when their interval has passed since their first record', async () => {
    await fixture.firehose.createStream(
      's',
      plainStream({ BufferingHints: { IntervalInSeconds: 60, SizeInMBs: 5 } }),
    );
    await fixture.put('s', 'a');
    fixture.clock.advance(30_000);
    await fixture.put('s', 'b');
    await fixture.put('s', 'c');
    fixture.clock.advance(29_999);
    expect(fixture.objects.size).toBe(0);
    fixture.clock.advance(1);
    await fixture.pending(0);
    expect(fixture.data()).toBe('abc');
    await fixture.put('s', 'd');
    fixture.clock.advance(60_000);
    await fixture.pending(0);
    expect([...fixture.objects.values()].map(String)).toEqual(['abc', 'd']);
  });

  it('are delivered when they are full', async () => {
    await fixture.firehose.createStream(
      's',
      plainStream({ BufferingHints: { IntervalInSeconds: 300, SizeInMBs: 1 } }),
    );
    const half = 'x'.repeat(512 * 1024);
    await fixture.put('s', half);
    await fixture.pending(1);
    await fixture.put('s', half);
    await fixture.pending(0);
    expect([...fixture.objects.values()].map(({ length }) => length)).toEqual([1024 * 1024]);
  });

  it('follow a new interval, including buffers that are already open', async () => {
    await fixture.firehose.createStream('s', plainStream());
    await fixture.put('s', 'a');
    fixture.firehose.overrideBuffering({ seconds: 2 });
    await fixture.firehose.createStream('later', plainStream());
    await fixture.put('later', 'b');
    fixture.clock.advance(2000);
    await fixture.pending(0);
    expect(fixture.objects.size).toBe(2);
  });

  it('are kept and retried until S3 accepts them', async () => {
    let outage = true;
    fixture.beforePut = () => {
      if (outage) throw new Error('S3 is away.');
    };
    await fixture.firehose.createStream('s', plainStream());
    await fixture.put('s', 'x');
    await expect(fixture.firehose.flush()).rejects.toMatchObject({ code: 'LOCAL_AWS_FIREHOSE_UNDELIVERED' });
    expect(fixture.firehose.pending()).toEqual([
      { stream: 's', documents: 1, bytes: 1, oldestArrival: '2026-11-20T12:00:00.000Z' },
    ]);
    // Pauses double from 1 s to a minute; with a random of 0.5 three quarters of each are waited.
    for (const pauseMs of [750, 1500, 3000, 6000, 12_000, 24_000, 45_000, 45_000]) {
      const tries = fixture.failures.length;
      fixture.clock.advance(pauseMs - 1);
      await fixture.turns(20);
      expect(fixture.failures.length).toBe(tries);
      fixture.clock.advance(1);
      await until('one more try fails', () => fixture.failures.length === tries + 1);
    }
    outage = false;
    fixture.clock.advance(60_000);
    await fixture.pending(0);
    expect(fixture.text(fixture.keys()[0] ?? '')).toBe('x');
    // After a delivery the first pause is a second again.
    outage = true;
    await fixture.put('s', 'y');
    await expect(fixture.firehose.flush()).rejects.toMatchObject({ code: 'LOCAL_AWS_FIREHOSE_UNDELIVERED' });
    outage = false;
    fixture.clock.advance(750);
    await fixture.pending(0);
    expect([...fixture.objects.values()].map(String)).toEqual(['x', 'y']);
  });

  it('are tried about every five minutes once 20 tries have failed', async () => {
    fixture.beforePut = () => {
      throw new Error('S3 is away.');
    };
    await fixture.firehose.createStream('s', plainStream());
    await fixture.put('s', 'x');
    await expect(fixture.firehose.flush()).rejects.toMatchObject({ code: 'LOCAL_AWS_FIREHOSE_UNDELIVERED' });
    const failsAfter = async (pauseMs: number) => {
      const tries = fixture.failures.length;
      fixture.clock.advance(pauseMs);
      await until('one more try fails', () => fixture.failures.length === tries + 1);
    };
    while (fixture.failures.length < 20) await failsAfter(60_000);
    await failsAfter(45_000);
    fixture.clock.advance(224_999);
    await fixture.turns(20);
    expect(fixture.failures).toHaveLength(21);
    await failsAfter(1);
  });
});
