import { AthenaClient } from '@aws-sdk/client-athena';
import { GetTableCommand, GlueClient } from '@aws-sdk/client-glue';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addDays, utcDay } from '../../lib/base/time.ts';
import { readPrestoView } from '../../lib/views/prestoView.ts';
import { type AthenaRow, athenaRows } from '../harness/athenaRows.ts';
import { ingestCloud } from '../harness/ingestCloud.ts';

describe('curated days in a local cloud with enforced policies', () => {
  let world: Awaited<ReturnType<typeof ingestCloud>>;
  let athena: AthenaClient;
  let glue: GlueClient;
  const day = utcDay(Date.now());
  beforeAll(async () => {
    world = await ingestCloud({ curate: true });
    const options = {
      endpoint: world.cloud.edge,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    };
    athena = new AthenaClient(options);
    glue = new GlueClient(options);
  }, 120_000);
  afterAll(async () => {
    athena.destroy();
    glue.destroy();
    await world.close();
  });

  async function send(from: number, to: number, time = Date.now()) {
    const events = Array.from({ length: to - from }, (_, i) => ({
      eventName: 'bought',
      value: String(from + i),
      user: { userID: `u${from + i}`, custom: { plan: 'pro' } },
      time: time + from + i,
    }));
    const headers = { 'statsig-api-key': 'client-e2e' };
    const body = JSON.stringify({ events });
    const { status } = await fetch(`${world.cloud.collector}/v1/rgstr`, { method: 'POST', headers, body });
    expect(status).toBe(202);
  }
  const viewSql = async () => {
    const { Table } = await glue.send(
      new GetTableCommand({ DatabaseName: 'sluice', Name: 'product_events' }),
    );
    return readPrestoView(Table?.ViewOriginalText ?? '')?.originalSql ?? '';
  };
  const count = async () => {
    const [row] = await athenaRows(
      athena,
      `SELECT count(*) AS events, sum(value_number) AS total FROM sluice.product_events WHERE ds = DATE '${day}'`,
      { WorkGroup: 'sluice' },
    );
    return row;
  };

  /** Asks the same question until it is stopped. */
  function readInALoop() {
    let isStopped = false;
    const asking = (async () => {
      const answers: AthenaRow[] = [];
      while (!isStopped) answers.push((await count()) ?? {});
      return answers;
    })();
    return {
      stop: () => {
        isStopped = true;
        return asking;
      },
    };
  }

  it('are curated by the clock, and a late event is seen at once', async () => {
    const noon = Date.now();
    await send(0, 20, noon);
    await send(10, 30, noon);
    await world.cloud.flush();
    const before = await count();
    expect(before).toEqual({ events: '30', total: '435.0' });
    expect(await viewSql()).not.toContain('curated_events');

    const reader = readInALoop();
    await world.jumpTo(`${addDays(day, 3)}T00:30:00Z`);
    await world.cloud.flush();
    await world.cloud.flush();
    expect(await viewSql()).toContain(`DATE '${day}'`);
    expect(await count()).toEqual(before);

    await send(30, 31, noon);
    await world.cloud.flush();
    expect(await viewSql()).not.toContain(`DATE '${day}'`);
    expect(await count()).toEqual({ events: '31', total: '465.0' });
    // Every answer was whole: the day before the late event, or with it.
    const answers = await reader.stop();
    expect(answers.length).toBeGreaterThan(3);
    const told = answers.map(({ events, total }) => `${events} ${total}`);
    expect(told).toEqual([...told].sort());
    expect(told.filter((one) => one !== '30 435.0' && one !== '31 465.0')).toEqual([]);

    await world.jumpTo(`${addDays(day, 4)}T00:30:00Z`);
    await world.cloud.flush();
    await world.cloud.flush();
    expect(await viewSql()).toContain(`DATE '${day}'`);
    expect(await count()).toEqual({ events: '31', total: '465.0' });
  }, 120_000);
});
