import { afterAll, expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { openDeployment } from '../../../../observe/deployment.ts';
import { readLandedRows } from '../../../../observe/facts/tables/landedRows.ts';
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

it('rows of a day count by table, those of quarantine by reason and sender, the most first', async () => {
  const row = (id: string, received_at: string, ds = '2026-11-20') => ({ event_id: id, received_at, ds });
  await athena.insert(
    config.tables.events,
    row('older', '2026-11-19 11:59:59.999', '2026-11-19'),
    row('first', '2026-11-19 12:00:00', '2026-11-19'),
    row('before the hour', '2026-11-20 10:59:59.999'),
    row('of the hour', '2026-11-20 11:00:00'),
    row('of yesterday', '2026-11-20 11:20:00', '2026-11-19'),
    row('of tomorrow', '2026-11-20 11:30:00.123', '2026-11-21'),
    row('of long ago', '2026-11-20 11:40:00', '2026-11-18'),
  );
  const refused = (reason: string, received_at: string, more: object) => ({
    quarantine_id: 'q',
    reason,
    received_at,
    ds: '2026-11-20',
    path: '/v1/rgstr',
    ...more,
  });
  const js = { sdk_type: 'js', sdk_version: '3', key_label: 'web' };
  await athena.insert(
    config.tables.quarantine,
    refused('A', '2026-11-19 11:59:59.999', { ...js, ds: '2026-11-19' }),
    refused('A', '2026-11-20 03:00:00', js),
    refused('B', '2026-11-20 04:00:00', js),
    refused('B', '2026-11-20 05:00:00', {}),
    refused('B', '2026-11-20 02:00:00', {}),
    refused('B', '2026-11-20 11:30:00', { ...js, key_label: 'app' }),
  );
  const found = await readLandedRows({ ...opened, athena: athena.athena, wait: async () => undefined });
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
  const at = (hour: string) => `2026-11-20T${hour}:00.000Z`;
  const sender = (sdk: string | null, key: string | null, first: string, last = first) => ({
    sdk,
    key,
    path: sdk === null ? '/v1/rgstr' : null,
    rows: first === last ? 1 : 2,
    firstAt: at(first),
    lastAt: at(last),
  });
  expect(found.quarantine).toEqual([
    {
      reason: 'B',
      rows: 4,
      firstAt: at('02:00'),
      newestAt: at('11:30'),
      senders: [
        sender(null, null, '02:00', '05:00'),
        sender('js 3', 'app', '11:30'),
        sender('js 3', 'web', '04:00'),
      ],
    },
    {
      reason: 'A',
      rows: 1,
      firstAt: at('03:00'),
      newestAt: at('03:00'),
      senders: [sender('js 3', 'web', '03:00')],
    },
  ]);
  expect(found.scannedBytes).toBe(9);
});
