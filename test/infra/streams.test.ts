import { describe, expect, it } from '@jest/globals';
import { resources } from '../../infra/resources.ts';
import { requireTemplateFits } from '../../infra/serverless/requirements.ts';
import { serviceFunctions } from '../../infra/serverless/service.ts';
import { streamOf } from '../../infra/streams/streams.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { MAX_STREAMS } from '../../lib/schema/deliveryLimits.ts';
import { everyStream } from '../../lib/tables/streams.ts';

const STREAM = 'AWS::KinesisFirehose::DeliveryStream';

/** The template as CloudFormation gets it. */
function deploy(input: Partial<ConfigInput> = {}) {
  const config = defineConfig({ bucket: 'acme-experiments', ...input });
  const { Resources } = resources({ config, service: 'acme', stage: 'prod' });
  return { config, Resources: JSON.parse(JSON.stringify(Resources)) };
}
type Deployed = ReturnType<typeof deploy>;
const idsOf = ({ Resources }: Deployed, type: string) =>
  Object.keys(Resources).filter((id) => Resources[id].Type === type);
const environmentOf = ({ config }: Deployed, name: string) =>
  JSON.parse(JSON.stringify(serviceFunctions(config)[name]?.environment));

describe('the streams of the landing', () => {
  const one = deploy();
  const three = deploy({ streams: 3, buffering: { seconds: 120, megabytes: 32 } });

  it('are one, plain and without a name, and stay with their role when the template leaves them out', () => {
    expect(idsOf(one, STREAM)).toEqual(['LandingStream']);
    const { DeletionPolicy, UpdateReplacePolicy, Properties } = one.Resources.LandingStream;
    expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
    expect(Properties.DeliveryStreamName).toBeUndefined();
    expect(Properties.ExtendedS3DestinationConfiguration).toMatchObject({
      ...{ Prefix: 'landing/', CompressionFormat: 'UNCOMPRESSED' },
      BufferingHints: { IntervalInSeconds: 60, SizeInMBs: 64 },
    });
    for (const setting of ['DataFormatConversion', 'DynamicPartitioning', 'Processing'])
      expect(Properties.ExtendedS3DestinationConfiguration[`${setting}Configuration`]).toBeUndefined();
    expect(one.Resources.LandingDeliveryRole.DeletionPolicy).toBe('Retain');
  });

  it('are as many as configured, alike, with the configured buffer', () => {
    expect(idsOf(three, STREAM)).toEqual(['LandingStream', 'LandingStream2', 'LandingStream3']);
    const { LandingStream: first, LandingStream2: second } = three.Resources;
    expect(second).toEqual(first);
    expect(first.Properties.ExtendedS3DestinationConfiguration.BufferingHints).toEqual({
      ...{ IntervalInSeconds: 120, SizeInMBs: 32 },
    });
  });

  it('add nothing but themselves and two alarms each', () => {
    const added = Object.keys(three.Resources).filter((id) => !(id in one.Resources));
    expect(added.toSorted()).toEqual(
      [2, 3]
        .flatMap((number) =>
          ['Stream', 'LateAlarm', 'ExpiringAlarm'].map((part) => `Landing${part}${number}`),
        )
        .toSorted(),
    );
    expect(three.Resources.LandingLateAlarm2.Properties).toMatchObject({
      AlarmName: 'acme-prod-landing-2-late',
      Dimensions: expect.arrayContaining([{ Name: 'table', Value: 'landing-2' }]),
    });
    const [body, names] = three.Resources.Dashboard.Properties.DashboardBody['Fn::Sub'];
    for (const part of [`\${Streamlanding2}`, `\${Streamlanding3}`, `\${LandingExpiringAlarm3.Arn}`])
      expect(body).toContain(part);
    expect(Object.keys(names)).toEqual(
      expect.arrayContaining(['Streamlanding', 'Streamlanding2', 'Streamlanding3']),
    );
  });

  it('are named to the collector and the check, which alone may put into them', () => {
    const ids = ['LandingStream', 'LandingStream2', 'LandingStream3'];
    const joined = { 'Fn::Join': [',', ids.map((Ref) => ({ Ref }))] };
    for (const name of ['collect', 'hold']) {
      expect(environmentOf(one, name).SLUICE_STREAMS).toEqual({ Ref: 'LandingStream' });
      expect(environmentOf(three, name).SLUICE_STREAMS).toEqual(joined);
    }
    const putting = idsOf(three, 'AWS::IAM::Role').filter((id) =>
      JSON.stringify(three.Resources[id]).includes('firehose:'),
    );
    expect(putting.toSorted()).toEqual(['CollectRole', 'HoldRole']);
    for (const id of putting)
      expect(JSON.stringify(three.Resources[id])).toContain(
        JSON.stringify({
          ...{ Effect: 'Allow', Action: ['firehose:PutRecord'] },
          Resource: ids.map((stream) => ({ 'Fn::GetAtt': [stream, 'Arn'] })),
        }),
      );
  });

  it('fit the stack and the roles when there are as many as there may be', () => {
    const most = deploy({ streams: MAX_STREAMS, formerStreams: true });
    requireTemplateFits(most);
    // IAM counts without white space: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    for (const role of ['CollectRole', 'HoldRole'])
      expect(JSON.stringify(most.Resources[role].Properties.Policies).length).toBeLessThan(10_240);
    expect(idsOf(most, STREAM).map(streamOf)).toEqual(everyStream(most.config));
    expect(['LandingStream0', 'LandingStream1x', 'WriteQueue', 'LandingStream1'].map(streamOf)).toEqual(
      Array(4).fill(null),
    );
  });
});

describe('the streams of release 0.2', () => {
  it('are kept with their names and roles on request, and named to the check alone', () => {
    const kept = deploy({ formerStreams: true });
    const former = ['ExposuresStream', 'EventsStream', 'QuarantineStream'];
    expect(idsOf(kept, STREAM)).toEqual(['LandingStream', ...former]);
    expect(former.map((id) => kept.Resources[id].Properties.DeliveryStreamName)).toEqual(
      ['exposures', 'events', 'quarantine'].map((name) => `acme-prod-${name}`),
    );
    expect(environmentOf(kept, 'hold').SLUICE_FORMER_STREAMS).toEqual({
      'Fn::Join': [',', former.map((Ref) => ({ Ref }))],
    });
    expect(JSON.stringify(environmentOf(kept, 'collect'))).not.toMatch(/ExposuresStream|EventsStream/);
    expect(environmentOf(deploy(), 'hold').SLUICE_FORMER_STREAMS).toBeUndefined();
  });
});
