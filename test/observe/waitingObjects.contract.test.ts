import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { noteAttempt } from '../../lib/landing/write/writeNotes.ts';
import { directRecordKey, parkedKey } from '../../lib/tables/objectKeys.ts';
import { countWaitingObjects } from '../../observe/facts/flow/waitingObjects.ts';
import { recordFor, START, startWriter, type Writer } from '../lib/landing/write/startWriter.ts';

const BATCH = 'landing/2026/11/23/10/a';
const DIRECT = directRecordKey('b'.repeat(64));

let writer: Writer;
beforeAll(async () => {
  writer = await startWriter();
});
afterEach(async () => {
  for (const key of await writer.keys()) await writer.store.discard(key);
});
afterAll(() => writer.close());

const counted = (folder: 'landing' | 'parked') => countWaitingObjects(writer, folder);
const noted = (key: string, code: string) =>
  noteAttempt(writer.store, { key, code, detail: '', at: writer.clock.now() });

describe('objects of the landing', () => {
  it('are none', async () => {
    const nothing = { count: 0, hasMore: false, oldest: null, lastCode: null, codes: {}, unknownKeys: 0 };
    expect(await counted('landing')).toEqual(nothing);
  });

  it('are counted with what the notes on them say, and not what others say', async () => {
    await writer.put(BATCH, recordFor({}));
    await writer.clock.advance(60_000);
    await writer.put(DIRECT, recordFor({}));
    await writer.put('landing/lists/', new Uint8Array());
    expect(await counted('landing')).toMatchObject({ count: 2, lastCode: null, codes: {} });
    await noted(BATCH, 'SLUICE_WRITE_BUCKET_FAILED');
    await noted('landing/2026/11/23/10/gone', 'SLUICE_WRITE_CUT_SHORT');
    expect(await counted('landing')).toEqual({
      ...{
        count: 2,
        hasMore: false,
        oldest: new Date(START - (START % 1_000)).toISOString(),
        unknownKeys: 0,
      },
      ...{ lastCode: 'SLUICE_WRITE_BUCKET_FAILED', codes: { SLUICE_WRITE_BUCKET_FAILED: 1 } },
    });
    await writer.clock.advance(60_000);
    await noted(DIRECT, 'SLUICE_WRITE_CUT_SHORT');
    expect(await counted('landing')).toMatchObject({
      lastCode: 'SLUICE_WRITE_CUT_SHORT',
      codes: { SLUICE_WRITE_BUCKET_FAILED: 1, SLUICE_WRITE_CUT_SHORT: 1 },
    });
  });

  it('that the writer parked have its codes', async () => {
    await writer.put(BATCH, Buffer.concat([recordFor({}), Buffer.from('something else')]));
    await writer.put(DIRECT, recordFor({}).subarray(0, -1));
    await writer.write(BATCH);
    await writer.write(DIRECT);
    expect(await counted('landing')).toMatchObject({ count: 0 });
    expect(await writer.keys(parkedKey('landing/'))).toHaveLength(2);
    expect(await counted('parked')).toMatchObject({
      ...{ count: 2, unknownKeys: 0 },
      codes: { SLUICE_LANDING_NOT_A_RECORD: 1, SLUICE_LANDING_TRUNCATED: 1 },
    });
  });
});
