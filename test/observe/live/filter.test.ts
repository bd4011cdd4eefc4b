import { describe, expect, it } from '@jest/globals';
import {
  eventOf,
  type LiveEntry,
  type LiveRequest,
  readRequestLine,
} from '../../../observe/facts/flow/liveEntries.ts';
import { liveMatcher } from '../../../observe/live/filter.ts';
import type { LiveFilter } from '../../../observe/live/LiveOptions.ts';

const AT = '2026-11-20T08:00:00.000Z';
const unitIds = { companyID: 'company_id' };

/** An entry of a request, but for what differs. */
function request(more: object = {}): LiveRequest {
  const line = { event: 'collect', status: 202, ms: 1, sdk: 'javascript-client 3.33.5', events: 1, ...more };
  const entry = readRequestLine(JSON.stringify(line), AT);
  if (entry === undefined) throw new Error('no request');
  return entry;
}

/** An entry of a row. */
const rowOf = (kind: 'events' | 'quarantine', row: Readonly<Record<string, unknown>>) =>
  eventOf(row, { kind, at: AT, unitColumns: ['company_id'] });

const purchase = rowOf('events', { event_name: 'purchase', user_id: 'ada', company_id: 'c1' });
const refused = rowOf('quarantine', {
  reason: 'SLUICE_EVENT_BAD_TIME',
  raw: '{"exposures":[{"experimentName":"checkout","user":{"userID":"ada"}}]}',
});

describe('the entries that are shown', () => {
  it.each<{
    readonly what: string;
    readonly entry: LiveEntry;
    readonly filter: LiveFilter;
    readonly is: boolean;
  }>([
    { what: 'without a filter', entry: request(), filter: {}, is: true },
    { what: 'the SDK', entry: request(), filter: { sdk: 'javascript-client' }, is: true },
    { what: 'another SDK', entry: request(), filter: { sdk: 'javascript' }, is: false },
    { what: 'the beginning of the SDK', entry: request(), filter: { sdk: 'javascript*' }, is: true },
    { what: 'a request of a user', entry: request(), filter: { user: 'ada' }, is: false },
    { what: 'a request of an event', entry: request(), filter: { event: '*' }, is: false },
    { what: 'the user', entry: purchase, filter: { user: 'ada' }, is: true },
    { what: 'a configured unit', entry: purchase, filter: { user: 'c1' }, is: true },
    { what: 'the beginning of a user', entry: purchase, filter: { user: 'ad*' }, is: false },
    { what: 'the user of what was refused', entry: refused, filter: { user: 'ada' }, is: true },
    { what: 'the event', entry: purchase, filter: { event: 'purchase' }, is: true },
    { what: 'the experiment of what was refused', entry: refused, filter: { event: 'check*' }, is: true },
    {
      what: 'both, of which one does not fit',
      entry: purchase,
      filter: { user: 'eve', event: '*' },
      is: false,
    },
    { what: 'an error: a request that succeeded', entry: request(), filter: { errors: true }, is: false },
    { what: 'an error: one of 4xx', entry: request({ status: 401 }), filter: { errors: true }, is: true },
    {
      what: 'an error: one that overflowed',
      entry: request({ overflowed: 1 }),
      filter: { errors: true },
      is: true,
    },
    { what: 'an error: an event', entry: purchase, filter: { errors: true }, is: false },
    { what: 'an error: a refused event', entry: refused, filter: { errors: true }, is: true },
  ])('are those of $what: $is', ({ entry, filter, is }) => {
    expect(liveMatcher(filter, { unitIds })(entry)).toBe(is);
  });
});
