import { describe, expect, it } from '@jest/globals';
import { HOUR_MS, isoTimestamp, MINUTE_MS } from '../../../../lib/base/time.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { isStreamLate, readStream, type StreamState } from '../../../../observe/facts/flow/streamState.ts';
import { metricClient } from '../../../harness/metricClient.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
/** Its name in AWS. */
const STREAM = 'sluice-prod-stream';

/** Values of Firehose's metrics, by name and statistic: one value a minute, the newest first, which is of the minute before now. */
type MinuteValues = Readonly<Record<string, readonly number[]>>;

/** The state of the stream if CloudWatch has these values. */
function readState(minuteValues: MinuteValues): Promise<StreamState> {
  const points = (values: readonly number[]) =>
    values.map((value, i) => [NOW - MINUTE_MS * (i + 1), value] as const);
  const cloudwatch = metricClient(
    Object.fromEntries(
      Object.entries(minuteValues).map(([name, values]) => [`${name} ${STREAM}`, points(values)]),
    ),
  );
  const config = defineConfig({ bucket: 'acme' });
  const stack = { service: 'sluice', stage: 'prod' };
  return readStream({ cloudwatch, now: NOW, config, stack }, STREAM);
}

describe('the state of the stream', () => {
  it('is not known without metrics', async () => {
    expect(await readState({})).toEqual({
      stream: STREAM,
      oldest: null,
      quotaShare: null,
      quota: null,
      throttledRecords: null,
    });
  });

  it('has the quota that is nearest, by the busiest minute', async () => {
    const state = await readState({
      'IncomingBytes Sum': [60 * 500_000, 60 * 900_000],
      'BytesPerSecondLimit Minimum': [1_000_000, 2_000_000],
      'IncomingRecords Sum': [60 * 100],
      'RecordsPerSecondLimit Minimum': [1_000],
    });
    expect(state).toMatchObject({ quotaShare: 0.9, quota: 'bytes' });
  });

  it.each([
    { quota: 'records', used: 'IncomingRecords Sum', limit: 'RecordsPerSecondLimit Minimum' },
    { quota: 'calls', used: 'IncomingPutRequests Sum', limit: 'PutRequestsPerSecondLimit Minimum' },
  ])('has $quota as the quota that is nearest', async ({ quota, used, limit }) => {
    const bytes = { 'IncomingBytes Sum': [60 * 100_000], 'BytesPerSecondLimit Minimum': [1_000_000] };
    const state = await readState({ ...bytes, [used]: [60 * 400], [limit]: [1_000] });
    expect(state).toMatchObject({ quotaShare: 0.4, quota });
  });

  it('has the records that were throttled within 15 minutes', async () => {
    // The last two are of the fifteenth and of the sixteenth minute.
    const minutes = [2, 0, 7, ...Array(11).fill(0), 1, 100];
    expect(await readState({ 'ThrottledRecords Sum': minutes })).toMatchObject({ throttledRecords: 10 });
  });
});

it('a stream is late if its oldest record has waited for longer than twice its buffer and five minutes of tries', () => {
  const config = defineConfig({ bucket: 'acme', buffering: { seconds: 60 } });
  const isLate = (seconds: number) => isStreamLate(isoTimestamp(NOW - seconds * 1_000), { config, now: NOW });
  expect(isLate(420)).toBe(false);
  expect(isLate(420.001)).toBe(true);
});

it('a stream without records is not late', () => {
  expect(isStreamLate(null, { config: defineConfig({ bucket: 'acme' }), now: NOW })).toBe(false);
});

describe('the oldest record that the stream has not delivered', () => {
  const MINUTES_BLOCKED = 13 * 60 + 5;
  /** Nine records came in each minute. Firehose reports no freshness while delivery is completely blocked. */
  const blocked = { 'IncomingRecords Sum': Array(MINUTES_BLOCKED).fill(9) };
  const firstMinute = isoTimestamp(NOW - MINUTES_BLOCKED * MINUTE_MS);

  it('is as old as the newest freshness says', async () => {
    const FRESHNESS_SECONDS = 45_000;
    const state = await readState({ 'DeliveryToS3.DataFreshness Maximum': [FRESHNESS_SECONDS, 44_940] });
    expect(state.oldest).toBe(isoTimestamp(NOW - MINUTE_MS - FRESHNESS_SECONDS * 1_000));
  });

  it('is of the first minute with records if nothing was delivered', async () => {
    expect((await readState(blocked)).oldest).toBe(firstMinute);
  });

  it('is looked for in 24 hours', async () => {
    const longer = { 'IncomingRecords Sum': Array(24 * 60 + 1).fill(9) };
    expect((await readState(longer)).oldest).toBe(isoTimestamp(NOW - 24 * HOUR_MS));
  });

  it('is of the first minute of which not all records were delivered', async () => {
    // Five of the first minute's nine records were delivered, an hour ago, so four of them wait.
    const anHourAgo = HOUR_MS / MINUTE_MS - 1;
    const delivered = { ...blocked, 'DeliveryToS3.Records Sum': [...Array(anHourAgo).fill(0), 5] };
    expect((await readState(delivered)).oldest).toBe(firstMinute);
  });

  it('is none if the newest freshness is 0: everything was delivered', async () => {
    expect((await readState({ 'DeliveryToS3.DataFreshness Maximum': [0, 300] })).oldest).toBeNull();
  });
});
