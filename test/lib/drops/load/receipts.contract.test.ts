import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DAY_MS, HOUR_MS } from '../../../../lib/base/time.ts';
import { makeReceipt, type Receipt, ReceiptError } from '../../../../lib/drops/load/end/sendReceipt.ts';
import type { PutReceipt } from '../../../../lib/drops/load/Loader.ts';
import type { FileFate } from '../../../../lib/ledger/LedgerEntry.ts';
import { settlement } from '../../../harness/ledgerEntry.ts';
import { DAY, ends, type LoadOptions, type Loads, someEvents, startLoads } from './startLoads.ts';

const REFUSED = new ReceiptError('SLUICE_RECEIPT_ACCESS_DENIED', 'acme-drops/x: AccessDenied.');
const BAD = `${someEvents(0, 3)} UNION ALL SELECT TIMESTAMP '${DAY} 11:00:00', NULL, 'u-secret'`;

describe('receipts of loads', () => {
  let loads: Loads;
  let written: { readonly key: string; readonly receipt: Receipt }[];
  /** The folders that were to be written to. */
  let folders: string[];
  let refuses: Error | null;
  beforeEach(async () => {
    loads = await startLoads({ refusedShare: 0.5 });
    // Each file is a piece: a day of one file is loaded as any other.
    loads.cutAt(1);
    written = [];
    folders = [];
    refuses = null;
  });
  afterEach(() => loads.close());

  const load = async (options: LoadOptions = {}) => {
    const sources = loads.config.sources.map((source) => ({ ...source, receipt: 'r' }));
    const putReceipt: PutReceipt = async ({ folder }, key, text) => {
      if (refuses !== null) throw refuses;
      folders.push(folder);
      written.push({ key, receipt: JSON.parse(text) });
    };
    const loader = { config: { ...loads.config, sources }, putReceipt };
    return loads.loadInPieces({ ...options, loader });
  };

  it('have the result of the load, and nothing of a row', async () => {
    await loads.drop('a.parquet', BAD);
    const mapped = async () => loads.clock.advance(1_500);
    await ends(load({ at: { mapped } }), 'succeeded');
    expect(folders).toEqual(['r/events/']);
    const file = { fate: 'loaded', refusedBy: { SLUICE_INGEST_ROW_NAME_MISSING: 1 } };
    expect(written).toEqual([
      {
        key: expect.stringMatching(`^r/events/${DAY}/\\d{8}T\\d{9}Z-[0-9a-f]{8}\\.json$`),
        receipt: expect.objectContaining({
          receipt: 1,
          source: 'acme',
          dataset: 'events',
          day: DAY,
          state: 'succeeded',
          startedAt: '2026-11-20T09:00:00.000Z',
          finishedAt: '2026-11-20T09:00:01.500Z',
          version: (await loads.entry())?.version,
          failure: null,
          rows: { in: 4, out: 3, refused: 1 },
          files: [expect.objectContaining(file)],
        }),
      },
    ]);
    expect(JSON.stringify(written)).not.toContain('u-secret');
  });

  it('are not written for a day that is loaded already, but for each version of it', async () => {
    await loads.dropEvents('a', 0, 3);
    await load();
    const { fingerprint = '' } = (await loads.entry()) ?? {};
    await ends(load({ fingerprint: fingerprint ?? '' }), 'unchanged');
    expect(written).toHaveLength(1);
    await load({ reason: 'backfill' });
    expect(written).toHaveLength(2);
  });

  it('that the bucket refuses leave the load as it is, which logs and notes the refusal', async () => {
    await loads.dropEvents('a', 0, 3);
    refuses = REFUSED;
    await ends(load(), 'succeeded');
    expect((await loads.entry())?.receipt).toMatchObject({
      failure: { code: REFUSED.code },
      failingSince: expect.any(Number),
    });
    expect(loads.logged).toContainEqual(
      expect.objectContaining({ level: 'error', event: 'ingest_receipt', code: REFUSED.code }),
    );
  });

  it('are failing since the first refusal, and of a foreign error the name alone is kept', async () => {
    await loads.dropEvents('a', 0, 3);
    refuses = REFUSED;
    await load();
    const { failingSince } = (await loads.entry())?.receipt ?? {};
    loads.clock.advance(HOUR_MS);
    refuses = Object.assign(new Error('u-secret'), { name: 'SlowDown' });
    await load({ reason: 'backfill' });
    expect((await loads.entry())?.receipt).toMatchObject({
      failure: { code: 'SLUICE_RECEIPT_BUCKET_FAILED', message: expect.stringMatching(/ SlowDown\.$/) },
      failingSince,
    });
  });

  it('are not begun once the time is over, which is noted', async () => {
    await loads.dropEvents('a', 0, 3);
    const moved = async () => loads.clock.advance(HOUR_MS);
    await ends(load({ at: { moved } }), 'succeeded');
    expect(written).toEqual([]);
    expect((await loads.entry())?.receipt).toMatchObject({
      failure: { code: 'SLUICE_RECEIPT_BUCKET_FAILED' },
      failingSince: loads.clock.now(),
    });
    await load({ reason: 'backfill' });
    expect(written).toHaveLength(1);
    expect((await loads.entry())?.receipt).toEqual({ hash: expect.any(String) });
  });

  it('are not written again for a day that fails in the same way', async () => {
    await loads.dropEvents('a', 0, 3);
    await load();
    const { version } = (await loads.entry()) ?? {};
    await loads.drop('a.parquet', "SELECT 'x' AS other");
    refuses = REFUSED;
    await ends(load(), 'failed');
    refuses = null;
    for (const reason of ['new', 'retried', 'backfill'] as const) await ends(load({ reason }), 'failed');
    const failed = written.slice(1).map(({ receipt }) => receipt);
    expect(failed).toMatchObject([
      { state: 'failed', version, failure: { code: 'SLUICE_INGEST_COLUMN_MISSING' } },
    ]);
    // Another file has the same problem.
    await loads.drop('a.parquet', "SELECT 'y' AS other");
    await ends(load(), 'failed');
    expect(written).toHaveLength(3);
  });

  it('are written by the load that follows on one that was killed', async () => {
    await loads.dropEvents('a', 0, 3);
    await ends(load({ killAt: 'moved' }), 'killed');
    expect(written).toEqual([]);
    loads.clock.advance(DAY_MS);
    await load({ reason: 'backfill' });
    expect(written.map(({ receipt }) => receipt.state)).toEqual(['succeeded']);
  });
});

describe('a receipt', () => {
  const failedBy = (code: string, files: readonly FileFate[] = []) =>
    makeReceipt(
      { source: 'acme', dataset: 'events', day: DAY },
      {
        ...settlement({ state: 'failed', files: [...files], failure: { code, message: 'role/ours' } }),
        version: null,
      },
      { startedAt: 'a', finishedAt: 'b' },
    );

  it.each(['SLUICE_INGEST_FILE_DAMAGED', 'SLUICE_SOURCE_ACCESS_DENIED'])(
    'has the words of an error of its files or its bucket: %s',
    (code) => expect(failedBy(code).failure).toEqual({ code, message: 'role/ours' }),
  );

  it.each(['SLUICE_LOAD_BUCKET_FAILED', 'SLUICE_INGEST_SESSION_REFUSED'])(
    'has of an error of ours nothing but the code: %s',
    (code) => expect(failedBy(code).failure).toEqual({ code, message: expect.not.stringContaining('ours') }),
  );

  it('names a thousand files at most, those with problems first', () => {
    const file = (key: string, fate: FileFate['fate']) => ({ key, size: 1, eTag: '"e"', fate });
    const files = Array.from({ length: 1_500 }, (_, i) => file(`${i}.parquet`, 'held'));
    const counted = (key: string, refused: number) => {
      return { ...file(key, 'loaded'), rows: { in: 2, out: 2 - refused, refused } };
    };
    const others = [counted('good.parquet', 0), file('bad.parquet', 'failed'), counted('half.parquet', 1)];
    const receipt = failedBy('SLUICE_INGEST_FILE_DAMAGED', [...files, ...others]);
    expect(receipt.files).toHaveLength(1_000);
    expect(receipt.moreFiles).toBe(503);
    expect(receipt.files.slice(0, 3).map(({ key }) => key)).toEqual([
      'bad.parquet',
      'half.parquet',
      '0.parquet',
    ]);
    const thousand = failedBy('SLUICE_INGEST_FILE_DAMAGED', files.slice(0, 1_000));
    expect({ named: thousand.files.length, more: thousand.moreFiles }).toEqual({ named: 1_000, more: 0 });
  });
});
