import { describe, expect, it } from '@jest/globals';
import { eventOf, readRequestLine } from '../../../observe/facts/flow/liveEntries.ts';
import { entryParts, liveLine } from '../../../observe/live/entryText.ts';

const AT = '2026-11-20T08:05:09.123Z';

/** An entry of a request, but for what differs of its line in the log. */
function request(more: object) {
  const line = { event: 'collect', status: 202, ms: 12, sdk: 'js-client 3.1', key: 'web', ...more };
  const entry = readRequestLine(JSON.stringify(line), AT);
  if (entry === undefined) throw new Error('no request');
  return entry;
}

describe('an entry in words', () => {
  interface RequestCase {
    readonly what: string;
    /** How its line in the log differs. */
    readonly line: object;
    /** What it may have in common with other entries, in words. */
    readonly shared: readonly string[];
    readonly own: readonly string[];
  }

  it.each<RequestCase>([
    {
      what: 'without events',
      line: {},
      shared: ['202', 'js-client 3.1', 'key web'],
      own: ['no events', '12 ms'],
    },
    {
      what: 'with everything that is counted',
      line: {
        exposures_landed: 1,
        events_landed: 2_000,
        counted: { a: 3 },
        refused: { SLUICE_X: 4, SLUICE_Y: 5 },
        noted: { n: 6 },
        overflowed: 7,
        not_streamed: 'throttled',
        endpoint: '/v1/x',
      },
      shared: ['202', 'js-client 3.1', 'key web'],
      own: [
        '1 exposure, 2,000 events, ignored: 3 a, refused: 4 SLUICE_X, 5 SLUICE_Y, noted: 6 n, overflowed: 7, not streamed: throttled, asked for /v1/x',
        '12 ms',
      ],
    },
    {
      what: 'that was refused without a key',
      line: { status: 401, sdk: null, key: null, code: 'SLUICE_KEY_MISSING', not_streamed: 'large' },
      shared: ['401', 'unknown', 'no key', 'SLUICE_KEY_MISSING'],
      own: ['12 ms'],
    },
    {
      what: 'with an unknown key, which was not streamed',
      line: { status: 500, sdk: 'js-client', key: null, sent_key: '9f86d081', not_streamed: 'denied' },
      shared: ['500', 'js-client', 'key 9f86d081'],
      own: ['not streamed: denied', '12 ms'],
    },
    {
      what: 'too large for the stream, with a label that is too long',
      line: { events_landed: 1, not_streamed: 'large', key: 'k'.repeat(81) },
      shared: ['202', 'js-client 3.1', `key ${'k'.repeat(80)}…`],
      own: ['1 event', '12 ms'],
    },
    {
      what: 'with a label of 80 characters',
      line: { key: 'k'.repeat(80) },
      shared: ['202', 'js-client 3.1', `key ${'k'.repeat(80)}`],
      own: ['no events', '12 ms'],
    },
  ])('of a request $what', ({ line, shared, own }) => {
    expect(entryParts(request(line))).toEqual({ shared, own });
  });

  interface RowCase extends Pick<RequestCase, 'what' | 'shared' | 'own'> {
    readonly kind: 'events' | 'exposures' | 'quarantine';
    readonly row: Readonly<Record<string, unknown>>;
  }

  it.each<RowCase>([
    {
      what: 'an event with a user',
      kind: 'events',
      row: { event_name: 'buy', user_id: 'u1', event_id: 'e1' },
      shared: ['event', 'buy'],
      own: ['unit u1', 'e1'],
    },
    {
      what: 'an exposure with a device',
      kind: 'exposures',
      row: { experiment_id: 'x', group_id: 'g', stable_id: 's1' },
      shared: ['exposure', 'x', 'group g'],
      own: ['unit s1'],
    },
    {
      what: 'an event without name and unit',
      kind: 'events',
      row: { event_name: '' },
      shared: ['event', '(no name)'],
      own: ['no unit'],
    },
    {
      what: 'a refused event',
      kind: 'quarantine',
      row: { reason: 'SLUICE_X', raw: '{}', quarantine_id: 'q1' },
      shared: ['refused SLUICE_X', '(no name)'],
      own: ['no unit', 'q1'],
    },
  ])('of $what', ({ kind, row, shared, own }) => {
    expect(entryParts(eventOf(row, { kind, at: AT, unitColumns: [] }))).toEqual({ shared, own });
  });

  it('of a request for another host has the name of that', () => {
    const { own } = entryParts({ ...request({}), host: 'evil.example' });
    expect(own).toEqual(['Host evil.example', '12 ms']);
  });

  it('is a line of a terminal with its time of the day, in which events are further to the right', () => {
    expect(liveLine(request({ events_landed: 1 }))).toBe(
      '08:05:09.123  202  js-client 3.1  key web  1 event  12 ms\n',
    );
    const row = { event_name: 'buy', user_id: 'u1', event_id: 'e1' };
    expect(liveLine(eventOf(row, { kind: 'events', at: AT, unitColumns: [] }))).toBe(
      '08:05:09.123       event  buy  unit u1  e1\n',
    );
  });
});
