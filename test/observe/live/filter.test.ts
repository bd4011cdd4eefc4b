import { expect, it } from '@jest/globals';
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

const nameless = rowOf('events', { user_id: 'ada' });

interface FilterCase {
  readonly what: string;
  readonly filter: LiveFilter;
  readonly entry: LiveEntry;
}
const isShown = (filter: LiveFilter, entry: LiveEntry) => liveMatcher(filter, { unitIds })(entry);

it.each<FilterCase>([
  { what: 'nothing is asked for', filter: {}, entry: request() },
  { what: 'its SDK is asked for', filter: { sdk: 'javascript-client' }, entry: request() },
  { what: 'the beginning of its SDK is asked for', filter: { sdk: 'javascript*' }, entry: request() },
  {
    what: 'senders without an SDK are asked for, and it was refused unread',
    filter: { sdk: 'unknown' },
    entry: request({ sdk: null, status: 401 }),
  },
  { what: 'its user is asked for', filter: { user: 'ada' }, entry: purchase },
  { what: 'the value of a configured unit is asked for', filter: { user: 'c1' }, entry: purchase },
  { what: 'the user of what was refused is asked for', filter: { user: 'ada' }, entry: refused },
  { what: 'its event is asked for', filter: { event: 'purchase' }, entry: purchase },
  { what: 'the experiment of what was refused is asked for', filter: { event: 'check*' }, entry: refused },
  {
    what: 'errors are asked for, and the request was refused',
    filter: { errors: true },
    entry: request({ status: 401 }),
  },
  {
    what: 'errors are asked for, and events overflowed',
    filter: { errors: true },
    entry: request({ overflowed: 1 }),
  },
  { what: 'errors are asked for, and the event was refused', filter: { errors: true }, entry: refused },
])('an entry is shown if $what', ({ filter, entry }) => {
  expect(isShown(filter, entry)).toBe(true);
});

it.each<FilterCase>([
  { what: 'another event is asked for', filter: { event: 'purchases' }, entry: purchase },
  { what: 'any event is asked for, and it has no name', filter: { event: '*' }, entry: nameless },
  { what: 'another SDK is asked for', filter: { sdk: 'javascript' }, entry: request() },
  { what: 'a user is asked for, whom no request has', filter: { user: 'ada' }, entry: request() },
  { what: 'any event is asked for, which no request is', filter: { event: '*' }, entry: request() },
  { what: 'the beginning of its user is asked for', filter: { user: 'ad*' }, entry: purchase },
  {
    what: 'another user is asked for beside its event',
    filter: { user: 'eve', event: '*' },
    entry: purchase,
  },
  { what: 'errors are asked for, and the request succeeded', filter: { errors: true }, entry: request() },
  { what: 'errors are asked for, and the event was stored', filter: { errors: true }, entry: purchase },
])('an entry is not shown if $what', ({ filter, entry }) => {
  expect(isShown(filter, entry)).toBe(false);
});
