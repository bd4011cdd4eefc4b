import { describe, expect, it } from '@jest/globals';
import { ExportError, isTransientCode } from '../../../lib/export/ExportError.ts';

describe('a failure that may pass by itself', () => {
  it('is one of an export where nobody has to change anything', () => {
    expect(Object.keys(ExportError.entries).filter(isTransientCode)).toEqual([
      'SLUICE_EXPORT_TARGET_UNAVAILABLE',
      'SLUICE_EXPORT_SOURCE_UNAVAILABLE',
      'SLUICE_EXPORT_FILES_CHANGING',
      'SLUICE_EXPORT_REWRITE_FAILED',
      'SLUICE_EXPORT_STOPPED',
    ]);
  });

  it.each([
    { code: 'SLUICE_INGEST_LEDGER_UNAVAILABLE', passes: true },
    { code: 'SLUICE_QUEUE_NOT_SENT', passes: true },
    { code: 'SLUICE_QUEUE_MESSAGE_INVALID', passes: false },
    { code: 'SLUICE_OF_A_LATER_VERSION', passes: false },
  ])('is $passes of $code', ({ code, passes }) => {
    expect(isTransientCode(code)).toBe(passes);
  });
});
