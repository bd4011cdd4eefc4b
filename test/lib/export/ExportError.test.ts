import { expect, it } from '@jest/globals';
import { ExportError, isTransientCode } from '../../../lib/export/ExportError.ts';

it('a failed export may pass by itself where nobody has to change anything', () => {
  expect(Object.keys(ExportError.entries).filter(isTransientCode)).toEqual([
    'SLUICE_EXPORT_TARGET_UNAVAILABLE',
    'SLUICE_EXPORT_SOURCE_UNAVAILABLE',
    'SLUICE_EXPORT_FILES_CHANGING',
    'SLUICE_EXPORT_REWRITE_FAILED',
    'SLUICE_EXPORT_STOPPED',
  ]);
  for (const code of ['SLUICE_INGEST_LEDGER_UNAVAILABLE', 'SLUICE_QUEUE_NOT_SENT'])
    expect(isTransientCode(code)).toBe(true);
});
