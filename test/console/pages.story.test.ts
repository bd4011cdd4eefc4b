import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HOUR_MS, type UtcDay } from '../../lib/base/time.ts';
import type { LiveAnswer } from '../../observe/facts/flow/liveEntries.ts';
import { CUSTOMER, DROPS, ingestCloud } from '../harness/ingestCloud.ts';
import { eventually } from '../harness/waiting.ts';
import { fillConsole } from './fillConsole.ts';
import { type OpenPage, openLocalConsole, openPage } from './openPage.ts';

const GOOD = '2026-11-18';
const BROKEN = '2026-11-19';
const HOSTILE = '<img src=x onerror=alert(1)>';

/** Rows with these names of events; null is refused. */
const rows = (day: UtcDay, names: readonly (string | null)[], column = 'event_name') =>
  names
    .map((name, i) => {
      const value = name === null ? 'NULL' : `'${name}'`;
      return `SELECT TIMESTAMP '${day} 10:00:00' AS timestamp, ${value} AS ${column}, '${HOSTILE}${i}' AS unit_id`;
    })
    .join(' UNION ALL ');

const datasets = [
  { name: 'events', kind: 'events' as const, lookbackDays: 5, refusedShare: 0.9 },
  { name: 'revenue', kind: 'metrics' as const, lookbackDays: 5, expectedBy: { hour: 6 } },
];

let world: Awaited<ReturnType<typeof ingestCloud>>;
/** The address of the console. */
let address: string;
/**
 * The page that all stories use in turn. Each goes to its own path. Two change what later ones find: one corrects the broken day,
 * and one moves the clock by an hour.
 */
let opened: OpenPage;
/** Closes what was opened, the last first: also what is open when the setup throws. */
const closers: (() => Promise<unknown>)[] = [];

const send = (body: object | string) =>
  fetch(`${world.cloud.collector}/v1/rgstr`, {
    method: 'POST',
    headers: { 'statsig-api-key': 'client-demo' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

/** Drops two days of events, one of them with a wrong column, and one of revenue, whose next day is late. */
async function dropDays(): Promise<void> {
  await world.drop(`events/${GOOD}/a.parquet`, rows(GOOD, ['buy', null]));
  await world.drop(`events/${BROKEN}/a.parquet`, rows(BROKEN, ['buy'], 'wrong_name'));
  await world.drop(
    `revenue/${GOOD}/a.parquet`,
    `SELECT DATE '${GOOD}' AS date, 'u1' AS unit_id, 'userID' AS id_type, 'sales' AS metric_name, 7 AS metric_value`,
  );
}

beforeAll(async () => {
  world = await ingestCloud({
    bucket: 'acme-console',
    curate: true,
    sources: [{ name: 'acme', bucket: DROPS, owner: CUSTOMER, datasets }],
  });
  closers.push(() => world.close());
  await world.jumpTo('2026-11-20T07:00:00Z');
  await dropDays();
  for (const at of ['2026-11-20T09:05:00Z', '2026-11-20T12:30:00Z']) await world.jumpTo(at);
  await send('{"events":[{"eventName":"cut');
  await send({ events: [{ eventName: 'n'.repeat(1_000) }] });
  const now = () => Date.parse('2026-11-20T12:31:00Z');
  await fillConsole({ cloud: world.cloud, clock: { now }, send });
  const open = await openLocalConsole(world.cloud);
  closers.push(() => open.close());
  address = open.address;
  opened = await openPage(address);
  closers.push(() => opened.close());
});
afterAll(async () => {
  for (const close of closers.toReversed()) await close();
});

/** What a call of the console's API answers. The caller names its type. */
async function answerOf<Answer>(path: string): Promise<Answer> {
  return JSON.parse(await (await fetch(new URL(path, address))).text());
}

describe('the page Status', () => {
  it('shows what was refused beside what was accepted', async () => {
    opened.go('/');
    await opened.shows('SLUICE_FINDING_REFUSED');
    await opened.shows('rows of exposures');
  });

  it('unfolds a reason of quarantine to the body that came', async () => {
    opened.go('/');
    await opened.click('td .fold', 'SLUICE_BODY_TRUNCATED');
    await opened.click('.unfolded .fold', '2026-11-20');
    await opened.shows('{"events":[{"eventName":"cut');
  });
});

describe('the page Live', () => {
  it('unfolds an entry to where it is and what it holds', async () => {
    opened.go('/live?event=purchase&user=user-0-3');
    await opened.shows('purchase');
    await opened.click('.fold', '11-20');
    await opened.shows('queryable');
    await opened.shows('"event_name": "purchase"');
  });

  it('lists requests with errors alone', async () => {
    opened.go('/live?errors=true');
    await opened.shows('SLUICE_BODY_TRUNCATED');
    await opened.holds("!document.querySelector('main').textContent.includes('purchase')");
  });
});

describe('the call /api/live, by which the page Live lists entries', () => {
  it('answers entries without their rows', async () => {
    const { entries } = await answerOf<LiveAnswer>('/api/live?event=purchase&last=100');
    const events = entries.filter((entry) => entry.type === 'event');
    expect(events.length).toBeGreaterThan(0);
    expect(events.map(({ row }) => row)).toEqual(events.map(() => null));
  });

  it('answers the first 120 characters of a long name', async () => {
    const { entries } = await answerOf<LiveAnswer>('/api/live?event=n*&last=100');
    const names = entries.flatMap((entry) => (entry.type === 'event' ? [entry.name] : []));
    expect(names).toEqual([`${'n'.repeat(120)}… (1000 characters)`]);
  });
});

it('the page Trace shows an event that a user sent', async () => {
  opened.go('/trace?id=ada');
  await opened.shows('purchase');
});

it('the page Tables unfolds a table to its days, and says which are registered ahead', async () => {
  opened.go('/tables');
  await opened.click('.fold', 'statsig_forwarded_events');
  // Tomorrow is registered already: a query of it has no rows.
  await opened.shows('registered ahead');
  await opened.shows('/2026-11-20/');
});

describe('the page Days', () => {
  it('shows a refused row of a day as text, with its reason', async () => {
    opened.go('/days');
    await opened.click('.days .warning', '1 refused');
    await opened.shows('SLUICE_INGEST_ROW_NAME_MISSING');
    await opened.click('.fold', 'row 1');
    await opened.shows(`"unit_id": "${HOSTILE}1"`);
    await opened.holds("document.querySelectorAll('main img').length === 0");
  });

  it('names the column that a broken day lacks', async () => {
    opened.go('/days');
    await opened.click('.days .bad', 'SLUICE_INGEST_COLUMN_MISSING');
    await opened.shows('event_name');
  });

  it('loads a broken day again once it is corrected', async () => {
    opened.go('/days');
    await world.drop(`events/${BROKEN}/a.parquet`, rows(BROKEN, ['buy', 'see', 'see']));
    await opened.click('.days .bad', 'SLUICE_INGEST_COLUMN_MISSING');
    await opened.click('button', 'Load this day …');
    await opened.click('.note button', `Load ${BROKEN}`);
    await opened.shows('3 rows', '.days .good');
  });

  it('marks days that are late, and days that are too young', async () => {
    opened.go('/days?until=2026-11-20');
    await opened.shows('late', '.days .bad');
    await opened.shows('too young', '.days .plain');
  });

  it('shows an error in place of what another address answered', async () => {
    opened.go('/days?until=2026-11-20');
    await opened.shows('late', '.days .bad');
    opened.go('/days?until=2026-11-20&after=nowhere');
    await opened.shows('SLUICE_OBSERVE_CURSOR_UNKNOWN');
    await opened.holds("document.querySelector('.days') === null");
  });
});

describe('the page SQL', () => {
  it('runs the example that its field begins with', async () => {
    opened.go('/sql');
    await opened.click('button', 'Run');
    await opened.shows('users bigint');
    await opened.shows('page_view');
  });

  it('runs the query of its address', async () => {
    opened.go(`/sql?q=${encodeURIComponent('SELECT 2 AS items')}`);
    await opened.holds("document.querySelector('textarea').value.includes('items')");
    await opened.click('button', 'Run');
    await opened.shows('items integer');
  });

  it('says where a mistake is', async () => {
    opened.go('/sql');
    await opened.type('textarea', 'SELECT 1\nFROM no_such_table');
    await opened.click('button', 'Run');
    await opened.shows('line 2:6');
  });
});

describe('the switches of the local cloud', () => {
  it('move the clock by an hour, which delivers what waits in buffers', async () => {
    await send({ events: [{ eventName: 'waits' }] });
    // The switches ask for their state every two seconds.
    await opened.holds("!document.querySelector('.top').textContent.includes('0 requests in buffers')");
    const before = world.clock.now();
    await opened.click('.top button', '+1 h');
    await opened.shows('0 requests in buffers', '.top');
    // The clock goes in steps: buffers are empty before it has gone the whole hour.
    const isAnHour = (ms: number) => ms >= HOUR_MS;
    await eventually('the clock to be an hour later', () => world.clock.now() - before, isAnHour);
  });

  it('tell of a fault that is on', async () => {
    const faultsUrl = `${world.cloud.edge}/_sluice/faults`;
    const faults = { firehose: [{ fault: 'failCalls', every: 2 }] };
    const set = await fetch(faultsUrl, { method: 'POST', body: JSON.stringify(faults) });
    expect(set.ok).toBe(true);
    try {
      await opened.shows('1 fault on', '.top');
    } finally {
      await fetch(faultsUrl, { method: 'DELETE' });
    }
  });
});

it('the page Status counts the alarms that are on an hour later', async () => {
  // The page asks when it is opened, and then every ten seconds.
  opened.go('/tables');
  await opened.shows('statsig_forwarded_events');
  opened.go('/');
  await opened.shows('Alarms that are on: 1 of ');
});

it('the console names a page that does not exist, at whose heading a reader begins', async () => {
  opened.go('/nowhere');
  await opened.shows('Not found');
  await opened.holds("document.activeElement.tagName === 'H1'");
});
