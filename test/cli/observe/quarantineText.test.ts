import { describe, expect, it } from '@jest/globals';
import {
  quarantineCountsText,
  quarantinedRowsText,
  redriveText,
} from '../../../cli/observe/quarantineText.ts';
import type { QuarantinedRow } from '../../../observe/facts/tables/listQuarantined.ts';
import { cellsOf } from './cellsOf.ts';

const AWS = { isLocal: false };

describe('the text of sluice quarantine', () => {
  const times = { firstAt: '2026-11-19', lastAt: '2026-11-20' };
  const senders = [{ sdk: 'js 3', key: 'web', path: '/v1', rows: 4, ...times }];
  const counts = { from: '2026-11-19', to: '2026-11-20', rows: 9, notes: ['noted'], scannedBytes: 7 };
  const reason = {
    isRedrivable: true,
    cause: 'A cause.',
    cure: 'A cure.',
    rows: 9,
    items: 5,
    senders,
    ...times,
  };

  it('says which reasons a redrive cures, who sent what, and what Athena read', () => {
    const reasons = [
      { ...reason, code: 'SLUICE_EVENT_KIND_NOT_ALLOWED' },
      { ...reason, code: 'SLUICE_INGEST_ROW_NAME_MISSING', senders: [] },
    ];
    const text = quarantineCountsText({ ...counts, reasons }, AWS);
    const [first = '', second = ''] = text.split('\n\n');
    expect(cellsOf(first)).toEqual([
      ['SLUICE_EVENT_KIND_NOT_ALLOWED', '9', '5', '2026-11-19', '2026-11-20', 'once corrected'],
      ['SLUICE_INGEST_ROW_NAME_MISSING', '9', '5', '2026-11-19', '2026-11-20', 'no'],
    ]);
    expect(cellsOf(second)).toEqual([
      ['SLUICE_EVENT_KIND_NOT_ALLOWED', 'js 3', 'web', '/v1', '4', '2026-11-19', '2026-11-20'],
    ]);
    expect(text).toContain('\nSLUICE_EVENT_KIND_NOT_ALLOWED: A cause.\n  A cure.\n');
    expect(text).toMatch(/\nnoted\n.* 7 bytes\.\n$/);
    expect(quarantineCountsText({ ...counts, reasons }, { isLocal: true })).toMatch(/\nnoted\n$/);
  });

  it('has no table without reasons', () => {
    const text = quarantineCountsText({ ...counts, reasons: [] }, AWS);
    expect(text).toMatch(/\nnoted\n$/);
    expect(text).not.toContain('---');
  });

  const row: QuarantinedRow = {
    quarantineId: 'q1',
    receivedAt: '2026-11-20',
    reason: 'SLUICE_EVENT_NO_NAME',
    detail: 'd',
    keyLabel: 'web',
    sdkType: 'js',
    sdkVersion: '3',
    path: '/v1',
    raw: '{}',
    isCut: false,
    rawEncoding: 'text',
    rawLocation: 's3://b/k',
  };
  const page = { rows: [row], hasMore: false, notes: [], scannedBytes: 7 };

  it.each([
    { what: 'as it was sent', more: { raw: 'x'.repeat(120) }, shown: 'x'.repeat(120) },
    { what: 'cut', more: { raw: 'x'.repeat(121) }, shown: `${'x'.repeat(120)}…` },
    { what: 'cut before', more: { isCut: true }, shown: '{}…' },
    { what: 'where it is', more: { raw: null }, shown: 's3://b/k' },
  ])('shows a row $what', ({ more, shown }) => {
    const text = quarantinedRowsText(
      { ...page, rows: [{ ...row, ...more }] },
      { listed: 20, most: 500 },
      AWS,
    );
    expect(cellsOf(text)[0]).toEqual(['2026-11-20', 'q1', 'd', 'web', 'js', '/v1', shown]);
  });

  it.each([
    { limit: 20, says: /--rows .* 500/ },
    { limit: 500, says: /more than the 500 / },
  ])('says of $limit rows that there are more', ({ limit, says }) => {
    expect(quarantinedRowsText({ ...page, hasMore: true }, { listed: limit, most: 500 }, AWS)).toMatch(says);
    expect(quarantinedRowsText(page, { listed: limit, most: 500 }, AWS)).not.toMatch(says);
  });
});

describe('the text of sluice redrive', () => {
  const delivered = { exposures: 1, events: 2 };
  const report = { found: 9, delivered, refused: {}, ignored: 0, gone: 0, failed: {} };

  it('has a line for each fate', () => {
    const all = { ...report, refused: { SLUICE_A: 3 }, ignored: 4, gone: 6, failed: { SLUICE_B: 5 } };
    const fates = cellsOf(redriveText(all, false));
    expect(fates.map(([, n]) => n)).toEqual(['9', '1', '2', '3', '4', '6', '5']);
    expect(fates.map(([what]) => what).join()).toMatch(
      /exposures.*,events.*,.*refused: SLUICE_A,ignored.*,gone.*,.*accepted: SLUICE_B$/,
    );
    expect(cellsOf(redriveText(report, false))).toHaveLength(3);
  });

  it('says of a dry run what would be delivered', () => {
    expect(redriveText(report, true).match(/would/g)).toHaveLength(2);
    expect(redriveText(report, false)).not.toContain('would');
  });
});
