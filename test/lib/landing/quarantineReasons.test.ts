import { describe, expect, it } from '@jest/globals';
import {
  isCuredByRedrive,
  isQuarantineReason,
  quarantineReasons,
} from '../../../lib/landing/quarantineReasons.ts';

describe('quarantineReasons', () => {
  it('include no code of a request that must not be stored', () => {
    for (const code of ['SLUICE_KEY_MISSING', 'SLUICE_KEY_UNKNOWN', 'SLUICE_PATH_RESERVED', 'toString'])
      expect(isQuarantineReason(code)).toBe(false);
    expect(isQuarantineReason('SLUICE_EVENT_NO_NAME')).toBe(true);
    // Rows of customers' files are no events: nothing takes them back but a load.
    expect(isQuarantineReason('SLUICE_INGEST_ROW_NAME_MISSING')).toBe(false);
  });

  it('are cured by a redrive where a table, a key or the moment is at fault', () => {
    expect(Object.keys(quarantineReasons).filter(isCuredByRedrive).sort()).toEqual([
      'SLUICE_BODY_TOO_COSTLY',
      'SLUICE_EVENT_KIND_NOT_ALLOWED',
      'SLUICE_EVENT_MANY_REFUSED',
      'SLUICE_ROW_REFUSED',
      'SLUICE_ROW_UNFIT',
    ]);
  });
});
