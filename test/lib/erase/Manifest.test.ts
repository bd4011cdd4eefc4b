import { describe, expect, it } from '@jest/globals';
import { erasures, type Manifest } from '../../../lib/erase/Manifest.ts';
import { erasureKey } from '../../../lib/tables/ledgerKeys.ts';
import { MemoryObjects } from '../../harness/MemoryObjects.ts';

describe('the manifest of an erasure', () => {
  const manifest: Manifest = {
    version: 1,
    id: 'e1',
    units: 1,
    startedAt: 5,
    runs: [],
    forgotten: 0,
    bodies: ['quarantine-large/q'],
  };

  it('is read as it was written, and has no record before', async () => {
    const store = erasures(new MemoryObjects());
    expect(await store.read('e1')).toBeNull();
    const eTag = await store.write(manifest, null);
    expect(await store.read('e1')).toEqual({ manifest, eTag });
  });

  it('is written only over the one that was read, and knows its own write whose answer was lost', async () => {
    const objects = new MemoryObjects();
    const store = erasures(objects);
    const eTag = await store.write(manifest, null);
    expect(eTag).not.toBeNull();
    expect(await store.write({ ...manifest, units: 2 }, null)).toBeNull();
    expect(await store.write({ ...manifest, units: 2 }, 'another')).toBeNull();
    expect(await erasures(new MemoryObjects()).write(manifest, 'of one that is gone')).toBeNull();
    // The client has sent it twice: the second is refused.
    objects.faults = ['written_twice'];
    const changed = await store.write({ ...manifest, units: 2 }, eTag);
    expect(await store.read('e1')).toEqual({ manifest: { ...manifest, units: 2 }, eTag: changed });
  });

  it.each([
    { what: 'empty', text: '' },
    { what: 'no JSON', text: 'no JSON' },
    { what: 'of another version', text: '{"version":2}' },
    { what: 'of fewer units than none', text: JSON.stringify({ ...manifest, units: -1 }) },
  ])('is refused if it is $what', async ({ text }) => {
    const objects = new MemoryObjects();
    await objects.write(erasureKey('e1'), text, { expected: null });
    await expect(erasures(objects).read('e1')).rejects.toMatchObject({
      code: 'SLUICE_ERASE_MANIFEST_INVALID',
      detail: `${erasureKey('e1')}.`,
    });
  });
});
