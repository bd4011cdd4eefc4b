import { afterAll, describe, expect, it } from '@jest/globals';
import { HOUR_MS } from '../../lib/base/time.ts';
import { encodeLines } from '../../lib/landing/store/encodeLines.ts';
import type { ReceivedHour } from '../../lib/reconcile/receivedHours.ts';
import { rowPath } from '../../lib/tables/objectKeys.ts';
import { firstQuery } from '../harness/firstQuery.ts';
import { removeVersion, storyCloud } from '../harness/storyCloud.ts';
import { textOf } from '../harness/textOf.ts';

const DAY = '2026-11-20';
/** The query of the page. */
const WHOLE = firstQuery('complete.md').replaceAll('2026-11-14', DAY).replace('sluice.', '');
const story = await storyCloud({ curate: false }, { startsAt: `${DAY}T20:10:00Z` });
afterAll(() => story.close());

let users = 0;
/** Posts events of a new user. @param days How many days after their receipt their time is; before it if negative. */
async function post(count: number, days = 0): Promise<number> {
  users += 1;
  const user = { userID: `u${users}` };
  const time = story.clock.now() + days * 24 * HOUR_MS;
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
  await story.jump(HOUR_MS);
  await story.cloud.flush();
}

/** Keeps the function that writes rows from running until faults are cleared. */
const HELD = { fault: 'throttleInvocations', function: 'sluice-local-write', calls: 'all' };

/** Accepts 7 events. A person is erased before their 3 rows are written: 3 more may still be on their way. */
async function eraseBeforeWriting(): Promise<void> {
  await story.setFaults({ lambda: [HELD] });
  expect(await post(3)).toBe(202);
  expect(await post(4)).toBe(202);
  await story.cloud.flush();
  expect((await story.sluice('erase', '--unit', 'user_id=u1')).code).toBe(3);
  await story.clearFaults();
  await nextHour();
}

/** Accepts 5 events, whose rows are written twice and counted once: the function is killed before it deletes the object. */
async function killWriter(): Promise<void> {
  expect(await post(5)).toBe(202);
  await story.setFaults({
    lambda: [{ fault: 'killInvocations', function: 'sluice-local-write', afterMs: 2_000 }],
  });
  await nextHour();
  expect((await story.struck())[0]).toBeGreaterThan(0);
  await story.clearFaults();
}

/** Lands a row of the hour of 21:00 again that its table did not take. */
async function redriveRow(): Promise<void> {
  const at = `${DAY}T21:10:00.000Z`;
  const raw = JSON.stringify({ event_id: 'e', event_name: 'buy', user_id: 'u0', timestamp: at });
  const reason = 'SLUICE_ROW_UNFIT';
  const path = rowPath('landing/2026/11/20/21/x', 'events', DAY);
  const row = JSON.stringify({ quarantine_id: 'q', received_at: at, reason, raw, path });
  const record = encodeLines({ quarantine: [{ day: DAY, json: row }] }) ?? Buffer.of();
  await story.put(`landing/direct/${DAY}/q.ndjson.gz`, record);
  await story.cloud.flush();
  expect(await story.json('redrive', '--reason', reason)).toMatchObject({ delivered: { events: 1 } });
  await story.cloud.flush();
}

/**
 * Accepts 13 events in one object, which is deleted unwritten, and then 2 of the first and of the last day of the time window,
 * by an hour: a phone was offline, and a clock is wrong.
 */
async function loseObject(): Promise<void> {
  await story.setFaults({ lambda: [HELD] });
  expect(await post(6)).toBe(202);
  expect(await post(7)).toBe(202);
  await story.cloud.flush();
  const [lost = '', ...others] = await story.keys('landing/');
  expect(others).toEqual([]);
  await removeVersion(story.s3By(), story.cloud.bucket, lost);
  await story.clearFaults();
  expect(await post(1, -7 + 1 / 24)).toBe(202);
  expect(await post(1, 1 - 1 / 24)).toBe(202);
  await nextHour();
}

/** Accepts 3 events that are lost, and 3 that Firehose delivers twice: both counts agree. */
async function loseAndRepeat(): Promise<void> {
  await story.setFaults({
    lambda: [HELD],
    firehose: [{ fault: 'failDeliveries', afterwards: true, nth: 2 }],
  });
  expect(await post(3)).toBe(202);
  await story.cloud.flush();
  for (const key of await story.keys('landing/')) await removeVersion(story.s3By(), story.cloud.bucket, key);
  expect(await post(3)).toBe(202);
  await expect(story.cloud.flush()).rejects.toThrow('S3 has accepted the object without an answer');
  await story.clearFaults();
  await nextHour();
}

describe('each night', () => {
  it('says of every hour of the day before whether all events are in their tables', async () => {
    // There is no row yet.
    expect(await story.ask(WHOLE)).toEqual([{ state: 'open' }]);
    await eraseBeforeWriting();
    await killWriter();
    await redriveRow();
    await loseObject();
    await loseAndRepeat();
    // Midnight is past, and the night's run.
    await nextHour();
    await nextHour();
    const { code, stdout } = await story.sluice('reconcile', '--day', DAY, '--json');
    const { hours }: { hours: readonly ReceivedHour[] } = JSON.parse(stdout);
    const evening = hours.filter(
      ({ hour, accepted, state }) => hour >= 20 && (accepted > 0 || state !== 'whole'),
    );
    const shown = evening.map((row) => [
      row.hour,
      row.table_name,
      row.state,
      row.accepted,
      row.missing,
      row.unproved,
    ]);
    expect({ code, count: hours.length, shown }).toEqual({
      code: 3,
      count: 72,
      shown: [
        [20, 'events', 'whole', 7, 0, 3],
        [21, 'events', 'whole', 5, 0, 0],
        [22, 'events', 'short', 15, 10, 3],
        [23, 'events', 'whole', 6, 0, 3],
      ],
    });
    expect(story.refusals).toEqual([]);
  });

  it('leaves a table that the page and the dbt project read', async () => {
    expect(await story.ask(WHOLE)).toEqual([{ state: 'short' }]);
    const model = textOf('examples/dbt/tests/received_hours_are_whole.sql')
      .replace(/\{\{ config.*? \}\}/, '')
      .replace(/\{\{ source.*? \}\}/, 'received_hours')
      .replaceAll('{{ last_day() }}', "date '2026-11-21'")
      .replace("{{ var('unproved_events') }}", '0')
      .replace(/\{\{ var.*? \}\}/g, '8');
    expect(await story.ask(model)).toMatchObject([{ state: 'short', missing: '10' }]);
  });

  it('leaves a problem that status tells', async () => {
    expect((await story.sluice('status')).stdout).toContain(`\n${DAY} ${'.'.repeat(20)}:.S:`);
    expect(await story.cure('HOUR_SHORT', /reconcile/)).toEqual([3]);
  });
});
