import {
  ListDeliveryStreamsCommand,
  PutRecordCommand,
  StartDeliveryStreamEncryptionCommand,
} from '@aws-sdk/client-firehose';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ACCOUNT, FirehoseFixture, plainStream } from './FirehoseFixture.ts';

let fixture: FirehoseFixture;
beforeEach(async () => {
  fixture = new FirehoseFixture();
  await fixture.start();
});
afterEach(() => fixture.end());

describe('creating a stream', () => {
  it.each<[string, object, string]>([
    ['an expression', plainStream({ Prefix: '!{timestamp:yyyy}/' }), 'Prefix with an expression'],
    ['backups', plainStream({ S3BackupConfiguration: {} }), 'S3BackupConfiguration'],
    ...[
      'DataFormatConversionConfiguration',
      'DynamicPartitioningConfiguration',
      'ProcessingConfiguration',
      'ErrorOutputPrefix',
    ].map((name): [string, object, string] => [name, plainStream({ [name]: {} }), name]),
    ['other destinations', { RedshiftDestinationConfiguration: {}, ...plainStream() }, 'Redshift'],
  ])('with %s is rejected by name', async (_what, properties, name) => {
    await expect(fixture.firehose.createStream('s', properties)).rejects.toMatchObject({
      code: 'NotImplemented',
      message: expect.stringContaining(name),
    });
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
  it('lists streams in pages', async () => {
    for (const name of ['b', 'a', 'c']) await fixture.firehose.createStream(name, plainStream());
    const list = (input: object) => fixture.client.send(new ListDeliveryStreamsCommand(input));
    expect(await list({ Limit: 2 })).toMatchObject({
      DeliveryStreamNames: ['a', 'b'],
      HasMoreDeliveryStreams: true,
    });
    expect(await list({ ExclusiveStartDeliveryStreamName: 'b' })).toMatchObject({
      DeliveryStreamNames: ['c'],
      HasMoreDeliveryStreams: false,
    });
  });

  it('accepts a single record', async () => {
    await fixture.firehose.createStream('s', plainStream());
    const answer = await fixture.client.send(
      new PutRecordCommand({ DeliveryStreamName: 's', Record: { Data: Buffer.from('x') } }),
    );
    expect(answer).toMatchObject({ RecordId: expect.stringMatching(/^.{50,}$/), Encrypted: false });
    await fixture.firehose.flush();
    expect(fixture.text(fixture.keys()[0] ?? '')).toBe('x');
  });

  it('rejects an operation that is not emulated by name', async () => {
    await expect(
      fixture.client.send(new StartDeliveryStreamEncryptionCommand({ DeliveryStreamName: 's' })),
    ).rejects.toMatchObject({
      name: 'NotImplemented',
      message: expect.stringContaining('StartDeliveryStreamEncryption'),
    });
  });

  it('answers that an unknown stream does not exist', async () => {
    await expect(fixture.put('missing', 'x')).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: `Firehose missing under account ${ACCOUNT} not found.`,
    });
  });
});

describe('limits of a call', () => {
  beforeEach(() => fixture.firehose.createStream('s', plainStream()));
  const kibibytes = (count: number) => Buffer.alloc(count * 1024, 'x');

  it('are exact to the byte', async () => {
    const most = [...Array(4).fill(kibibytes(1000)), kibibytes(96)];
    expect((await fixture.put('s', ...most)).FailedPutCount).toBe(0);
    expect((await fixture.put('s', ...Array(500).fill('x'))).RequestResponses?.length).toBe(500);
    await fixture.firehose.flush();
    const bytes = [...fixture.objects.values()].reduce((sum, { length }) => sum + length, 0);
    expect(bytes).toBe(4 * 1024 * 1024 + 500);
  });

  it.each([
    ['501 records', Array(501).fill('x'), '501 records'],
    ['no record', [], '0 records'],
    ['a record a byte too large', [Buffer.alloc(1000 * 1024 + 1)], '1,000 KiB'],
    ['a call a byte too large', [...Array(4).fill(kibibytes(1000)), Buffer.alloc(96 * 1024 + 1)], '4 MB'],
  ])('reject the whole call for %s', async (_what, records, message) => {
    await expect(fixture.put('s', ...records)).rejects.toMatchObject({
      name: 'InvalidArgumentException',
      message: expect.stringContaining(message),
    });
    expect(fixture.firehose.pending()).toEqual([]);
  });
});

describe('Firehose faults', () => {
  beforeEach(() => fixture.firehose.createStream('s', plainStream()));
  const delivered = async () => {
    await fixture.firehose.flush();
    return fixture
      .keys()
      .map((key) => fixture.text(key))
      .join('');
  };

  it('fail some records of a call that succeeds', async () => {
    fixture.faults.set({ firehose: [{ fault: 'failRecords', indexes: [1, 2] }] });
    const answer = await fixture.put('s', 'a', 'b', 'c', 'd');
    const failed = { ErrorCode: 'ServiceUnavailableException', ErrorMessage: 'Slow down.' };
    const taken = { RecordId: expect.any(String) };
    expect(answer).toMatchObject({
      FailedPutCount: 2,
      RequestResponses: [taken, failed, failed, taken],
    });
    expect(answer.$metadata.attempts).toBe(1);
    expect((await fixture.put('s', 'e')).FailedPutCount).toBe(0);
    expect(await delivered()).toBe('ade');
  });

  it('fail every nth record, a share of them selected by a seed, or all', async () => {
    const failed = async (records: number) =>
      ((await fixture.put('s', ...Array(records).fill('x'))).RequestResponses ?? []).map(
        ({ ErrorCode }) => ErrorCode !== undefined,
      );
    fixture.faults.set({ firehose: [{ fault: 'failRecords', every: 3, code: 'InternalFailure' }] });
    expect(await failed(7)).toEqual([false, false, true, false, false, true, false]);
    const random = async () => {
      fixture.faults.set({ firehose: [{ fault: 'failRecords', rate: 0.3, seed: 7 }] });
      return failed(200);
    };
    const first = await random();
    const second = await random();
    expect(first).toEqual(second);
    expect(first.filter(Boolean).length).toBeGreaterThan(30);
    expect(first.filter(Boolean).length).toBeLessThan(90);
    fixture.faults.set({ firehose: [{ fault: 'failRecords', stream: 's' }] });
    expect(await failed(2)).toEqual([true, true]);
    fixture.faults.set({ firehose: [{ fault: 'failRecords', stream: 'other' }] });
    expect(await failed(1)).toEqual([false]);
  });

  it('fail calls, which the SDK retries', async () => {
    fixture.faults.set({ firehose: [{ fault: 'failCalls', calls: 2 }] });
    expect((await fixture.put('s', 'a')).$metadata.attempts).toBe(3);
    fixture.faults.set({ firehose: [{ fault: 'failCalls', calls: 9 }] });
    await expect(fixture.put('s', 'b')).rejects.toMatchObject({ name: 'ServiceUnavailableException' });
    fixture.faults.clear();
    expect(await delivered()).toBe('a');
  });

  it('lose a response: the records are stored, and stored again when the SDK retries', async () => {
    fixture.faults.set({ firehose: [{ fault: 'loseResponse' }] });
    expect((await fixture.put('s', 'a')).$metadata.attempts).toBe(2);
    expect(await delivered()).toBe('aa');
  });

  it('fail the call when it has a single record', async () => {
    fixture.faults.set({ firehose: [{ fault: 'failRecords', calls: 9 }] });
    await expect(
      fixture.client.send(
        new PutRecordCommand({ DeliveryStreamName: 's', Record: { Data: Buffer.from('x') } }),
      ),
    ).rejects.toMatchObject({ name: 'ServiceUnavailableException' });
  });
});
