import { createServer } from 'node:http';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { s3QuarantineLarge } from '../../../../lib/aws/s3Overflow.ts';
import { s3RedriveStore } from '../../../../lib/aws/s3RedriveStore.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import {
  FirehoseFailure,
  firehoseReason,
  quarantineReasons,
} from '../../../../lib/landing/quarantineReasons.ts';
import { quarantineWriter } from '../../../../lib/landing/quarantineWriter.ts';
import { readErrorLine } from '../../../../lib/landing/redrive/failedRecords.ts';
import { quarantineRecords } from '../../../../lib/landing/redrive/quarantineRecords.ts';
import type { Redrive } from '../../../../lib/landing/redrive/Redrive.ts';
import { redriveErrors } from '../../../../lib/landing/redrive/redriveErrors.ts';
import { MAX_RECORD_BYTES } from '../../../../lib/schema/deliveryLimits.ts';
import { parseErrorKey } from '../../../../lib/tables/objectKeys.ts';
import { type Conversion, errorLine } from '../../../../packages/local-aws/src/firehose/index.ts';
import { BUCKET, rows, START, startRedrive } from './startRedrive.ts';

let world: Awaited<ReturnType<typeof startRedrive>>;
let client: S3Client;
let redrive: Redrive;
beforeAll(async () => {
  world = await startRedrive();
  client = new S3Client(world.options);
  const config = defineConfig({ bucket: BUCKET });
  redrive = {
    ...world.redrive(),
    quarantine: quarantineRecords({
      ...world.timing,
      write: quarantineWriter(config),
      putLarge: s3QuarantineLarge(client, BUCKET),
      putOverflow: world.putOverflow,
    }),
  };
});
afterEach(() => world.empty());
afterAll(async () => {
  client.destroy();
  await world.close();
});

const KEY = 'errors/events/format-conversion-failed/sluice-dev-events-1-2026-11-20-07-30-00-uuid';

/** A line as Firehose writes it. */
function line(row: string, code = 'DataFormatConversion.MalformedData', arrivalMs = START - 60_000): string {
  return errorLine(
    {
      failure: { outputType: 'format-conversion-failed', code, message: 'Does not match.' },
      data: Buffer.from(row),
      arrivalMs,
    },
    { endedMs: START, conversion, account: '000000000000', region: 'us-east-1' },
  );
}
const conversion: Conversion = {
  database: 'sluice',
  table: 'statsig_forwarded_events',
  catalogId: undefined,
  region: undefined,
  versionId: 'LATEST',
  roleArn: undefined,
  compression: 'SNAPPY',
  writerVersion: 'V1',
  dictionary: true,
  caseInsensitive: false,
  dotsToUnderscores: false,
  keyOfColumn: new Map(),
};

const put = (body: string, key = KEY) =>
  client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body }));
const landed = () => world.landed.map((document) => JSON.parse(document));

describe('an error object', () => {
  it("becomes quarantine rows with Firehose's error, and is deleted", async () => {
    const row = '{"event_id":"a","sdk_type":"js","sdk_version":"1.2","ds":"2026-11-20"}';
    await put(line(row) + line('{broken', 'DataFormatConversion.ParseError'));
    expect(await redriveErrors(KEY, redrive, world.tried())).toEqual({
      outcome: 'quarantined',
      documents: 2,
    });
    const common = {
      received_at: '2026-11-20T07:31:00.000Z',
      path: KEY,
      raw_encoding: 'text',
      ds: '2026-11-20',
    };
    expect(landed()).toEqual([
      {
        ...common,
        quarantine_id: expect.any(String),
        reason: 'SLUICE_FIREHOSE_SCHEMA_MISMATCH',
        detail: 'format-conversion-failed: DataFormatConversion.MalformedData Does not match.',
        sdk_type: 'js',
        sdk_version: '1.2',
        raw: row,
      },
      {
        ...common,
        quarantine_id: expect.any(String),
        reason: 'SLUICE_FIREHOSE_MALFORMED_JSON',
        detail: 'format-conversion-failed: DataFormatConversion.ParseError Does not match.',
        raw: '{broken',
      },
    ]);
    expect(await world.keys('errors/')).toEqual([]);
  });

  it('that is processed twice has the same quarantine_ids', async () => {
    for (let time = 0; time < 2; time += 1) {
      await put(
        rows(3)
          .map((row) => line(row))
          .join(''),
      );
      await redriveErrors(KEY, redrive, world.tried());
    }
    expect(landed()).toHaveLength(6);
    expect(new Set(landed().map(({ quarantine_id }) => quarantine_id)).size).toBe(3);
  });

  it('has one quarantine_id for all rows of an event, whenever each was received', async () => {
    const row = (id: string, receivedAt: string) =>
      `{"event_id":"${id}","event_name":"e","received_at":"${receivedAt}","ds":"2026-11-20"}`;
    // A resend in the same object, at the same time, and one in a later object; the third is another event.
    await put(
      line(row('a', '2026-11-20T07:30:00.000Z')) +
        line(row('a', '2026-11-20T07:30:00.500Z')) +
        line(row('b', '2026-11-20T07:30:00.000Z')),
    );
    await redriveErrors(KEY, redrive, world.tried());
    await put(line(row('a', '2026-11-20T07:45:00.000Z'), undefined, START));
    await redriveErrors(KEY, redrive, world.tried());
    const ids = landed().map(({ quarantine_id }) => quarantine_id);
    expect([ids.length, new Set(ids).size]).toEqual([4, 2]);
    expect(new Set([ids[0], ids[1], ids[3]]).size).toBe(1);
  });

  it('distinguishes lines without an event_id by their text', async () => {
    await put(line('{broken', 'DataFormatConversion.ParseError').repeat(2));
    await redriveErrors(KEY, redrive, world.tried());
    expect(new Set(landed().map(({ quarantine_id }) => quarantine_id)).size).toBe(2);
  });

  it('has its rows in overflow when the quarantine stream accepts nothing, and stays when the bucket fails too', async () => {
    world.answerWith(() => ({ kind: 'failed', code: 'ServiceUnavailableException', retryable: true }));
    await put(line('{"event_id":"a"}'));
    world.faults.set({
      s3: [{ fault: 'failCalls', code: 'SlowDown', key: `${BUCKET}/overflow/*`, calls: 'all' }],
    });
    expect(await redriveErrors(KEY, redrive, world.tried())).toMatchObject({
      outcome: 'kept',
      code: 'SLUICE_REDRIVE_NOT_QUARANTINED',
    });
    world.faults.clear();
    expect(await redriveErrors(KEY, redrive, world.tried())).toMatchObject({ outcome: 'quarantined' });
    expect(await world.keys('errors/')).toEqual([]);
    const [key = ''] = await world.keys('overflow/quarantine/');
    world.answerWith(undefined);
    const [delivered] = await world.redriveAll([key]);
    expect(delivered).toMatchObject({ outcome: 'delivered' });
    expect(landed()).toMatchObject([{ raw: '{"event_id":"a"}' }]);
  });

  it('with many records is processed in groups', async () => {
    await put(
      rows(1_234)
        .map((row) => line(row))
        .join(''),
    );
    expect(await redriveErrors(KEY, redrive, world.tried())).toEqual({
      outcome: 'quarantined',
      documents: 1_234,
    });
    expect(new Set(landed().map(({ raw }) => raw))).toEqual(new Set(rows(1_234)));
  });

  it('with a record that was never split becomes one row for each packed document', async () => {
    const packed = rows(600);
    await put(line(packed.join('\n')) + line('{"a":\n1}') + line(`${packed[0]}\n{broken`));
    expect(await redriveErrors(KEY, redrive, world.tried())).toEqual({
      outcome: 'quarantined',
      documents: 602,
    });
    expect(landed().map(({ raw }) => raw)).toEqual([...packed, '{"a":\n1}', `${packed[0]}\n{broken`]);
    expect(new Set(landed().map(({ quarantine_id }) => quarantine_id)).size).toBe(602);
  });

  it('with a row that is too large for quarantine stores it in S3', async () => {
    const row = `{"event_id":"a","x":"${'"'.replace('"', '\\"').repeat(MAX_RECORD_BYTES / 3)}"}`;
    await put(line(row));
    await redriveErrors(KEY, redrive, world.tried());
    const [{ raw_location }] = landed();
    const object = await world.store.lines(String(raw_location).replace(`s3://${BUCKET}/`, ''));
    for await (const kept of object ?? []) expect(kept).toBe(row);
  });

  it('that is received incompletely is not processed', async () => {
    const whole = rows(2_000)
      .map((row) => line(row))
      .join('');
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-length': whole.length });
      response.write(whole.slice(0, whole.length / 2), () => response.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const broken = new S3Client({ ...world.options, endpoint: `http://127.0.0.1:${port}` });
    try {
      const { lines } = s3RedriveStore(broken, BUCKET, world.clock);
      await put(whole);
      expect(
        await redriveErrors(KEY, { ...redrive, store: { ...world.store, lines } }, world.tried()),
      ).toMatchObject({ outcome: 'kept', code: 'SLUICE_REDRIVE_BUCKET_FAILED' });
      expect(await world.keys('errors/')).toEqual([KEY]);
    } finally {
      broken.destroy();
      server.close();
    }
  });

  it('of the quarantine stream itself is parked', async () => {
    const key = 'errors/quarantine/format-conversion-failed/x';
    await put(line('{}'), key);
    expect(await redriveErrors(key, redrive, world.tried())).toMatchObject({
      outcome: 'parked',
      code: 'SLUICE_REDRIVE_QUARANTINE_REFUSED',
      to: `parked/${key}`,
    });
  });
});

describe('a line of an error object', () => {
  it.each(['lastErrorCode', 'errorCode', 'ErrorCode'])('can name its error code %s', (member) => {
    const text = JSON.stringify({ rawData: 'e30=', [member]: 'DataFormatConversion.ParseError' });
    expect(readErrorLine(text, 'format-conversion-failed')).toMatchObject({
      reason: 'SLUICE_FIREHOSE_MALFORMED_JSON',
      raw: Buffer.from('{}'),
      arrivedAt: null,
    });
  });

  it('with any content is kept under a documented quarantine reason', () => {
    const sample = fc.oneof(
      fc.string(),
      fc.json(),
      fc.string().map((raw) => JSON.stringify({ rawData: raw })),
    );
    fc.assert(
      fc.property(sample, fc.string(), (text, type) => {
        const record = readErrorLine(text, type);
        expect(Object.keys(quarantineReasons)).toContain(record.reason);
        if (record.reason === 'SLUICE_FIREHOSE_LINE_UNREADABLE') {
          expect(Buffer.from(record.raw).toString('utf8')).toBe(Buffer.from(text, 'utf8').toString('utf8'));
        }
      }),
    );
  });

  it('has one reason for each error type of AWS, and one for any other type', () => {
    const types = [
      ['format-conversion-failed', 'DataFormatConversion.ParseError'],
      ['format-conversion-failed', 'DataFormatConversion.MalformedData'],
      ['format-conversion-failed', 'DataFormatConversion.EntityNotFound'],
      ['metadata-extraction-failed', ''],
      ['active-partitions-exceeded', ''],
      ['processing-failed', ''],
      ['something-new', ''],
    ] as const;
    const reasons = types.map(([type, code]) => firehoseReason(type, code));
    expect(new Set(reasons).size).toBe(types.length);
    expect([...reasons, 'SLUICE_FIREHOSE_LINE_UNREADABLE'].sort()).toEqual(
      Object.keys(FirehoseFailure.entries).sort(),
    );
  });
});

describe('the key of an error object', () => {
  it.each([
    ['errors/events/processing-failed/a', { kind: 'events', outputType: 'processing-failed' }],
    ['errors/exposures/x/2026/11/20/a', { kind: 'exposures', outputType: 'x' }],
    ['errors/quarantine/x/a', { kind: 'quarantine', outputType: 'x' }],
    ['errors/events/x/', null],
    ['errors/events/x', null],
    ['errors/events//x', null],
    ['errors/others/x/a', null],
    ['parked/errors/events/x/a', null],
  ])('is parsed: %s', (key, expected) => {
    expect(parseErrorKey(key)).toEqual(expected);
  });
});
