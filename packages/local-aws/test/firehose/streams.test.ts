import { PutRecordBatchCommand } from '@aws-sdk/client-firehose';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ACCOUNT, FirehoseFixture, plainStream } from './FirehoseFixture.ts';

let fixture: FirehoseFixture;
beforeEach(async () => {
  fixture = new FirehoseFixture();
  await fixture.start();
});
afterEach(() => fixture.end());

describe('creating a stream', () => {
  it.each<{ readonly what: string; readonly properties: object; readonly name: string }>([
    {
      what: 'an expression',
      properties: plainStream({ Prefix: '!{timestamp:yyyy}/' }),
      name: 'Prefix with an expression',
    },
    {
      what: 'backups',
      properties: plainStream({ S3BackupConfiguration: {} }),
      name: 'S3BackupConfiguration',
    },
    ...[
      'DataFormatConversionConfiguration',
      'DynamicPartitioningConfiguration',
      'ProcessingConfiguration',
      'ErrorOutputPrefix',
    ].map((name) => ({
      what: name,
      properties: plainStream({ [name]: {} }),
      name,
    })),
    {
      what: 'other destinations',
      properties: { RedshiftDestinationConfiguration: {}, ...plainStream() },
      name: 'Redshift',
    },
  ])('with $what is rejected by name', async ({ properties, name }) => {
    await expect(fixture.firehose.createStream('s', properties)).rejects.toMatchObject({
      code: 'NotImplemented',
      message: expect.stringContaining(name),
    });
  });

  it.each([
    { what: 'an interval without a size', more: { BufferingHints: { IntervalInSeconds: 60 } } },
    { what: 'a size without an interval', more: { BufferingHints: { SizeInMBs: 1 } } },
    {
      what: 'an ARN of another service as bucket',
      more: { BucketARN: 'arn:aws:sqs:us-east-1:000000000000:q' },
    },
    { what: 'an ARN without a bucket', more: { BucketARN: 'arn:aws:s3:::' } },
    {
      what: 'an interval of 901 seconds',
      more: { BufferingHints: { IntervalInSeconds: 901, SizeInMBs: 1 } },
    },
    { what: 'a size of 129 MiB', more: { BufferingHints: { IntervalInSeconds: 60, SizeInMBs: 129 } } },
    { what: 'a size of nothing', more: { BufferingHints: { IntervalInSeconds: 60, SizeInMBs: 0 } } },
    { what: 'an extension of 129 characters', more: { FileExtension: `.${'x'.repeat(128)}` } },
  ])('rejects $what', async ({ more }) => {
    await expect(fixture.firehose.createStream('s', plainStream(more))).rejects.toMatchObject({
      code: 'InvalidRequest',
    });
  });

  it.each([
    { IntervalInSeconds: 0, SizeInMBs: 1 },
    { IntervalInSeconds: 900, SizeInMBs: 128 },
  ])('takes the buffer %j, and an extension of 128 characters', async (BufferingHints) => {
    const more = { BufferingHints, FileExtension: `.${'x'.repeat(127)}` };
    await fixture.firehose.createStream('s', plainStream(more));
    expect(fixture.firehose.pending()).toEqual([]);
  });

  it('rejects a name that exists and a name that is not valid', async () => {
    await fixture.firehose.createStream('s', plainStream());
    await expect(fixture.firehose.createStream('s', plainStream())).rejects.toMatchObject({
      code: 'ResourceInUseException',
    });
    await expect(fixture.firehose.createStream('../s', plainStream())).rejects.toMatchObject({
      code: 'InvalidArgumentException',
    });
  });
});

describe('the Firehose service', () => {
  it('accepts a single record', async () => {
    await fixture.firehose.createStream('s', plainStream());
    const answer = await fixture.put('s', 'x');
    expect(answer).toMatchObject({ RecordId: expect.stringMatching(/^.{50,}$/), Encrypted: false });
    await fixture.firehose.flush();
    expect(fixture.text(fixture.keys()[0] ?? '')).toBe('x');
  });

  it('rejects an operation that is not emulated by name', async () => {
    const batch = { DeliveryStreamName: 's', Records: [{ Data: Buffer.from('x') }] };
    await expect(fixture.client.send(new PutRecordBatchCommand(batch))).rejects.toMatchObject({
      name: 'NotImplemented',
      message: expect.stringContaining('PutRecordBatch'),
    });
  });

  it('answers that an unknown stream does not exist', async () => {
    await expect(fixture.put('missing', 'x')).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: `Firehose missing under account ${ACCOUNT} not found.`,
    });
  });
});

it('a stream that is closed takes no record', async () => {
  await fixture.firehose.createStream('s', plainStream());
  await fixture.firehose.close();
  await expect(fixture.put('s', 'x')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

it('a record may have 1,000 KiB, and not a byte more', async () => {
  await fixture.firehose.createStream('s', plainStream());
  const most = Buffer.alloc(1000 * 1024, 'x');
  await fixture.put('s', most);
  await expect(fixture.put('s', Buffer.concat([most, most.subarray(0, 1)]))).rejects.toMatchObject({
    name: 'InvalidArgumentException',
    message: expect.stringContaining('1,000 KiB'),
  });
  await fixture.firehose.flush();
  expect([...fixture.objects.values()].map(({ length }) => length)).toEqual([1000 * 1024]);
});
