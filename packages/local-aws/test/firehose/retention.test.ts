import { appendFileSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HOUR_MS } from '../../src/base/clock.ts';
import { FirehoseFixture, plainStream } from './FirehoseFixture.ts';

let fixture: FirehoseFixture;
/** Whether S3 refuses every object. */
let isAway: boolean;
beforeEach(async () => {
  fixture = new FirehoseFixture();
  isAway = true;
  fixture.beforePut = () => {
    if (isAway) throw new Error('S3 is away.');
  };
  await openStream();
});
afterEach(() => fixture.end());

async function openStream(): Promise<void> {
  await fixture.start();
  await fixture.firehose.createStream(
    's',
    plainStream({ BufferingHints: { IntervalInSeconds: 60, SizeInMBs: 5 } }),
  );
}

/** The path of the file with what has expired. */
function expiredFile(): string {
  const [file = ''] = globSync('**/expired.ndjson', { cwd: fixture.directory });
  return join(fixture.directory, file);
}

const put = (n: number) => fixture.put('s', JSON.stringify({ n }));

const STEP_MS = 300_000;
/** The longest pause between two attempts of a delivery. */
const MOST_BETWEEN_TRIES_MS = 300_000;
/** Turns of the event loop in which a step's alarms have their attempts made. */
const TURNS_OF_A_STEP = 5;

/** Lets time pass as the clock of a local cloud does: what falls due on the way has ended when the next comes. */
async function pass(ms: number): Promise<void> {
  const end = fixture.clock.now() + ms;
  while (fixture.clock.now() < end) {
    fixture.clock.advance(Math.min(STEP_MS, end - fixture.clock.now()));
    await fixture.turns(TURNS_OF_A_STEP);
  }
}

describe('a record that S3 does not accept', () => {
  it('is kept until 24 hours after it came', async () => {
    await put(1);
    await fixture.pending(1);
    await pass(24 * HOUR_MS - STEP_MS);
    expect(fixture.firehose.pending()).toEqual([expect.objectContaining({ stream: 's', documents: 1 })]);
  });

  it('is delivered when S3 accepts it again', async () => {
    await put(1);
    await fixture.pending(1);
    await pass(23 * HOUR_MS);
    isAway = false;
    await fixture.firehose.flush();
    expect(fixture.data()).toBe('{"n":1}');
  });

  describe('for more than 24 hours', () => {
    beforeEach(async () => {
      await put(1);
      await put(2);
      await fixture.pending(2);
      await pass(2 * HOUR_MS);
      await put(3);
      await fixture.pending(3);
      await pass(22 * HOUR_MS + MOST_BETWEEN_TRIES_MS);
      await fixture.pending(1);
    });

    it('is counted as expired', () => {
      expect(fixture.firehose.expired()).toEqual([{ stream: 's', documents: 2 }]);
    });

    it('is written to a file with its arrival', () => {
      const lines = readFileSync(expiredFile(), 'utf8').trim().split('\n');
      const arrivedAt = '2026-11-20T12:00:00.000Z';
      expect(lines.map((line) => JSON.parse(line))).toEqual([
        { arrivedAt, document: '{"n":1}' },
        { arrivedAt, document: '{"n":2}' },
      ]);
    });

    it('holds no later record back', async () => {
      isAway = false;
      await fixture.firehose.flush();
      expect(fixture.data()).toBe('{"n":3}');
    });
  });

  describe('and that has expired before a restart', () => {
    beforeEach(async () => {
      await put(1);
      await fixture.pending(1);
      await pass(25 * HOUR_MS);
      await fixture.pending(0);
      await fixture.stop();
    });

    it('is not delivered after it', async () => {
      await openStream();
      isAway = false;
      await fixture.firehose.flush();
      expect(fixture.objects.size).toBe(0);
    });

    it('is counted once after it, although the process was killed while it wrote the file', async () => {
      appendFileSync(expiredFile(), '{"arrivedAt":"2026-');
      await openStream();
      expect(fixture.firehose.expired()).toEqual([{ stream: 's', documents: 1 }]);
    });
  });
});

it('a record does not expire if the clock jumps by 30 hours before its first attempt, which S3 accepts', async () => {
  isAway = false;
  await put(1);
  await fixture.pending(1);
  fixture.clock.advance(30 * HOUR_MS);
  await fixture.pending(0);
  expect({ expired: fixture.firehose.expired(), data: fixture.data() }).toEqual({
    expired: [],
    data: '{"n":1}',
  });
});
