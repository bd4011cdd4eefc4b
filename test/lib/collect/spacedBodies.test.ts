import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type CollectPlan, collectPlan } from '../../../lib/collect/rows/plan.ts';
import { collectBatch } from '../../../lib/collect/rows.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { input, now, sender } from './collectOne.ts';

const RUNS = 150;

const plainName = fc.constantFrom('homepage_hero', 'denied', 'é');
const name = fc.oneof(plainName, fc.constantFrom('中😀', '"\\', ',"metadata":{'));
const flag = fc.constantFrom(true, false, 'true', 'false', 'neither');

/** Members of an evaluation. @param more Further members. */
const evaluationOf = (text: typeof name, more: Readonly<Record<string, fc.Arbitrary<unknown>>> = {}) =>
  fc.record(
    {
      ruleID: text,
      gateValue: flag,
      reason: text,
      configVersion: fc.constantFrom(12, '12'),
      lcut: fc.constantFrom('1795000000000', '1795000000001'),
      allocatedExperiment: text,
      parameterName: text,
      isExplicitParameter: flag,
      isManualExposure: flag,
      ...more,
    },
    { requiredKeys: [] },
  );
/** Mostly as SDKs send them: these the parser leaves unparsed. */
const evaluation = fc.oneof(
  { weight: 3, arbitrary: evaluationOf(plainName) },
  evaluationOf(name, { notOfSdks: fc.constant('x'), lcut: fc.constant(1_795_000_000_000) }),
);

/** Members of an object, and private attributes beside them. */
const withPrivate = (members: object) => ({ privateAttributes: { email: 'u@example.com' }, ...members });
const user = fc.record({ userID: name, custom: evaluation }, { requiredKeys: [] }).map(withPrivate);

/**
 * An event that is accepted.
 *
 * @param metadata Its metadata, with the name that an exposure needs.
 */
function event(eventName: string, metadata: fc.Arbitrary<object>) {
  const members = {
    eventName: fc.constant(eventName),
    time: fc.constant(now),
    metadata: fc.oneof({ weight: 3, arbitrary: metadata }, metadata.map(withPrivate)),
    value: fc.jsonValue(),
    user,
    secondaryExposures: fc.array(evaluation, { maxLength: 2 }),
  };
  return fc.record(members, { requiredKeys: ['eventName', 'time', 'metadata'] });
}

/**
 * An exposure that is accepted.
 *
 * @param nameMember The member of its metadata that names what was evaluated.
 */
function exposure(kind: string, nameMember: string) {
  const metadata = fc.tuple(plainName, evaluation).map(([value, more]) => ({ [nameMember]: value, ...more }));
  return event(`statsig::${kind}_exposure`, metadata);
}

const body = fc.record({
  events: fc.array(
    fc.oneof(
      exposure('gate', 'gate'),
      exposure('config', 'config'),
      exposure('layer', 'config'),
      event('click', evaluation),
    ),
    { minLength: 1, maxLength: 8 },
  ),
  user,
  statsigMetadata: evaluation.map(withPrivate),
});

/** Collects a value as JSON, with an escape in the key of private attributes. */
function collectJson(value: object, indent: number, plan: CollectPlan) {
  const json = JSON.stringify(value, null, indent);
  return collectBatch(json.replaceAll('"privateAttributes"', '"private\\u0041ttributes"'), sender, plan);
}

/** SDKs send no spaces. Only without spaces does the parser leave evaluations unparsed. */
describe('a body with spaces', () => {
  const configurations: readonly { readonly title: string; readonly config: Partial<ConfigInput> }[] = [
    { title: 'by default', config: {} },
    {
      title: 'under redaction',
      config: {
        privacy: { redact: { 'user.custom': 'drop', 'metadata.reason': 'hash' }, salt: 'salt'.repeat(8) },
      },
    },
    { title: 'under deny lists', config: { exposures: { deny: ['denied'] }, events: { deny: ['click'] } } },
  ];

  it.each(configurations)('becomes the rows of the same body without spaces, $title', ({ config }) => {
    const plan = collectPlan(defineConfig({ ...input, ...config }));
    fc.assert(
      fc.property(body, (value) => {
        const collected = collectJson(value, 0, plan);
        expect(collected.refused).toEqual([]);
        expect(collectJson(value, 1, plan)).toEqual(collected);
        expect(JSON.stringify(collected)).not.toContain('u@example.com');
      }),
      { numRuns: RUNS },
    );
  });
});
