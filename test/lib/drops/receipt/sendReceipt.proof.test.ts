import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Loader } from '../../../../lib/drops/load/Loader.ts';
import { findTableDay } from '../../../../lib/drops/load/loadTask.ts';
import type { Receipt } from '../../../../lib/drops/receipt/Receipt.ts';
import { ReceiptError, type ReceiptPorts } from '../../../../lib/drops/receipt/ReceiptPorts.ts';
import { resendReceipts } from '../../../../lib/drops/receipt/sendReceipt.ts';
import { RECEIPT_NOTES } from '../../../../lib/tables/ledgerKeys.ts';
import { DAY, type LoadOptions, type Loads, someEvents, startLoads } from '../load/startLoads.ts';

const DAY_MS = 86_400_000;
const BEFORE = '2026-11-18';

/** A bucket of a customer, and how it answers. */
class Customer implements ReceiptPorts {
  /** Receipts of every call, including refused ones. */
  readonly tried: Receipt[] = [];
  readonly written: { readonly key: string; readonly receipt: Receipt }[] = [];
  refuses: Error | null = null;
  /** A day whose receipts are refused. */
  refusedDay = '';

  readonly put: ReceiptPorts['put'] = async (_, key, text) => {
    const receipt: Receipt = JSON.parse(text);
    this.tried.push(receipt);
    if (this.refuses !== null) throw this.refuses;
    if (receipt.day === this.refusedDay) throw REFUSED;
    this.written.push({ key, receipt });
  };
}

const REFUSED = new ReceiptError('SLUICE_RECEIPT_ACCESS_DENIED', 'acme-drops/x: AccessDenied.');
const BAD = `${someEvents(0, 3)} UNION ALL SELECT TIMESTAMP '${DAY} 11:00:00', NULL, 'u-secret'`;

describe.each(['lambda', 'athena'] as const)('receipts of loads by %s', (engine) => {
  let loads: Loads;
  let customer: Customer;
  let more: Partial<Loader>;
  beforeEach(async () => {
    loads = await startLoads({ engine, refusedShare: 0.5 });
    customer = new Customer();
    const sources = loads.config.sources.map((source) => ({
      ...source,
      receipt: { bucket: true, prefix: 'r' },
    }));
    more = { config: { ...loads.config, sources }, receipts: customer };
  });
  afterEach(() => loads.close());

  const load = async (options: LoadOptions = {}) => {
    const outcome = await loads.load({ ...options, loader: { ...more, ...options.loader } });
    if (engine === 'lambda' || outcome === 'killed') return outcome;
    return (await loads.goOn({ ...options, loader: { ...more, ...options.loader } })) ?? outcome;
  };
  const resend = (onScope: (day: string) => void = () => {}) => {
    const sender = loads.makeLoader(more);
    const { sources } = more.config ?? loads.config;
    return resendReceipts(
      sender,
      loads.makeRun(),
      (note) => findTableDay(sources, note),
      async (place, work) => {
        onScope(place.day);
        await work(sender);
      },
    );
  };
  const notes = () => loads.keys(RECEIPT_NOTES);

  it('are sent once a load, with its counts; a day that is loaded already has none', async () => {
    await loads.drop('a.parquet', BAD);
    expect(await load()).toMatchObject({ outcome: 'succeeded' });
    expect(customer.written).toHaveLength(1);
    const [{ key, receipt } = { key: '', receipt: undefined }] = customer.written;
    const entry = await loads.entry();
    expect(key).toBe(`r/events/${DAY}/${key.split('/').at(-1)}`);
    expect(receipt).toMatchObject({
      ...{ id: entry?.receipt?.id, outcome: 'loaded', version: entry?.version },
      rows: { read: 4, written: 3, refused: 1 },
      refused: [{ code: 'SLUICE_INGEST_ROW_NAME_MISSING', rows: 1 }],
      // Athena's refused rows stay in our bucket.
      examples: engine === 'athena' ? [] : [{ file: `events/${DAY}/a.parquet`, row: expect.any(String) }],
    });
    expect(await notes()).toEqual([]);

    expect(await load({ fingerprint: entry?.fingerprint ?? '' })).toMatchObject({ outcome: 'unchanged' });
    expect(customer.written).toHaveLength(1);
  });

  it('of a load that is killed before it sends them are sent by the next run', async () => {
    await loads.drop('a.parquet', someEvents(0, 3));
    expect(await load({ killAt: 'settled' })).toBe('killed');
    expect(customer.written).toEqual([]);
    expect(await notes()).toHaveLength(1);
    await resend();
    expect(customer.written).toHaveLength(1);
    expect(await notes()).toEqual([]);
    await resend();
    expect(customer.written).toHaveLength(1);
  });

  it('that fail leave the load as it is, and are tried again', async () => {
    await loads.drop('a.parquet', someEvents(0, 3));
    customer.refuses = REFUSED;
    expect(await load()).toMatchObject({ outcome: 'succeeded' });
    expect(await notes()).toEqual([expect.stringMatching(/\/SLUICE_RECEIPT_ACCESS_DENIED$/)]);
    expect(loads.logged).toContainEqual(
      expect.objectContaining({
        ...{ level: 'error', event: 'ingest_receipt', failed: 1 },
        code: 'SLUICE_RECEIPT_ACCESS_DENIED',
      }),
    );
    const updatedAt = (await loads.entry())?.updatedAt;
    customer.refuses = null;
    await resend();
    expect(customer.written).toHaveLength(1);
    expect(await notes()).toEqual([]);
    // The ledger, whose times decide when a failed day is retried, is left alone.
    expect((await loads.entry())?.updatedAt).toBe(updatedAt);
  });

  it('say what came of the load, also when its day is queued again, or an attempt failed since', async () => {
    await loads.drop('a.parquet', someEvents(0, 3));
    customer.refuses = REFUSED;
    await load();
    const sent = customer.tried.at(-1);
    expect(sent).toMatchObject({ outcome: 'loaded', problem: null });
    const place = { source: 'acme', dataset: 'events', day: DAY, table: 'acme_events' };
    expect(await loads.ledger.noteQueued(place, { fingerprint: 'other', reason: 'changed' })).toBe(true);
    await resend();
    expect(customer.tried.at(-1)).toEqual(sent);
    const claimed = await loads.ledger.claim(place, 'another', loads.clock.now() + 1_000, 'other');
    if (!('claim' in claimed)) throw new Error('busy');
    await loads.ledger.release(claimed.claim, { code: 'SLUICE_LOAD_BUCKET_FAILED', message: 'for now' });
    customer.refuses = null;
    await resend();
    expect(customer.tried.at(-1)).toEqual(sent);
    expect(await notes()).toEqual([]);
  });

  it('are given up after three days', async () => {
    await loads.drop('a.parquet', someEvents(0, 3));
    customer.refuses = REFUSED;
    await load();
    await resend();
    expect(customer.tried).toHaveLength(2);
    expect(await notes()).toHaveLength(1);
    loads.clock.advance(3 * DAY_MS + 1);
    await resend();
    expect(customer.tried).toHaveLength(3);
    expect(await notes()).toEqual([]);
    expect(loads.logged).toContainEqual(expect.objectContaining({ given_up: 'SLUICE_RECEIPT_GIVEN_UP' }));
    // All were of one outcome.
    expect(new Set(customer.tried.map(({ id }) => id)).size).toBe(1);
  });

  it('wait for the next run once one of their source fails, and are given up together', async () => {
    customer.refuses = REFUSED;
    for (const day of [DAY, BEFORE]) {
      await loads.drop('a.parquet', someEvents(0, 3), day);
      await load({ day });
    }
    await resend();
    expect(customer.tried).toHaveLength(3);
    loads.clock.advance(3 * DAY_MS + 1);
    await resend();
    expect(await notes()).toEqual([]);
    // Only one of them was tried, and both are counted.
    expect(customer.tried).toHaveLength(4);
    expect(loads.logged.filter((line) => 'given_up' in line)).toEqual([
      expect.objectContaining({ failed: 1, code: 'SLUICE_RECEIPT_ACCESS_DENIED' }),
      expect.objectContaining({ failed: 1, code: 'SLUICE_RECEIPT_ACCESS_DENIED' }),
    ]);
  });

  it('wait for no other one that is refused each time', async () => {
    customer.refuses = REFUSED;
    for (const day of [DAY, BEFORE]) {
      await loads.drop('a.parquet', someEvents(0, 3), day);
      await load({ day });
    }
    customer.refuses = null;
    customer.refusedDay = BEFORE;
    more = { ...more, random: () => 0 };
    await resend();
    expect(await notes()).toHaveLength(2);
    more = { ...more, random: () => 0.5 };
    await resend();
    expect(await notes()).toEqual([expect.stringContaining(`/${BEFORE}/`)]);
  });

  it('are sent although the session of another dataset or day can not be had', async () => {
    customer.refuses = REFUSED;
    for (const day of [DAY, BEFORE]) {
      await loads.drop('a.parquet', someEvents(0, 3), day);
      await load({ day });
    }
    customer.refuses = null;
    more = { ...more, random: () => 0 };
    await resend((day) => {
      if (day === BEFORE) throw new Error('AccessDenied');
    });
    expect(await notes()).toEqual([expect.stringContaining(`/${BEFORE}/`)]);
    expect(loads.logged).toContainEqual(
      expect.objectContaining({ event: 'ingest_receipt', table: 'acme_events', day: BEFORE, failed: 1 }),
    );
  });

  it('are not sent of an outcome that a later load has replaced', async () => {
    await loads.drop('a.parquet', someEvents(0, 3));
    customer.refuses = new ReceiptError('SLUICE_RECEIPT_BUCKET_FAILED');
    await load();
    await loads.drop('a.parquet', someEvents(0, 5));
    customer.refuses = null;
    await load();
    expect(await notes()).toHaveLength(1);
    await resend();
    expect(customer.written.map(({ receipt }) => receipt.rows.read)).toEqual([5]);
    expect(await notes()).toEqual([]);
  });

  it('of a dataset that is gone from the configuration are dropped', async () => {
    await loads.drop('a.parquet', someEvents(0, 3));
    await load({ killAt: 'settled' });
    more = { ...more, config: { ...loads.config, sources: [] } };
    await resend();
    expect(customer.written).toEqual([]);
    expect(await notes()).toEqual([]);
  });

  it('that can not be noted never fail a load', async () => {
    await loads.drop('a.parquet', someEvents(0, 3));
    const { landing } = loads.makeLoader();
    const failing = {
      ...landing,
      putNote: (key: string) =>
        key.startsWith(RECEIPT_NOTES) ? Promise.reject(new Error('AccessDenied')) : landing.putNote(key),
    };
    expect(await load({ loader: { landing: failing } })).toMatchObject({ outcome: 'succeeded' });
    expect(customer.written).toHaveLength(1);
  });
});

describe('receipts of a day that fails', () => {
  it('are sent once for the same failure, and again for another', async () => {
    const loads = await startLoads();
    try {
      const customer = new Customer();
      const sources = loads.config.sources.map((source) => ({
        ...source,
        receipt: { bucket: true, prefix: 'r' },
      }));
      const loader = { config: { ...loads.config, sources }, receipts: customer };
      await loads.drop('a.parquet', Buffer.from('nothing of Parquet'));
      for (let i = 0; i < 3; i += 1) {
        expect(await loads.load({ loader, reason: 'retried' })).toMatchObject({ outcome: 'failed' });
        loads.clock.advance(DAY_MS);
      }
      expect(customer.written.map(({ receipt }) => receipt.problem?.code)).toEqual([
        'SLUICE_INGEST_FILE_NOT_PARQUET',
      ]);
      await loads.drop('a.parquet', "SELECT 'x' AS other");
      await loads.load({ loader });
      expect(customer.written.at(-1)?.receipt.problem?.code).toBe('SLUICE_INGEST_COLUMN_MISSING');
      expect(customer.written).toHaveLength(2);
      // The first failure again is news, with an ID that no receipt had.
      loads.clock.advance(DAY_MS);
      await loads.drop('a.parquet', Buffer.from('nothing of Parquet'));
      await loads.load({ loader });
      expect(customer.written.at(-1)?.receipt.problem?.code).toBe('SLUICE_INGEST_FILE_NOT_PARQUET');
      expect(new Set(customer.written.map(({ receipt }) => receipt.id)).size).toBe(3);
      const keys = customer.written.map(({ key }) => key);
      expect([...keys].sort()).toEqual(keys);
    } finally {
      await loads.close();
    }
  });
});
