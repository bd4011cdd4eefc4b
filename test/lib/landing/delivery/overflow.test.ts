import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { deliverOrSpill } from '../../../../lib/landing/delivery/deliver.ts';
import {
  lastErrorCode,
  type OverflowObject,
  overflowObject,
  readOverflow,
} from '../../../../lib/landing/delivery/overflow.ts';
import type { PutOutcome } from '../../../../lib/landing/delivery/putRecords.ts';
import { MAX_OVERFLOW_BYTES, MAX_RECORD_BYTES } from '../../../../lib/schema/deliveryLimits.ts';
import { type TableKind, tableKinds } from '../../../../lib/schema/kinds.ts';
import { parseOverflowKey } from '../../../../lib/tables/objectKeys.ts';
import { ManualClock } from '../../../../packages/local-aws/test/harness/ManualClock.ts';

const SPILLED_AT = Date.UTC(2026, 10, 20, 7, 32, 0, 123);
const event = (id: string) => `{"event_id":"${id}","event_name":"x"}`;
const all = (documents: readonly string[]) =>
  documents.map((_, index) => ({ index, reason: 'not_acknowledged' as const, code: 'Throttled' }));
const rowsOf = (kind: TableKind, ...documents: string[]) => ({ kind, documents, returned: all(documents) });
const spillOf = (...rows: ReturnType<typeof rowsOf>[]) => overflowObject(rows, SPILLED_AT, 'nonce');
const events = (documents: readonly string[]) => [{ kind: 'events', documents }];

describe('an overflow object', () => {
  const returned = [
    { index: 0, reason: 'refused', code: 'ThrottledOnce' },
    { index: 2, reason: 'not_acknowledged', code: 'ServiceUnavailableException' },
  ] as const;

  it('contains the returned documents with their count, time and reason', async () => {
    const documents = [event('a'), event('b'), event('c')];
    const object = await overflowObject([{ kind: 'events', documents, returned }], SPILLED_AT, '');
    expect(gunzipSync(object.body).toString()).toBe(`${event('a')}\n${event('c')}\n`);
    expect(object.metadata).toEqual({
      documents: '2',
      since: '2026-11-20T07:32:00.123Z',
      code: 'ServiceUnavailableException',
    });
  });

  it('is in the folder of its stream, or of requests with rows of several streams', async () => {
    const folderOf = async (...rows: ReturnType<typeof rowsOf>[]) =>
      parseOverflowKey((await spillOf(...rows)).key);
    expect(await folderOf(rowsOf('events', event('a')))).toBe('events');
    expect(await folderOf(rowsOf('quarantine', event('a')))).toBe('quarantine');
    expect(await folderOf(rowsOf('exposures', event('a')), rowsOf('events', event('b')))).toBe('requests');
  });

  it('has another key for equal rows of another request, and for other rows', async () => {
    const keys = [
      await overflowObject([rowsOf('events', event('a'))], SPILLED_AT, '1'),
      await overflowObject([rowsOf('events', event('a'))], SPILLED_AT, '2'),
      await overflowObject([rowsOf('events', event('b'))], SPILLED_AT, '1'),
      await overflowObject([rowsOf('events', event('a'))], SPILLED_AT + 1, '1'),
    ].map(({ key }) => key);
    expect(new Set(keys).size).toBe(4);
  });

  it('has the code of the last returned document, or else its reason', () => {
    expect(lastErrorCode(returned)).toBe('ServiceUnavailableException');
    expect(lastErrorCode([...returned, { index: 3, reason: 'too_large' }])).toBe('too_large');
    expect(lastErrorCode([])).toBe('');
  });

  it('is parsed back unchanged, and rejected when a member is missing', async () => {
    const documents = [event('a'), event('ü\u2028')];
    const { body } = await spillOf(rowsOf('events', ...documents));
    expect(readOverflow('events', body)).toEqual(events(documents));
    expect(readOverflow('events', body.subarray(0, -9))).toBeNull();
    expect(readOverflow('events', gzipSync(documents.join('\n')))).toBeNull();
    expect(readOverflow('events', Buffer.from('a\nb\n'))).toBeNull();
  });

  it('of several streams is parsed back unchanged, whatever its rows', async () => {
    const row = fc.json({ noUnicodeString: false }).filter((text) => !text.includes('\n'));
    const rows = fc
      .subarray([...tableKinds], { minLength: 2 })
      .chain((kinds) =>
        fc.tuple(...kinds.map((kind) => fc.tuple(fc.constant(kind), fc.array(row, { minLength: 1 })))),
      );
    await fc.assert(
      fc.asyncProperty(rows, async (made) => {
        const spilled = made.map(([kind, documents]) => rowsOf(kind, ...documents));
        const { body } = await spillOf(...spilled);
        expect(readOverflow('requests', body)).toEqual(
          spilled.map(({ kind, documents }) => ({ kind, documents })),
        );
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['nothing', '\n'],
    ['no counts', '[2]\n{}\n{}\n'],
    ['fewer rows than its counts', '{"exposures":1,"events":2}\n{}\n{}\n'],
    ['more rows than its counts', '{"exposures":1,"events":1}\n{}\n{}\n{}\n'],
    ['a count that is none', '{"exposures":-1,"events":2}\n{}\n'],
    ['a count that is a text', '{"exposures":"1"}\n{}\n'],
    ['rows of a stream that is unknown', '{"others":1}\n{}\n'],
  ])('of several streams with %s is rejected', (_what, text) => {
    expect(readOverflow('requests', gzipSync(text))).toBeNull();
  });

  it('is not inflated beyond the maximum size', () => {
    const MEBIBYTE = 1_048_576;
    const member = gzipSync(Buffer.alloc(MEBIBYTE, '\n'));
    const members = (count: number) => Buffer.concat(Array.from({ length: count }, () => member));
    expect(MAX_OVERFLOW_BYTES % MEBIBYTE).toBe(0);
    const tooMany = Buffer.concat([members(MAX_OVERFLOW_BYTES / MEBIBYTE), gzipSync('\n')]);
    expect(readOverflow('events', tooMany)).toBeNull();
    expect(readOverflow('events', members(3))?.[0]?.documents).toHaveLength(3 * MEBIBYTE);
  });
});

describe('deliverOrSpill', () => {
  const refuse = async (): Promise<PutOutcome> => ({
    kind: 'failed',
    code: 'AccessDeniedException',
    retryable: false,
  });
  const take = async (records: readonly Uint8Array[]): Promise<PutOutcome> => ({
    kind: 'answered',
    errorCodes: records.map(() => null),
  });

  function world() {
    const clock = new ManualClock(SPILLED_AT);
    const spilled: OverflowObject[] = [];
    let draws = 0;
    const context = {
      putOverflow: async (object: OverflowObject) => {
        spilled.push(object);
      },
      clock,
      wait: async (ms: number) => clock.advance(ms),
      random: () => {
        draws += 1;
        return (draws % 100) / 100;
      },
      deadline: SPILLED_AT + 2_500,
    };
    return { context, spilled };
  }

  it('writes returned documents to overflow in their order, whatever the reason', async () => {
    const { context, spilled } = world();
    const tooLarge = `{"event_id":"b","x":"${'x'.repeat(MAX_RECORD_BYTES)}"}`;
    const documents = [event('a'), tooLarge, event('c')];
    const [delivery] = await deliverOrSpill(
      [{ kind: 'exposures', documents, to: [{ putRecordBatch: refuse }] }],
      context,
    );
    expect(delivery?.returned).toEqual([
      { index: 0, reason: 'refused', code: 'AccessDeniedException' },
      { index: 1, reason: 'too_large' },
      { index: 2, reason: 'refused', code: 'AccessDeniedException' },
    ]);
    expect(spilled.map(({ metadata }) => [metadata.documents, metadata.code])).toEqual([
      ['3', 'AccessDeniedException'],
    ]);
    expect(readOverflow('exposures', spilled[0]?.body ?? new Uint8Array())).toEqual([
      { kind: 'exposures', documents },
    ]);
  });

  it('writes one object of all streams that returned something, and nothing of those that did not', async () => {
    const { context, spilled } = world();
    const deliveries = await deliverOrSpill(
      [
        { kind: 'exposures', documents: [event('a')], to: [{ putRecordBatch: refuse }] },
        { kind: 'events', documents: [event('b')], to: [{ putRecordBatch: take }] },
        { kind: 'quarantine', documents: [event('c'), event('d')], to: [{ putRecordBatch: refuse }] },
      ],
      context,
    );
    expect(deliveries.map(({ kind, isSafe, overflowed }) => [kind, isSafe, overflowed])).toEqual([
      ['exposures', true, 1],
      ['events', true, 0],
      ['quarantine', true, 2],
    ]);
    expect(spilled.map(({ body }) => readOverflow('requests', body))).toEqual([
      [
        { kind: 'exposures', documents: [event('a')] },
        { kind: 'quarantine', documents: [event('c'), event('d')] },
      ],
    ]);
  });

  it('writes two objects of two equal batches in the same millisecond', async () => {
    const { context, spilled } = world();
    const streams = [{ kind: 'events', documents: [event('a')], to: [{ putRecordBatch: refuse }] }] as const;
    await Promise.all([deliverOrSpill(streams, context), deliverOrSpill(streams, context)]);
    expect(new Set(spilled.map(({ key }) => key)).size).toBe(2);
  });

  it('returns the error that prevented the overflow write', async () => {
    const streams = [{ kind: 'events', documents: [event('a')], to: [{ putRecordBatch: refuse }] }] as const;
    const spill = async (thrown: unknown) => {
      const { context } = world();
      return deliverOrSpill(streams, { ...context, putOverflow: () => Promise.reject(thrown) });
    };
    expect(await spill(new TypeError('no'))).toMatchObject([
      { isSafe: false, overflowed: 0, overflowError: 'TypeError' },
    ]);
    expect(await spill('no')).toMatchObject([{ isSafe: false, overflowError: 'Error' }]);
  });
});
