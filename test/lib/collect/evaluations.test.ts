import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CanonicalJsonWriter, SortedMembers } from '../../../lib/base/canonicalJson.ts';
import { Evaluations, exposureRow } from '../../../lib/collect/rows/exposures.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { exposuresTable } from '../../../lib/tables/exposuresTable.ts';
import { memberWriter } from '../../../lib/tables/memberWriter.ts';
import { EvaluationText } from '../../../lib/wire/EvaluationText.ts';
import { EventError } from '../../../lib/wire/EventError.ts';
import { experimentNames } from '../../../lib/wire/experimentNames.ts';
import type { ExposureKind } from '../../../lib/wire/readEvent.ts';

const own = memberWriter(exposuresTable(defineConfig({ bucket: 'test' })), 'experiment_id', 'user_id');
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
  const kinds = fc.constantFrom<ExposureKind>('gate', 'config', 'layer');
  const few = fc.oneof(
    fc.constantFrom('', 'a', 'b', 'true', 'false', '"', '910458283', 'x'.repeat(300)),
    fc.constantFrom(true, false, 1, 2, null),
    fc.constant({ nested: 1 }),
  );
  const time = fc.oneof(fc.constantFrom('1795000000000', '1', '"', 'é'), fc.constantFrom(1, 1795000000000));
  const metadata = fc.record(
    {
      gate: few,
      config: few,
      ruleID: few,
      gateValue: few,
      reason: few,
      configVersion: few,
      allocatedExperiment: few,
      parameterName: few,
      isExplicitParameter: few,
      isManualExposure: few,
      lcut: time,
      receivedAt: time,
      configSyncTime: time,
      unknown: few,
    },
    { requiredKeys: [] },
  );

  it('are the same with and without the memory, in any order of members', () => {
    const evaluations = new Evaluations(own, resolve);
    fc.assert(
      fc.property(kinds, metadata, fc.boolean(), fc.boolean(), (kind, some, reversed, heldOut) => {
        const members = Object.entries(some);
        const sent = Object.fromEntries(reversed ? members.reverse() : members);
        let expected: unknown;
        try {
          expected = plainly(kind, sent, heldOut);
        } catch (error) {
          expect(error).toBeInstanceOf(EventError);
          expect(() => evaluations.get(kind, asRead(sent), new CanonicalJsonWriter(), heldOut)).toThrow(
            EventError,
          );
          return;
        }
        expect(evaluations.get(kind, asRead(sent), new CanonicalJsonWriter(), heldOut)).toEqual(expected);
      }),
      { numRuns: 5_000 },
    );
  });

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
    const [one, other] = ['Aa', 'BB'].map((rule) => ({ gate: 'g', gateValue: 'true', ruleID: rule }));
    expect(asRead(one ?? {}).hash).toBe(asRead(other ?? {}).hash);
    for (const sent of [one, other, one, one, other]) {
      expect(evaluations.get('gate', asRead(sent ?? {}), new CanonicalJsonWriter())).toEqual(
        plainly('gate', sent ?? {}),
      );
    }
  });

  it('distinguish held-out units from others with the same metadata', () => {
    const evaluations = new Evaluations(own, resolve);
    const sent = { config: 'exp', ruleID: 'group' };
    for (const heldOut of [false, true, true, false]) {
      const { own: written } = evaluations.get('config', asRead(sent), new CanonicalJsonWriter(), heldOut);
      expect(written).toContain(`"is_assignment":${!heldOut}`);
    }
  });

  it('report a number that must be read exactly', () => {
    const json = new CanonicalJsonWriter();
    new Evaluations(own, resolve).get('gate', { gate: 'g', configVersion: 2 ** 60 }, json);
    expect(json.inexact).toBe(true);
  });
});
