import { expect, it } from '@jest/globals';
import { lastRedrive } from '../../../../observe/facts/tables/lastRedrive.ts';
import { MemoryObjects } from '../../../harness/MemoryObjects.ts';

const NOW = Date.UTC(2026, 10, 20, 12);

it.each([
  {
    what: 'one in the first moment of yesterday',
    times: ['2026-11-19T00:00:00.000Z', '2026-11-18T23:59:59.999Z'],
    last: '2026-11-19T00:00:00.000Z',
  },
  {
    what: 'the last of today',
    times: ['2026-11-19T08:00:00.000Z', '2026-11-20T07:00:00.000Z', '2026-11-20T06:00:00.000Z'],
    last: '2026-11-20T07:00:00.000Z',
  },
  { what: 'none before yesterday', times: ['2026-11-18T23:59:59.999Z'], last: null },
])('the last redrive of today and yesterday is $what', async ({ times, last }) => {
  const store = new MemoryObjects();
  for (const time of times) await store.write(`ledger/_redriven/${time}-5f0c.json`, '{}');
  expect(await lastRedrive(store, NOW)).toBe(last);
});
