import { mkdirSync } from 'node:fs';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { adoptObject, isLeftObject } from '../../../../lib/landing/adopt/adoptObjects.ts';
import { overflowBody } from '../../../../lib/landing/adopt/overflow.ts';
import { readRecords, readRows } from '../../../../lib/landing/frames/readLanded.ts';
import { FirehoseFailure, firehoseReason } from '../../../../lib/landing/quarantineReasons.ts';
import type { WriteStore } from '../../../../lib/landing/write/WriteStore.ts';
import { MAX_RECORD_BYTES } from '../../../../lib/schema/deliveryLimits.ts';
import { type TableKind, tableKinds } from '../../../../lib/schema/kinds.ts';
import { claimKey } from '../../../../lib/tables/ledgerKeys.ts';
import { overflowKey, parkedKey } from '../../../../lib/tables/objectKeys.ts';
import { Killed, killingStore } from '../write/startWriter.ts';
import { BUCKET, rows, START, startBucket } from './startBucket.ts';

let world: Awaited<ReturnType<typeof startBucket>>;
beforeAll(async () => {
  world = await startBucket();
  mkdirSync(world.path('own'));
});
afterEach(() => world.empty());
afterAll(() => world.close());

const EVENTS = overflowKey('events', 'a'.repeat(64));
const ERROR = 'errors/events/format-conversion-failed/2026/11/20/07/x';
const put = (Key: string, Body: Uint8Array | string) =>
  world.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
const adopt = (key: string, store: WriteStore = world.store) =>
  adoptObject(
    { key, modifiedAt: START },
    {
      ...{
        config: defineConfig({ bucket: BUCKET }),
        store,
        clock: world.clock,
        directory: world.path('own'),
      },
      limits: { memoryMegabytes: 64, threads: 1, temporaryDirectory: world.path('own') },
    },
    { deadline: START + 60_000, claimUntil: START + 120_000 },
  );

/** The rows of the landing by table, each as the collector wrote it. */
async function landed(): Promise<Partial<Record<TableKind, Record<string, unknown>[]>>> {
  const found: Partial<Record<TableKind, Record<string, unknown>[]>> = {};
  for (const Key of await world.keys('landing/')) {
    const { Body } = await world.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
    const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
    for (const frame of readRecords(bytes).records.flatMap(({ frames }) => frames)) {
      const rowsOfFrame = (readRows(bytes, frame) ?? []).map((row) => JSON.parse(row));
      found[frame.table] = [...(found[frame.table] ?? []), ...rowsOfFrame];
    }
  }
  return found;
}
const parsed = (texts: readonly string[]) => texts.map((text) => JSON.parse(text));
const byNumber = (found: readonly Record<string, unknown>[] = []) =>
  found.toSorted((a, b) => Number(a['n']) - Number(b['n']));

/** A line of an error object, as Firehose writes it. */
const line = (
  raw: string,
  errorCode = 'DataFormatConversion.MalformedData',
  arrivalTimestamp = START - 60_000,
) =>
  `${JSON.stringify({ attemptsMade: 1, arrivalTimestamp, errorCode, errorMessage: 'Does not match.', rawData: Buffer.from(raw).toString('base64') })}\n`;

describe('overflow of release 0.2', () => {
  it('becomes records of the landing, with every row, and is deleted', async () => {
    await put(EVENTS, await overflowBody(rows(12_001)));
    expect(await adopt(EVENTS)).toBe(12_001);
    expect(byNumber((await landed()).events)).toEqual(parsed(rows(12_001)));
    expect([await world.keys('overflow/'), await world.keys('ledger/')]).toEqual([[], []]);
    expect(await adopt(EVENTS)).toBeNull();
  });

  it('goes to quarantine row by row where a row has no day', async () => {
    await put(EVENTS, await overflowBody(['{"event_id":"a"}', ...rows(1), 'no JSON']));
    expect(await adopt(EVENTS)).toBe(3);
    const { events, quarantine } = await landed();
    expect(events).toEqual(parsed(rows(1)));
    expect(quarantine?.map(({ reason, raw, path }) => [reason, raw, path])).toEqual([
      ['SLUICE_ROW_NOT_JSON', '{"event_id":"a"}', EVENTS],
      ['SLUICE_ROW_NOT_JSON', 'no JSON', EVENTS],
    ]);
  });

  it('that is parked is adopted too; what nobody can read is parked with its code, and stays so', async () => {
    await put(parkedKey(EVENTS), await overflowBody(rows(2)));
    expect(await adopt(parkedKey(EVENTS))).toBe(2);
    const broken = overflowKey('exposures', 'c'.repeat(64));
    await put(broken, 'no gzip');
    expect([await adopt(broken), await adopt(parkedKey(broken))]).toEqual([null, null]);
    expect([await world.keys('overflow/'), await world.keys('parked/')]).toEqual([[], [parkedKey(broken)]]);
    const { Metadata } = await world.s3.send(
      new HeadObjectCommand({ Bucket: BUCKET, Key: parkedKey(broken) }),
    );
    expect(Metadata).toMatchObject({ 'sluice-code': 'SLUICE_LANDING_LEFT_UNREADABLE' });
  });

  it('has every row once, whatever call the adoption ends after', async () => {
    await put(EVENTS, await overflowBody(rows(11_000)));
    let ended = 0;
    for (let call = 0; ; call += 1) {
      const killing = killingStore(world.store, call);
      try {
        await adopt(EVENTS, killing.store);
        break;
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
        ended += 1;
      }
      // The claim of who was killed.
      for (const key of await world.keys('ledger/')) await world.store.discard(key);
    }
    expect(ended).toBeGreaterThan(3);
    expect(byNumber((await landed()).events)).toEqual(parsed(rows(11_000)));
  });

  it('is left to an invocation of 0.2 that has claimed its lane', async () => {
    await put(EVENTS, await overflowBody(rows(1)));
    await put(claimKey('overflow/events/a'), JSON.stringify({ owner: 'x', until: START + 60_000 }));
    expect([await adopt(EVENTS), await world.keys('overflow/')]).toEqual([null, [EVENTS]]);
  });

  it('stays when the bucket fails', async () => {
    await put(EVENTS, await overflowBody(rows(1)));
    world.faults.set({
      s3: [
        {
          fault: 'failCalls',
          code: 'AccessDenied',
          operations: ['PutObject'],
          key: `${BUCKET}/landing/*`,
          calls: 'all',
        },
      ],
    });
    await expect(adopt(EVENTS)).rejects.toMatchObject({ code: 'SLUICE_WRITE_BUCKET_FAILED' });
    expect([await world.keys('overflow/'), await world.keys('landing/')]).toEqual([[EVENTS], []]);
  });
});

describe('errors of the streams of release 0.2', () => {
  it("become rows of quarantine with Firehose's error", async () => {
    const row = '{"event_id":"a","sdk_type":"js","sdk_version":"1.2","ds":"2026-11-20"}';
    await put(ERROR, line(row) + line('{broken', 'DataFormatConversion.ParseError'));
    expect(await adopt(ERROR)).toBe(2);
    const common = {
      ...{ received_at: '2026-11-20T07:31:00.000Z', path: ERROR, raw_encoding: 'text', ds: '2026-11-20' },
      quarantine_id: expect.any(String),
    };
    expect((await landed()).quarantine).toEqual([
      {
        ...common,
        reason: 'SLUICE_FIREHOSE_SCHEMA_MISMATCH',
        detail: 'format-conversion-failed: DataFormatConversion.MalformedData Does not match.',
        ...{ sdk_type: 'js', sdk_version: '1.2', raw: row },
      },
      {
        ...common,
        reason: 'SLUICE_FIREHOSE_MALFORMED_JSON',
        detail: 'format-conversion-failed: DataFormatConversion.ParseError Does not match.',
        raw: '{broken',
      },
    ]);
    expect(await world.keys('errors/')).toEqual([]);
  });

  it('have one quarantine_id for all rows of an event, whenever each was received', async () => {
    const row = (id: string, at: string) => `{"event_id":"${id}","received_at":"${at}","ds":"2026-11-20"}`;
    const other = `${ERROR}-later`;
    await put(ERROR, line(row('a', '07:30:00')) + line(row('a', '07:30:01')) + line(row('b', '07:30:00')));
    await put(other, line(row('a', '07:45:00'), undefined, START));
    await adopt(ERROR);
    await adopt(other);
    const ids = (await landed()).quarantine?.map(({ quarantine_id: id }) => id);
    expect([ids?.length, new Set(ids).size]).toEqual([4, 2]);
  });

  it('are split into the rows of a packed record, and one row is too large only for itself', async () => {
    const large = `{"event_id":"large","x":"${'\\"'.repeat(MAX_RECORD_BYTES / 3)}"}`;
    await put(ERROR, line('{"event_id":"a"}\n{"event_id":"b"}') + line(large));
    expect(await adopt(ERROR)).toBe(3);
    const quarantine = (await landed()).quarantine ?? [];
    expect(quarantine.map(({ raw }) => raw)).toEqual(['{"event_id":"a"}', '{"event_id":"b"}', undefined]);
    const [key = ''] = await world.keys('quarantine-large/');
    expect(quarantine[2]).toMatchObject({ raw_location: `s3://${BUCKET}/${key}` });
  });

  it('of the quarantine stream are its own rows again', async () => {
    const key = 'errors/quarantine/format-conversion-failed/x';
    const row = '{"quarantine_id":"q","reason":"SLUICE_EVENT_NO_NAME","ds":"2026-11-20"}';
    await put(key, line(row) + line('{"no":"row"}'));
    expect(await adopt(key)).toBe(2);
    const quarantine = (await landed()).quarantine;
    expect(quarantine?.map(({ reason }) => reason)).toEqual([
      'SLUICE_EVENT_NO_NAME',
      'SLUICE_FIREHOSE_SCHEMA_MISMATCH',
    ]);
  });

  it('keep a line that Firehose does not write so', async () => {
    await put(ERROR, '{"rawData":"*"}\n\nnothing\n');
    expect(await adopt(ERROR)).toBe(2);
    const reasons = (await landed()).quarantine?.map(({ reason, raw }) => [reason, raw]);
    expect(reasons).toEqual([
      ['SLUICE_FIREHOSE_LINE_UNREADABLE', '{"rawData":"*"}'],
      ['SLUICE_FIREHOSE_LINE_UNREADABLE', 'nothing'],
    ]);
  });
});

it.each([
  ['format-conversion-failed', 'DataFormatConversion.MalformedData', 'SLUICE_FIREHOSE_SCHEMA_MISMATCH'],
  ['format-conversion-failed', 'DataFormatConversion.ParseError', 'SLUICE_FIREHOSE_MALFORMED_JSON'],
  ['format-conversion-failed', 'DataFormatConversion.InvalidSchema', 'SLUICE_FIREHOSE_CONVERSION_FAILED'],
  ['metadata-extraction-failed', '', 'SLUICE_FIREHOSE_PARTITION_UNKNOWN'],
  ['active-partitions-exceeded', '', 'SLUICE_FIREHOSE_TOO_MANY_PARTITIONS'],
  ['processing-failed', '', 'SLUICE_FIREHOSE_PROCESSING_FAILED'],
  ['AmazonOpenSearchService_failed', '', 'SLUICE_FIREHOSE_UNDELIVERABLE'],
])('an error of the type %s with the code %j has the reason %s', (type, code, reason) => {
  expect(firehoseReason(type, code)).toBe(reason);
  expect(Object.keys(FirehoseFailure.entries)).toContain(reason);
});

it('what release 0.2 left is told from other objects by its key', () => {
  const left = [EVENTS, ERROR, ...tableKinds.map((kind) => overflowKey(kind, '0'.repeat(64)))];
  for (const key of left) expect([isLeftObject(key), isLeftObject(parkedKey(key))]).toEqual([true, true]);
  for (const key of ['overflow/notes.txt', 'errors/nginx/access.log', 'parked/landing/x', 'landing/x'])
    expect(isLeftObject(key)).toBe(false);
});
