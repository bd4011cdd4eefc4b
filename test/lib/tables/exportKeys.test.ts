import { describe, expect, it } from '@jest/globals';
import {
  exportedDayFolder,
  exportedFile,
  exportFolder,
  isExportedFile,
  MANIFEST,
} from '../../../lib/tables/exportKeys.ts';

const OBJECT = { key: 'statsig/statsig_forwarded_events/events/2026-11-20/part-0.parquet', eTag: '"1"' };

describe('the folder of an export', () => {
  it('has the name of the export, unless the target has a folder', () => {
    expect(exportFolder({ name: 'clicks', target: {} })).toBe('clicks/');
    expect(exportFolder({ name: 'clicks', target: { folder: 'from/sluice' } })).toBe('from/sluice/');
  });

  it('has a folder for each day', () => {
    expect(exportedDayFolder({ name: 'clicks', target: {} }, '2026-11-20')).toBe('clicks/2026-11-20/');
  });
});

describe('the name of an exported file', () => {
  it('is the same for the same object', () => {
    const name = exportedFile(OBJECT);
    expect(name).toMatch(/^sluice-[0-9a-f]{32}\.parquet$/);
    expect(exportedFile({ ...OBJECT })).toBe(name);
  });

  it.each([
    { what: 'another ETag', other: { ...OBJECT, eTag: '"2"' } },
    { what: 'another key', other: { ...OBJECT, key: `${OBJECT.key}x` } },
    { what: 'characters of the ETag in its key', other: { key: `${OBJECT.key}"1"`, eTag: '' } },
  ])('is another one for an object with $what', ({ other }) => {
    expect(exportedFile(other)).not.toBe(exportedFile(OBJECT));
  });

  it('is another one for each format in which the object is rewritten', () => {
    const names = [undefined, 'csv-1', 'csv-2'].map((form) => exportedFile(OBJECT, form));
    expect(new Set(names).size).toBe(3);
    expect(names.every(isExportedFile)).toBe(true);
  });

  it('is told from the names of other files in the folder', () => {
    const name = exportedFile(OBJECT);
    const others = [MANIFEST, `x${name}`, `${name}x`, name.toUpperCase(), name.replace('.', 'x'), ''];
    expect(isExportedFile(name)).toBe(true);
    expect(others.filter(isExportedFile)).toEqual([]);
  });
});
