import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { overflowBody, readOverflow } from '../../../../lib/landing/adopt/overflow.ts';
import { MAX_OVERFLOW_BYTES } from '../../../../lib/schema/deliveryLimits.ts';

describe('an overflow object of release 0.2', () => {
  it('is read unchanged, and rejected when a member is missing', async () => {
    const documents = ['{"event_id":"a"}', '{"event_id":"ü\u2028"}'];
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
    const tooMany = Buffer.concat([members(MAX_OVERFLOW_BYTES / MEBIBYTE), gzipSync('\n')]);
    expect(readOverflow(tooMany)).toBeNull();
    expect(readOverflow(members(3))).toHaveLength(3 * MEBIBYTE);
  });
});
