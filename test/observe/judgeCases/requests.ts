import {
  changedRequests,
  changeText,
  HOUR_MS,
  hoursAgo,
  keysFailure,
  refusedRequests,
  requestGroup,
  threeCopies,
  wellDay,
  wellHour,
  wellKeys,
} from '../statusFacts.ts';
import type { Case } from './Case.ts';

/** A list without keys. */
const noKeys = { ...wellKeys, senders: [] };

/** Ten events of one sender from before the time window, by whether the sender stated its clock. */
const oldEvents = (isClockStated: boolean) => ({
  lastDay: { ...wellDay, received: 200 },
  noted: {
    counts: { outside_time_window: 10 },
    hasMore: false,
    before2000: [],
    corrected: [],
    uncorrected: [],
    ahead: [],
    late: [{ ...requestGroup, key: 'app', sdk: 'ios-client 2', count: 10, isClockStated }],
  },
});

/** Requests, senders, keys and copies of requests. */
export const requestCases: readonly Case[] = [
  [
    'a key is unknown',
    {
      ...refusedRequests({ SLUICE_KEY_UNKNOWN: 20 }, 400),
      lastDay: { ...wellDay, refused: 900 },
      refusals: {
        groups: [
          { ...requestGroup, code: 'SLUICE_KEY_UNKNOWN', key: '9f86d081', sdk: 'js-client 3', count: 900 },
        ],
        hasMore: false,
      },
    },
    'REFUSED',
    'problem',
    `20 400 900 24 900 SLUICE_KEY_UNKNOWN js-client 3 9f86d081 ${hoursAgo(9)} ${hoursAgo(8)}`,
    'npx sluice keys list',
    'printf %s "$SDK_KEY" | npx sluice keys add LABEL',
    'npx sluice tail --errors --last 20',
  ],
  [
    'requests were refused earlier in the day',
    {
      lastDay: { ...wellDay, refused: 9 },
      refusals: { groups: [{ ...requestGroup, code: 'SLUICE_KEY_MISSING', count: 8 }], hasMore: true },
    },
    'REFUSED',
    'warning',
    `0 0 9 24 8 SLUICE_KEY_MISSING ${hoursAgo(9)} ${hoursAgo(8)}`,
  ],
  [
    'a key was unknown, and is in the list now',
    {
      ...refusedRequests({ SLUICE_KEY_UNKNOWN: 40 }),
      keys: { ...noKeys, senders: ['0a0b0c0d0e', '9f86d081ff'] },
      refusals: {
        groups: [{ ...requestGroup, code: 'SLUICE_KEY_UNKNOWN', key: '9f86d081', count: 40 }],
        hasMore: false,
      },
    },
    'REFUSED',
    'warning',
    `40 100 40 24 40 SLUICE_KEY_UNKNOWN 9f86d081 ${hoursAgo(9)} ${hoursAgo(8)}`,
    'npx sluice tail --errors --last 20',
  ],
  [
    'no key may send',
    { keys: { ...noKeys, changedAt: hoursAgo(3) } },
    'NO_KEY',
    'problem',
    '',
    'printf %s "$SDK_KEY" | npx sluice keys add LABEL',
  ],
  [
    'the secret of the keys is no list',
    { keys: { ...noKeys, fault: 'It is not JSON.', faultKind: 'invalid', changedAt: hoursAgo(3) } },
    'KEYS_UNREADABLE',
    'problem',
    'sluice-prod-keys JSON',
    'npx sluice keys restore --dry-run',
    'npx sluice keys restore',
  ],
  [
    'the secret of the keys is to be deleted',
    {
      keys: {
        ...noKeys,
        fault: 'It is scheduled for deletion.',
        faultKind: 'deleted',
        changedAt: hoursAgo(3),
      },
    },
    'KEYS_UNREADABLE',
    'problem',
    'sluice-prod-keys',
    'npx sluice keys restore',
  ],
  [
    'collectors are denied the keys',
    { keysFailure: keysFailure('denied', 'AccessDeniedException') },
    'KEYS_UNREADABLE',
    'problem',
    `sluice-prod-keys ${hoursAgo(0.1)} SLUICE_KEYS_UNAVAILABLE AccessDeniedException`,
    'npx sluice doctor --drift',
  ],
  [
    'no events come in any more',
    { lastHour: { ...wellHour, requests: 0 }, lastRequestAt: hoursAgo(50), lastEventAt: hoursAgo(2.5) },
    'SILENT',
    'warning',
    `${hoursAgo(50)} 2`,
  ],
  [
    'no events come in where they usually do',
    {
      ...changedRequests({ what: 'silence', last: null, usual: 60 }),
      lastHour: { ...wellHour, requests: 0 },
      lastRequestAt: hoursAgo(9.1),
      lastEventAt: hoursAgo(0.9),
    },
    'SILENT',
    'problem',
    `${hoursAgo(9.1)} 9.1 60`,
  ],
  [
    'no events came in at night',
    changedRequests({ what: 'silence', usual: 60 }),
    'SILENT',
    'warning',
    `${hoursAgo(9)} ${hoursAgo(8)} 60 900 24`,
  ],
  [
    'two names of events stay away',
    {
      missingEvents: [
        { name: "it's bought", least: 120, days: 7, since: hoursAgo(30) },
        { name: 'refund', least: 12, days: 7, since: '2026-11-19' },
      ],
    },
    'EVENT_MISSING',
    'warning',
    `${hoursAgo(30)} 120 7 2026-11-19 12 7`,
    `npx sluice query 'SELECT "sdk_type", "sdk_version", count(*) AS "events", max("received_at") AS "last" FROM "sluice"."statsig_forwarded_events" WHERE "event_name" = '\\''it'\\'''\\''s bought'\\'' AND "ds" >= DATE '\\''2026-11-13'\\'' GROUP BY 1, 2 ORDER BY 4 DESC'`,
  ],
  [
    'there was a spike',
    { ...changedRequests({ what: 'requests' }), spikeFrom: { key: 'web', sdk: 'js-client 3', share: 0.953 } },
    'SPIKE',
    'warning',
    `${changeText('requests')} 95 js-client 3`,
    'npx sluice tail',
  ],
  [
    'the lists of the configuration leave out more than usual',
    changedRequests({ what: 'ignored' }),
    'IGNORED',
    'warning',
    changeText('events'),
    'npx sluice tail',
  ],
  [
    'more goes past the stream than usual',
    changedRequests({ what: 'overflowed' }),
    'OVERFLOW',
    'warning',
    changeText('events'),
    'npx sluice tail --errors --last 20',
  ],
  [
    'the target of relay refuses',
    {
      relay: {
        waiting: { ...threeCopies, oldest: null },
        refused: [
          { reason: '401', count: 2, since: hoursAgo(2), oldest: hoursAgo(3) },
          { reason: 'expired', count: 1, since: hoursAgo(2), oldest: hoursAgo(3) },
        ],
        hasMore: false,
      },
    },
    'RELAY_REFUSED',
    'problem',
    `401 2 ${hoursAgo(2)} ${hoursAgo(3)} 1 ${hoursAgo(2)} ${hoursAgo(3)}`,
    'npx sluice relay status',
  ],
  [
    'relay is late',
    { relay: { waiting: { ...threeCopies, oldest: hoursAgo(2) }, refused: [], hasMore: false } },
    'RELAY_LATE',
    'warning',
    `3 ${hoursAgo(2)}`,
  ],
  [
    'copies were not kept for relay',
    {
      unkept: { count: 42, first: hoursAgo(3), last: hoursAgo(0.1) },
      unkeptError: 'AccessDenied: no.',
    },
    'RELAY_NOT_KEPT',
    'problem',
    `42 AccessDenied ${hoursAgo(3)} ${hoursAgo(0.1)} sluice-prod-CollectRole-* sluice-prod-relay s3:PutObject relay/waiting/`,
    'npx sluice doctor --drift',
  ],
  [
    'a client counts seconds',
    {
      noted: {
        counts: { before_2000: 7, clock_corrected: 3 },
        hasMore: false,
        corrected: [],
        uncorrected: [],
        ahead: [],
        late: [],
        before2000: [
          { ...requestGroup, key: 'shop', sdk: 'python 1.0', count: 6 },
          { ...requestGroup, last: hoursAgo(9), count: 1 },
        ],
      },
    },
    'TIME_SECONDS',
    'warning',
    `6 1.0 ${hoursAgo(9)} ${hoursAgo(8)} 1 ${hoursAgo(9)} ${hoursAgo(9)}`,
    'npx sluice tail --errors --last 20',
  ],
  [
    'the clock of an SDK is off by hours, and that of few phones is',
    {
      lastDay: { ...wellDay, received: 10_000 },
      noted: {
        counts: { clock_corrected: 49, clock_ignored: 10 },
        hasMore: false,
        before2000: [],
        corrected: [
          { ...requestGroup, key: 'shop', sdk: 'py-server 0.40.0', count: 40, skewMs: 3 * HOUR_MS },
          { ...requestGroup, key: 'app', sdk: 'android-client 4', count: 9, skewMs: 24 * HOUR_MS },
        ],
        uncorrected: [{ ...requestGroup, key: 'batch', count: 10, skewMs: -1.5 * HOUR_MS }],
        ahead: [
          { ...requestGroup, key: 'http', count: 11, skewMs: -1.1 * HOUR_MS },
          { ...requestGroup, key: 'curl', count: 10, skewMs: -25.9 * HOUR_MS },
        ],
        late: [],
      },
    },
    'CLOCK_OFF',
    'warning',
    `40 events, 0.4 % of all, from py-server 0.40.0 with the key shop, first ${hoursAgo(9)}, last ${hoursAgo(8)}: up to 3.0 hours behind, corrected: the days are right; 10 events, 0.1 % of all, with the key batch, first ${hoursAgo(9)}, last ${hoursAgo(8)}: up to 1.5 hours ahead, not corrected: the days are as sent; 11 events, 0.1 % of all, with the key http, first ${hoursAgo(9)}, last ${hoursAgo(8)}: up to 1.1 hours ahead of their receipt, which no stated clock explains: some may be in a later day; 10 events, 0.1 % of all, with the key curl, first ${hoursAgo(9)}, last ${hoursAgo(8)}: up to 25.9 hours ahead of their receipt, which no stated clock explains: some may be in a later day, those of more than 24 hours in that of their receipt.`,
    'npx sluice tail --errors --last 20',
  ],
  [
    'many events of a sender that states no clock are from before the time window',
    oldEvents(false),
    'CLOCK_OFF',
    'warning',
    `10 ios-client 2 ${hoursAgo(9)} ${hoursAgo(8)}`,
    'npx sluice tail',
  ],
  [
    'many events of a sender whose stated clock is right are from before the time window',
    oldEvents(true),
    'CLOCK_OFF',
    'warning',
    `10 ios-client 2 ${hoursAgo(9)} ${hoursAgo(8)}`,
    'npx sluice tail',
  ],
];
