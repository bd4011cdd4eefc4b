import { gunzipSync } from 'node:zlib';
import { PutRecordCommand } from '@aws-sdk/client-firehose';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  convertingStream,
  extraction,
  FirehoseFixture,
  partitionedStream,
  plainStream,
  START,
} from './FirehoseFixture.ts';

let fixture: FirehoseFixture;
beforeEach(async () => {
  fixture = new FirehoseFixture();
  fixture.tables.set('db.events', { columns: [{ name: 'n', type: 'bigint' }] });
  await fixture.start();
});
afterEach(() => fixture.end());

const UUID = '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const deaggregation = {
  Type: 'RecordDeAggregation',
  Parameters: [{ ParameterName: 'SubRecordType', ParameterValue: 'JSON' }],
};

describe('delivered objects', () => {
  it('are one Parquet file per partition, named as Firehose names them', async () => {
    await fixture.firehose.createStream('s', partitionedStream());
    await fixture.put('s', '{"ds":"2026-11-19","n":1}{"ds":"2026-11-20","n":2}\n{"ds":"2026-11-19","n":3}');
    expect(fixture.firehose.pending()).toMatchObject([{ stream: 's' }]);
    await fixture.firehose.flush();
    expect(fixture.keys()).toEqual([
      expect.stringMatching(new RegExp(`^data/2026-11-19/s-1-2026-11-20-12-00-00-${UUID}\\.parquet$`)),
      expect.stringMatching(new RegExp(`^data/2026-11-20/s-1-2026-11-20-12-00-00-${UUID}\\.parquet$`)),
    ]);
    expect(await fixture.rows('data/2026-11-19/')).toEqual([{ n: 1n }, { n: 3n }]);
    expect(await fixture.rows('data/2026-11-20/')).toEqual([{ n: 2n }]);
    expect(fixture.firehose.pending()).toEqual([]);
  });

  it('hold records unchanged and without separators when conversion is off', async () => {
    await fixture.firehose.createStream('s', plainStream());
    await fixture.put('s', 'one', 'two', new Uint8Array([0xff, 0x00]));
    await fixture.firehose.flush();
    expect(fixture.keys()).toEqual([
      expect.stringMatching(new RegExp(`^data/2026-11-20/s-1-2026-11-20-12-00-00-${UUID}$`)),
    ]);
    expect([...fixture.objects.values()][0]).toEqual(
      Buffer.concat([Buffer.from('onetwo'), Buffer.of(0xff, 0)]),
    );
  });

  it('are compressed, delimited and named as configured', async () => {
    const ProcessingConfiguration = { Enabled: true, Processors: [{ Type: 'AppendDelimiterToRecord' }] };
    await fixture.firehose.createStream(
      's',
      plainStream({ CompressionFormat: 'GZIP', ProcessingConfiguration, FileExtension: '.ndjson.gz' }),
    );
    await fixture.put('s', '{"a":1}', '{"a":2}');
    await fixture.firehose.flush();
    const [[key, body] = ['', new Uint8Array()]] = [...fixture.objects];
    expect(key).toMatch(/\.ndjson\.gz$/);
    expect(gunzipSync(body).toString()).toBe('{"a":1}\n{"a":2}\n');
  });

  it('are stored under the hour of arrival when the prefix has no expression', async () => {
    await fixture.firehose.createStream(
      's',
      plainStream({ Prefix: 'raw', ErrorOutputPrefix: undefined, CustomTimeZone: 'Asia/Tokyo' }),
    );
    await fixture.put('s', 'x');
    await fixture.firehose.flush();
    expect(fixture.keys()).toEqual([
      expect.stringMatching(new RegExp(`^raw2026/11/20/21/s-1-2026-11-20-21-00-00-${UUID}$`)),
    ]);
  });

  it('hold bytes that are no text as they were put, in UTC below a plain prefix', async () => {
    await fixture.firehose.createStream('s', {
      ExtendedS3DestinationConfiguration: {
        BucketARN: 'arn:aws:s3:::bucket',
        RoleARN: 'arn:aws:iam::000000000000:role/delivery',
        Prefix: 'landing/',
        BufferingHints: { IntervalInSeconds: 60, SizeInMBs: 64 },
      },
    });
    const records = [0, 1].map((seed) =>
      Buffer.from(Array.from({ length: 512 }, (_, i) => (i * 7 + seed) % 256)),
    );
    for (const Data of records)
      await fixture.client.send(new PutRecordCommand({ DeliveryStreamName: 's', Record: { Data } }));
    await fixture.firehose.flush();
    const [[key, body] = ['', new Uint8Array()], ...others] = [...fixture.objects];
    expect(key).toMatch(new RegExp(`^bucket/landing/2026/11/20/12/s-1-2026-11-20-12-00-00-${UUID}$`));
    expect(Buffer.from(body).equals(Buffer.concat(records))).toBe(true);
    expect(others).toEqual([]);
  });

  it('have the date at which the oldest record arrived', async () => {
    fixture.clock.advance(Date.UTC(2026, 10, 20, 23, 59, 30) - START);
    await fixture.firehose.createStream('s', plainStream());
    await fixture.put('s', 'before ');
    fixture.clock.advance(40_000);
    await fixture.put('s', 'after midnight');
    await fixture.firehose.flush();
    expect(fixture.keys()).toEqual([expect.stringMatching(/^data\/2026-11-20\/s-1-2026-11-20-23-59-30-/)]);
    expect(fixture.text(fixture.keys()[0] ?? '')).toBe('before after midnight');
  });

  it('have keys that follow the expressions of their prefix', async () => {
    await fixture.firehose.createStream(
      's',
      plainStream({ Prefix: "!{timestamp:'y='yyyy/'m='MM/'d='d/'h='HH-mm}/!{firehose:random-string}/" }),
    );
    await fixture.put('s', 'x');
    await fixture.firehose.flush();
    expect(fixture.keys()).toEqual([
      expect.stringMatching(/^y=2026\/m=11\/d=20\/h=12-00\/[A-Za-z0-9]{11}\/s-1-/),
    ]);
  });
});

describe('buffers', () => {
  it('are delivered when their interval has passed since their first record', async () => {
    await fixture.firehose.createStream('s', partitionedStream());
    await fixture.put('s', '{"ds":"a","n":1}');
    fixture.clock.advance(30_000);
    await fixture.put('s', '{"ds":"b","n":2}', '{"ds":"a","n":3}');
    await fixture.pending(3);
    fixture.clock.advance(29_999);
    expect(fixture.objects.size).toBe(0);
    fixture.clock.advance(1);
    await fixture.pending(1);
    expect(await fixture.rows()).toEqual([{ n: 1n }, { n: 3n }]);
    fixture.clock.advance(30_000);
    await fixture.pending(0);
    expect(await fixture.rows('data/b/')).toEqual([{ n: 2n }]);
  });

  it('are delivered when they are full', async () => {
    await fixture.firehose.createStream('s', plainStream({ BufferingHints: { SizeInMBs: 1 } }));
    const half = 'x'.repeat(512 * 1024);
    await fixture.put('s', half);
    await fixture.pending(1);
    await fixture.put('s', half);
    await fixture.pending(0);
    expect([...fixture.objects.values()].map(({ length }) => length)).toEqual([1024 * 1024]);
  });

  it('follow a new interval, including buffers that are already open', async () => {
    await fixture.firehose.createStream('s', partitionedStream());
    await fixture.put('s', '{"ds":"a","n":1}');
    await fixture.pending(1);
    fixture.firehose.overrideBuffering({ seconds: 2 });
    await fixture.firehose.createStream('later', partitionedStream());
    await fixture.put('later', '{"ds":"a","n":2}');
    fixture.clock.advance(2000);
    await fixture.pending(0);
    expect((await fixture.rows()).length).toBe(2);
  });

  it('are kept and retried until S3 accepts them', async () => {
    let outage = true;
    fixture.beforePut = () => {
      if (outage) throw new Error('S3 is away.');
    };
    await fixture.firehose.createStream('s', plainStream());
    await fixture.put('s', 'x');
    await expect(fixture.firehose.flush()).rejects.toMatchObject({ code: 'LOCAL_AWS_FIREHOSE_UNDELIVERED' });
    expect(fixture.firehose.pending()).toEqual([
      { stream: 's', documents: 1, bytes: 1, oldestArrival: '2026-11-20T12:00:00.000Z' },
    ]);
    // Pauses double from 1 s to a minute; with a random of 0.5 three quarters of each are waited.
    for (const pauseMs of [750, 1500, 3000, 6000, 12_000, 24_000, 45_000, 45_000]) {
      const tries = fixture.failures.length;
      fixture.clock.advance(pauseMs - 1);
      await fixture.turns(20);
      expect(fixture.failures.length).toBe(tries);
      fixture.clock.advance(1);
      await fixture.until(() => fixture.failures.length === tries + 1);
    }
    outage = false;
    fixture.clock.advance(60_000);
    await fixture.pending(0);
    expect(fixture.text(fixture.keys()[0] ?? '')).toBe('x');
  });

  it('go to the error output when they have more than 500 partitions', async () => {
    await fixture.firehose.createStream(
      's',
      partitionedStream({ DataFormatConversionConfiguration: undefined }),
    );
    const documents = Array.from({ length: 502 }, (_, n) => `{"ds":"p${n}"}`);
    await fixture.put('s', documents.slice(0, 400).join(''), documents.slice(400).join(''), '{"ds":"p3"}');
    await fixture.firehose.flush();
    expect(fixture.keys().filter((key) => key.startsWith('data/')).length).toBe(500);
    expect(fixture.errors('errors/active-partitions-exceeded/')).toMatchObject([
      { errorCode: 'DynamicPartitioning.ActivePartitionsLimitExceeded', text: '{"ds":"p500"}' },
      { text: '{"ds":"p501"}' },
    ]);
    // Delivered partitions are active no longer.
    await fixture.put('s', '{"ds":"p501"}');
    await fixture.firehose.flush();
    expect(fixture.keys().some((key) => key.startsWith('data/p501/'))).toBe(true);
  });
});

describe('partition keys', () => {
  it('come from the real jq', async () => {
    await fixture.firehose.createStream(
      's',
      partitionedStream({
        Prefix:
          'data/!{partitionKeyFromQuery:year}/!{partitionKeyFromQuery:who}/!{partitionKeyFromQuery:big}/',
        DataFormatConversionConfiguration: undefined,
        ProcessingConfiguration: {
          Enabled: true,
          Processors: [
            deaggregation,
            extraction('{year: (.t | strftime("%Y")), who: .user["name, }"], big: (.n > 10)}'),
          ],
        },
      }),
    );
    const good = '{"t":1790000000,"user":{"name, }":"ann"},"n":11}';
    const bad = '{"t":"soon","user":{"name, }":"bob"},"n":1}';
    await fixture.put('s', good + bad);
    await fixture.firehose.flush();
    expect(fixture.keys()[0]).toMatch(/^data\/2026\/ann\/true\/s-1-/);
    expect(fixture.errors('errors/metadata-extraction-failed/')).toEqual([
      {
        rawData: Buffer.from(bad).toString('base64'),
        errorCode: 'DynamicPartitioning.MetadataExtractionFailed',
        errorMessage: 'strftime/1 requires parsed datetime inputs',
        attemptsMade: 1,
        arrivalTimestamp: START,
        attemptEndingTimestamp: START,
        text: bad,
      },
    ]);
  });

  it('that are null, empty, absent or not scalar fail only their own document', async () => {
    await fixture.firehose.createStream('s', partitionedStream());
    const bad = [
      '{"ds":null,"n":1}',
      '{"ds":"","n":2}',
      '{"n":3}',
      '{"ds":{"a":1}}',
      '[1]',
      '{"ds":"x" "n":5}',
    ];
    await fixture.put('s', `{"ds":"a","n":6}${bad.join(' ')}{"ds":"a","n":7}`);
    await fixture.firehose.flush();
    expect(await fixture.rows()).toEqual([{ n: 6n }, { n: 7n }]);
    const errors = fixture.errors('errors/metadata-extraction-failed/');
    expect(errors.map(({ text }) => text)).toEqual(bad);
    expect(errors.map(({ errorMessage }) => errorMessage)).toEqual([
      ...Array(4).fill('partitionKeys values must not be null or empty'),
      'Cannot index array with string "ds"',
      'Non JSON record provided',
    ]);
  });

  it('are not extracted from a record with more than 500 documents, which fails as a whole', async () => {
    await fixture.firehose.createStream('s', partitionedStream());
    const documents = (count: number) => '{"ds":"a","n":1}\n'.repeat(count);
    await fixture.put('s', documents(500), documents(501));
    await fixture.firehose.flush();
    expect((await fixture.rows()).length).toBe(500);
    expect(fixture.errors()).toMatchObject([
      { errorMessage: 'Non JSON record provided', text: documents(501) },
    ]);
  });

  it('are found in a record of the largest size beside deeply nested ones', async () => {
    await fixture.firehose.createStream(
      's',
      partitionedStream({
        ProcessingConfiguration: {
          Enabled: true,
          Processors: [deaggregation, extraction('{ds: (.ds + "")}')],
        },
      }),
    );
    const deep = `{"ds":"a","x":${'['.repeat(5000)}${']'.repeat(5000)}}`;
    const start = '{"ds":"a","n":1,"x":"';
    const large = `${start}${'x'.repeat(1_024_000 - start.length - 2)}"}`;
    await fixture.put('s', `${deep}{"ds":"a","n":2}`, large);
    await fixture.firehose.flush();
    expect(await fixture.rows()).toEqual([{ n: 2n }, { n: 1n }]);
    expect(fixture.errors().map(({ text }) => text)).toEqual([deep]);
    expect(process.exitCode).toBeUndefined();
  });

  it('that are too long for a prefix fail their document', async () => {
    await fixture.firehose.createStream('s', partitionedStream());
    await fixture.put('s', `{"ds":"${'x'.repeat(520)}","n":1}{"ds":"${'x'.repeat(400)}","n":2}`);
    await fixture.firehose.flush();
    expect(await fixture.rows()).toEqual([{ n: 2n }]);
    expect(fixture.errors()).toMatchObject([
      { errorMessage: 'The evaluated prefix has more than 512 characters' },
    ]);
  });
});

describe('deaggregation', () => {
  it('keeps the order of ten thousand documents in one buffer', async () => {
    await fixture.firehose.createStream(
      's',
      partitionedStream({
        ProcessingConfiguration: { Enabled: true, Processors: [deaggregation, extraction('{ds: .ds}')] },
      }),
    );
    for (let record = 0; record < 20; record += 1) {
      const documents = Array.from({ length: 500 }, (_, i) => `{"ds":"a","n":${record * 500 + i}}`);
      await fixture.put('s', documents.join(''));
    }
    await fixture.firehose.flush();
    const numbers = (await fixture.rows()).map(({ n }) => Number(n));
    expect(numbers).toEqual(Array.from({ length: 10_000 }, (_, n) => n));
  });

  it('splits records at a delimiter given in base64', async () => {
    const Parameters = [
      { ParameterName: 'SubRecordType', ParameterValue: 'DELIMITED' },
      { ParameterName: 'Delimiter', ParameterValue: Buffer.from('####').toString('base64') },
    ];
    const Processors = [{ Type: 'RecordDeAggregation', Parameters }, extraction('{ds}')];
    await fixture.firehose.createStream(
      's',
      partitionedStream({ ProcessingConfiguration: { Enabled: true, Processors } }),
    );
    await fixture.put('s', '{"ds":"a","n":1}####{"ds":"a","n":2}####', '{"ds":"a","n":3}');
    await fixture.firehose.flush();
    expect(await fixture.rows()).toEqual([{ n: 1n }, { n: 2n }, { n: 3n }]);
  });

  it('splits a record into documents: without it a record is one document', async () => {
    await fixture.firehose.createStream('s', convertingStream());
    await fixture.put('s', '{"n":1}{"n":2}', '{"n":3}');
    await fixture.firehose.flush();
    expect(await fixture.rows()).toEqual([{ n: 3n }]);
    expect(fixture.errors()).toMatchObject([{ lastErrorCode: 'DataFormatConversion.ParseError' }]);
  });

  it('loses nothing: empty records fail', async () => {
    await fixture.firehose.createStream('s', partitionedStream());
    await fixture.put('s', '', ' \n ', '{"ds":"a","n":3}');
    await fixture.firehose.flush();
    expect((await fixture.rows()).length).toBe(1);
    expect(fixture.errors().map(({ text }) => text)).toEqual(['', ' \n ']);
  });
});
