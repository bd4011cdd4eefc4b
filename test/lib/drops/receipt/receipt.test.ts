import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { SourceError } from '../../../../lib/drops/CustomerBucket.ts';
import { FileError, rowReasons } from '../../../../lib/drops/engine/FileError.ts';
import { LoadError } from '../../../../lib/drops/load/LoadError.ts';
import { customerWord, customerWords } from '../../../../lib/drops/receipt/customerWords.ts';
import { makeReceipt, newReceipt, receiptKey } from '../../../../lib/drops/receipt/Receipt.ts';
import type { LedgerEntry } from '../../../../lib/ledger/LedgerEntry.ts';
import type { ConfigInput } from '../../../../lib/schema/config.ts';
import { parseReceiptNote, parseVersionNote, receiptNoteKey } from '../../../../lib/tables/ledgerKeys.ts';

const DAY = '2026-11-20';
const of = {
  id: '0123456789abcdef0123456789abcdef',
  startedAt: Date.parse('2026-11-21T09:00:00Z'),
  finishedAt: Date.parse('2026-11-21T09:00:21.500Z'),
  hash: 'fedcba9876543210fedcba9876543210',
  outcome: 'loaded' as const,
};
const failedBy = (code: string, message: string) =>
  ({ ...of, outcome: 'failed', failure: { code, message } }) as const;
const file = (name: string, rest: Partial<LedgerEntry['files'][number]>): LedgerEntry['files'][number] => ({
  ...{ key: `events/${DAY}/${name}`, size: 10, eTag: '"e"', fate: 'loaded' },
  ...rest,
});
const entry = (rest: Partial<LedgerEntry> = {}): LedgerEntry => ({
  ...{ source: 'acme', dataset: 'events', day: DAY, table: 'acme_events', state: 'succeeded' },
  ...{ fingerprint: 'f', attempts: 1, files: [], rows: { in: 0, out: 0, refused: 0 }, rowsByDaysLate: {} },
  ...{ bytes: 0, durations: {}, superseded: [], updatedAt: 0, token: 't' },
  ...rest,
});
type SourceInput = NonNullable<ConfigInput['sources']>[number];
type Receipt = NonNullable<SourceInput['receipt']>;
const configOf = (receipt: unknown, more: Partial<SourceInput> = {}, rest: Partial<ConfigInput> = {}) =>
  defineConfig({
    bucket: 'acme-experiments',
    sources: [
      {
        ...{ name: 'acme', bucket: 'acme-drops', owner: '111122223333', receipt: receipt as Receipt },
        datasets: [{ name: 'events', kind: 'events', folder: 'in/events' }],
        ...more,
      },
    ],
    ...rest,
  });

describe('a receipt', () => {
  it('counts refused rows over all files, the most frequent reason first', () => {
    const receipt = makeReceipt(
      entry({
        rows: { in: 10, out: 4, refused: 6 },
        files: [
          file('a.parquet', {
            rows: { in: 6, out: 3, refused: 3 },
            refusedBy: { SLUICE_INGEST_ROW_NAME_MISSING: 1, SLUICE_INGEST_ROW_TIME_MISSING: 2 },
          }),
          file('b.parquet', {
            rows: { in: 4, out: 1, refused: 3 },
            refusedBy: { SLUICE_INGEST_ROW_NAME_MISSING: 3 },
          }),
        ],
      }),
      of,
    );
    expect(receipt).toMatchObject({
      ...{ outcome: 'loaded', version: null, problem: null },
      ...{ startedAt: '2026-11-21T09:00:00.000Z', finishedAt: '2026-11-21T09:00:21.500Z' },
      rows: { read: 10, written: 4, refused: 6 },
      refused: [
        { code: 'SLUICE_INGEST_ROW_NAME_MISSING', rows: 4, cure: expect.stringContaining('Correct') },
        { code: 'SLUICE_INGEST_ROW_TIME_MISSING', rows: 2 },
      ],
    });
    expect(receipt).not.toHaveProperty('examples');
  });

  it('says of each file what became of it', () => {
    const { files } = makeReceipt(
      entry({
        state: 'failed',
        files: [
          file('old.parquet', {}),
          file('held.parquet', { fate: 'held', reason: 'SLUICE_INGEST_FILE_DAMAGED' }),
          file('gone.parquet', { fate: 'gone', detail: 'It was loaded.' }),
          file('new.csv', { fate: 'held', reason: 'not_parquet' }),
          file('empty.parquet', { fate: 'failed', reason: 'empty' }),
          file('bad.parquet', { fate: 'failed', reason: 'SLUICE_INGEST_FILE_DAMAGED', detail: 'bad: x.' }),
        ],
      }),
      failedBy('SLUICE_INGEST_FILE_DAMAGED', 'It is damaged.'),
    );
    expect(files.map(({ key, fate }) => [key.slice(key.lastIndexOf('/') + 1), fate])).toEqual([
      ['empty.parquet', 'refused'],
      ['bad.parquet', 'refused'],
      ['old.parquet', 'loaded'],
      ['held.parquet', 'waiting'],
      ['gone.parquet', 'gone'],
      ['new.csv', 'ignored'],
    ]);
    expect(files[0]).toMatchObject({ why: 'Zero bytes.' });
    expect(files[1]).toMatchObject({ problem: { code: 'SLUICE_INGEST_FILE_DAMAGED', message: 'bad: x.' } });
  });

  it.each(['SLUICE_LOAD_BUCKET_FAILED', 'SLUICE_INGEST_SESSION_REFUSED'])(
    'says nothing of problems that are ours: %s',
    (code) => {
      const { problem } = makeReceipt(
        entry({ state: 'failed' }),
        failedBy(code, 'arn:aws:iam::111122223333:role/ours: AccessDenied.'),
      );
      expect(problem).toEqual({
        code,
        message: 'The load failed on our side.',
        cure: expect.stringContaining('No action is needed from you'),
      });
    },
  );

  it('names a thousand files at most, those with problems first, and ten rows', () => {
    const files = Array.from({ length: 1_500 }, (_, i) => file(`${i}.parquet`, {}));
    files.push(file('bad.parquet', { fate: 'failed', reason: 'SLUICE_INGEST_FILE_DAMAGED', detail: 'x' }));
    const example = { file: 'f', code: 'c', detail: 'd', row: '{}' };
    const receipt = makeReceipt(entry({ files }), of, Array(12).fill(example));
    expect(receipt.files).toHaveLength(1_000);
    expect(receipt.moreFiles).toBe(501);
    expect(receipt.files[0]?.key).toContain('bad.parquet');
    expect(receipt.examples).toHaveLength(10);
  });

  it('has a hash of its outcome, the same for the same failure, and an ID of the hash and the time', () => {
    type Outcome = Omit<LedgerEntry, 'state'> & { readonly state: 'succeeded' | 'failed' };
    const failed: Outcome = {
      ...entry({ failure: { code: 'C', message: 'm' } }),
      state: 'failed',
    };
    const hashOf = (one: Outcome) => newReceipt(one, one, of).hash;
    const { id, hash } = newReceipt(failed, failed, of);
    expect([id, hash]).toEqual([
      expect.stringMatching(/^[0-9a-f]{32}$/),
      expect.stringMatching(/^[0-9a-f]{32}$/),
    ]);
    const later = newReceipt(failed, failed, { ...of, finishedAt: of.finishedAt + 1 });
    expect(later.hash).toBe(hash);
    expect(later.id).not.toBe(id);
    expect(hashOf({ ...failed, ...{ attempts: 7, updatedAt: 99 } })).toBe(hash);
    const others = [
      { ...failed, fingerprint: 'g' },
      { ...failed, failure: { code: 'D', message: 'm' } },
      { ...failed, failure: { code: 'C', message: 'n' } },
      { ...failed, day: '2026-11-21' },
      { ...failed, dataset: 'others' },
      { ...failed, state: 'succeeded' as const, version: 'v1' },
      { ...failed, state: 'succeeded' as const, version: 'v2' },
    ].map(hashOf);
    expect(new Set([hash, ...others]).size).toBe(8);
  });

  it('lies in a folder of its own, where no drop is', () => {
    const [source] = configOf({ bucket: true }).sources;
    const [dataset] = source?.datasets ?? [];
    if (source === undefined || dataset === undefined) throw new Error('no source');
    expect(receiptKey({ source, dataset, day: DAY }, of)).toBe(
      `sluice-receipts/events/${DAY}/20261121T090021500Z-01234567.json`,
    );
    const none = { ...source, receipt: undefined };
    expect(receiptKey({ source: none, dataset, day: DAY }, of)).toBeNull();
  });

  it('waits under a key that no sweep of versions takes for its own', () => {
    const note = { table: 'acme_events', day: DAY, id: of.id, why: 'new' };
    const key = receiptNoteKey(note);
    expect(key).toBe(`ledger/_versions/receipts/acme_events/${DAY}/${of.id}/new`);
    expect(parseReceiptNote(key)).toEqual(note);
    expect(parseVersionNote(key)).toBeNull();
    for (const other of [`${key}/x`, key.replace('/new', ''), key.replace(DAY, 'x'), 'ledger/x'])
      expect(parseReceiptNote(other)).toBeNull();
  });
});

describe('the words for a customer', () => {
  it('are there for every code of a file, a row and a bucket, and name none of our commands', () => {
    const codes = [
      ...Object.keys(FileError.entries),
      ...Object.keys(rowReasons),
      // A bucket that does not answer is tried again by itself.
      ...Object.keys(SourceError.entries).filter((code) => code !== 'SLUICE_SOURCE_UNAVAILABLE'),
      ...['SLUICE_LOAD_ROWS_REFUSED', 'SLUICE_LOAD_ROWS_LATE'],
    ];
    for (const code of codes) expect([code, customerWords.has(code)]).toEqual([code, true]);
    for (const { cause, cure } of customerWords.values()) {
      expect(cause).not.toBe('');
      expect(`${cause} ${cure}`).not.toMatch(/`?sluice |sluice\.config|serverless|lookbackDays|refusedShare/);
    }
    for (const code of Object.keys(LoadError.entries)) expect(customerWord(code).cause).not.toBe('');
  });
});

describe('the settings of receipts', () => {
  it.each<[string, unknown, string]>([
    ['no bucket', { bucket: false }, 'expected true: leave `receipt` out for no receipts'],
    [
      'a webhook, which was in an earlier version',
      { bucket: true, webhook: { url: 't0ken' } },
      'EventBridge or SNS',
    ],
    ['a prefix with a slash at its end', { bucket: true, prefix: 'a/' }, 'without slash at either end'],
    ['a prefix that climbs', { bucket: true, prefix: 'a/../b' }, 'receipt.prefix'],
    ['a wildcard', { bucket: true, prefix: 'a*' }, 'receipt.prefix'],
    ['an unknown member', { bucket: true, every: 'day' }, 'every'],
    ["the folder of the dataset's drops", { bucket: true, prefix: 'in/events' }, 'expected a folder apart'],
    ['a folder around it', { bucket: true, prefix: 'in' }, 'sources.0.datasets.0'],
    ['a folder in it', { bucket: true, prefix: 'in/events/receipts' }, 'expected a folder apart'],
  ])('are refused for %s', (_, receipt, message) => {
    expect(() => configOf(receipt)).toThrow(message);
  });

  it('are refused without a word of an address, which may hold a token', () => {
    for (const receipt of [
      { webhook: { url: 't0ken' } },
      'https://hooks.example/t0ken',
      [{ url: 't0ken' }],
    ]) {
      expect(() => configOf(receipt)).toThrow('sources.0.receipt');
      expect(() => configOf(receipt)).not.toThrow('t0ken');
    }
    expect(() => configOf({ bucket: true, prefix: 'a*' })).toThrow('prefix: got "a*"');
  });

  it('are refused for a folder of another source, or of an export, in the same bucket', () => {
    const other: SourceInput = {
      ...{ name: 'other', bucket: 'acme-drops', owner: '111122223333' },
      datasets: [{ name: 'others', kind: 'events', folder: 'o' }],
    };
    const [acme] = [{ bucket: true, prefix: 'r' }];
    const both = (receipt: Receipt) => {
      const { sources } = { sources: [{ ...other, receipt }] };
      return () =>
        defineConfig({
          bucket: 'acme-experiments',
          sources: [
            {
              ...{ name: 'acme', bucket: 'acme-drops', owner: '111122223333', receipt: acme as Receipt },
              datasets: [{ name: 'events', kind: 'events' }],
            },
            ...sources,
          ],
        });
    };
    expect(both({ bucket: true, prefix: 'r' })).toThrow('sources.1.receipt.prefix');
    expect(both({ bucket: true, prefix: 'r2' })).not.toThrow();
    const exports = [
      {
        ...{ name: 'back', table: 'statsig_forwarded_events' },
        target: { bucket: 'acme-drops', owner: '111122223333', folder: 'sluice-receipts/back' },
      },
    ];
    expect(() => configOf({ bucket: true }, {}, { exports })).toThrow("apart from sources.0.receipt's");
  });
});
