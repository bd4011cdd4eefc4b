import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type CollectPlan, collectPlan } from '../../../lib/collect/rows/plan.ts';
import { collectBatch } from '../../../lib/collect/rows.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { RequestError } from '../../../lib/wire/RequestError.ts';
import { input, now, sender } from './collectOne.ts';

const odd = fc.constantFrom('é', '中😀', '"\\', '\ud800', ',"metadata":{', '');
const plain = fc.constantFrom('"a"', '"b"', '"default"', '"homepage_hero"');
/** JSON of a text, now and then with its letters escaped. */
const text = fc.oneof(
  { weight: 6, arbitrary: plain },
  odd.map((oddText) => JSON.stringify(oddText)),
  odd.map(escaped),
);
const number = fc.constantFrom('0', '-0', '1', '1.0', '1e21', '1e400', '9007199254740993', String(now));
const scalar = fc.oneof({ weight: 4, arbitrary: text }, number, fc.constantFrom('true', 'null', '{"a":[]}'));

/** JSON of an object: some of its members in any order, now and then one of them twice. */
function object(members: Record<string, fc.Arbitrary<string>>): fc.Arbitrary<string> {
  const any = Object.entries(members).map(([name, value]) => value.map((json) => `${key(name)}:${json}`));
  const twice = fc.oneof({ weight: 9, arbitrary: fc.constant([]) }, fc.tuple(fc.oneof(...any)));
  return fc
    .tuple(
      fc.shuffledSubarray(any).chain((some) => fc.tuple(...some)),
      twice,
    )
    .map(([all, more]) => `{${[...all, ...more].join()}}`);
}

/** A key, one of them hidden by an escape. */
const key = (name: string) => (name === 'privateAttributes' ? '"private\\u0041ttributes"' : `"${name}"`);

function escaped(character: string): string {
  const units = character.split('').map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `"${units.join('')}"`;
}

const members = {
  gate: text,
  config: text,
  ruleID: text,
  gateValue: fc.constantFrom('true', '"true"', '"false"'),
  allocatedExperiment: text,
  reason: plain,
  configVersion: fc.constantFrom('12', '"12"'),
  lcut: fc.constantFrom('"1795000000000"', '"1795000000001"', '1795000000000'),
  receivedAt: fc.constantFrom('"1795000000000"', '"é"', '1'),
  parameterName: text,
  isExplicitParameter: fc.constantFrom('"true"', '"false"', 'true'),
  isManualExposure: fc.constantFrom('"true"', 'false'),
};
const evaluation = fc.oneof(
  { weight: 3, arbitrary: object(members) },
  object({ ...members, ['__proto__']: scalar, mine: scalar, reason: scalar }),
);
const user = fc.oneof(
  fc.constantFrom('{"userID":"u","email":"e","privateAttributes":{"a":1}}', '{"userID":"v"}', '7'),
  object({ userID: text, custom: evaluation, privateAttributes: evaluation, metadata: evaluation }),
);
const names = ['gate', 'config', 'layer'].map((kind) => `"statsig::${kind}_exposure"`);
const event = object({
  eventName: fc.constantFrom(...names, ...names, '"click"', '"statsig::gate_exposures"', '7'),
  time: fc.constantFrom(String(now), `"${now}"`, '"2026-11-20T07:32:00Z"', '"never"'),
  user,
  metadata: fc.oneof({ weight: 4, arbitrary: evaluation }, scalar),
  value: scalar,
  secondaryExposures: evaluation.map((json) => `[${json}]`),
});
const body = fc
  .tuple(
    fc.array(event, { maxLength: 8 }),
    fc.array(object({ events: fc.constant('[]'), user, metadata: evaluation })),
  )
  .map(([events, [more = '{}']]) => {
    const rest = more === '{}' ? '' : `,${more.slice(1, -1)}`;
    return `{"events":[${events.join()}]${rest}}`;
  });

/** The same JSON with a space behind each comma and colon that is in no text: nothing in it is as SDKs write it. */
const spaced = (json: string) =>
  json.replaceAll(/("(?:[^"\\]|\\.)*")|[,:]/g, (token) => (token.length > 1 ? token : `${token} `));

function outcome(json: string, plan: CollectPlan): unknown {
  try {
    return collectBatch(json, sender, plan);
  } catch (error) {
    if (error instanceof RequestError) return error.code;
    throw error;
  }
}

describe('a body in a form that no SDK writes', () => {
  it.each<[string, Partial<ConfigInput>]>([
    ['as it is configured', {}],
    [
      'with redaction',
      { privacy: { redact: { 'user.email': 'drop', 'metadata.reason': 'hash' }, salt: 'salt'.repeat(8) } },
    ],
    ['with lists', { exposures: { deny: ['a', 'homepage_hero'] }, events: { deny: ['click'] } }],
  ])('becomes the same rows, IDs and refusals, %s', (_how, config) => {
    const plan = collectPlan(defineConfig({ ...input, ...config }));
    fc.assert(
      fc.property(body, (json) => {
        const collected = outcome(json, plan);
        expect(outcome(spaced(json), plan)).toEqual(collected);
        expect(JSON.stringify(collected)).not.toContain('privateAttributes');
      }),
      { numRuns: 700 },
    );
  });
});
