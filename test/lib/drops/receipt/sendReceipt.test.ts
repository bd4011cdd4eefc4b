import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Loader } from '../../../../lib/drops/load/Loader.ts';
import { findTablePlace } from '../../../../lib/drops/load/loadTask.ts';
import type { Receipt } from '../../../../lib/drops/receipt/Receipt.ts';
import { ReceiptError, type ReceiptPorts } from '../../../../lib/drops/receipt/ReceiptPorts.ts';
import { resendReceipts } from '../../../../lib/drops/receipt/sendReceipt.ts';
import { RECEIPT_NOTES } from '../../../../lib/tables/ledgerKeys.ts';
import { DAY, type LoadOptions, type Loads, someEvents, startLoads } from '../load/startLoads.ts';

const DAY_MS = 86_400_000;
const BEFORE = '2026-11-18';

/** A bucket and a webhook of a customer, and how they answer. */
class Customer implements ReceiptPorts {
  readonly written: { readonly key: string; readonly receipt: Receipt }[] = [];
  readonly posted: { readonly id: string; readonly receipt: Receipt }[] = [];
  refuses: Error | null = null;
  status = 200;
  /** A day whose receipts the webhook refuses. */
  refusedDay = '';

  readonly put: ReceiptPorts['put'] = async (_, key, text) => {
    if (this.refuses !== null) throw this.refuses;
    this.written.push({ key, receipt: JSON.parse(text) });
  };

  readonly post: ReceiptPorts['post'] = async ({ headers, body }) => {
    const receipt: Receipt = JSON.parse(body.toString());
    this.posted.push({ id: headers['webhook-id'] ?? '', receipt });
    return { status: receipt.day === this.refusedDay ? 413 : this.status };
  };
}

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
      receipt: { bucket: true, prefix: 'r', webhook: { url: 'https://hooks.example/x' } },
    }));
    // The clock of the test knows whole milliseconds.
    const wait = async (ms: number) => loads.clock.advance(Math.ceil(ms));
    more = { config: { ...loads.config, sources }, receipts: customer, wait };
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
      (note) => findTablePlace(sources, note),
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
    expect(customer.posted).toHaveLength(1);
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
    expect(customer.posted[0]?.id).toBe(receipt?.id);
    expect(JSON.stringify(customer.posted)).not.toContain('u-secret');
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
    expect(customer.posted).toHaveLength(1);
    expect(await notes()).toEqual([]);
    await resend();
    expect(customer.written).toHaveLength(1);
  });

  it('that fail leave the load as it is, and are tried again where they are missing', async () => {
    await loads.drop('a.parquet', someEvents(0, 3));
    customer.refuses = new ReceiptError('SLUICE_RECEIPT_ACCESS_DENIED', 'acme-drops/x: AccessDenied.');
    expect(await load()).toMatchObject({ outcome: 'succeeded' });
    expect(customer.posted).toHaveLength(1);
    expect(await notes()).toEqual([expect.stringMatching(/\/bucket\/SLUICE_RECEIPT_ACCESS_DENIED$/)]);
    expect(loads.logged).toContainEqual(
      expect.objectContaining({
        ...{ level: 'error', event: 'ingest_receipt', written: ['webhook'], failed: 1 },
        code: 'SLUICE_RECEIPT_ACCESS_DENIED',
      }),
    );
    const updatedAt = (await loads.entry())?.updatedAt;
    customer.refuses = null;
    await resend();
    expect(customer.written).toHaveLength(1);
    expect(customer.posted).toHaveLength(1);
    expect(await notes()).toEqual([]);
    // The ledger, whose times decide when a failed day is retried, is left alone.
    expect((await loads.entry())?.updatedAt).toBe(updatedAt);
  });

  it('say what came of the load, also when its day is queued again, or an attempt failed since', async () => {
    await loads.drop('a.parquet', someEvents(0, 3));
    customer.status = 503;
    await load();
    const posted = customer.posted.at(-1)?.receipt;
    expect(posted).toMatchObject({ outcome: 'loaded', problem: null });
    const place = { source: 'acme', dataset: 'events', day: DAY, table: 'acme_events' };
    expect(await loads.ledger.noteQueued(place, { fingerprint: 'other', reason: 'changed' })).toBe(true);
    await resend();
    expect(customer.posted.at(-1)?.receipt).toEqual(posted);
    const claimed = await loads.ledger.claim(place, 'another', loads.clock.now() + 1_000, 'other');
    if (!('claim' in claimed)) throw new Error('busy');
    await loads.ledger.release(claimed.claim, { code: 'SLUICE_LOAD_BUCKET_FAILED', message: 'for now' });
    customer.status = 200;
    await resend();
    expect(customer.posted.at(-1)?.receipt).toEqual(posted);
    expect(await notes()).toEqual([]);
  });

  it('are given up after three days', async () => {
    await loads.drop('a.parquet', someEvents(0, 3));
    customer.status = 503;
    await load();
    // Three tries, with pauses.
    expect(customer.posted).toHaveLength(3);
    await resend();
    expect(customer.posted).toHaveLength(4);
    expect(await notes()).toHaveLength(1);
    loads.clock.advance(3 * DAY_MS);
    await resend();
    expect(customer.posted).toHaveLength(5);
    expect(await notes()).toEqual([]);
    expect(loads.logged).toContainEqual(expect.objectContaining({ given_up: 'SLUICE_RECEIPT_GIVEN_UP' }));
    // All were of one outcome.
    expect(new Set(customer.posted.map(({ id }) => id)).size).toBe(1);
  });

  it('reach the bucket of each day while the webhook takes none, and are given up for both together', async () => {
    customer.refuses = new ReceiptError('SLUICE_RECEIPT_BUCKET_FAILED');
    customer.status = 503;
    for (const day of [DAY, BEFORE]) {
      await loads.drop('a.parquet', someEvents(0, 3), day);
      await load({ day });
    }
    customer.refuses = null;
    const posted = customer.posted.length;
    await resend();
    expect(customer.written.map(({ receipt }) => receipt.day).sort()).toEqual([BEFORE, DAY]);
    // The other one waits for the next run.
    expect(customer.posted).toHaveLength(posted + 1);
    expect((await notes()).map((key) => key.split('/').at(-2))).toEqual(['webhook', 'webhook']);
    await resend();
    expect(customer.written).toHaveLength(2);
    loads.clock.advance(3 * DAY_MS);
    await resend();
    expect(await notes()).toEqual([]);
    // Only one of them was tried, and both are counted.
    expect(loads.logged.filter((line) => 'given_up' in line)).toEqual([
      expect.objectContaining({ failed: 1, code: 'SLUICE_RECEIPT_WEBHOOK_FAILED' }),
      expect.objectContaining({ failed: 1, code: 'SLUICE_RECEIPT_WEBHOOK_FAILED' }),
    ]);
  });

  it('wait for no other one that is refused each time', async () => {
    customer.status = 503;
    for (const day of [DAY, BEFORE]) {
      await loads.drop('a.parquet', someEvents(0, 3), day);
      await load({ day });
    }
    customer.status = 200;
    customer.refusedDay = BEFORE;
    more = { ...more, random: () => 0 };
    await resend();
    expect(await notes()).toHaveLength(2);
    more = { ...more, random: () => 0.5 };
    await resend();
    expect(await notes()).toEqual([expect.stringContaining(`/${BEFORE}/`)]);
  });

  it('are sent although the session of another dataset or day can not be had', async () => {
    customer.status = 503;
    for (const day of [DAY, BEFORE]) {
      await loads.drop('a.parquet', someEvents(0, 3), day);
      await load({ day });
    }
    customer.status = 200;
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
      expect(customer.posted).toEqual([]);
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
