import { type _Object, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from '@jest/globals';
import { isoTimestamp, MINUTE_MS } from '../../../../lib/base/time.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { countDamaged, isLandingLate } from '../../../../observe/facts/flow/waitingObjects.ts';
import { answeredBy, s3Error } from '../../../harness/answering.ts';

const NOW = Date.UTC(2026, 10, 20, 12);

it('the landing is late once its oldest object has waited for more than 20 minutes', () => {
  const isLate = (ageMs: number) => isLandingLate({ oldest: isoTimestamp(NOW - ageMs) }, NOW);
  expect(isLate(20 * MINUTE_MS)).toBe(false);
  expect(isLate(20 * MINUTE_MS + 1)).toBe(true);
});

it('the landing without objects is not late', () => {
  expect(isLandingLate({ oldest: null }, NOW)).toBe(false);
});

describe('damaged objects', () => {
  /** What is counted of these objects, none of which can be read, as S3 throws. */
  const count = (Contents: readonly _Object[], thrown: Error = new RangeError('It is read.')) => {
    const s3 = answeredBy(S3Client, ({ name }) => {
      if (name !== 'ListObjectsV2') throw thrown;
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
    await expect(count([object('damaged/a', 16_777_216)])).rejects.toThrow('It is read.');
  });

  it('may have had a row if one of them is gone by the time at which it is read', async () => {
    expect(await count([object('damaged/a', 1)], s3Error('NoSuchKey'))).toMatchObject({
      count: 1,
      rows: 0,
      isWithoutRows: false,
    });
  });

  it('are counted up to 10,000, and told to be more from the next one on', async () => {
    // Each is older than the one before it.
    const objects = Array.from({ length: 10_001 }, (_, i) => object(`damaged/${i}`, 1, NOW - i));
    const counted = {
      count: 10_000,
      bytes: 10_000,
      oldest: '2026-11-20T11:59:50.001Z',
      first: 'damaged/0',
      rows: null,
      isWithoutRows: false,
    };
    expect(await count(objects.slice(0, -1))).toEqual({ ...counted, hasMore: false });
    expect(await count(objects)).toEqual({ ...counted, hasMore: true });
  });
});
