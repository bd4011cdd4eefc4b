import { describe, expect, it } from '@jest/globals';
import type { DropObject } from '../../../lib/drops/CustomerBucket.ts';
import { leftOutReason, UNFINISHED_ENDS } from '../../../lib/drops/leftOut.ts';
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
