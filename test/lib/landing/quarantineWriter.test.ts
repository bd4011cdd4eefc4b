import { isUtf8 } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { QuarantineReason } from '../../../lib/landing/quarantineReasons.ts';
import {
  type QuarantineContext,
  quarantineWriter,
  type RefusedItem,
} from '../../../lib/landing/quarantineWriter.ts';
import { MAX_RECORD_BYTES } from '../../../lib/schema/deliveryLimits.ts';

const write = quarantineWriter(defineConfig({ bucket: 'acme' }));
const context: QuarantineContext = {
  receivedAt: Date.UTC(2026, 10, 20, 23, 59, 59, 999),
  keyLabel: 'web',
  keyEnvironment: 'staging',
  keyHash: 'a'.repeat(64),
  senderId: 'device',
  sdkType: 'javascript-client',
  sdkVersion: '3.33.5',
  path: '/v1/rgstr',
};

type Row = Record<string, unknown>;
const rowsOf = (refused: readonly RefusedItem[], more: Partial<QuarantineContext> = {}): Row[] =>
  write(refused, { ...context, ...more }).documents.map((document): Row => JSON.parse(document));
const event = (raw: string, code: QuarantineReason = 'SLUICE_EVENT_NO_NAME'): RefusedItem => ({
  code,
  detail: '',
  raw,
});
const idsOf = (refused: readonly RefusedItem[], more: Partial<QuarantineContext> = {}) =>
  rowsOf(refused, more).map((row) => row['quarantine_id']);

describe('a quarantine row', () => {
  it('records sender, content, time and problem, under the day of receipt', () => {
    expect(rowsOf([{ code: 'SLUICE_EVENT_BAD_TIME', detail: 'It is.', raw: '{"a":"é"}' }])).toEqual([
      {
        quarantine_id: expect.stringMatching(/^[0-9a-f]{32}$/),
        received_at: '2026-11-20T23:59:59.999Z',
        reason: 'SLUICE_EVENT_BAD_TIME',
        detail: 'It is.',
        key_label: 'web',
        key_environment: 'staging',
        sdk_type: 'javascript-client',
        sdk_version: '3.33.5',
        path: '/v1/rgstr',
        raw: '{"a":"é"}',
        raw_encoding: 'text',
      },
    ]);
  });

  it('has no more than a kilobyte of what a sender calls itself, and no half of a character', () => {
    const long = '𝔘'.repeat(1_000).slice(1);
    const more = { sdkType: long, sdkVersion: long, path: long };
    const [row] = rowsOf([{ code: 'SLUICE_EVENT_BAD_TIME', detail: long, raw: long }], more);
    for (const column of ['detail', 'sdk_type', 'sdk_version', 'path'])
      expect(row?.[column]).toBe(long.slice(0, 1_024).toWellFormed());
  });

  it('has the same ID as its resends, at any time and from any version', () => {
    const refused = [event('{}'), event('{}'), event('{"a":1}')];
    const ids = idsOf(refused);
    expect(new Set(ids).size).toBe(3);
    expect(idsOf(refused, { receivedAt: 0, sdkVersion: '4', path: '/other', keyLabel: 'app' })).toEqual(ids);
  });

  it('has a different ID for a different key, sender or reason', () => {
    const ids = [
      idsOf([event('{}')]),
      idsOf([event('{}')], { keyHash: 'b'.repeat(64) }),
      idsOf([event('{}')], { senderId: 'other' }),
      idsOf([event('{}', 'SLUICE_EVENT_BAD_USER')]),
    ];
    expect(new Set(ids.flat()).size).toBe(4);
  });

  it('keeps every byte of any content, in the row or in the object that it points to', () => {
    const bytes = fc.uint8Array({ maxLength: 200 });
    const raw = fc.oneof(
      fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()),
      bytes,
      fc
        .tuple(bytes, fc.nat(1_200_000))
        .map(([some, length]) => Buffer.alloc(length, Buffer.from([...some, 0]))),
      fc.nat(1_200_000).map((length) => '"'.repeat(length)),
    );
    fc.assert(
      fc.property(fc.array(raw, { maxLength: 3 }), fc.string({ unit: 'binary' }), (raws, text) => {
        const refused = raws.map((rawText): RefusedItem => ({ ...event(''), detail: text, raw: rawText }));
        const sender = { sdkType: text.repeat(2_000), path: text };
        const { documents, large } = write(refused, { ...context, ...sender });
        expect(documents).toHaveLength(raws.length);
        const objects = new Map(large.map(({ key, body }) => [`s3://acme/${key}`, body]));
        for (const [i, document] of documents.entries()) {
          expect(Buffer.byteLength(document)).toBeLessThanOrEqual(MAX_RECORD_BYTES);
          expect(document).not.toContain('\n');
          const row: Row = JSON.parse(document);
          const kept =
            row['raw_location'] === undefined
              ? Buffer.from(String(row['raw']), row['raw_encoding'] === 'base64' ? 'base64' : 'utf8')
              : Buffer.from(objects.get(String(row['raw_location'])) ?? 'nothing');
          const sent = Buffer.from(raws[i] ?? '');
          expect(kept.equals(sent)).toBe(true);
          if (row['raw'] !== undefined) expect(row['raw_encoding']).toBe(isUtf8(sent) ? 'text' : 'base64');
        }
        expect(objects.size).toBe(large.length);
      }),
      { numRuns: 40 },
    );
  });

  describe('with a document', () => {
    const [empty = ''] = write([event('')], context).documents;
    const room = MAX_RECORD_BYTES - Buffer.byteLength(empty);

    it('as large as a record is in the stream', () => {
      const { documents, large } = write([event('x'.repeat(room))], context);
      expect(documents.map((text) => Buffer.byteLength(text))).toEqual([MAX_RECORD_BYTES]);
      expect(large).toEqual([]);
    });

    it('that is a byte larger has its content stored in S3', () => {
      const { documents, large } = write([event('x'.repeat(room + 1))], context);
      expect(documents).toHaveLength(1);
      expect(large).toMatchObject([{ contentType: 'application/json', reason: 'SLUICE_EVENT_NO_NAME' }]);
      const [{ key } = { key: '' }] = large;
      const row: Row = JSON.parse(documents[0] ?? '');
      expect(row).toMatchObject({ raw_location: `s3://acme/${key}` });
      // What is not said is null in its column.
      for (const absent of ['raw', 'raw_encoding', 'detail']) expect(row).not.toHaveProperty(absent);
    });

    it('that is larger has bytes stored as what they are', () => {
      const bytes = Buffer.alloc(MAX_RECORD_BYTES, 0xff);
      const { large } = write([{ ...event(''), raw: bytes }], context);
      expect(large).toMatchObject([{ contentType: 'application/octet-stream', body: bytes }]);
    });
  });
});
