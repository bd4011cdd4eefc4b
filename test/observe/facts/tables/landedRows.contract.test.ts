import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { openDeployment } from '../../../../observe/deployment.ts';
import { type LandedRows, readLandedRows } from '../../../../observe/facts/tables/landedRows.ts';
import { tableAthena } from '../../../harness/tableAthena.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const config = defineConfig({ bucket: 'acme' });
const athena = await tableAthena(config);
const about = { config, stack: { service: 'sluice', stage: 'prod' }, isLocal: false, now: NOW };
const opened = openDeployment(about, { region: 'us-east-1' });
afterAll(() => {
  opened.close();
  athena.close();
});

const event = (id: string, received_at: string, ds = '2026-11-20') => ({ event_id: id, received_at, ds });
const refused = (reason: string, received_at: string, more: object = {}) => ({
  quarantine_id: 'q',
  reason,
  received_at,
  ds: received_at.slice(0, 10),
  path: '/v1/rgstr',
  ...more,
});
const js = { sdk_type: 'js', sdk_version: '3', key_label: 'web' };

let found: LandedRows;
beforeAll(async () => {
  await athena.insert(
    config.tables.events,
    event('before the hour', '2026-11-20 10:59:59.999'),
    event('of the hour', '2026-11-20 11:00:00'),
    event('of yesterday', '2026-11-20 11:20:00', '2026-11-19'),
    event('of tomorrow', '2026-11-20 11:30:00.123', '2026-11-21'),
    event('of the day before yesterday', '2026-11-20 11:40:00', '2026-11-18'),
  );
  await athena.insert(
    config.tables.quarantine,
    // More than 24 hours ago, and 24 hours ago.
    refused('A', '2026-11-19 11:59:59.999', js),
    refused('A', '2026-11-19 12:00:00', js),
    refused('B', '2026-11-20 04:00:00', js),
    refused('B', '2026-11-20 05:00:00'),
    refused('B', '2026-11-20 02:00:00'),
    refused('B', '2026-11-20 11:30:00', { ...js, key_label: 'app' }),
  );
  found = await readLandedRows({ ...opened, athena: athena.athena, wait: async () => undefined });
});

it('each table has its newest row and its rows of the last hour, of events of yesterday, today and tomorrow', () => {
  expect(found.tables).toEqual([
    { table: 'exposures', name: 'statsig_forwarded_exposures', newestRowAt: null, rowsLastHour: 0 },
    {
      table: 'events',
      name: 'statsig_forwarded_events',
      newestRowAt: '2026-11-20T11:30:00.123Z',
      rowsLastHour: 3,
    },
    { table: 'quarantine', name: 'quarantine', newestRowAt: '2026-11-20T11:30:00.000Z', rowsLastHour: 1 },
  ]);
});

it('rows of quarantine of 24 hours are counted by reason, and of each by sender, the most first', () => {
  const once = (hour: string) => ({ rows: 1, firstAt: hour, lastAt: hour });
  const TWO = '2026-11-20T02:00:00.000Z';
  const FIVE = '2026-11-20T05:00:00.000Z';
  const LAST = '2026-11-20T11:30:00.000Z';
  const DAY_AGO = '2026-11-19T12:00:00.000Z';
  expect(found.quarantine).toEqual([
    {
      reason: 'B',
      rows: 4,
      firstAt: TWO,
      newestAt: LAST,
      senders: [
        // A path is told of requests that name no SDK.
        { sdk: null, key: null, path: '/v1/rgstr', rows: 2, firstAt: TWO, lastAt: FIVE },
        { sdk: 'js 3', key: 'app', path: null, ...once(LAST) },
        { sdk: 'js 3', key: 'web', path: null, ...once('2026-11-20T04:00:00.000Z') },
      ],
    },
    {
      reason: 'A',
      rows: 1,
      firstAt: DAY_AGO,
      newestAt: DAY_AGO,
      senders: [{ sdk: 'js 3', key: 'web', path: null, ...once(DAY_AGO) }],
    },
  ]);
});

it('the bytes are told that Athena read', () => {
  expect(found.scannedBytes).toBe(9);
});
