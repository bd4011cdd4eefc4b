import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { openDeployment } from '../../observe/deployment.ts';
import { readDeployedLive } from '../../observe/live/deployedLive.ts';

const NOW = Date.UTC(2026, 10, 20, 8);
/** What one call asked of the log. */
interface Asked {
  readonly startTime: number | undefined;
  readonly endTime: number | undefined;
  readonly nextToken: string | undefined;
}

describe('a follower of a deployed collector’s log', () => {
  const aws = { region: 'eu-central-1', credentials: { accessKeyId: 'AKID', secretAccessKey: 'secret' } };
  const opened = openDeployment(
    {
      config: defineConfig({ bucket: 'acme' }),
      stack: { service: 'sluice', stage: 'prod' },
      isLocal: false,
      now: NOW,
    },
    aws,
  );
  const asked: Asked[] = [];
  /** Tokens of the pages after the first one. */
  let tokens: string[] = [];
  const logs = Object.assign(new CloudWatchLogsClient(aws), {
    async send(command: object) {
      if (!(command instanceof FilterLogEventsCommand)) throw new Error('Another command.');
      const { startTime, endTime, nextToken } = command.input;
      asked.push({ startTime, endTime, nextToken });
      return { events: [], nextToken: tokens.shift() };
    },
  });
  /** Reads once, `later` milliseconds after {@link NOW}. */
  const read = (after: string | undefined, later = 0) =>
    readDeployedLive({ ...opened, logs, now: NOW + later }, after === undefined ? {} : { after });

  beforeEach(() => {
    asked.length = 0;
    tokens = [];
  });
  afterAll(() => {
    opened.close();
    logs.destroy();
  });

  it('asks for no millisecond twice, as CloudWatch counts both ends', async () => {
    const { next } = await read((await read(undefined)).next, 20_000);
    await read(next, 40_000);
    const [first, second] = asked;
    expect(first).toMatchObject({ startTime: NOW, endTime: expect.any(Number) });
    expect(second?.startTime).toBe((first?.endTime ?? 0) + 1);
  });

  it('asks for the next page of the same times', async () => {
    const { next: first } = await read(undefined);
    tokens = ['page-2'];
    const { next } = await read(first, 20_000);
    await read(next, 40_000);
    const [page, nextPage] = asked;
    expect(page).toMatchObject({ startTime: NOW, nextToken: undefined });
    expect(nextPage).toEqual({ ...page, nextToken: 'page-2' });
  });

  it('asks for nothing until ten seconds have passed', async () => {
    const { next } = await read(undefined);
    await read(next, 9_000);
    expect(asked).toEqual([]);
  });
});
