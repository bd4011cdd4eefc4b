import { type DeliveryStreamDescription, DescribeDeliveryStreamCommand } from '@aws-sdk/client-firehose';
import { streamName } from '../../../../infra/streams/streams.ts';
import { shardId } from '../../../../infra/template/Stack.ts';
import type { Config } from '../../../../lib/schema/config.ts';
import type { TableKind } from '../../../../lib/schema/kinds.ts';
import { deliveryPrefix, errorPrefix } from '../../../../lib/tables/objectKeys.ts';
import { allStreams, tableOf } from '../../../../lib/tables/streams.ts';
import { checkEach, isAwsError } from '../../askAws.ts';
import { type Finding, finding } from '../../findings.ts';
import { revertDriftCommands } from '../../repairCommands.ts';
import type { Check } from '../../runChecks.ts';

/** The delivery streams: their settings are deployed, but can be changed manually. */
export const streams: Check = {
  name: 'streams',
  expects:
    'the delivery streams are active, and write each table to the configured place, in the configured format and interval',
  needs: ['stack'],
  blocks: [],
  codes: ['SLUICE_DOCTOR_STREAM_MISSING', 'SLUICE_DOCTOR_STREAM_INACTIVE', 'SLUICE_DOCTOR_STREAM_DIFFERS'],
  permissions: ['firehose:DescribeDeliveryStream', 'cloudformation:ListStackResources'],
  async run(doctor) {
    const config = await doctor.config();
    const { firehose } = await doctor.clients();
    return checkEach(
      allStreams(config),
      async (stream) => {
        const DeliveryStreamName = streamName(doctor.stack, stream);
        try {
          const { DeliveryStreamDescription } = await doctor.ask('firehose:DescribeDeliveryStream', () =>
            firehose.send(new DescribeDeliveryStreamCommand({ DeliveryStreamName })),
          );
          const findings = judgeStream(DeliveryStreamDescription ?? {}, config, tableOf(stream));
          if (!findings.some(({ code }) => code === 'SLUICE_DOCTOR_STREAM_DIFFERS')) return findings;
          const commands = await revertDriftCommands(doctor, shardId(stream, 'Stream'));
          return findings.map((one) =>
            one.code === 'SLUICE_DOCTOR_STREAM_DIFFERS' ? { ...one, commands } : one,
          );
        } catch (error) {
          if (!isAwsError(error, 'ResourceNotFoundException')) throw error;
          const commands = await revertDriftCommands(doctor, shardId(stream, 'Stream'));
          return [finding('SLUICE_DOCTOR_STREAM_MISSING', `${DeliveryStreamName}.`, commands)];
        }
      },
      (impossible) => impossible.finding,
    );
  },
};

/** Compares a stream with the configuration. */
function judgeStream(
  stream: Partial<DeliveryStreamDescription>,
  config: Pick<Config, 'bucket' | 'buffering' | 'database' | 'statsigFolder' | 'tables'>,
  kind: TableKind,
): Finding[] {
  const { DeliveryStreamName = '', DeliveryStreamStatus, FailureDescription } = stream;
  const findings: Finding[] = [];
  if (DeliveryStreamStatus !== 'ACTIVE') {
    const why = FailureDescription?.Details === undefined ? '' : `: ${FailureDescription.Details}`;
    findings.push(
      finding('SLUICE_DOCTOR_STREAM_INACTIVE', `${DeliveryStreamName} is ${DeliveryStreamStatus}${why}.`),
    );
  }
  const to = stream.Destinations?.[0]?.ExtendedS3DestinationDescription;
  const conversion = to?.DataFormatConversionConfiguration;
  const schema = conversion?.SchemaConfiguration;
  const wanted: readonly (readonly [string, unknown, unknown])[] = [
    ['encryption at rest', stream.DeliveryStreamEncryptionConfiguration?.Status, 'ENABLED'],
    ['bucket', to?.BucketARN?.split(':::')[1], config.bucket],
    ['prefix', to?.Prefix, deliveryPrefix(config, kind)],
    ['error prefix', to?.ErrorOutputPrefix, errorPrefix(kind)],
    ['buffer seconds', to?.BufferingHints?.IntervalInSeconds, config.buffering.seconds],
    ['buffer MiB', to?.BufferingHints?.SizeInMBs, config.buffering.megabytes],
    ['dynamic partitioning', to?.DynamicPartitioningConfiguration?.Enabled, true],
    ['conversion', conversion?.Enabled, true],
    ['schema database', schema?.DatabaseName, config.database],
    ['schema table', schema?.TableName, config.tables[kind]],
    ['schema version', schema?.VersionId, 'LATEST'],
  ];
  const differing = wanted.flatMap(([what, found, expected]) =>
    found === expected ? [] : [`${what}: got ${found ?? 'none'}, expected ${expected}`],
  );
  if (differing.length > 0)
    findings.push(finding('SLUICE_DOCTOR_STREAM_DIFFERS', `${DeliveryStreamName}: ${differing.join('; ')}.`));
  return findings;
}
