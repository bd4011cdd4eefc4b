import { CloudWatchClient, DescribeAlarmsCommand, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { FirehoseClient, PutRecordCommand } from '@aws-sdk/client-firehose';
import { DisableKeyCommand, EnableKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HOUR_MS } from '../../src/base/clock.ts';
import { MovableClock } from '../../src/base/index.ts';
import type { LocalAws } from '../../src/server/index.ts';
import { startTestAws } from '../../src/testing/index.ts';

const template = {
  Resources: {
    Key: { Type: 'AWS::KMS::Key', Properties: { KeyPolicy: { Version: '2012-10-17', Statement: [] } } },
    Bucket: {
      Type: 'AWS::S3::Bucket',
      Properties: {
        BucketName: 'landing',
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            {
              ServerSideEncryptionByDefault: {
                SSEAlgorithm: 'aws:kms',
                KMSMasterKeyID: { 'Fn::GetAtt': ['Key', 'Arn'] },
              },
            },
          ],
        },
      },
    },
    Stream: {
      Type: 'AWS::KinesisFirehose::DeliveryStream',
      Properties: {
        DeliveryStreamName: 'events',
        DeliveryStreamType: 'DirectPut',
        ExtendedS3DestinationConfiguration: {
          BucketARN: 'arn:aws:s3:::landing',
          RoleARN: 'arn:aws:iam::000000000000:role/delivery',
          Prefix: 'rows/',
          CloudWatchLoggingOptions: {
            Enabled: true,
            LogGroupName: { Ref: 'Log' },
            LogStreamName: 'DestinationDelivery',
          },
        },
      },
    },
    Log: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: '/aws/kinesisfirehose/events' } },
    Late: {
      Type: 'AWS::CloudWatch::Alarm',
      Properties: {
        AlarmName: 'late',
        Namespace: 'AWS/Firehose',
        MetricName: 'DeliveryToS3.Success',
        Dimensions: [{ Name: 'DeliveryStreamName', Value: { Ref: 'Stream' } }],
        Statistic: 'Maximum',
        Period: 900,
        EvaluationPeriods: 3,
        Threshold: 0.5,
        ComparisonOperator: 'LessThanThreshold',
        TreatMissingData: 'notBreaching',
      },
    },
  },
  Outputs: { Key: { Value: { Ref: 'Key' } } },
};

let clock: MovableClock;
let aws: LocalAws;
let close: () => Promise<void>;
let clients: {
  firehose: FirehoseClient;
  kms: KMSClient;
  cloudwatch: CloudWatchClient;
  logs: CloudWatchLogsClient;
};
beforeEach(async () => {
  clock = new MovableClock();
  const cloud = await startTestAws({ stack: { template }, clock });
  ({ aws, close } = cloud);
  const { options } = cloud;
  clients = {
    firehose: new FirehoseClient(options),
    kms: new KMSClient(options),
    cloudwatch: new CloudWatchClient(options),
    logs: new CloudWatchLogsClient(options),
  };
});
afterEach(async () => {
  for (const client of Object.values(clients)) client.destroy();
  await close();
});

const put = (text: string) =>
  clients.firehose.send(
    new PutRecordCommand({ DeliveryStreamName: 'events', Record: { Data: Buffer.from(text) } }),
  );

/** Values of a metric within the last 15 minutes, the newest first. */
async function metric(name: string, Stat = 'Maximum'): Promise<number[]> {
  const { MetricDataResults } = await clients.cloudwatch.send(
    new GetMetricDataCommand({
      StartTime: new Date(clock.now() - HOUR_MS / 4),
      EndTime: new Date(clock.now() + 60_000),
      MetricDataQueries: [
        {
          Id: 'm',
          MetricStat: {
            Metric: {
              Namespace: 'AWS/Firehose',
              MetricName: name,
              Dimensions: [{ Name: 'DeliveryStreamName', Value: 'events' }],
            },
            Period: 60,
            Stat,
          },
        },
      ],
    }),
  );
  return MetricDataResults?.[0]?.Values ?? [];
}

async function alarmState(): Promise<string | undefined> {
  const { MetricAlarms } = await clients.cloudwatch.send(new DescribeAlarmsCommand({}));
  return MetricAlarms?.[0]?.StateValue;
}

describe("a stream whose bucket's key is disabled", () => {
  beforeEach(async () => {
    await clients.kms.send(new DisableKeyCommand({ KeyId: aws.outputs['Key'] }));
  });
  // What the stream keeps is delivered as the cloud closes.
  afterEach(() => clients.kms.send(new EnableKeyCommand({ KeyId: aws.outputs['Key'] })));

  it('tells CloudWatch that nothing is delivered, and no age, rings, and drops what it has kept for 24 hours', async () => {
    await put('lost');
    await clock.advance(2 * HOUR_MS);
    expect(await metric('DeliveryToS3.DataFreshness')).toEqual([]);
    expect(await metric('DeliveryToS3.Success')).toContain(0);
    expect(await alarmState()).toBe('ALARM');
    const asked = new FilterLogEventsCommand({ logGroupName: '/aws/kinesisfirehose/events' });
    const { events = [] } = await clients.logs.send(asked);
    expect(JSON.parse(events[0]?.message ?? '')).toMatchObject({
      deliveryStreamARN: expect.stringMatching(/:deliverystream\/events$/),
      destination: 'arn:aws:s3:::landing',
      errorCode: 'S3.KMS.DisabledException',
      message: expect.stringMatching(/ is disabled\.$/),
    });
    await put('kept');

    await clock.advance(22 * HOUR_MS + HOUR_MS / 2);
    expect(aws.status()).toMatchObject({
      pending: [{ stream: 'events', documents: 1 }],
      expired: [{ stream: 'events', documents: 1 }],
    });
  });

  it('delivers again once the key is enabled, after which CloudWatch has no age', async () => {
    await put('kept');
    await clock.advance(2 * HOUR_MS);
    expect(await alarmState()).toBe('ALARM');
    await clients.kms.send(new EnableKeyCommand({ KeyId: aws.outputs['Key'] }));
    await clock.advance(HOUR_MS / 4);
    expect(aws.status()).toMatchObject({ pending: [], expired: [] });
    expect((await metric('DeliveryToS3.DataFreshness'))[0]).toBe(0);
    expect((await metric('DeliveryToS3.Records', 'Sum')).reduce((sum, n) => sum + n, 0)).toBe(1);
    await clock.advance(HOUR_MS / 2);
    expect(await metric('DeliveryToS3.DataFreshness')).toEqual([]);
    expect(await alarmState()).toBe('OK');
  });
});
