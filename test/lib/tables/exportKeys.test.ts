import { describe, expect, it } from '@jest/globals';
import {
  exportedDay,
  exportedFile,
  exportFolder,
  isExportedFile,
  MANIFEST,
} from '../../../lib/tables/exportKeys.ts';

const OBJECT = { key: 'statsig/statsig_forwarded_events/events/2026-11-20/part-0.parquet', eTag: '"1"' };

describe('the keys of an export', () => {
  it('are in the configured folder, by default named after the export', () => {
    expect(exportFolder({ name: 'clicks', target: {} })).toBe('clicks/');
    expect(exportFolder({ name: 'clicks', target: { folder: 'from/sluice' } })).toBe('from/sluice/');
    expect(exportedDay({ name: 'clicks', target: {} }, '2026-11-20')).toBe('clicks/2026-11-20/');
  });

  it('contain a hash of key and ETag, so that the same content has the same name', () => {
    const name = exportedFile(OBJECT);
    expect(name).toMatch(/^sluice-[0-9a-f]{32}\.parquet$/);
    expect(exportedFile({ ...OBJECT })).toBe(name);
    const others = [
      { ...OBJECT, eTag: '"2"' },
      { ...OBJECT, key: `${OBJECT.key}x` },
      // Shifting characters between key and ETag gives another name.
      { key: `${OBJECT.key}"1"`, eTag: '' },
    ];
    expect(new Set([name, ...others.map((other) => exportedFile(other))]).size).toBe(4);
  });

  it('distinguish exported files from other objects in the folder', () => {
    const name = exportedFile(OBJECT);
    expect(isExportedFile(name)).toBe(true);
    for (const other of [MANIFEST, `x${name}`, `${name}x`, name.toUpperCase(), name.replace('.', 'x'), ''])
      expect(isExportedFile(other)).toBe(false);
  });
});
