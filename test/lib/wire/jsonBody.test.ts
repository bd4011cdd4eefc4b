import { expect, it } from '@jest/globals';
import { parseJsonBody } from '../../../lib/wire/jsonBody.ts';

it.each([
  {
    body: '{"events":[{"a":1,}]}',
    detail: 'Expected double-quoted property name in JSON at position 18',
  },
  { body: '{"events":[-NaN]}', detail: 'No number after minus sign in JSON at position 12' },
  { body: '{"events":[1e]}', detail: 'Exponent part is missing a number in JSON at position 13' },
  { body: '', detail: 'Unexpected end of JSON input' },
  // V8 quotes the text in these: ten characters on each side of the wrong one, or all of it.
  { body: '{"events":[secret]}', detail: "Unexpected token 's'" },
  { body: 'secret', detail: "Unexpected token 's'" },
  { body: '"secret" and more', detail: 'Unexpected non-whitespace character after JSON at position 9' },
])('a body that is no JSON says where it is wrong, and at most that character: $body', ({ body, detail }) => {
  const refusal = { code: 'SLUICE_BODY_NOT_JSON', detail };
  expect(() => parseJsonBody(body, false)).toThrow(expect.objectContaining(refusal));
});

it.each([
  { body: '{"events":[{"eventName":"buy","value":1' },
  { body: '{"events":[{"eventName":"bu' },
  { body: '{"events":[{"eventName":"b\\' },
  { body: '{"events":[{"eventName":"b\\u00' },
  { body: '{"events":[{"eventName"' },
  { body: '{"events":[{"eventName":' },
  { body: '{"events":[{"a":"}, ]"},' },
  { body: ' {"events":[{"a":[1,-' },
  { body: '{"events":[{"a":NaN},{"b":Inf' },
  { body: '{"events":[{"a":1}]' },
  { body: '[tru' },
  { body: '{' },
])('a body that ends before its JSON does is truncated: $body', ({ body }) => {
  const refusal = { code: 'SLUICE_BODY_TRUNCATED', detail: 'It is JSON.' };
  expect(() => parseJsonBody(body, false)).toThrow(expect.objectContaining(refusal));
});

it.each([
  { body: '{"events":[{"a":1,}' },
  { body: '{"events":[{"a" 1},{"b":2' },
  { body: '{"events":[{"a":1}},{"b":2' },
  { body: '{events:[{"a":1' },
  { body: "{'events':[" },
  { body: '{"events":[{"a":1},b' },
  { body: '{"events":[{"a":"b" "c' },
  { body: '{"events":[]}}' },
  { body: '{"events":[]} {' },
  { body: '"{' },
  { body: 'events=[{' },
])('a body that is wrong before it ends is no JSON: $body', ({ body }) => {
  expect(() => parseJsonBody(body, false)).toThrow(expect.objectContaining({ code: 'SLUICE_BODY_NOT_JSON' }));
});
