import { expect, it } from '@jest/globals';
import { resources } from '../../infra/resources.ts';
import { unusedFunctions } from '../../infra/template/unusedFunctions.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';

/** The IDs of a stage's resources, and its functions that are not made. */
function made(reconcile: boolean): { readonly ids: readonly string[]; readonly unused: readonly string[] } {
  const config = defineConfig({ bucket: 'acme', reconcile });
  const { Resources } = resources({ config, service: 'sluice', stage: 'prod' });
  return { ids: Object.keys(Resources), unused: unusedFunctions(config) };
}

it('without `reconcile` all that judges received hours is left out, and nothing else', () => {
  const on = made(true);
  const off = made(false);
  expect(on.ids.filter((id) => !off.ids.includes(id)).sort()).toEqual([
    'HoursShortAlarm',
    'NightMissingAlarm',
    'ReceivedHoursTable',
    'ReconcileErrorsAlarm',
    'ReconcileRole',
    'ReconcileSchedule',
    'ReconcileScheduleRole',
  ]);
  expect(off.ids.filter((id) => !on.ids.includes(id))).toEqual([]);
  expect(off.unused.filter((name) => !on.unused.includes(name))).toEqual(['reconcile']);
});
