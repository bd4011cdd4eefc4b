import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { rowReasons } from '../../../lib/drops/engine/FileError.ts';
import { isQuarantineReason, quarantineReasons } from '../../../lib/landing/quarantineReasons.ts';

describe('quarantineReasons', () => {
  it('agree with docs/quarantine.md, each with its meaning and cure', () => {
    const docs = readFileSync(new URL('../../../docs/quarantine.md', import.meta.url), 'utf8');
    const listed = [...docs.matchAll(/^\| `(SLUICE_\w+)` \| (.+) \| (.+) \|$/gm)].map((row) => row.slice(1));
    expect(listed).toEqual(
      Object.entries({ ...quarantineReasons, ...rowReasons }).map(([code, { cause, cure }]) => [
        code,
        cause,
        cure,
      ]),
    );
  });

  it('include no code of a request that must not be stored', () => {
    for (const code of ['SLUICE_KEY_MISSING', 'SLUICE_KEY_UNKNOWN', 'SLUICE_PATH_RESERVED', 'toString'])
      expect(isQuarantineReason(code)).toBe(false);
    expect(isQuarantineReason('SLUICE_EVENT_NO_NAME')).toBe(true);
    // Rows of customers' files are no events: nothing takes them back but a load.
    expect(isQuarantineReason('SLUICE_INGEST_ROW_NAME_MISSING')).toBe(false);
  });
});
