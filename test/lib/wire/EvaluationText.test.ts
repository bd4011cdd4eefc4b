import { describe, expect, it } from '@jest/globals';
import { EvaluationText } from '../../../lib/wire/EvaluationText.ts';

describe('the text of an evaluation', () => {
  it('has one hash for the same evaluation in any order and at any time, and another for another', () => {
    const hashOf = (metadata: object) => EvaluationText.at(JSON.stringify(metadata), 0, [])?.hash;
    const sent = { gate: 'a', ruleID: 'b', gateValue: true, configVersion: 12 };
    const { gate, ...others } = sent;
    expect(hashOf({ configSyncTime: '1', ...others, gate })).toBe(hashOf({ ...sent, configSyncTime: '2' }));
    const different = [
      {},
      { gate: 'b', ruleID: 'a' },
      { gateValue: false },
      { configVersion: 13 },
      { reason: '' },
    ];
    const hashes = different.map((members) => hashOf({ ...sent, ...members }));
    expect(new Set(hashes).size).toBe(different.length);
    expect(hashes).not.toContain(undefined);
  });

  it('keeps no members of metadata that is no evaluation', () => {
    const members: number[] = [];
    expect(EvaluationText.at('{"gate":"g","mine":"r"}', 0, members)).toBeNull();
    expect(members).toEqual([]);
  });

  it('hides the body from code that visits the properties of an evaluation', () => {
    const evaluation = EvaluationText.at('{"gate":"g","lcut":"1"}', 0, []);
    expect(evaluation).not.toBeNull();
    expect(Object.values(Object(evaluation)).filter((value) => typeof value !== 'number')).toEqual([]);
  });
});
