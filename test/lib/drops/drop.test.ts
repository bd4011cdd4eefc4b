import { describe, expect, it } from '@jest/globals';
import type { DropObject } from '../../../lib/drops/CustomerBucket.ts';
import { makeDrop } from '../../../lib/drops/Drop.ts';
import { dropDayFolder } from '../../../lib/drops/datasetFolder.ts';
import { leftOutReason, UNFINISHED_ENDS } from '../../../lib/drops/leftOut.ts';
import { NO_FILES } from '../../../lib/ledger/LedgerEntry.ts';
import { textOf } from '../../harness/textOf.ts';

const FOLDER = 'events/2026-11-19/';
const object = (path: string, other: Partial<DropObject> = {}): DropObject => ({
  key: `${FOLDER}${path}`,
  size: 100,
  eTag: '"a"',
  lastModified: new Date(1_000),
  storageClass: 'STANDARD',
  ...other,
});

describe('the reason to leave a file out', () => {
  it.each<{ readonly path: string; readonly reason: ReturnType<typeof leftOutReason> }>([
    { path: '', reason: 'marker' },
    { path: 'part/', reason: 'marker' },
    { path: 'part_$folder$', reason: 'marker' },
    { path: '_SUCCESS', reason: 'success_marker' },
    { path: '_SUCCESS.crc', reason: 'success_marker' },
    { path: '._SUCCESS.crc', reason: 'success_marker' },
    { path: '_committed_123', reason: 'success_marker' },
    { path: '_started_123', reason: 'success_marker' },
    { path: '_temporary/0/task_1/part-0.parquet', reason: 'temporary' },
    { path: '.spark-staging-1/part-0.parquet', reason: 'temporary' },
    { path: '.part-0.parquet.crc', reason: 'temporary' },
    { path: '_metadata', reason: 'temporary' },
    { path: '.x=y/part-0.parquet', reason: 'temporary' },
    { path: '_region/_x=1/part-0.parquet', reason: 'temporary' },
    { path: 'manifesto.json', reason: 'not_parquet' },
    { path: 'shipmanifest.csv', reason: 'not_parquet' },
    { path: 'export_info.csv', reason: 'not_parquet' },
    { path: 'manifest.parquet', reason: null },
    { path: 'manifest/part-0.parquet', reason: null },
    { path: 'rows.csv', reason: 'not_parquet' },
    { path: 'rows.json.gz', reason: 'not_parquet' },
    { path: 'rows.parquet.gz', reason: 'not_parquet' },
    { path: 'README.md', reason: 'not_parquet' },
    { path: 'part-0.parquet', reason: null },
    { path: 'PART-0.PARQUET', reason: null },
    { path: 'part-0.snappy.parquet', reason: null },
    { path: 'hour=03/part-0.parquet', reason: null },
    { path: 'data.parq', reason: null },
    { path: '_region=US/part-0.parquet', reason: null },
    { path: 'region=EU/_hour=03/_x=/part-0.parquet', reason: null },
    { path: '_part=0.parquet', reason: null },
    { path: 'a.tmp.parquet', reason: null },
    { path: 'old.bak/part-0.parquet', reason: null },
    // Athena's UNLOAD and CTAS give their files no ending: a load looks at their bytes.
    { path: '20261119_061500_00012_abcde_1f4b', reason: 'not_parquet' },
    { path: 'part-00000', reason: 'not_parquet' },
  ])('is $reason of the file "$path"', ({ path, reason }) => {
    expect(leftOutReason(object(path), FOLDER)).toBe(reason);
  });

  it.each(['ingest.md', 'ingest-customer.md'])('of each ending of a temporary file is in docs/%s', (page) => {
    const text = textOf('docs', page);
    expect(UNFINISHED_ENDS.filter((end) => !text.includes(`\`${end}\``))).toEqual([]);
  });

  it.each(['._COPYING_', '.tmp', '.bak', '.old', '~', '.inprogress', '.part', '.crc', '.BAK', '.Tmp'])(
    'of an ending such as %s is temporary',
    (end) => {
      expect(leftOutReason(object(`part-0.parquet${end}`), FOLDER)).toBe('temporary');
      expect(leftOutReason(object(`hour=03/part-0${end}`), FOLDER)).toBe('temporary');
    },
  );

  it.each([
    'manifest',
    'manifest.json',
    'MANIFEST',
    'unload_manifest',
    'acme-Manifest.json',
    'x-manifest.csv',
    'manifest.checksum',
    'manifest-summary.json',
    'manifest-files.md5',
    'part-0.parquet.sha256',
    'export_info_acme-2026-11-19.json',
    'export_tables_info_acme-2026-11-19_from_1_to_9.json',
    '2026-11-19T00:00:00+00:00-2026-11-19T01:00:00+00:00_manifest.json',
    'country=DE/manifest.json',
  ])('of %s, which comes with files, is companion', (path) => {
    expect(leftOutReason(object(path), FOLDER)).toBe('companion');
  });

  it('covers empty files and files archived in a class that S3 does not read immediately', () => {
    expect(leftOutReason(object('a.parquet', { size: 0 }), FOLDER)).toBe('empty');
    const reasonFor = (storageClass?: string) => leftOutReason(object('a.parquet', { storageClass }), FOLDER);
    for (const archived of ['GLACIER', 'DEEP_ARCHIVE']) expect(reasonFor(archived)).toBe('archived');
    for (const read of ['GLACIER_IR', 'STANDARD_IA', 'INTELLIGENT_TIERING', undefined])
      expect(reasonFor(read)).toBeNull();
  });
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

describe('the folder of a day', () => {
  it.each([
    { format: 'YYYY-MM-DD', name: '2026-11-19' },
    { format: 'YYYYMMDD', name: '20261119' },
    { format: 'ds=YYYY-MM-DD', name: 'ds=2026-11-19' },
    { format: 'MM-DD=YYYY-MM-DD', name: 'MM-DD=2026-11-19' },
    { format: 'YYYY/MM/DD', name: '2026/11/19' },
    { format: 'YYYY/MM/DD/HH', name: '2026/11/19' },
    { format: 'YYYY-M-D', name: '2026-11-19' },
    { format: 'year=YYYY/month=M/day=D', name: 'year=2026/month=11/day=19' },
    { format: 'd=YYYYMMDD', name: 'd=20261119' },
  ] as const)('is named as $format says', ({ format, name }) => {
    expect(dropDayFolder('2026-11-19', format)).toBe(name);
  });
});
