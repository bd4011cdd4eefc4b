import { expect, it } from '@jest/globals';
import { anyVersion } from '../../../../lib/base/ObjectStore.ts';
import { removeWritten } from '../../../../lib/landing/write/removeWritten.ts';

it('takes objects for kept whose deletion fails as a whole', async () => {
  const removeAll = () => Promise.reject(Object.assign(new Error(), { name: 'SlowDown' }));
  const { left } = await removeWritten(anyVersion(['landing/a']), { store: { removeAll }, log: () => {} });
  expect([...left]).toEqual([['landing/a', 'SlowDown']]);
});
