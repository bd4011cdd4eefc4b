import type { StatusFacts } from '../../../observe/facts/statusFacts.ts';
import {
  answered,
  changedRequests,
  errorsOf,
  failedCodes,
  failedRequests,
  HOUR_MS,
  hoursAgo,
  logged,
  missingChange,
  moreChange,
  notedTimes,
  quarantineCount,
  refusedCopies,
  refusedRequests,
  relayWaits,
  requestGroup,
  silentFacts,
  silentSince,
  unreachedAt,
  unreadPart,
  usualHours,
  wellDay,
  wellHour,
  wellKeys,
} from '../statusFacts.ts';
import { each } from './Case.ts';

const UNKNOWN = 'SLUICE_KEY_UNKNOWN';
const WRONG_SHAPE = 'SLUICE_BODY_WRONG_SHAPE';
const TOO_LARGE = 'SLUICE_BODY_TOO_LARGE';
const NOT_STORED = 'SLUICE_COLLECT_NOT_STORED';
const MANGLED = 'SLUICE_COLLECT_BODY_MANGLED';
const NOT_RELAYED = 'SLUICE_COLLECT_NOT_RELAYED';
const NOT_DELIVERED = 'SLUICE_COLLECT_NOT_DELIVERED';
const KEYS = 'SLUICE_KEYS_UNAVAILABLE';
/** An app whose requests were all refused until half an hour ago. */
const refusedApp = { sdk: 'ios-client 2', first: hoursAgo(1.5), last: hoursAgo(0.5) };
const minutes = (count: number) => hoursAgo(count / 60);

/** Requests that fail with a code until so many minutes ago, and whose sender was stored so many minutes ago. */
const failedAndStored = (last: number, stored: number, code = NOT_STORED) => ({
  lastHour: {
    ...wellHour,
    failedBy: { [code]: 2 },
    failedAt: { [code]: { first: minutes(30), last: minutes(last) } },
  },
  lastDay: { ...wellDay, failedBy: failedCodes({ code, count: 2, first: 0.6, last: 0.1 }) },
  unstored: logged(answered(code, 2, { last: minutes(last + 1), storedAt: minutes(stored) })),
});

/** An SDK of which no event comes any more. */
const goneSdk = { ...missingChange, what: 'sdk', value: 'js-client', of: 400 } as const;
/** A name of which no event comes any more. */
const goneBuy = { ...missingChange, value: 'buy', of: 60 } as const;
const goneExperiment = {
  ...missingChange,
  table: 'exposures',
  what: 'experiment',
  value: 'checkout',
} as const;
/** So many rows of quarantine with a reason of each of these SDKs. */
const refusedRows = (sdks: readonly string[], rows: number, reason: string, key = 'web') => ({
  ...quarantineCount,
  reason,
  rows,
  senders: sdks.map((sdk) => ({ sdk, key, path: null, rows, firstAt: hoursAgo(3), lastAt: hoursAgo(1) })),
});

/** States of requests, senders, keys and copies with several of what usually is one, and those at a bound. Their findings are in findings.json. */
export const severalRequests: Readonly<Record<string, Partial<StatusFacts>>> = {
  'silence since exactly two days': { ...silentFacts, lastRequestAt: hoursAgo(48) },
  ...each(
    [
      { state: 'the log has more lines than metrics count', count: 9, hasMore: false },
      { state: 'the log that was read has more lines than metrics count', count: 9, hasMore: true },
      { state: 'the log has fewer lines than metrics count', count: 5, hasMore: false },
    ],
    ({ state, count, hasMore }) => [
      `requests failed, and ${state}`,
      {
        ...failedRequests({ [NOT_DELIVERED]: 7 }),
        unstored: { ...logged(answered(NOT_DELIVERED, count, { sdk: 'js-client 3' })), hasMore },
      },
    ],
  ),
  'requests were refused in the day and none in the hour, and the log is not read': {
    lastHour: wellHour,
    lastDay: { ...wellDay, refused: 9 },
  },
  'more requests were refused in the day than in the hour, and the log is not read': {
    ...refusedRequests({ [UNKNOWN]: 20, [TOO_LARGE]: 2 }, 400),
    lastDay: { ...wellDay, refused: 900 },
  },
  ...each([0.0004, 0.12, 0.1204, 0.0991], (usual) => [
    `at most a share of ${usual} of an SDK had no user`,
    { contentChanges: [{ ...moreChange, sdk: 'js-client 3', usual }] },
  ]),
  ...each(
    [
      { state: 'half an hour from the clock of half of them', skew: 5.5, count: 320 },
      { state: 'more than half an hour from the clock of half of them', skew: 5.51, count: 320 },
      { state: 'half an hour from the clock of less than half of them', skew: 5.5, count: 319 },
    ],
    ({ state, skew, count }) => [
      `events of an SDK are as far from their receipt as ${state}`,
      {
        contentChanges: [{ ...moreChange, what: 'offset', sdk: 'js-client 3', value: '300' }],
        noted: {
          ...notedTimes,
          uncorrected: [{ ...requestGroup, sdk: 'js-client 3', count, skewMs: skew * HOUR_MS }],
        },
      },
    ],
  ),
  'an event comes far more seldom, half of which one SDK sent': {
    contentChanges: [
      { ...goneBuy, count: 20, of: 120 },
      { ...goneBuy, what: 'sdkEvent', subject: 'android-client', of: 50 },
    ],
  },
  'a tenth of what an experiment lacks is of another environment': {
    contentChanges: [
      { ...goneExperiment, of: 1000 },
      { ...moreChange, what: 'environment', sdk: 'js-client 3', value: 'staging', count: 100, of: 140 },
    ],
  },
  'requests failed, and their senders of the log were stored since, which has more': {
    ...failedAndStored(3, 1),
    unstored: { ...failedAndStored(3, 1).unstored, hasMore: true },
  },
  'requests were refused before the collector until exactly an hour and a quarter ago': unreachedAt(
    '4xx',
    1.75,
  ),
  'past the stream, until half an hour ago': {
    ...changedRequests({ what: 'overflowed', last: hoursAgo(0.5) }),
    lastHour: { ...wellHour, received: 4 },
  },
  'past the stream, until exactly an hour ago': {
    ...changedRequests({ what: 'overflowed', last: hoursAgo(1) }),
    lastHour: { ...wellHour, received: 4 },
  },
  'past the stream, whose log could not be read': {
    ...changedRequests({ what: 'overflowed' }),
    unknown: [{ ...unreadPart('the log of collect'), log: 'collect' }],
  },
  'past the stream, which is gone': {
    ...changedRequests({ what: 'overflowed' }),
    overflowError: 'ResourceNotFoundException',
  },
  'an experiment stays away that is named as an SDK that does, and an SDK of exposures beside another of events':
    {
      contentChanges: (
        [
          ['exposures', 'experiment', 'ios-client'],
          ['events', 'sdk', 'ios-client'],
          ['exposures', 'sdk', 'js-client'],
        ] as const
      ).map(([table, what, value]) => ({ ...missingChange, table, what, value, of: 90 })),
    },
  'three clocks of one sender, of which one is off by exactly two days': {
    lastDay: { ...wellDay, received: 100 },
    noted: {
      ...notedTimes,
      corrected: [{ ...requestGroup, key: 'app', count: 9, skewMs: 48 * HOUR_MS }],
      uncorrected: [{ ...requestGroup, key: 'app', count: 5, skewMs: 3 * HOUR_MS }],
      ahead: [
        { ...requestGroup, key: 'app', count: 4, skewMs: -24 * HOUR_MS },
        { ...requestGroup, key: 'tv', count: 2, skewMs: -30 * HOUR_MS },
      ],
    },
  },
  'relay is late, as S3 denies its copies': {
    ...relayWaits(2),
    relayAnswer: { from: 'bucket', why: 'AccessDenied', copies: 2, at: hoursAgo(0.5), takenAt: null },
  },
  'relay is late, as S3 slows down': {
    ...relayWaits(2),
    relayAnswer: { from: 'bucket', why: 'SlowDown', copies: 2, at: hoursAgo(0.5), takenAt: null },
  },
  'relay is late, by an error of the network with a number': {
    ...relayWaits(2),
    relayAnswer: { from: 'target', why: 'E404', copies: 2, at: hoursAgo(0.5), takenAt: null },
  },
  '503 of the day, where the last hour is not known': {
    lastDay: { ...wellDay, failedBy: failedCodes({ code: NOT_STORED, count: 4, first: 9, last: 8 }) },
  },
  '503 until two minutes ago, whose sender was stored since': failedAndStored(2, 1),
  '503 until a minute ago, whose sender was stored since': failedAndStored(1, 0.5),
  'bodies came without their header until three minutes ago, and other users of their SDK were stored since':
    failedAndStored(3, 1, MANGLED),
  'bodies came without their header, none within the last hour': {
    ...failedAndStored(3, 1, MANGLED),
    lastHour: wellHour,
  },
  '503 of keys, where requests were stored since and collectors fail to read them': {
    lastHour: { ...wellHour, lastStoredAt: hoursAgo(0.5) },
    lastDay: { ...wellDay, failedBy: failedCodes({ code: KEYS, count: 4, first: 9, last: 8 }) },
    keysFailure: { text: 'x', kind: 'busy', since: hoursAgo(9) },
  },
  '503 of three codes, of which one is over and the most are the second': {
    lastHour: { ...wellHour, failedBy: { [NOT_RELAYED]: 7, [NOT_DELIVERED]: 40 } },
    lastDay: {
      ...wellDay,
      failedBy: failedCodes(
        { code: NOT_STORED, count: 90, first: 5, last: 4 },
        { code: NOT_RELAYED, count: 7, first: 3, last: 0.1 },
        { code: NOT_DELIVERED, count: 40, first: 9, last: 0.1 },
      ),
    },
    unstored: logged(
      answered(NOT_STORED, 90, { storedAt: hoursAgo(2) }),
      answered(NOT_RELAYED, 7),
      answered(NOT_DELIVERED, 40, { key: 'app' }),
    ),
  },
  ...each(['429', '413', '405', '404', '403', '418'], (status) => [
    `the gateway refused requests, most with ${status}`,
    { ...unreachedAt('4xx', 1), gatewayStatus: { status, count: 40, of: 50, hasMore: status === '413' } },
  ]),
  'a key was unknown in the last hour, of which the log has no line': {
    ...refusedRequests({ SLUICE_KEY_UNKNOWN: 4, SLUICE_METHOD_NOT_ALLOWED: 2 }, 400),
    refusals: logged(answered('SLUICE_METHOD_NOT_ALLOWED', 2)),
  },
  'requests were refused of two codes, and the log was not read': refusedRequests(
    { SLUICE_METHOD_NOT_ALLOWED: 5, SLUICE_KEY_MISSING: 20 },
    400,
  ),
  'a key is unknown, while the list cannot be read': {
    ...refusedRequests({ SLUICE_KEY_UNKNOWN: 4 }, 400),
    refusals: logged(answered('SLUICE_KEY_UNKNOWN', 4, { key: '9f86d081' })),
    keys: { ...wellKeys, senders: [], fault: 'It is not JSON.', faultKind: 'invalid' },
  },
  'every request of an app of the local cloud is refused': {
    isLocal: true,
    ...refusedRequests({ SLUICE_METHOD_NOT_ALLOWED: 3 }, 400),
    refusals: logged(answered('SLUICE_METHOD_NOT_ALLOWED', 3, refusedApp)),
  },
  'three requests of an app of the local cloud are refused, and others stored': {
    isLocal: true,
    ...refusedRequests({ SLUICE_METHOD_NOT_ALLOWED: 3 }, 400),
    refusals: logged(answered('SLUICE_METHOD_NOT_ALLOWED', 3, { ...refusedApp, storedAt: hoursAgo(1) })),
  },
  'three requests of an app of the local cloud are refused, and not all stored ones were read': {
    isLocal: true,
    ...refusedRequests({ SLUICE_METHOD_NOT_ALLOWED: 3 }, 400),
    refusals: logged(answered('SLUICE_METHOD_NOT_ALLOWED', 3, { ...refusedApp, isUnsought: true })),
  },
  'copies were not kept, by an error that the log has whole': {
    unkept: { count: 2, first: hoursAgo(3), last: hoursAgo(1) },
    unkeptError: 'AWS.SimpleQueueService.NonExistentQueue: sluice-prod-relay',
  },
  'copies wait and were refused, of which the target says no more': {
    relay: {
      ...relayWaits(1.5, 3).relay,
      refused: [refusedCopies('413', { count: 5, hours: 3 }), refusedCopies('404', { count: 7, hours: 9 })],
    },
    unknown: [{ ...unreadPart('the log of relay'), log: 'relay' }],
  },
  'copies have waited for six days': relayWaits(6 * 24),
  'copies have waited for a minute less than six days': relayWaits(6 * 24 - 1 / 60),
  'a key is unknown whose digits another one has in its middle, and one has a label': {
    ...refusedRequests({ SLUICE_KEY_UNKNOWN: 4 }, 400),
    keys: { ...wellKeys, senders: ['aa9f86d081'], labels: { '5e5e5e5eff': 'web_1', '9f86d0ffff': 'app_2' } },
    refusals: logged(
      answered('SLUICE_KEY_UNKNOWN', 3, { key: '9f86d081' }),
      answered('SLUICE_KEY_UNKNOWN', 1, { key: '5e5e5e5e' }),
    ),
  },
  'an app was refused whose key is in the list now, and the log has more': {
    ...refusedRequests({ SLUICE_KEY_UNKNOWN: 3 }, 400),
    keys: { ...wellKeys, senders: ['9f86d081ff'] },
    refusals: { ...logged(answered('SLUICE_KEY_UNKNOWN', 3, { key: '9f86d081' })), hasMore: true },
  },
  'bodies are refused that something on the way cut': {
    ...refusedRequests({ SLUICE_BODY_TRUNCATED: 5 }, 400),
    refusals: logged(answered('SLUICE_BODY_TRUNCATED', 5, { key: 'tv' })),
  },
  'the keys of the local cloud are no list': {
    isLocal: true,
    keys: { ...wellKeys, senders: [], fault: 'It is not JSON.', faultKind: 'invalid' },
  },
  'copies were not kept, as SQS denies the role': {
    unkept: { count: 2, first: hoursAgo(3), last: hoursAgo(0.5) },
    unkeptError:
      'AccessDenied: User: arn:aws:sts::1:assumed-role/sluice-prod-CollectRole-1/c is not authorized to perform: sqs:SendMessage on resource: arn:aws:sqs:x:1:sluice-prod-relay because no identity-based policy allows the sqs:SendMessage action',
  },
  ...each(
    [
      { refused: 3, requests: 5 },
      { refused: 1, requests: 2 },
      { refused: 20, requests: 400 },
      { refused: 19, requests: 400 },
      { refused: 20, requests: 401 },
    ],
    ({ refused, requests }) => [
      `${refused} of ${requests} requests have an unknown key`,
      refusedRequests({ [UNKNOWN]: refused }, requests),
    ],
  ),
  ...each([[9], [2], [1.9], [9, 1], [1, 9]], (hours) => [
    `AWS refused requests ${hours.join(' and ')} hours ago`,
    unreachedAt('4xx', ...hours),
  ]),
  'requests were refused without the collector in an hour in which others failed with its errors': {
    unreached: [...unreachedAt('4xx', 1).unreached, ...unreachedAt('5xx', 1).unreached],
    functionErrors: [errorsOf('collect', 0.9, 0.1)],
  },
  '503 of a sender whose key has a label': {
    ...failedRequests({ [KEYS]: 1 }),
    keys: { ...wellKeys, labels: { '9f86d081ff': 'web_1' } },
    unstored: logged(answered(KEYS, 1, { key: '9f86d081' })),
  },
  ...each(
    [
      { key: 'web', sdks: ['py-batcher 2.0.0'] },
      { key: 'web', sdks: ['py-batcher 2.0.0', 'go-batcher 2.0.0'] },
      { key: 'web', sdks: ['py-batcher 2.0.1'] },
      { key: 'app', sdks: ['py-batcher 2.0.0'] },
    ],
    ({ key, sdks }) => [
      `an SDK on no list was refused with the key web, and quarantine has ${sdks.join(' and ')} with the key ${key}`,
      {
        ...refusedRequests({ [WRONG_SHAPE]: 9 }),
        refusals: logged(answered(WRONG_SHAPE, 9, { key: 'web', sdk: 'other 2.0.0' })),
        quarantine: [refusedRows(sdks, 2, WRONG_SHAPE, key)],
      },
    ],
  ),
  ...each(['py-batcher', 'py-batcher dev', 'py-batcher 2.0.0'], (sdk) => [
    `an SDK on no list was refused without a release number, and quarantine has ${sdk}`,
    {
      ...refusedRequests({ [WRONG_SHAPE]: 9 }),
      refusals: logged(answered(WRONG_SHAPE, 9, { key: 'web', sdk: 'other' })),
      quarantine: [refusedRows([sdk], 2, WRONG_SHAPE, 'web')],
    },
  ]),
  ...each(
    [
      { what: 'one sender', of: [answered(TOO_LARGE, 2, { key: 'web' })] },
      { what: 'one sender, of fewer requests', of: [answered(TOO_LARGE, 1, { key: 'web' })] },
      { what: 'two senders', of: [answered(TOO_LARGE, 2, { key: 'web' }), answered(TOO_LARGE, 2)] },
      { what: 'one sender and more', of: [answered(TOO_LARGE, 2, { key: 'web' })], hasMore: true },
      { what: 'one of another reason', of: [answered(WRONG_SHAPE, 2, { key: 'web' })] },
    ],
    ({ what, of, hasMore = false }) => [
      `bodies are too large, of which nobody counted the senders, and the log has ${what}`,
      {
        ...refusedRequests({ [TOO_LARGE]: 2 }),
        refusals: { ...logged(...of), hasMore },
        quarantine: [refusedRows([], 2, TOO_LARGE)],
      },
    ],
  ),
  'a key is unknown, and the list was not read': { ...refusedRequests({ [UNKNOWN]: 3 }), keys: null },
  'silence of four days, in each of which an hour has 40 requests': silentSince(100, {
    usualHours: usualHours(40),
  }),
  'the clock of one sender is off by two spans, and that of another by one of them': {
    noted: {
      ...notedTimes,
      corrected: [
        { ...requestGroup, key: 'app', count: 3, skewMs: 30 * HOUR_MS, first: hoursAgo(5) },
        { ...requestGroup, key: 'app', count: 3, skewMs: 2 * HOUR_MS, first: hoursAgo(7) },
        { ...requestGroup, key: 'shop', count: 40, skewMs: 2 * HOUR_MS, first: hoursAgo(20) },
      ],
    },
  },
  ...each(
    [
      '301',
      '304',
      '200',
      '202 text/html',
      '503',
      'EPROTO',
      'ENOTFOUND',
      'EAI_AGAIN',
      'ECONNRESET',
      'ETIMEDOUT',
      'TimeoutError',
      'CERT_HAS_EXPIRED',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ],
    (why) => [
      `relay is late, as its target fails with ${why}`,
      {
        ...relayWaits(5, 4),
        relayAnswer: { from: 'target', why, copies: 2, at: hoursAgo(0.1), takenAt: null },
      },
    ],
  ),
  'relay is late, as its target failed, and takes copies again': {
    ...relayWaits(5, 4),
    relayAnswer: {
      from: 'target',
      why: 'CERT_HAS_EXPIRED',
      copies: 2,
      at: hoursAgo(0.5),
      takenAt: hoursAgo(0.2),
    },
  },
  '503 of which the log has more lines than were read': {
    lastHour: { ...wellHour, failedBy: { [NOT_DELIVERED]: 7 } },
    unstored: {
      ...logged(answered(NOT_DELIVERED, 5, { sdk: 'js-client 3.1', key: 'web' })),
      hasMore: true,
    },
  },
  ...each(
    [
      { what: '503 of two senders, of which one was stored since', storedAt: [0.2] },
      {
        what: '503 of two senders, of which one was stored since, and the other at the last 503',
        storedAt: [0.2, 0.25],
      },
    ],
    ({ what, storedAt }) => [
      what,
      {
        lastHour: {
          ...wellHour,
          failedBy: { [NOT_DELIVERED]: 6 },
          failedAt: { [NOT_DELIVERED]: { first: hoursAgo(0.5), last: hoursAgo(0.25) } },
          lastStoredAt: hoursAgo(0.1),
        },
        lastRequestAt: hoursAgo(0.1),
        unstored: logged(
          ...['app0', 'app1'].map((key, i) => {
            const since = storedAt[i];
            const times = { first: hoursAgo(0.5), last: hoursAgo(0.25) };
            const stored = since === undefined ? {} : { storedAt: hoursAgo(since) };
            return answered(NOT_DELIVERED, 3, { ...times, key, ...stored });
          }),
        ),
      },
    ],
  ),
  ...each(
    [
      {
        what: 'of an unknown key are refused for less than an hour',
        code: UNKNOWN,
        more: { first: hoursAgo(0.9) },
      },
      { what: 'of an unknown key and of no SDK are refused', code: UNKNOWN, more: { sdk: null } },
      { what: 'of a key that may send are refused', code: 'SLUICE_BODY_NOT_JSON', more: {} },
    ],
    ({ what, code, more }) => [
      `all requests of a sender ${what}`,
      {
        ...refusedRequests({ [code]: 9 }, 4_000),
        refusals: logged(
          answered(code, 12, {
            key: 'abcd1234',
            sdk: 'js-client 3',
            first: hoursAgo(1.2),
            last: hoursAgo(0.1),
            ...more,
          }),
        ),
      },
    ],
  ),
  ...each(
    [
      { what: 'an SDK stays away, and a row of it is', change: goneSdk, sdk: 'js-client 3.1', rows: 1 },
      {
        what: 'an SDK stays away, and rows of one with a longer name are',
        change: goneSdk,
        sdk: 'js-client-x 3',
        rows: 9,
      },
      { what: 'a name of events stays away, and as many rows are', change: goneBuy, sdk: 'x', rows: 60 },
      { what: 'a name of events stays away, and fewer rows are', change: goneBuy, sdk: 'x', rows: 59 },
      {
        what: 'a name of events stays away, and as many rows of files are',
        change: goneBuy,
        sdk: 'x',
        rows: 60,
        reason: 'SLUICE_INGEST_ROW_TIME_MISSING',
      },
    ],
    ({ what, change, sdk, rows, reason = 'SLUICE_EVENT_KIND_NOT_ALLOWED' }) => [
      `${what} in quarantine`,
      { contentChanges: [change], quarantine: [refusedRows([sdk], rows, reason)] },
    ],
  ),
  ...each([400, 401], (of) => [
    `an experiment lacks ${of} exposures, and 400 of an SDK evaluated nothing`,
    {
      contentChanges: [
        {
          ...goneExperiment,
          what: 'evaluation',
          kind: 'more',
          value: 'NoValues',
          subject: 'js-client',
          sdk: 'js-client 3',
          count: 400,
          of: 500,
        },
        { ...goneExperiment, of },
      ],
    },
  ]),
};
