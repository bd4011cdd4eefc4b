import { describe, expect, it } from '@jest/globals';
import { CanonicalJsonWriter, SortedMembers } from '../../../lib/base/canonicalJson.ts';
import { Evaluations } from '../../../lib/collect/rows/Evaluations.ts';
import { exposureRow } from '../../../lib/collect/rows/exposures.ts';
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
  it('stay correct while 30,000 different ones arrive', () => {
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

  it('are written once, whatever the times of their rules, until they fill the memory', () => {
    let written = 0;
    const counted: typeof own = (columns) => {
      written += 1;
      return own(columns);
    };
    const evaluations = new Evaluations(counted, resolve);
    /** How often an evaluation is written to give it. */
    const writes = (kind: ExposureKind, sent: Record<string, unknown>, heldOut = false) => {
      const before = written;
      const got = evaluations.get(kind, asRead(sent), new CanonicalJsonWriter(), heldOut);
      expect(got).toEqual(plainly(kind, sent, heldOut));
      return written - before;
    };
    const sent = { gate: 'g', config: 'g', gateValue: true, ruleID: 'r', configSyncTime: '1' };
    for (const { kind = 'gate', metadata = sent, heldOut = false } of [
      // The hash of the next is the same.
      { metadata: { ...sent, time: '2' } },
      {},
      { metadata: { ...sent, ruleID: 's' } },
      { metadata: { ...sent, gateValue: false } },
      { metadata: { ...sent, reason: 'x' } },
      { kind: 'config' as const },
      { heldOut: true },
    ]) {
      const later = { ...metadata, configSyncTime: '3' };
      expect(writes(kind, metadata, heldOut)).toBe(1);
      expect(writes(kind, later, heldOut)).toBe(0);
    }
    expect(writes('gate', sent)).toBe(0);
    // Six are kept. At most 4,000 are.
    for (let i = 6; i < 4_000; i += 1) writes('gate', { gate: 'g', configVersion: i });
    expect(writes('gate', sent)).toBe(0);
    expect(writes('gate', { gate: 'other' })).toBe(1);
    expect(writes('gate', sent)).toBe(1);
    // Eight million characters are the other bound, which 2,500 of these reach.
    const long = 'x'.repeat(250);
    for (let i = 0; i < 3_900; i += 1)
      writes('layer', { config: long, ruleID: long, reason: long, parameterName: long, configVersion: i });
    expect(writes('gate', sent)).toBe(1);
  });

  it('report a number that must be read exactly', () => {
    const json = new CanonicalJsonWriter();
    new Evaluations(own, resolve).get('gate', { gate: 'g', configVersion: 2 ** 60 }, json);
    expect(json.inexact).toBe(true);
  });
});
