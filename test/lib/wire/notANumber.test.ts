import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseSentJson } from '../../../lib/base/sentJson.ts';
import { redactBody } from '../../../lib/collect/decode.ts';
import { collectPlan } from '../../../lib/collect/rows/plan.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { UnitMatcher } from '../../../lib/erase/UnitMatcher.ts';
import { redactedCopyBody } from '../../../lib/relay/CopyKeeper.ts';
import { judgeCopy } from '../../../lib/relay/copyEvents.ts';
import { decodeBody } from '../../../lib/wire/decodeBody.ts';
import { revalidator } from '../../../observe/quarantine/revalidate.ts';
import { collect, now } from '../collect/collectOne.ts';
import { request, startCollector } from '../collect/startCollector.ts';

// Python's json.dumps writes NaN, Infinity and -Infinity, which are no JSON.

const NAMES = ['NaN', 'Infinity', '-Infinity'];
const eventOf = (name: string, value: string) =>
  `{"eventName": "${name}", "time": ${now}, "value": ${value}, "user": {"userID": "u-1"}, "metadata": {"text": "NaN, -Infinity"}}`;
const bodyOf = (value: string) =>
  `{"events": [${eventOf('ratio', value)}, ${eventOf('other', '1')}], "statsigMetadata": {"sdkType": "py-server"}}`;
const idsOf = (rows: readonly Record<string, unknown>[]) => rows.map((row) => row['event_id']);

describe('a number that is none', () => {
  it.each(NAMES)('is null in a batch, and noted: %s', (name) => {
    const { rows, refused, noted } = collect(bodyOf(name));
    expect(rows.map((row) => [row['event_name'], row['event_value'] ?? null])).toEqual([
      ['ratio', null],
      ['other', '1'],
    ]);
    expect(rows[0]?.['company_metadata']).toBe('{"text":"NaN, -Infinity"}');
    expect(refused).toEqual([]);
    expect(noted).toEqual({ not_a_number: 1 });
    // Server Core sends null for it.
    const sentAsNull = collect(bodyOf('null'));
    expect(idsOf(rows)).toEqual(idsOf(sentAsNull.rows));
    expect(sentAsNull.noted).toEqual({});
  });

  it('is null wherever a value may be, beside numbers that a double cannot hold', () => {
    const body = `{"events":[{"eventName":"a","time":${now},"user":{"userID":9007199254740993,"custom":[NaN , -Infinity,{"a":Infinity}]}}]}`;
    const { rows, noted } = collect(body);
    expect(rows).toMatchObject([
      { user_id: '9007199254740993', user_object: expect.stringContaining('[null,null,{"a":null}]') },
    ]);
    expect(noted).toEqual({ not_a_number: 3 });
  });

  it.each([
    '{"events":[{NaN:1}]}',
    '{"events":[NaNs]}',
    '{"events":[-NaN]}',
    '{"events":[+Infinity]}',
    '{"events":[nan]}',
    '{"events":[1NaN]}',
    '{"events":[NaN 1]}',
    '{"events":[NaN,]}',
    '{"events":[NaN]',
    '{"events":["NaN]}',
    '{"events":[NaN],"a":"\\"}',
  ])('is read as a value alone: %s is no JSON', (body) => {
    expect(() => collect(body)).toThrow(expect.objectContaining({ code: 'SLUICE_BODY_NOT_JSON' }));
  });

  it('changes nothing else of any JSON', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('NaN', '"NaN', '\\', '\\"', ':NaN,', 'Infinity]'));
    const anything = fc.anything({
      values: [text, fc.double(), fc.boolean(), fc.constant(null)],
      key: text,
    });
    const spaced = fc.constantFrom(undefined, 1);
    fc.assert(
      fc.property(anything, fc.constantFrom(...NAMES), spaced, fc.uuid(), (value, name, space, mark) => {
        // Numbers are the places.
        const marked = JSON.stringify(
          [value, 1],
          (_key, member) => (typeof member === 'number' ? mark : member),
          space,
        );
        const place = `"${mark}"`;
        const count = marked.split(place).length - 1;
        const sent = marked.replaceAll(place, name);
        const expected = marked.replaceAll(place, 'null');
        expect(parseSentJson(sent, JSON.parse)).toEqual({ value: JSON.parse(expected), notANumbers: count });
      }),
    );
  });

  it('is in as many places as a body has bytes for', () => {
    const count = 1_000_000;
    const { value, notANumbers } = parseSentJson(`[${'NaN,'.repeat(count)}"NaN"]`, JSON.parse);
    expect(notANumbers).toEqual(count);
    expect(Object(value).length).toEqual(count + 1);
    expect(Object(value)[count]).toBe('NaN');
  });

  it.each(['NaN', 'null'])('does not change how deep a value may be: %s', (value) => {
    const deep = `{"events":[{"eventName":"a","value":${'['.repeat(100_000)}${value}${']'.repeat(100_000)}}]}`;
    expect(collect(deep).refused).toMatchObject([{ code: 'SLUICE_EVENT_TOO_DEEP' }]);
  });
});

describe('a body with one', () => {
  const body = bodyOf('NaN');

  it('is accepted, and always logged', async () => {
    const { send, rows, log } = startCollector();
    expect(await send(request({ body }))).toMatchObject({ status: 202 });
    expect(rows.events).toMatchObject([{}, {}]);
    expect(rows.quarantine).toEqual([]);
    expect(log).toMatchObject([{ status: 202, noted: { not_a_number: 1 } }]);
  });

  it('that an earlier release has refused is redriven', () => {
    const { rows, refused } = revalidator(defineConfig({ bucket: 'bucket' }))({
      quarantineId: 'q1',
      receivedAt: now,
      reason: 'SLUICE_BODY_NOT_JSON',
      sdkType: 'py-server',
      sdkVersion: '0.72.1',
      path: '/v1/log_event',
      raw: Buffer.from(body),
    });
    expect(rows.events).toHaveLength(2);
    expect(refused).toEqual([]);
  });

  it('loses private attributes and what is redacted in a copy', () => {
    const secret = body.replace('"userID"', '"email":"a@b.example","privateAttributes":{"a":NaN},"userID"');
    const markers = { contentEncoding: '', statsigEncoded: false };
    const privacy = { redact: { 'user.email': 'drop' }, salt: 'sixteen characters at least' } as const;
    const { redaction } = collectPlan(defineConfig({ bucket: 'bucket', privacy }));
    for (const rules of [null, redaction]) {
      const copy = redactedCopyBody(decodeBody(Buffer.from(secret), markers), rules);
      expect(copy?.events).toBe(2);
      const text = String(Buffer.from(copy?.body ?? []));
      const { events } = JSON.parse(text);
      expect(events[0].value).toBeNull();
      expect(text.includes('privateAttributes')).toBe(false);
      expect(text.includes('a@b.example')).toEqual(rules === null);
    }
    const kept = redactBody(Buffer.from(secret), secret, null, 'salt');
    expect(JSON.parse(String(kept))).toMatchObject({ events: [{ user: { userID: 'u-1' } }, {}] });
    expect(kept).not.toContain('privateAttributes');
  });

  it.each([
    { value: 'u-1', found: 'unit', counts: { isPersons: true, own: 2, others: 0 } },
    { value: 'u-2', found: null, counts: { isPersons: false, own: 0, others: 2 } },
  ])('is read for an erasure, in quarantine and in a copy: $value', ({ value, found, counts }) => {
    const person = new UnitMatcher([{ type: 'userID', column: 'user_id', value }]);
    expect(person.findRaw(body, 'text')).toBe(found);
    const copy = { id: 'x', keptAt: 0, path: '/v1/log_event', query: '', headers: {} };
    expect(judgeCopy({ ...copy, body: Buffer.from(body) }, person)).toEqual(counts);
  });
});

it.each([
  ['{"events":[{"a":1,}]}', /at position 18$/],
  ['{"events":[-NaN]}', /minus sign in JSON at position 12$/],
  ['{"events":[1e]}', /^Exponent part .* at position 13$/],
  ['{"events":[', /^Unexpected end/],
  ['{"events":[secret]}', /^Unexpected token 's'$/],
  ['secret', /^Unexpected token 's'$/],
])('a body that is no JSON says what is wrong with it, and nothing of what it has: %s', (body, detail) => {
  expect(() => collect(body)).toThrow(expect.objectContaining({ detail: expect.stringMatching(detail) }));
});
