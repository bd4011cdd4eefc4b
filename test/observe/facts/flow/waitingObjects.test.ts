import { type _Object, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from '@jest/globals';
import { isoTimestamp, MINUTE_MS } from '../../../../lib/base/time.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { countDamaged, isLandingLate } from '../../../../observe/facts/flow/waitingObjects.ts';
import { answeredBy } from '../../../harness/answering.ts';

const NOW = Date.UTC(2026, 10, 20, 12);

it.each([
  { what: 'has waited for 20 minutes', oldest: NOW - 20 * MINUTE_MS, isLate: false },
  { what: 'has waited for longer', oldest: NOW - 20 * MINUTE_MS - 1, isLate: true },
])('whether the landing is late whose oldest object $what is $isLate', ({ oldest, isLate }) => {
  expect(isLandingLate({ oldest: isoTimestamp(oldest) }, NOW)).toBe(isLate);
});

it('the landing without objects is not late', () => {
  expect(isLandingLate({ oldest: null }, NOW)).toBe(false);
});

describe('damaged objects', () => {
  /** What is counted of these objects, none of which can be read. */
  const count = (Contents: readonly _Object[]) => {
    const s3 = answeredBy(S3Client, ({ name }) => {
      if (name !== 'ListObjectsV2') throw new RangeError(`No ${name} was expected.`);
      return { Contents };
    });
    return countDamaged({ s3, config: defineConfig({ bucket: 'acme' }) });
  };
  const object = (Key: string, Size: number, at = 0): _Object => {
    return { Key, Size, ETag: '"e"', LastModified: new Date(at) };
  };

  it('are not read if they have more than 16 MiB', async () => {
    expect(await count([object('damaged/a', 16_777_216), object('damaged/b', 1)])).toMatchObject({
      count: 2,
      bytes: 16_777_217,
      rows: null,
    });
  });

  it('are read up to 16 MiB', async () => {
    await expect(count([object('damaged/a', 16_777_216)])).rejects.toThrow('No GetObject was expected.');
  });

  it.each([
    { count: 10_000, hasMore: false },
    { count: 10_001, hasMore: true },
  ])('of which there are $count are counted up to 10,000: that there are more is $hasMore', async (row) => {
    // Each is older than the one before it.
    const objects = Array.from({ length: row.count }, (_, i) => object(`damaged/${i}`, 1, NOW - i));
    expect(await count(objects)).toEqual({
      count: 10_000,
      bytes: 10_000,
      hasMore: row.hasMore,
      oldest: '2026-11-20T11:59:50.001Z',
      first: 'damaged/0',
      rows: null,
      isWithoutRows: false,
    });
  });
});
