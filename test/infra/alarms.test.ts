import { describe, expect, it } from '@jest/globals';
import { resources } from '../../infra/resources.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';

const { Resources } = resources({
  config: defineConfig({ bucket: 'acme-experiments' }),
  service: 'acme',
  stage: 'prod',
});

/** What an alarm looks at, and when it rings. */
function alarm(logicalId: string) {
  const { Type, Properties } = Resources[logicalId] ?? {};
  expect(Type).toBe('AWS::CloudWatch::Alarm');
  return Properties;
}

describe('the alarm on what is parked', () => {
  it('is on for as long as the run for stragglers counts any', () => {
    expect(Resources['ParkedMetric']).toMatchObject({
      Type: 'AWS::Logs::MetricFilter',
      Properties: {
        LogGroupName: { Ref: 'RedriveLogGroup' },
        FilterPattern: '{ $.event = "redrive_stragglers" }',
        // Without a default: a line of something else would say that nothing is parked.
        MetricTransformations: [
          { MetricNamespace: 'Sluice', MetricName: 'ObjectsParked-prod', MetricValue: '$.parked' },
        ],
      },
    });
    expect(alarm('ParkedAlarm')).toMatchObject({
      AlarmName: 'acme-prod-parked',
      Namespace: 'Sluice',
      MetricName: 'ObjectsParked-prod',
      Dimensions: [],
      Statistic: 'Maximum',
      Threshold: 1,
      TreatMissingData: 'ignore',
    });
    expect(JSON.stringify(Resources['ParkedMetric'])).not.toContain('DefaultValue');
  });
});
