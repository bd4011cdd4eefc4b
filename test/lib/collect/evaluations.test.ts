import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Evaluations } from '../../../lib/collect/Evaluations.ts';
import { type ExposureKind, exposureRow } from '../../../lib/collect/exposureRow.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { NestedJson } from '../../../lib/json/NestedJson.ts';
import { SortedMembers } from '../../../lib/json/SortedMembers.ts';
import { EventError } from '../../../lib/statsig/EventError.ts';
import { experimentNames } from '../../../lib/statsig/experimentNames.ts';
import { exposuresTable } from '../../../lib/tables/exposuresTable.ts';
import { memberWriter } from '../../../lib/tables/memberWriter.ts';

const own = memberWriter(exposuresTable(defineConfig({ bucket: 'test' })), 'experiment_id', 'user_id');
const resolve = experimentNames(['homepage_hero']);

/** The same without remembering anything. */
function plainly(kind: ExposureKind, metadata: Record<string, unknown>) {
  const members = new SortedMembers(metadata);
  const { columns, unresolved } = exposureRow(kind, members, resolve);
  return { own: own(columns), metadata: new NestedJson().writeMembers(members), unresolved };
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

  it('are what they are without remembering, in any order of members', () => {
    const evaluations = new Evaluations(own, resolve);
    fc.assert(
      fc.property(kinds, metadata, fc.boolean(), (kind, some, reversed) => {
        const members = Object.entries(some);
        const sent = Object.fromEntries(reversed ? members.reverse() : members);
        let expected: unknown;
        try {
          expected = plainly(kind, sent);
        } catch (error) {
          expect(error).toBeInstanceOf(EventError);
          expect(() => evaluations.get(kind, sent, new NestedJson())).toThrow(EventError);
          return;
        }
        expect(evaluations.get(kind, sent, new NestedJson())).toEqual(expected);
      }),
      { numRuns: 5_000 },
    );
  });

  it('stay right however many different ones come', () => {
    const evaluations = new Evaluations(own, resolve);
    for (let i = 0; i < 30_000; i += 1) {
      const sent = { gate: `gate_${i % 10_000}`, gateValue: 'true', ruleID: `rule_${i}`, lcut: String(i) };
      const got = evaluations.get('gate', sent, new NestedJson());
      if (i % 997 === 0) expect(got).toEqual(plainly('gate', sent));
    }
  });

  it('say when a number needs to be read exactly', () => {
    const json = new NestedJson();
    new Evaluations(own, resolve).get('gate', { gate: 'g', configVersion: 2 ** 60 }, json);
    expect(json.inexact).toBe(true);
  });
});
