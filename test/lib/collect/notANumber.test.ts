import { describe, expect, it } from '@jest/globals';
import { collect, now } from './collectOne.ts';

// Python's json.dumps writes NaN, Infinity and -Infinity, which are no JSON. Server Core sends null in their place.

const eventOf = (name: string, value: string) =>
  `{"eventName": "${name}", "time": ${now}, "value": ${value}, "user": {"userID": "u-1"}, "metadata": {"text": "NaN, -Infinity"}}`;
const bodyOf = (value: string) =>
  `{"events": [${eventOf('ratio', value)}, ${eventOf('other', '1')}], "statsigMetadata": {"sdkType": "py-server"}}`;

describe('a batch with NaN or an infinity', () => {
  it.each(['NaN', 'Infinity', '-Infinity'])('has null in its place, and notes it: %s', (name) => {
    const { rows, refused, noted } = collect(bodyOf(name));
    expect(rows.map((row) => [row['event_name'], row['event_value'] ?? null])).toEqual([
      ['ratio', null],
      ['other', '1'],
    ]);
    expect(rows[0]?.['company_metadata']).toBe('{"text":"NaN, -Infinity"}');
    expect(refused).toEqual([]);
    expect(noted).toEqual({ not_a_number: 1 });
  });

  it('has the event IDs of one with null, and null is not noted', () => {
    const idsOf = (body: string) => collect(body).rows.map((row) => row['event_id']);
    const ids = idsOf(bodyOf('NaN'));
    expect(ids).toEqual([expect.stringMatching(/^\S+$/), expect.stringMatching(/^\S+$/)]);
    expect(ids).toEqual(idsOf(bodyOf('null')));
    expect(collect(bodyOf('null')).noted).toEqual({});
  });

  it('keeps numbers beside them that a double cannot hold', () => {
    const body = `{"events":[{"eventName":"a","time":${now},"user":{"userID":9007199254740993,"custom":[NaN]}}]}`;
    const { rows, noted } = collect(body);
    expect(rows).toMatchObject([
      { user_id: '9007199254740993', user_object: expect.stringContaining('[null]') },
    ]);
    expect(noted).toEqual({ not_a_number: 1 });
  });

  it.each([
    { what: 'its time', event: '{"eventName":"a","time":NaN}', refused: [] },
    { what: 'its user', event: `{"eventName":"a","time":${now},"user":NaN}`, refused: [] },
    { what: 'a unit ID', event: `{"eventName":"a","time":${now},"user":{"userID":NaN}}`, refused: [] },
    { what: 'the event itself', event: 'NaN', refused: ['SLUICE_EVENT_NOT_AN_OBJECT'] },
  ])('takes one in place of $what as null', ({ event, refused }) => {
    const { noted, ...sent } = collect(`{"events":[${event}]}`);
    const { noted: _, ...asNull } = collect(`{"events":[${event.replace('NaN', 'null')}]}`);
    expect(sent).toEqual(asNull);
    expect(sent.refused.map(({ code }) => code)).toEqual(refused);
    expect(noted).toHaveProperty('not_a_number', 1);
  });

  it.each(['NaN', 'null'])('is not too deep up to 64 levels, as one without: %s', (value) => {
    const codesOf = (levels: number) => {
      const deep = '['.repeat(levels) + value + ']'.repeat(levels);
      return collect(`{"events":[{"eventName":"a","metadata":${deep}}]}`).refused.map(({ code }) => code);
    };
    expect({ deepest: codesOf(64), deeper: codesOf(65), deep: codesOf(100_000) }).toEqual({
      deepest: [],
      deeper: ['SLUICE_EVENT_TOO_DEEP'],
      deep: ['SLUICE_EVENT_TOO_DEEP'],
    });
  });
});
