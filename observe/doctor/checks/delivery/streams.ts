import { type DeliveryStreamDescription, DescribeDeliveryStreamCommand } from '@aws-sdk/client-firehose';
import { logicalIds } from '../../../../infra/template/Stack.ts';
import type { Config } from '../../../../lib/schema/config.ts';
import { LANDING_FOLDER } from '../../../../lib/tables/objectKeys.ts';
import { type Finding, finding } from '../../../findings/catalogue.ts';
import { isAwsError } from '../../askAws.ts';
import { revertDriftCommands } from '../../repairCommands.ts';
import type { Check } from '../../runChecks.ts';

/** The delivery stream: its settings are deployed, but can be changed manually. */
export const streams: Check = {
  name: 'streams',
  expects:
    'the delivery stream is active, and writes the landing to the configured bucket and in the configured interval',
  needs: ['stack'],
  blocks: [],
  codes: ['SLUICE_DOCTOR_RESOURCE_MISSING', 'SLUICE_DOCTOR_STREAM_INACTIVE', 'SLUICE_DOCTOR_DRIFT'],
  permissions: ['firehose:DescribeDeliveryStream', 'cloudformation:ListStackResources'],
  async run(doctor) {
    const config = await doctor.config();
    const { firehose } = await doctor.clients();
    const DeliveryStreamName = (await doctor.resources()).get(logicalIds.stream)?.physicalId;
    const missing = async () => [
      finding(
        'SLUICE_DOCTOR_RESOURCE_MISSING',
        `${DeliveryStreamName ?? logicalIds.stream}.`,
        await revertDriftCommands(doctor, logicalIds.stream),
      ),
    ];
    if (DeliveryStreamName === undefined) return missing();
    try {
      const { DeliveryStreamDescription = {} } = await doctor.ask('firehose:DescribeDeliveryStream', () =>
        firehose.send(new DescribeDeliveryStreamCommand({ DeliveryStreamName })),
      );
      const inactive = judgeStatus(DeliveryStreamDescription);
      const differs = judgeSettings(DeliveryStreamDescription, config);
      if (differs === null) return inactive;
      const commands = await revertDriftCommands(doctor, logicalIds.stream);
      return [...inactive, finding('SLUICE_DOCTOR_DRIFT', differs, commands)];
    } catch (error) {
      if (!isAwsError(error, 'ResourceNotFoundException')) throw error;
      return missing();
    }
  },
};

function judgeStatus(stream: Partial<DeliveryStreamDescription>): Finding[] {
  const { DeliveryStreamName = '', DeliveryStreamStatus, FailureDescription } = stream;
  if (DeliveryStreamStatus === 'ACTIVE') return [];
  const why = FailureDescription?.Details === undefined ? '' : `: ${FailureDescription.Details}`;
  return [
    finding('SLUICE_DOCTOR_STREAM_INACTIVE', `${DeliveryStreamName} is ${DeliveryStreamStatus}${why}.`),
  ];
}

/** Describes in a sentence what differs from the configuration; null if nothing does. */
function judgeSettings(
  stream: Partial<DeliveryStreamDescription>,
  { bucket, buffering }: Pick<Config, 'bucket' | 'buffering'>,
): string | null {
  const to = stream.Destinations?.[0]?.ExtendedS3DestinationDescription;
  const wanted: readonly (readonly [string, unknown, unknown])[] = [
    ['encryption at rest', stream.DeliveryStreamEncryptionConfiguration?.Status, 'ENABLED'],
    ['bucket', to?.BucketARN?.split(':::')[1], bucket],
    ['prefix', to?.Prefix, LANDING_FOLDER],
    ['compression', to?.CompressionFormat ?? 'UNCOMPRESSED', 'UNCOMPRESSED'],
    ['buffer seconds', to?.BufferingHints?.IntervalInSeconds, buffering.seconds],
    ['buffer MiB', to?.BufferingHints?.SizeInMBs, buffering.megabytes],
    ['conversion', to?.DataFormatConversionConfiguration?.Enabled ?? false, false],
    ['processing', to?.ProcessingConfiguration?.Enabled ?? false, false],
  ];
  const differing = wanted.flatMap(([what, found, expected]) =>
    found === expected ? [] : [`${what}: got ${found ?? 'none'}, expected ${expected}`],
  );
  return differing.length === 0 ? null : `${stream.DeliveryStreamName}: ${differing.join('; ')}.`;
}
