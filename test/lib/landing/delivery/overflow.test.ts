import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import {
  deliverOrSpill,
  lastErrorCode,
  overflowBody,
  overflowObject,
  readOverflow,
  returnedDocuments,
} from '../../../../lib/landing/delivery/deliver.ts';
import { MAX_OVERFLOW_BYTES, MAX_RECORD_BYTES } from '../../../../lib/schema/deliveryLimits.ts';
import { overflowKey } from '../../../../lib/tables/objectKeys.ts';
import { ManualClock } from '../../../../packages/local-aws/test/harness/ManualClock.ts';

const SPILLED_AT = Date.UTC(2026, 10, 20, 7, 32, 0, 123);
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const event = (id: string) => `{"event_id":"${id}","event_name":"x"}`;

describe('an overflow object', () => {
  const returned = [
    { index: 0, reason: 'refused', code: 'ThrottledOnce' },
    { index: 2, reason: 'not_acknowledged', code: 'ServiceUnavailableException' },
  ] as const;

  it('contains the returned documents with their count, time and reason', async () => {
    const object = await overflowObject('events', [event('a'), event('b'), event('c')], returned, SPILLED_AT);
    expect(gunzipSync(object.body).toString()).toBe(`${event('a')}\n${event('c')}\n`);
    expect(object.metadata).toEqual({
      documents: '2',
      since: '2026-11-20T07:32:00.123Z',
      code: 'ServiceUnavailableException',
    });
  });

  it('has a key from its stream and its rows', async () => {
    const { key } = await overflowObject('events', [event('a'), '', event('c')], returned, SPILLED_AT);
    expect(key).toBe(overflowKey('events', sha256(`${event('a')}\n${event('c')}`)));
  });

  it('has the code of the last returned document, or else its reason', () => {
    expect(lastErrorCode(returned)).toBe('ServiceUnavailableException');
    expect(lastErrorCode([...returned, { index: 3, reason: 'too_large' }])).toBe('too_large');
    expect(lastErrorCode([])).toBe('');
  });

  it('omits members that it was not given', () => {
    expect(returnedDocuments(['a', 'b'], [{ index: 1, reason: 'refused' }])).toEqual(['b']);
    expect(returnedDocuments(['a'], [{ index: 7, reason: 'refused' }])).toEqual([]);
  });

  it('is parsed back unchanged, and rejected when a member is missing', async () => {
    const documents = [event('a'), event('ü')];
    const body = await overflowBody(documents);
    expect(readOverflow(body)).toEqual(documents);
    expect(readOverflow(body.subarray(0, -9))).toBeNull();
    expect(readOverflow(gzipSync(documents.join('\n')))).toBeNull();
    expect(readOverflow(Buffer.from('a\nb\n'))).toBeNull();
  });

  it('is not inflated beyond the maximum size', () => {
    const MEBIBYTE = 1_048_576;
    const member = gzipSync(Buffer.alloc(MEBIBYTE, '\n'));
    const members = (count: number) => Buffer.concat(Array.from({ length: count }, () => member));
    expect(MAX_OVERFLOW_BYTES % MEBIBYTE).toBe(0);
    expect(readOverflow(Buffer.concat([members(MAX_OVERFLOW_BYTES / MEBIBYTE), gzipSync('\n')]))).toBeNull();
    expect(readOverflow(members(3))).toHaveLength(3 * MEBIBYTE);
  });
});

describe('deliverOrSpill', () => {
  it('writes returned documents to overflow in their order, whatever the reason', async () => {
    const clock = new ManualClock(SPILLED_AT);
    const spilled: Awaited<ReturnType<typeof overflowObject>>[] = [];
    const tooLarge = `{"event_id":"b","x":"${'x'.repeat(MAX_RECORD_BYTES)}"}`;
    const documents = [event('a'), tooLarge, event('c')];
    const delivery = await deliverOrSpill('exposures', documents, {
      putRecordBatch: async () => ({ kind: 'failed', code: 'AccessDeniedException', retryable: false }),
      putOverflow: async (object) => {
        spilled.push(object);
      },
      clock,
      wait: async (ms) => clock.advance(ms),
      random: () => 0.5,
      deadline: SPILLED_AT + 2_500,
    });
    expect(delivery.returned).toEqual([
      { index: 0, reason: 'refused', code: 'AccessDeniedException' },
      { index: 1, reason: 'too_large' },
      { index: 2, reason: 'refused', code: 'AccessDeniedException' },
    ]);
    expect(spilled.map(({ key, metadata }) => [key, metadata.documents, metadata.code])).toEqual([
      [overflowKey('exposures', sha256(documents.join('\n'))), '3', 'AccessDeniedException'],
    ]);
    expect(readOverflow(spilled[0]?.body ?? new Uint8Array())).toEqual(documents);
  });

  it('returns the error that prevented the overflow write', async () => {
    const clock = new ManualClock(SPILLED_AT);
    const spill = (thrown: unknown) =>
      deliverOrSpill('events', [event('a')], {
        putRecordBatch: async () => ({ kind: 'failed', code: 'X', retryable: false }),
        putOverflow: () => Promise.reject(thrown),
        clock,
        wait: async (ms) => clock.advance(ms),
        random: () => 0.5,
        deadline: SPILLED_AT + 2_500,
      });
    expect(await spill(new TypeError('no'))).toMatchObject({
      isSafe: false,
      overflowed: 0,
      overflowError: 'TypeError',
    });
    expect(await spill('no')).toMatchObject({ isSafe: false, overflowError: 'Error' });
  });
});
