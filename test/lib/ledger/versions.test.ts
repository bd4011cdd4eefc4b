import { describe, expect, it } from '@jest/globals';
import { versionName, versionTime } from '../../../lib/ledger/versions.ts';

describe('the name of a version', () => {
  const NOW = Date.parse('2026-11-20T08:15:00.123Z');

  it('has its time, and eight digits by which two of the same time differ', () => {
    const names = [0, 0.5].map((random) => versionName(NOW, () => random));
    expect(names).toEqual(['20261120T081500123Z-00000000', '20261120T081500123Z-80000000']);
    expect(names.map(versionTime)).toEqual([NOW, NOW]);
  });

  it.each([
    'x20261120T081500123Z-00000000',
    '20261120T081500123Z-000000000',
    '20261320T081500123Z-00000000',
    '20261120T081500123Z',
  ])('is not %s', (name) => expect(versionTime(name)).toBeNull());
});
