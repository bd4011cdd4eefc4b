import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { isPublicAddress } from '../../../../lib/base/publicAddress.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { SourceError } from '../../../../lib/drops/CustomerBucket.ts';
import { FileError, rowReasons } from '../../../../lib/drops/engine/FileError.ts';
import type { LedgerEntry } from '../../../../lib/drops/ledger/LedgerEntry.ts';
import { LoadError } from '../../../../lib/drops/load/LoadError.ts';
import { customerWord, customerWords } from '../../../../lib/drops/receipt/customerWords.ts';
import { makeReceipt, newReceipt, receiptKey } from '../../../../lib/drops/receipt/Receipt.ts';
import { webhookRequest } from '../../../../lib/drops/receipt/webhookRequest.ts';
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
        cure: expect.stringContaining('None needed from you'),
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
    const note = {
      ...{ table: 'acme_events', day: DAY, id: of.id, to: ['bucket', 'webhook'] as const },
      why: 'new',
    };
    const key = receiptNoteKey(note);
    expect(key).toBe(`ledger/_versions/receipts/acme_events/${DAY}/${of.id}/bucket+webhook/new`);
    expect(parseReceiptNote(key)).toEqual(note);
    expect(parseVersionNote(key)).toBeNull();
    for (const other of [`${key}/x`, key.replace('bucket+webhook', 'x'), key.replace(DAY, 'x'), 'ledger/x'])
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

describe('a call of a webhook', () => {
  // The example of the specification's libraries: https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/javascript/src/index.test.ts
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  it('is signed as Standard Webhooks has it', () => {
    const { origin, path, headers, body } = webhookRequest(
      { url: 'https://hooks.example:8443/a/b?c=d', secret },
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      '{"test": 2432232314}',
      1_614_265_330_000,
    );
    expect({ origin, path }).toEqual({ origin: 'https://hooks.example:8443', path: '/a/b?c=d' });
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
    expect(body.toString()).toBe('{"test": 2432232314}');
    const key = Buffer.from(secret.slice(6), 'base64');
    expect(headers['webhook-signature']).toBe(
      `v1,${createHmac('sha256', key).update('msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}').digest('base64')}`,
    );
  });

  it('has no signature without a secret', () => {
    const { headers } = webhookRequest({ url: 'https://hooks.example/' }, 'id', '{}', 0);
    expect(headers).not.toHaveProperty('webhook-signature');
  });
});

describe('the address of a webhook', () => {
  it.each([
    ['1.1.1.1', true],
    ['2606:4700:4700::1111', true],
    ['127.0.0.1', false],
    ['0.0.0.0', false],
    ['10.1.2.3', false],
    ['100.64.0.1', false],
    ['169.254.169.254', false],
    ['172.31.255.255', false],
    ['192.168.1.1', false],
    ['224.0.0.1', false],
    ['255.255.255.255', false],
    ['::1', false],
    ['::', false],
    ['::ffff:169.254.169.254', false],
    ['::127.0.0.1', false],
    ['64:ff9b::a9fe:a9fe', false],
    ['2002:a9fe:a9fe::', false],
    ['fd00:ec2::254', false],
    ['fe80::1', false],
    ['2600:1f18::1', true],
    ['192.0.1.1', true],
    ['192.0.2.1', false],
    ['192.88.99.1', false],
    ['198.51.100.1', false],
    ['203.0.113.1', false],
    ['64:ff9b:1::a9fe:a9fe', false],
    ['::ffff:0:a9fe:a9fe', false],
    ['2001:0:a9fe:a9fe::', false],
    ['2001:1ff::1', false],
    ['2001:200::1', true],
    ['2001:db8::1', false],
    ['3fff:fff::1', false],
    ['3fff:1000::1', true],
    ['fec0::1', false],
    ['100::1', false],
    ['ff0e::1', false],
    ['4000::1', false],
    ['example.com', false],
  ])('%s is of the internet: %s', (address, expected) => {
    expect(isPublicAddress(address)).toBe(expected);
  });

  it.each([
    ['https://hooks.example/x?token=1', null],
    ['http://127.0.0.1:8080/', null],
    ['https://8.8.8.8/', null],
    ['http://hooks.example/', 'https://'],
    ['ftp://127.0.0.1/', 'https://'],
    ['https://user:secret@hooks.example/', 'without a user'],
    ['https://hooks.example/#x', 'without #'],
    ['https://169.254.169.254/latest', 'of the internet'],
    ['https://2852039166/', 'of the internet'],
    ['https://[fd00:ec2::254]/', 'of the internet'],
    ['https://10.0.0.1/', 'of the internet'],
    ['hooks.example', 'https:// and a host'],
  ])('%s is refused with: %s', (url, problem) => {
    const make = () => configOf({ webhook: { url } });
    if (problem === null) expect(make).not.toThrow();
    else expect(make).toThrow(problem);
  });
});

describe('the settings of receipts', () => {
  it.each<[string, unknown, string]>([
    ['neither bucket nor webhook', {}, 'bucket: true, webhook, or both'],
    ['a prefix with a slash at its end', { bucket: true, prefix: 'a/' }, 'without slash at either end'],
    ['a prefix that climbs', { bucket: true, prefix: 'a/../b' }, 'receipt.prefix'],
    ['a wildcard', { bucket: true, prefix: 'a*' }, 'receipt.prefix'],
    ['an unknown member', { bucket: true, every: 'day' }, 'every'],
    ['a secret without its form', { webhook: { url: 'https://a.example', secret: 'abc' } }, 'whsec_'],
    ['a secret that is short', { webhook: { url: 'https://a.example', secret: 'whsec_YWJj' } }, '24 to 64'],
    ['a secret that is not set', { webhook: { url: 'https://a.example', secret: undefined } }, 'is not set'],
    ["the folder of the dataset's drops", { bucket: true, prefix: 'in/events' }, 'expected a folder apart'],
    ['a folder around it', { bucket: true, prefix: 'in' }, 'sources.0.datasets.0'],
    ['a folder in it', { bucket: true, prefix: 'in/events/receipts' }, 'expected a folder apart'],
  ])('are refused for %s', (_, receipt, message) => {
    expect(() => configOf(receipt)).toThrow(message);
  });

  it('are refused without a word of what may be secret', () => {
    for (const [receipt, field] of [
      [{ webhook: { url: 'http://hooks.example/t0ken' } }, 'webhook.url: got a text of 26 characters'],
      [{ webhook: { url: 'https://hooks.example/', secret: 't0ken' } }, 'webhook.secret: got a text of 5'],
      [{ webhook: { url: 'https://hooks.example/', secret: 'whsec_t0ken', more: 't0ken' } }, 'webhook.more'],
      [{ webhook: ['https://hooks.example/t0ken', 'whsec_t0ken'] }, 'webhook: got a list'],
      [{ webhook: { url: { href: 't0ken' } } }, 'webhook.url: got an object'],
      [{ webhook: 't0ken' }, 'webhook: got a text of 5 characters'],
    ] as const) {
      const make = () => configOf(receipt);
      expect(make).toThrow(`sources.0.receipt.${field}`);
      expect(make).not.toThrow('t0ken');
    }
    for (const receipt of ['https://hooks.example/t0ken', [{ url: 't0ken' }], { url: 't0ken' }]) {
      expect(() => configOf(receipt)).toThrow('sources.0.receipt');
      expect(() => configOf(receipt)).not.toThrow('t0ken');
    }
    const sources = { acme: { receipt: { webhook: { url: 't0ken' } } } } as unknown as SourceInput[];
    expect(() => defineConfig({ bucket: 'acme', sources })).toThrow('sources: got an object');
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
