import { describe, expect, it } from '@jest/globals';
import { CanonicalJsonWriter, SortedMembers } from '../../../lib/base/canonicalJson.ts';
import { Evaluations, exposureRow } from '../../../lib/collect/rows/exposures.ts';
import { exposureColumns } from '../../../lib/tables/exposuresTable.ts';
import { memberWriter } from '../../../lib/tables/memberWriter.ts';
import { EvaluationText } from '../../../lib/wire/EvaluationText.ts';
import { experimentNames } from '../../../lib/wire/experimentNames.ts';
import type { ExposureKind } from '../../../lib/wire/readEvent.ts';

const own = memberWriter(exposureColumns);
const resolve = experimentNames(['homepage_hero']);

/** Metadata as it comes out of a body. */
function asRead(metadata: object) {
  return EvaluationText.at(JSON.stringify(metadata), 0, []) ?? JSON.parse(JSON.stringify(metadata));
}

/** The same without remembering anything. */
function plainly(kind: ExposureKind, metadata: Record<string, unknown>, heldOut = false) {
  const members = new SortedMembers(metadata);
  const { columns, unresolved } = exposureRow(kind, members, resolve, heldOut);
  return { own: own(columns), metadata: new CanonicalJsonWriter().writeMembers(members), unresolved };
}

describe('Evaluations', () => {
  it('stay correct however many different ones arrive', () => {
    const evaluations = new Evaluations(own, resolve);
    for (let i = 0; i < 30_000; i += 1) {
      const sent = { gate: `gate_${i % 10_000}`, gateValue: 'true', ruleID: `rule_${i}`, lcut: String(i) };
      const got = evaluations.get('gate', asRead(sent), new CanonicalJsonWriter());
      if (i % 997 === 0) expect(got).toEqual(plainly('gate', sent));
    }
  });

  it('are distinguished even if their hashes are the same', () => {
    const evaluations = new Evaluations(own, resolve);
    // 'Aa' and 'BB' are the same to a hash that multiplies by 31.
    const [first, other] = ['Aa', 'BB'].map((rule) => ({ gate: 'g', gateValue: 'true', ruleID: rule }));
    expect(asRead(first ?? {}).hash).toBe(asRead(other ?? {}).hash);
    for (const sent of [first, other, first, first, other]) {
      expect(evaluations.get('gate', asRead(sent ?? {}), new CanonicalJsonWriter())).toEqual(
        plainly('gate', sent ?? {}),
      );
    }
  });

  it('report a number that must be read exactly', () => {
    const json = new CanonicalJsonWriter();
    new Evaluations(own, resolve).get('gate', { gate: 'g', configVersion: 2 ** 60 }, json);
    expect(json.inexact).toBe(true);
  });
});
