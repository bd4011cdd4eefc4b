import { expect, it } from '@jest/globals';
import { resources } from '../../infra/resources.ts';
import { unusedFunctions } from '../../infra/template/unusedFunctions.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';

/** What a stage has of the judgement of received hours. */
function made(reconcile: boolean): readonly string[] {
  const config = defineConfig({ bucket: 'acme', reconcile });
  const { Resources } = resources({ config, service: 'sluice', stage: 'prod' });
  const ids = Object.keys(Resources).filter((id) => /Reconcile|ReceivedHours|HoursShort|Night/.test(id));
  return [...ids, ...(unusedFunctions(config).includes('reconcile') ? [] : ['reconcile'])].sort();
}

it('the judgement of received hours is left out as a whole', () => {
  expect(made(true)).toEqual([
    'HoursShortAlarm',
    'NightMissingAlarm',
    'ReceivedHoursTable',
    'ReconcileErrorsAlarm',
    'ReconcileRole',
    'ReconcileSchedule',
    'ReconcileScheduleRole',
    'reconcile',
  ]);
  expect(made(false)).toEqual([]);
});
