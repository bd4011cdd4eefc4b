import { describe, expect, it } from '@jest/globals';
import { turns } from '../../../../lib/drops/plan/trigger.ts';
import { triggerKey } from '../../../../lib/tables/ledgerKeys.ts';
import { MemoryObjects } from '../../../harness/MemoryObjects.ts';

describe('a turn of a source', () => {
  it('is not blocked by an invalid object under its key', async () => {
    const store = new MemoryObjects();
    await store.write(triggerKey('acme'), 'no JSON');
    const take = turns(store, { now: () => 1_000 });
    expect(await take('acme', 2_000)).not.toBeNull();
  });
});
