import { describe, expect, it } from '@jest/globals';
import { type StatsigFixture, statsigFixtures } from '../../harness/StatsigFixture.ts';
import { request, startCollector } from './startCollector.ts';

const sentBy = ({ path, query, headers, body }: StatsigFixture) =>
  request({ path, query, headers, body: Buffer.from(body, 'base64') });

describe('requests of real SDKs', () => {
  it.each(statsigFixtures())('%s land every event as a row or as counted telemetry', async (_, fixture) => {
    const { send, rows, log } = startCollector();
    expect(await send(sentBy(fixture))).toMatchObject({ status: 202 });
    const landed = [...rows.exposures, ...rows.events];
    const [{ counted = {}, events, sdk } = {}] = log;
    const sum = Object.values(Object(counted)).reduce<number>((total, n) => total + Number(n), 0);
    expect(landed.length + sum).toEqual(events);
    expect(rows.quarantine).toEqual([]);
    expect(sdk).toMatch(/ \d+\.\d+\.\d+$/);
    for (const row of landed) {
      expect(row).toMatchObject({ session_id: expect.any(String), user_id: expect.any(String) });
      // Client SDKs carry their stable ID beside the events, servers only what the user was given.
      if (fixture.sdk.includes('js')) expect(row['stable_id']).toMatch(/^[0-9a-f-]{36}$/);
    }
  });
});
