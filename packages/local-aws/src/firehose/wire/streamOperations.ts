import { z } from 'zod';
import { type JsonOperation, operation } from '../../protocol/JsonService.ts';
import { streamNotFound } from '../errors.ts';
import { limits } from '../limits.ts';
import type { StreamEntry, Streams } from '../model/Streams.ts';
import { streamName } from './streamName.ts';

/** What tools look at: which streams there are, and how each is set up. */
export function streamOperations(streams: Streams): Record<string, JsonOperation> {
  return {
    DescribeDeliveryStream: operation({
      input: z.strictObject({ DeliveryStreamName: streamName, Limit: z.int().min(1).optional() }),
      run({ DeliveryStreamName }) {
        const entry = streams.byName.get(DeliveryStreamName);
        if (entry === undefined) throw streamNotFound(DeliveryStreamName, streams.account);
        return { DeliveryStreamDescription: description(DeliveryStreamName, entry, streams) };
      },
    }),
    ListDeliveryStreams: operation({
      input: z.strictObject({
        Limit: z.int().min(1).max(limits.listed.most).default(limits.listed.default),
        DeliveryStreamType: z.string().optional(),
        ExclusiveStartDeliveryStreamName: streamName.optional(),
      }),
      run({ Limit, DeliveryStreamType = 'DirectPut', ExclusiveStartDeliveryStreamName: after = '' }) {
        const names = [...streams.byName.keys()]
          .sort()
          .filter((name) => name > after && DeliveryStreamType === 'DirectPut');
        return {
          DeliveryStreamNames: names.slice(0, Limit),
          HasMoreDeliveryStreams: names.length > Limit,
        };
      },
    }),
  };
}

/** https://docs.aws.amazon.com/firehose/latest/APIReference/API_DeliveryStreamDescription.html */
function description(name: string, { properties, createdMs }: StreamEntry, { account, region }: Streams) {
  const { ExtendedS3DestinationConfiguration: destination, DeliveryStreamEncryptionConfigurationInput: key } =
    properties;
  return {
    DeliveryStreamName: name,
    DeliveryStreamARN: `arn:aws:firehose:${region}:${account}:deliverystream/${name}`,
    DeliveryStreamStatus: 'ACTIVE',
    DeliveryStreamType: 'DirectPut',
    DeliveryStreamEncryptionConfiguration: key ? { ...key, Status: 'ENABLED' } : { Status: 'DISABLED' },
    VersionId: '1',
    CreateTimestamp: createdMs / 1000,
    Destinations: [
      { DestinationId: 'destinationId-000000000001', ExtendedS3DestinationDescription: destination },
    ],
    HasMoreDestinations: false,
  };
}
