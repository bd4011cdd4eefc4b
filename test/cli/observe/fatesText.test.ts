import { describe, expect, it } from '@jest/globals';
import { fatesText } from '../../../cli/observe/fatesText.ts';
import { cellsOf } from './cellsOf.ts';

describe('the text of sluice redrive', () => {
  const report = { found: 9, delivered: { exposures: 1, events: 2 }, refused: {}, ignored: 0, failed: {} };

  it('has a line for each fate', () => {
    const all = { ...report, refused: { SLUICE_A: 3 }, ignored: 4, failed: { SLUICE_B: 5 } };
    const fates = cellsOf(fatesText(all, false));
    expect(fates.map(([, n]) => n)).toEqual(['9', '1', '2', '3', '4', '5']);
    expect(fates.map(([what]) => what).join()).toMatch(
      /exposures.*,events.*,.*refused: SLUICE_A,ignored.*,.*accepted: SLUICE_B$/,
    );
    expect(cellsOf(fatesText(report, false))).toHaveLength(3);
  });

  it('says of a dry run what would be delivered', () => {
    expect(fatesText(report, true).match(/would/g)).toHaveLength(2);
    expect(fatesText(report, false)).not.toContain('would');
  });
});
