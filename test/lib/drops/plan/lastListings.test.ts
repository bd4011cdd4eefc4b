import { describe, expect, it } from '@jest/globals';
import { lastListings } from '../../../../lib/drops/plan/lastListings.ts';
import { lastLookKey } from '../../../../lib/tables/ledgerKeys.ts';
import { MemoryObjects } from '../../../harness/MemoryObjects.ts';

describe('the note of the last listing', () => {
  it('is what was written, and absent at first', async () => {
    const looks = lastListings(new MemoryObjects());
    expect(await looks.read('acme', 'events')).toBeNull();
    const look = { at: 1, newestDay: '2026-11-19', stopped: false, openDays: ['2026-11-01'] };
    await looks.write('acme', 'events', look);
    expect(await looks.read('acme', 'events')).toEqual(look);
  });

  it.each(['no JSON', '{"at":"yesterday"}'])('is refused by name if it is not valid: %s', async (body) => {
    const store = new MemoryObjects();
    const key = lastLookKey('acme', 'events');
    await store.write(key, body);
    await expect(lastListings(store).read('acme', 'events')).rejects.toMatchObject({
      code: 'SLUICE_INGEST_LEDGER_INVALID',
      message: expect.stringContaining(key),
    });
  });
});
