import { expect, it } from '@jest/globals';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { acmeSource, type DatasetInput, eventsDataset } from '../harness/configInput.ts';
import { madeResources } from './madeResources.ts';

/** The resources of a stack with one dataset. */
const madeWith = (dataset: Partial<DatasetInput>) => {
  const sources: ConfigInput['sources'] = [acmeSource({ datasets: [eventsDataset(dataset)] })];
  return madeResources({ sources }).template.Resources;
};

it('an expected time makes the check for overdue drops and its alarm, and nothing else', () => {
  const without = Object.keys(madeWith({}));
  const added = Object.keys(madeWith({ expectedBy: { hour: 9 } })).filter((id) => !without.includes(id));
  expect(added.sort()).toEqual(['IngestExpectedSchedule', 'IngestExpectedScheduleRole', 'IngestLateAlarm']);
});
