import { expect, it } from '@jest/globals';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { acmeSource, type DatasetInput, eventsDataset } from '../harness/configInput.ts';
import { madeResources } from './madeResources.ts';

/** The resources of a stack with one dataset. */
const madeWith = (dataset: Partial<DatasetInput>) => {
  const sources: ConfigInput['sources'] = [acmeSource({ datasets: [eventsDataset(dataset)] })];
  return madeResources({ sources }).template.Resources;
};

it('the check for overdue drops runs each hour if a dataset has an expected time', () => {
  expect(madeWith({ expectedBy: { hour: 9 } })['IngestExpectedSchedule']?.Properties).toMatchObject({
    ScheduleExpression: 'cron(5 * * * ? *)',
    Target: { Arn: { 'Fn::GetAtt': ['IngestPlanQueue', 'Arn'] }, Input: '{"sluice":"expected"}' },
  });
});

it('no check for overdue drops and no alarm on them is made if no dataset has an expected time', () => {
  const ids = Object.keys(madeWith({}));
  expect(ids).toContain('IngestSweepSchedule');
  expect(ids.filter((id) => /^Ingest(Late|Expected)/.test(id))).toEqual([]);
});
