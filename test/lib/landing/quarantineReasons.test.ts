import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { rowReasons } from '../../../lib/drops/engine/FileError.ts';
import { isQuarantineReason, quarantineReasons } from '../../../lib/landing/quarantineReasons.ts';

describe('quarantineReasons', () => {
  it('are in docs/reference/errors.md, each with its meaning and cure', () => {
    const docs = readFileSync(new URL('../../../docs/reference/errors.md', import.meta.url), 'utf8');
    const listed = new Set(docs.split('\n'));
    const reasons = Object.entries({ ...quarantineReasons, ...rowReasons });
    expect(reasons.length).toBeGreaterThan(30);
    for (const [code, { cause, cure }] of reasons)
      expect(listed).toContain(`| \`${code}\` | ${cause} | ${cure} |`);
  });

  it('include no code of a request that must not be stored', () => {
    for (const code of ['SLUICE_KEY_MISSING', 'SLUICE_KEY_UNKNOWN', 'SLUICE_PATH_RESERVED', 'toString'])
      expect(isQuarantineReason(code)).toBe(false);
    expect(isQuarantineReason('SLUICE_EVENT_NO_NAME')).toBe(true);
    // Rows of customers' files are no events: nothing takes them back but a load.
    expect(isQuarantineReason('SLUICE_INGEST_ROW_NAME_MISSING')).toBe(false);
  });
});
