import { expect, it } from '@jest/globals';
import { isJsonObject } from '../../../lib/base/json.ts';
import { EvaluationText } from '../../../lib/wire/EvaluationText.ts';
import { parseBatch } from '../../../lib/wire/parseBatch.ts';

const COUNT = 3_000;
const exposure =
  '{"eventName":"statsig::gate_exposure","metadata":{"gate":"g","gateValue":"true","lcut":"1"}}';

it.each([
  ['a pair that is escaped, as Python and PHP write it', '"\\ud83d\\ude00"', '😀'],
  ['half a pair', '"\\ud83d"', '\ufffd'],
  ['private attributes', '{"privateAttributes":{"ssn":"1"}}', {}],
  ['an escaped letter', '"\\u0041"', 'A'],
])('a body of many evaluations is searched once for %s', (_what, sent, read) => {
  const text = `{"events":[${`${exposure},`.repeat(COUNT)}{"eventName":"e","value":${sent}}]}`;
  const start = process.cpuUsage();
  const { events } = parseBatch(text);
  const { user, system } = process.cpuUsage(start);
  expect(events).toHaveLength(COUNT + 1);
  expect(events.at(-1)).toEqual({ eventName: 'e', value: read });
  const [first] = events;
  expect(isJsonObject(first) ? first['metadata'] : null).toBeInstanceOf(EvaluationText);
  // Microseconds of processor time, of which it takes 50,000: once more for each evaluation it would take 20 s.
  expect(user + system).toBeLessThan(5_000_000);
});

it('an evaluation hides its body from code that visits its properties', () => {
  const evaluation = EvaluationText.at('{"gate":"g","lcut":"1"}', 0, []);
  expect(evaluation).not.toBeNull();
  expect(Object.values(Object(evaluation)).filter((value) => typeof value !== 'number')).toEqual([]);
});
