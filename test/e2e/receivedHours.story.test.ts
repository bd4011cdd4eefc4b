import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { firstQuery } from '../harness/firstQuery.ts';
import { removeVersion, storyCloud } from '../harness/storyCloud.ts';

const HOUR = 3_600_000;
const DAY = '2026-11-20';
/** The query of the page. */
const WHOLE = firstQuery('complete.md').replaceAll('2026-11-14', DAY).replace('sluice.', '');
const repositoryFile = (name: string) => readFileSync(join(repositoryRoot, name), 'utf8');
const story = await storyCloud({ curate: false }, { startsAt: `${DAY}T20:10:00Z` });
afterAll(() => story.close());

let users = 0;
async function post(count: number): Promise<number> {
  users += 1;
  const user = { userID: `u${users}` };
  const time = story.clock.now();
  // As browsers do.
  const preflight = {
    method: 'OPTIONS',
    headers: {
      origin: 'https://shop.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'statsig-api-key',
    },
  };
  expect((await fetch(`${story.cloud.collector}/v1/rgstr`, preflight)).ok).toBe(true);
  const events = Array.from({ length: count }, (_, value) => ({ eventName: 'buy', value, user, time }));
  return story.post({ events });
}

/** Lets the rest of an hour and ten minutes pass, and what is on its way arrive. */
async function nextHour(): Promise<void> {
  await story.cloud.flush();
  await story.advance(HOUR);
  await story.cloud.flush();
}

interface Row {
  readonly hour: number;
  readonly table_name: string;
  readonly state: string;
  readonly accepted: number;
  readonly finished: number;
  readonly not_delivered: number;
  readonly missing: number;
  readonly unproved: number;
}

/** The hours of the evening with events or problems, as the command prints them. */
async function judged() {
  const { code, stdout } = await story.sluice('reconcile', '--day', DAY, '--json');
  const { hours: rows }: { hours: readonly Row[] } = JSON.parse(stdout);
  const evening = rows.filter(
    ({ hour, accepted, state }) => hour >= 20 && (accepted > 0 || state !== 'whole'),
  );
  return { code, count: rows.length, evening };
}

describe('each night', () => {
  it('says of every hour of the day before whether all events are in their tables', async () => {
    // Of no row.
    expect(await story.ask(WHOLE)).toEqual([{ state: 'open' }]);
    expect([await post(3), await post(4)]).toEqual([202, 202]);
    await nextHour();
    expect(await post(5)).toBe(202);
    // The answer of the first deletion is lost, or its function killed: rows are written twice, and counted once.
    await story.setFaults({
      lambda: [{ fault: 'killInvocations', function: 'sluice-local-write', afterMs: 2_000 }],
    });
    await nextHour();
    expect((await story.struck())[0]).toBeGreaterThan(0);
    await story.clearFaults();
    // An object is deleted unwritten.
    const held = { fault: 'throttleInvocations', function: 'sluice-local-write', calls: 'all' };
    await story.setFaults({ lambda: [held] });
    expect([await post(6), await post(7)]).toEqual([202, 202]);
    await story.cloud.flush();
    const [lost = '', ...others] = await story.keys('landing/');
    expect(others).toEqual([]);
    await removeVersion(story.s3By(), story.cloud.bucket, lost);
    await story.clearFaults();
    expect(await post(2)).toBe(202);
    await nextHour();
    // One is lost again, and Firehose delivers another one twice: both counts agree.
    await story.setFaults({
      lambda: [held],
      firehose: [{ fault: 'failDeliveries', afterwards: true, nth: 2 }],
    });
    expect(await post(3)).toBe(202);
    await story.cloud.flush();
    for (const key of await story.keys('landing/'))
      await removeVersion(story.s3By(), story.cloud.bucket, key);
    expect(await post(3)).toBe(202);
    await expect(story.cloud.flush()).rejects.toThrow('S3 has accepted the object without an answer');
    await story.clearFaults();
    await nextHour();
    await nextHour();
    await nextHour();
    const { code, count, evening } = await judged();
    const shown = evening.map(({ hour, table_name, state, accepted, missing, unproved }) => [
      hour,
      table_name,
      state,
      accepted,
      missing,
      unproved,
    ]);
    expect({ code, count, shown }).toEqual({
      code: 3,
      count: 72,
      shown: [
        [20, 'events', 'whole', 7, 0, 0],
        [21, 'events', 'whole', 5, 0, 0],
        [22, 'events', 'short', 15, 13, 0],
        [23, 'events', 'whole', 6, 0, 3],
      ],
    });
    expect(story.refusals).toEqual([]);
  });

  it('leaves a table that the page and the dbt project read', async () => {
    expect(await story.ask(WHOLE)).toEqual([{ state: 'short' }]);
    const model = repositoryFile('examples/dbt/tests/received_hours_are_whole.sql')
      .replace(/\{\{ config.*? \}\}/, '')
      .replace(/\{\{ source.*? \}\}/, 'received_hours')
      .replaceAll('{{ last_day() }}', "date '2026-11-21'")
      .replace("{{ var('unproved_events') }}", '0')
      .replace(/\{\{ var.*? \}\}/g, '8');
    expect(await story.ask(model)).toMatchObject([{ state: 'short', missing: '13' }]);
  });

  it('leaves a table that is queried, and a problem that status tells', async () => {
    const found = await story.ask(
      `SELECT ds, hour, missing FROM received_hours WHERE state = 'short' AND ds = DATE '${DAY}'`,
    );
    expect(found).toEqual([{ ds: DAY, hour: '22', missing: '13' }]);
    expect((await story.sluice('status')).stdout).toContain(`\n${DAY} ${'o'.repeat(20)}..S:`);
    expect(await story.cure('HOUR_SHORT')).toEqual([3]);
  });
});
