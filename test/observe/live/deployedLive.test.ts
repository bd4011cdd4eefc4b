import { CloudWatchLogsClient, type FilterLogEventsCommandInput } from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { openDeployment } from '../../../observe/deployment.ts';
import { readDeployedLive } from '../../../observe/live/deployedLive.ts';
import { type AskedCall, answeredBy } from '../../harness/answering.ts';

const NOW = Date.UTC(2026, 10, 20, 8);

describe('a follower of a deployed collector’s log', () => {
  const opened = openDeployment(
    {
      config: defineConfig({ bucket: 'acme' }),
      stack: { service: 'sluice', stage: 'prod' },
      isLocal: false,
      now: NOW,
    },
    { region: 'eu-central-1' },
  );
  afterAll(() => opened.close());

  /** What each call asked of the log. */
  const asked: Pick<FilterLogEventsCommandInput, 'startTime' | 'endTime' | 'nextToken'>[] = [];
  /** Tokens of the pages after the first one. */
  const tokens: string[] = [];
  const logs = answeredBy(CloudWatchLogsClient, ({ input }: AskedCall<FilterLogEventsCommandInput>) => {
    const { startTime, endTime, nextToken } = input;
    asked.push({ startTime, endTime, nextToken });
    return { events: [], nextToken: tokens.shift() };
  });
  beforeEach(() => {
    asked.length = 0;
    tokens.length = 0;
  });

  /** Reads once, `later` milliseconds after {@link NOW}. */
  const read = (after: string | undefined, later = 0) =>
    readDeployedLive({ ...opened, logs, now: NOW + later }, after === undefined ? {} : { after });

  it('refuses a cursor that is none', async () => {
    await expect(read('x')).rejects.toMatchObject({ code: 'SLUICE_OBSERVE_CURSOR_UNKNOWN' });
    expect(asked).toEqual([]);
  });

  it.each([
    { successes: 0.01, part: ' 1 % of the others' },
    // As a product of doubles it is 7.000000000000001.
    { successes: 0.07, part: ' 7 % of the others' },
    { successes: 0.0005, part: ' 0.05 % of the others' },
  ])('says which part of requests it has, of $successes$part', async ({ successes, part }) => {
    const config = defineConfig({ bucket: 'acme', logs: { successes } });
    const { notes } = await readDeployedLive({ ...opened, config, logs }, {});
    expect(notes).toEqual([expect.stringContaining(part), expect.any(String)]);
  });

  it('asks for no millisecond twice, as CloudWatch counts both ends', async () => {
    const { next: begun } = await read(undefined);
    const { next } = await read(begun, 20_000);
    await read(next, 40_000);
    const [first, second] = asked;
    expect(first).toMatchObject({ startTime: NOW, endTime: expect.any(Number) });
    expect(second?.startTime).toBe((first?.endTime ?? 0) + 1);
  });

  it('asks for the next page of the same times', async () => {
    const { next: begun } = await read(undefined);
    tokens.push('page-2');
    const { next } = await read(begun, 20_000);
    await read(next, 40_000);
    const [page, nextPage] = asked;
    expect(page).toMatchObject({ startTime: NOW, nextToken: undefined });
    expect(nextPage).toEqual({ ...page, nextToken: 'page-2' });
  });

  it.each([
    { laterMs: 9_000, calls: 0 },
    { laterMs: 10_000, calls: 1 },
  ])('has asked $calls times after $laterMs ms, as lines come late', async ({ laterMs, calls }) => {
    const { next } = await read(undefined);
    await read(next, laterMs);
    expect(asked).toHaveLength(calls);
  });
});
