import { describe, expect, it } from '@jest/globals';
import { resources } from '../../infra/resources.ts';
import { serviceFunctions } from '../../infra/serverless/service.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';

/** The template as CloudFormation gets it. */
function deploy(input: Partial<ConfigInput> = {}) {
  const config = defineConfig({ bucket: 'acme-experiments', ...input });
  const { Resources } = resources({ config, service: 'acme', stage: 'prod' });
  return { config, Resources: JSON.parse(JSON.stringify(Resources)) };
}
type Deployed = ReturnType<typeof deploy>;
const idsOf = ({ Resources }: Deployed, type: string) =>
  Object.keys(Resources).filter((id) => Resources[id].Type === type);

describe('the stream of the landing', () => {
  const one = deploy();

  it('is one, plain and without a name, and stays with its role when the template leaves it out', () => {
    expect(idsOf(one, 'AWS::KinesisFirehose::DeliveryStream')).toEqual(['LandingStream']);
    const { DeletionPolicy, UpdateReplacePolicy, Properties } = one.Resources.LandingStream;
    expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
    expect(Properties.DeliveryStreamName).toBeUndefined();
    expect(Properties.ExtendedS3DestinationConfiguration).toMatchObject({
      ...{ Prefix: 'landing/', CompressionFormat: 'UNCOMPRESSED' },
      FileExtension: '.ndjson.gz',
      BufferingHints: { IntervalInSeconds: 60, SizeInMBs: 16 },
    });
    for (const setting of ['DataFormatConversion', 'DynamicPartitioning', 'Processing'])
      expect(Properties.ExtendedS3DestinationConfiguration[`${setting}Configuration`]).toBeUndefined();
    expect(one.Resources.LandingDeliveryRole.DeletionPolicy).toBe('Retain');
  });

  it('has the configured buffer', () => {
    const { LandingStream } = deploy({ buffering: { seconds: 120, megabytes: 32 } }).Resources;
    expect(LandingStream.Properties.ExtendedS3DestinationConfiguration.BufferingHints).toEqual({
      ...{ IntervalInSeconds: 120, SizeInMBs: 32 },
    });
  });

  it('is named to the collector, which alone may put into it', () => {
    expect(serviceFunctions(one.config)['collect']?.environment).toMatchObject({
      SLUICE_STREAM: { Ref: 'LandingStream' },
    });
    const putting = idsOf(one, 'AWS::IAM::Role').filter((id) =>
      JSON.stringify(one.Resources[id]).includes('"firehose:'),
    );
    expect(putting).toEqual(['CollectRole']);
    expect(JSON.stringify(one.Resources.CollectRole)).toContain(
      JSON.stringify({
        ...{ Effect: 'Allow', Action: ['firehose:PutRecord'] },
        Resource: [{ 'Fn::GetAtt': ['LandingStream', 'Arn'] }],
      }),
    );
  });
});
