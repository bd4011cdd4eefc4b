import { afterAll, describe, expect, it } from '@jest/globals';
import type { UtcDay } from '../../lib/base/time.ts';
import type { Status } from '../../observe/findings/status.ts';
import { CUSTOMER, DROPS, ingestCloud } from '../harness/ingestCloud.ts';
import { fillConsole } from './fillConsole.ts';
import { openLocalConsole, openPage } from './openPage.ts';

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
const world = await ingestCloud({
  bucket: 'acme-console',
  curate: true,
  sources: [{ name: 'acme', bucket: DROPS, owner: CUSTOMER, datasets }],
});
await world.jumpTo('2026-11-20T07:00:00Z');
await world.drop(`events/${GOOD}/a.parquet`, rows(GOOD, ['buy', null]));
await world.drop(`events/${BROKEN}/a.parquet`, rows(BROKEN, ['buy'], 'wrong_name'));
// The next day of it is late.
await world.drop(
  `revenue/${GOOD}/a.parquet`,
  `SELECT DATE '${GOOD}' AS date, 'u1' AS unit_id, 'userID' AS id_type, 'sales' AS metric_name, 7 AS metric_value`,
);
for (const at of ['2026-11-20T09:05:00Z', '2026-11-20T12:30:00Z']) await world.jumpTo(at);
const send = (body: object | string) =>
  fetch(`${world.cloud.collector}/v1/rgstr`, {
    method: 'POST',
    headers: { 'statsig-api-key': 'client-demo' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const now = () => Date.parse('2026-11-20T12:31:00Z');
await send('{"events":[{"eventName":"cut');
await send({ events: [{ eventName: 'n'.repeat(1_000) }] });
await fillConsole({ cloud: world.cloud, clock: { now }, send });
const open = await openLocalConsole(world.cloud);
const opened = await openPage(open.address);
afterAll(async () => {
  await opened.close();
  await open.close();
  await world.close();
});

describe('the pages of the console', () => {
  it('Status has what was refused beside what was accepted, and quarantine unfolds to what came', async () => {
    await opened.shows('SLUICE_FINDING_REFUSED');
    await opened.shows('rows of exposures');
    const { alarms }: Status = JSON.parse(await (await fetch(new URL('/api/findings', open.address))).text());
    const on = alarms?.filter(({ state }) => state === 'ALARM');
    await opened.shows(`Alarms that are on: ${on?.length} of ${alarms?.length}`);
    await opened.click('td .fold', 'SLUICE_BODY_NOT_JSON');
    await opened.click('.unfolded .fold', '2026-11-20');
    await opened.shows('{"events":[{"eventName":"cut');
  });

  it('Live unfolds an entry to where it is and what it holds', async () => {
    opened.go('/live?event=purchase&user=user-0-3');
    await opened.shows('purchase');
    await opened.click('.fold', '11-20');
    await opened.shows('queryable');
    await opened.shows('"event_name": "purchase"');
    opened.go('/live?errors=true');
    await opened.shows('SLUICE_BODY_NOT_JSON');
    const live = await (await fetch(new URL('/api/live?event=purchase&last=100', open.address))).text();
    expect([live.includes('"row":null'), live.includes('"row":{')]).toEqual([true, false]);
    const long = await (await fetch(new URL('/api/live?event=n*&last=100', open.address))).text();
    expect([long.includes('n'.repeat(120)), long.includes('n'.repeat(121))]).toEqual([true, false]);
  });

  it('Trace lists what a user sent', async () => {
    opened.go('/trace?id=ada');
    await opened.shows('purchase');
  });

  it('Tables unfold to days', async () => {
    opened.go('/tables');
    await opened.click('.fold', 'statsig_forwarded_events');
    // Tomorrow is registered already: a query of it has no rows.
    await opened.shows('registered ahead');
    await opened.shows('/2026-11-20/');
  });

  it('Days open below their line; a broken drop is explained, and its correction loaded on request', async () => {
    opened.go('/days');
    await opened.click('.days .warning', '1 refused');
    await opened.shows('SLUICE_INGEST_ROW_NAME_MISSING');
    await opened.click('.fold', 'row 1');
    await opened.shows(`"unit_id": "${HOSTILE}1"`);
    await opened.holds("document.querySelectorAll('main img').length === 0");
    await opened.click('.days .bad', 'SLUICE_INGEST_COLUMN_MISSING');
    await opened.shows('event_name');
    await world.drop(`events/${BROKEN}/a.parquet`, rows(BROKEN, ['buy', 'see', 'see']));
    await opened.click('button', 'Load this day again');
    await opened.click('.note button', `Load ${BROKEN} again`);
    await opened.click('.days .good', '3 rows');
    opened.go('/days?until=2026-11-20');
    await opened.click('.days .bad', 'late');
    await opened.click('.days .plain', 'too young');
    opened.go('/days?source=acme&after=acme%2Fevents');
    await opened.shows('2 datasets and exports');
    await opened.click('button', 'First page');
  });

  it('Experiments unfold to groups, and have the verdict on their split', async () => {
    opened.go('/experiments');
    await opened.click('.fold', 'checkout_button');
    await opened.shows('Control');
    await opened.shows('not tested');
  });

  it('SQL answers, and says where a mistake is', async () => {
    opened.go('/sql');
    // The example that the field begins with.
    await opened.click('button', 'Run');
    await opened.shows('users bigint');
    await opened.shows('page_view');
    await opened.type('textarea', "SELECT count(*) AS refused FROM quarantine WHERE ds = DATE '2026-11-20'");
    await opened.click('button', 'Run');
    await opened.shows('refused bigint');
    opened.go(`/sql?q=${encodeURIComponent('SELECT 2 AS items')}`);
    await opened.holds("document.querySelector('textarea').value.includes('items')");
    await opened.click('button', 'Run');
    await opened.shows('items');
    await opened.type('textarea', 'SELECT 1\nFROM no_such_table');
    await opened.click('button', 'Run');
    await opened.shows('line 2:6');
  });

  it('switches of the local cloud deliver, move the clock, and tell of faults', async () => {
    await opened.click('.top button', '+1 h');
    const says = async (text: string) => {
      await opened.click('.top', text);
    };
    await says('0 requests in buffers');
    const faults = { firehose: [{ fault: 'failCalls', every: 2 }] };
    await fetch(`${world.cloud.edge}/_sluice/faults`, { method: 'POST', body: JSON.stringify(faults) });
    await says('1 fault on');
    await fetch(`${world.cloud.edge}/_sluice/faults`, { method: 'DELETE' });
  });

  it('names a page that does not exist, and begins each page at its heading', async () => {
    opened.go('/nowhere');
    await opened.shows('Not found');
    await opened.holds("document.activeElement.tagName === 'H1'");
  });
});
