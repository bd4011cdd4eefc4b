import { expect, it } from '@jest/globals';
import { anyVersion } from '../../../../lib/base/ObjectStore.ts';
import { removeWritten } from '../../../../lib/landing/write/removeWritten.ts';

it('takes objects for kept whose deletion fails as a whole three times, with a longer pause each time', async () => {
  const removeAll = () => Promise.reject(Object.assign(new Error(), { name: 'SlowDown' }));
  const waits: number[] = [];
  const wait = async (ms: number) => waits.push(ms);
  const ports = { store: { removeAll }, log: () => {}, wait, random: () => 0.5 };
  const { left } = await removeWritten(anyVersion(['landing/a']), ports);
  expect([...left]).toEqual([['landing/a', 'SlowDown']]);
  expect(waits).toEqual([100, 200]);
});
