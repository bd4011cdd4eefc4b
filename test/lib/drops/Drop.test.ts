import { describe, expect, it } from '@jest/globals';
import type { DropObject } from '../../../lib/drops/CustomerBucket.ts';
import { makeDrop } from '../../../lib/drops/Drop.ts';
import { NO_FILES } from '../../../lib/ledger/LedgerEntry.ts';

const FOLDER = 'events/2026-11-19/';
const object = (path: string, other: Partial<DropObject> = {}): DropObject => ({
  key: `${FOLDER}${path}`,
  size: 100,
  eTag: '"a"',
  lastModified: new Date(1_000),
  storageClass: 'STANDARD',
  ...other,
});

describe('a drop', () => {
  const first = object('a.parquet');
  const second = object('b.parquet', { size: 7, eTag: '"b"' });
  const fingerprintOf = (...objects: readonly DropObject[]) => makeDrop(objects, FOLDER).fingerprint;
  const whole = fingerprintOf(first, second);

  it('has the same fingerprint in any order of its objects', () => {
    expect(fingerprintOf(second, first)).toBe(whole);
  });

  it.each<{ what: string; change: Partial<DropObject> }>([
    { what: 'ETag', change: { eTag: '"x"' } },
    { what: 'size', change: { size: 8 } },
    { what: 'key', change: { key: `${FOLDER}c.parquet` } },
  ])('has another fingerprint for another $what of a file', ({ change }) => {
    expect(fingerprintOf(first, { ...second, ...change })).not.toBe(whole);
  });

  it('has another fingerprint without one of its files', () => {
    for (const left of [first, second]) expect(fingerprintOf(left)).not.toBe(whole);
  });

  it('has the same fingerprint with markers, and when a file is archived', () => {
    const archived = { ...second, storageClass: 'GLACIER' };
    expect(fingerprintOf(first, archived, object('_SUCCESS'), object(''))).toBe(whole);
  });

  it('without objects has the fingerprint of no files, and no time of a last write', () => {
    expect(makeDrop([], FOLDER)).toEqual({
      files: [],
      leftOut: [],
      fingerprint: NO_FILES,
      logs: [],
      lastModified: null,
    });
  });

  it('with markers alone has the fingerprint of no files, and the time of the last write', () => {
    const markers = [
      object('_SUCCESS', { lastModified: new Date(5) }),
      object(''),
      object('manifest.json', { lastModified: new Date(7) }),
    ];
    const { fingerprint, lastModified, leftOut } = makeDrop(markers, FOLDER);
    expect({ fingerprint, lastModified }).toEqual({ fingerprint: NO_FILES, lastModified: 1_000 });
    expect(leftOut).toHaveLength(3);
  });
});
