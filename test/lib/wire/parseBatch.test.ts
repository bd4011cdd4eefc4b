import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeBody } from '../../../lib/wire/decodeBody.ts';
import { EvaluationText } from '../../../lib/wire/EvaluationText.ts';
import { parseJsonBody } from '../../../lib/wire/jsonBody.ts';
import { MAX_EVENTS, UNCOUNTED_LENGTH } from '../../../lib/wire/limits.ts';
import { parseBatch, parseBody } from '../../../lib/wire/parseBatch.ts';
import { statsigFixtures } from '../../harness/StatsigFixture.ts';

const metadataOf = (event: unknown): unknown => Reflect.get(Object(event), 'metadata');

/** Parses a body, with all metadata parsed. */
function read(text: string): unknown {
  const parsed = parseBody(text);
  const events: unknown = Reflect.get(Object(parsed), 'events');
  for (const event of Array.isArray(events) ? events : []) {
    const metadata = metadataOf(event);
    if (metadata instanceof EvaluationText) event.metadata = metadata.toObject();
  }
  return parsed;
}

describe('parseBody', () => {
  it("leaves exposures' metadata unparsed, in several orders of members", () => {
    const evaluated = [
      { gate: 'g', ruleID: 'r', lcut: '1795000000000', gateValue: true },
      { configVersion: 12, config: 'c', allocatedExperiment: '', reason: 'é €' },
      { gate: 'g', reason: 'r'.repeat(256), isManualExposure: false, configVersion: -1 },
    ];
    const events = evaluated.map((metadata) => ({ eventName: 'statsig::gate_exposure', metadata }));
    const parsed = parseBody(JSON.stringify({ events }));
    expect(Reflect.get(Object(parsed), 'events')).toEqual(
      evaluated.map(() => expect.objectContaining({ metadata: expect.any(EvaluationText) })),
    );
    expect(read(JSON.stringify({ events }))).toEqual({ events });
  });

  it.each([
    { what: 'another member', metadata: '{"gate":"g","mine":"r"}' },
    { what: 'a member twice', metadata: '{"gate":"g","gate":"h"}' },
    { what: 'a member inside', metadata: '{"gate":{"gate":"g"}}' },
    { what: 'an escape', metadata: '{"gate":"g\\n"}' },
    { what: 'an escape in a key', metadata: '{"g\\u0061te":"g"}' },
    { what: 'half a pair', metadata: '{"gate":"\ud800"}' },
    { what: 'a long text', metadata: `{"gate":"${'g'.repeat(257)}"}` },
    // The sum over its characters is the one of `gate`.
    { what: 'a member that seems to be another', metadata: '{"gatejCCQWPV":"g"}' },
    { what: 'a long number', metadata: '{"gate":"g","configVersion":9007199254740993}' },
    { what: 'a number with zeros', metadata: '{"gate":"g","configVersion":1.0}' },
    { what: 'a time that is a number', metadata: '{"gate":"g","configSyncTime":1795000000000}' },
    { what: 'null', metadata: '{"gate":null}' },
    { what: 'spaces', metadata: '{"gate": "g"}' },
    { what: 'nothing', metadata: '{}' },
  ])('parses metadata with $what', ({ metadata }) => {
    const text = `{"events":[{"eventName":"statsig::gate_exposure","metadata":${metadata}}]}`;
    const [event] = Object(parseBody(text)).events;
    expect(event).toEqual(JSON.parse(text).events[0]);
    expect(metadataOf(event)).not.toBeInstanceOf(EvaluationText);
  });

  it('extracts at most the maximum number of events', () => {
    const read = (count: number, event: string) =>
      Object(parseBody(`{"events":[${Array(count).fill(event).join()}]}`)).events;
    const metadata = '{"n":1,"metadata":{"gate":"g"}}';
    expect(metadataOf(read(MAX_EVENTS, metadata)[0])).toBeInstanceOf(EvaluationText);
    expect(metadataOf(read(MAX_EVENTS + 1, metadata)[0])).toEqual({ gate: 'g' });
  });

  it.each(statsigFixtures())('reads $name as JSON.parse does', ({ fixture: { headers, body } }) => {
    const contentEncoding = headers['content-encoding'] ?? '';
    const { text } = decodeBody(Buffer.from(body, 'base64'), { contentEncoding, statsigEncoded: false });
    expect(read(text)).toEqual(JSON.parse(text));
  });

  it.each([
    {
      what: 'metadata inside metadata',
      text: '{"events":[{"n":1,"m":{"b":1,"metadata":{"gate":"g"}}},{"n":1,"metadata":{"gate":"h"}}]}',
    },
    {
      what: 'metadata twice in an event',
      text: '{"events":[{"n":1,"metadata":{"gate":"g"},"metadata":{"gate":"h"}}]}',
    },
    { what: 'metadata inside a user', text: '{"events":[{"n":1,"user":{"a":1,"metadata":{"gate":"g"}}}]}' },
    {
      what: 'metadata outside events',
      text: '{"n":1,"metadata":{"gate":"g"},"events":[{"n":1,"metadata":{"gate":"g"}}]}',
    },
    { what: 'metadata without an end', text: '{"events":[{"n":1,"metadata":{}},{"n":",\\"metadata\\":{"}]}' },
    { what: 'events that are none', text: '{"events":[null,7,[],{"n":1,"metadata":{"gate":"g"}}]}' },
  ])('reads $what as JSON.parse does', ({ text }) => {
    expect(read(text)).toEqual(JSON.parse(text));
  });

  it.each([
    '{"events":[{"n":1,"user":{"a":1}},{"n":1,"user":{"a":1}',
    '{"n":1,"user":{"a"},"m":1,"user":{"a"}}',
    '{"events":[{"n":1,"metadata":{"gate":"g"',
    '{"events":[{"n":1,"metadata":{"gate":"g',
    '{"events":[{"n":1,"metadata":{"gat',
    '{"events":[{"n":1,"metadata":{"gate":tru',
    '{"events":[{"n":1,"metadata":{xgate":"g"}}]}',
    '{"events":[{"n":1,"metadata":{"gate":"g"},}]}',
    '{"events":[{"n":1,"metadata":{"gate":"g\n"}}]}',
    '{"events":[{"n":1,"metadata":{"gate\ufffd:"g"}}]}',
    '{"events":[{"n":1,"metadata":{"gate":"g\ufffd}}]}',
    'x',
  ])('rejects invalid JSON: %s', (text) => {
    expect(() => parseBody(text)).toThrow(SyntaxError);
  });

  it('reads or rejects a damaged body as JSON.parse does', () => {
    const user = '"user":{"userID":"u","custom":{"a":"}"}}';
    const body = `{"events":[{"n":1,"metadata":{"gate":"g","lcut":"1","gateValue":true},${user}},{"n":2,${user}}]}`;
    const damage = fc.oneof(
      fc.constantFrom('', '"', '\\', '{', '}', ',', ':', '\n', ' ', '0', '\ufffd', '\ue000'),
      fc.constantFrom(',"metadata":{"gate":"h"}', `,${user}`, '"metadata":', 'user":'),
      fc.string({ unit: 'binary', maxLength: 2 }),
    );
    const place = fc.nat(body.length);
    fc.assert(
      fc.property(fc.array(fc.tuple(place, fc.nat(2), damage), { minLength: 1, maxLength: 2 }), (changes) => {
        let text = body;
        for (const [at, removed, put] of changes) text = text.slice(0, at) + put + text.slice(at + removed);
        let expected: unknown;
        try {
          expected = JSON.parse(text);
        } catch {
          expect(() => parseBody(text)).toThrow(SyntaxError);
          return;
        }
        expect(read(text)).toEqual(expected);
      }),
      { numRuns: 4_000 },
    );
  });

  it('reads any JSON as JSON.parse does', () => {
    const user = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom({ userID: 'u' }, { a: { user: { b: 1 } } }, { t: ',"user":{' }),
    );
    const evaluation = fc.dictionary(
      fc.constantFrom('gate', 'ruleID', 'lcut', 'metadata', 'user'),
      fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('true', true, 1, -7, 0.5), user),
    );
    const event = fc.record(
      { n: fc.jsonValue(), user, metadata: fc.oneof(fc.record({ k: fc.nat(3), user }), evaluation) },
      { requiredKeys: [] },
    );
    const body = fc.record(
      { events: fc.array(event, { maxLength: 12 }), user, more: fc.array(event) },
      { requiredKeys: ['events'] },
    );
    fc.assert(
      fc.property(body, fc.constantFrom(undefined, 1), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(read(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('parseBatch', () => {
  it.each([
    { body: 'null', detail: 'It is not an object.' },
    { body: '[]', detail: 'It is not an object.' },
    { body: '{"user":{}}', detail: 'It has no array of events.' },
    { body: '{"events":{}}', detail: 'events is not an array.' },
    { body: '{"events":[],"exposures":"none"}', detail: 'exposures is not an array.' },
    { body: '{"events":[],"user":"u"}', detail: 'user is not an object.' },
    { body: '{"events":[],"statsigMetadata":[]}', detail: 'statsigMetadata is not an object.' },
  ])('refuses $body', ({ body, detail }) => {
    expect(() => parseBatch(body)).toThrow(
      expect.objectContaining({ code: 'SLUICE_BODY_WRONG_SHAPE', detail }),
    );
  });

  it('refuses more parts than it can hold, and reads short bodies without counting them', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    const refusal = (code: string) => expect.objectContaining({ code });
    const uncounted = nested(UNCOUNTED_LENGTH / 2);
    expect(() => parseBatch(uncounted)).toThrow(refusal('SLUICE_BODY_WRONG_SHAPE'));
    expect(() => parseBatch(` ${uncounted}`)).toThrow(refusal('SLUICE_BODY_TOO_COSTLY'));
    const deep = `{"events":${nested(100_000)}}`;
    expect(parseBatch(deep).events).toHaveLength(1);
    expect(() => parseBatch(deep, true)).toThrow(refusal('SLUICE_BODY_WRONG_SHAPE'));
  });

  it('does not take a failure of the parser for one of the body', () => {
    const parse = () => {
      throw new TypeError('not of the body');
    };
    expect(() => parseJsonBody('{}', false, parse)).toThrow('not of the body');
  });

  it.each([
    { body: '{"events":[7],"user":null,"statsigMetadata":null}', lists: { events: [7], exposures: [] } },
    { body: '{"events":null,"exposures":[7]}', lists: { events: [], exposures: [7] } },
  ])('takes null for what is absent: $body', ({ body, lists }) => {
    const shared = { user: null, senderMetadata: null, clientTime: undefined, notANumbers: 0 };
    expect(parseBatch(body)).toEqual({ ...lists, ...shared });
  });
});
