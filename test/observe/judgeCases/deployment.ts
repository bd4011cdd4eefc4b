import { NO_KEY } from '../../../observe/facts/statusFacts.ts';
import {
  codedFailure,
  curatedWith,
  deadLetters,
  emptyListing,
  failing,
  failureOf,
  functionErrors,
  hoursAgo,
  landingWaits,
  lostDay,
  msAgo,
  ringing,
  ringingAlarm,
  unreadPart,
  wellFacts,
} from '../statusFacts.ts';
import type { Case } from './Case.ts';

const deniedCalls = {
  part: 'write',
  role: 'arn:aws:iam::1:role/sluice-prod-WriteRole-1',
  action: 's3:PutObject',
  resource: 'arn:aws:s3:::acme/statsig/a.parquet',
  statements: { owner: 'arn:aws:kms:x:1:key/a', sids: ['Own'] },
  repair: ['kms', 'put-key-policy', '--policy', '{}'],
  count: 3,
  hasMore: false,
  first: hoursAgo(2),
  last: hoursAgo(1),
} as const;

/** Alarms, functions, and what cannot be read. */
export const deploymentCases: readonly Case[] = [
  [
    'the configuration is not deployed: what is read by its settings is of no deployment',
    {
      undeployed: { settings: ['bucket: deployed b, configured acme'], deployedAt: hoursAgo(99) },
      waiting: { ...wellFacts.waiting, landing: { ...emptyListing, count: 3, oldest: hoursAgo(2) } },
      lostDays: [lostDay('2026-11-19', 2)],
      alarms: [{ ...ringingAlarm, state: 'OK', notifies: false }],
    },
  ],
  [
    'the last deployment failed, and so did its rollback',
    { stackState: { status: 'UPDATE_ROLLBACK_FAILED', reason: 'queue gone', since: hoursAgo(2) } },
  ],
  [
    'an organization denies calls, for which objects wait',
    {
      deniedCalls: [{ ...deniedCalls, by: 'organization', statements: null, repair: null }],
      failures: {
        write: {
          ...codedFailure(
            'AccessDenied',
            'User: arn:aws:sts::1:assumed-role/sluice-prod-WriteRole-1/w is not authorized to perform: s3:PutObject on resource: "x".',
          ),
          kind: 'denied',
        },
      },
      ...landingWaits(3, 2),
    },
  ],
  [
    "a statement of the key's policy denies calls",
    { deniedCalls: [{ ...deniedCalls, action: 'kms:Decrypt', by: 'key' }] },
  ],
  [
    "a statement of a key's policy, which cannot be read, denied calls",
    {
      deniedCalls: [
        {
          ...deniedCalls,
          by: 'keyUnread',
          statements: null,
          repair: null,
          resource: 'arn:aws:kms:x:1:key/a',
        },
      ],
    },
  ],
  [
    'a function is killed at each of its runs',
    {
      functionErrors: [functionErrors],
      failures: { 'curate-plan': failureOf('timedOut', 'Task timed out after 300 s.', 11) },
    },
  ],
  [
    'a function was killed once, and its next run was not, with its alarm',
    {
      functionErrors: [{ ...functionErrors, errors: 1, first: hoursAgo(11), isOver: true, waits: null }],
      alarms: ringing('curate-plan-errors'),
    },
  ],
  [
    'a function cannot be loaded',
    {
      functionErrors: [functionErrors],
      failures: { 'curate-plan': failureOf('unloaded', 'Runtime.ImportModuleError: x.', 11) },
    },
  ],
  [
    'a function is throttled',
    {
      functionErrors: [{ ...functionErrors, errors: 0, throttled: 6, waits: null }],
      failures: { 'curate-plan': failureOf('throttled', 'Lambda throttled 6 invocations.', 11) },
    },
  ],
  [
    'nobody takes messages of a queue, for which days wait to be curated',
    {
      idleFunctions: [{ part: 'curate', messages: 3, schedule: null, since: hoursAgo(30) }],
      ...curatedWith({ late: ['2026-11-18'], lateSince: msAgo(30) }),
    },
  ],
  [
    'the schedule of a function does not ask for it',
    {
      idleFunctions: [{ part: 'export', messages: 0, schedule: 'daily', since: hoursAgo(30), hasRun: true }],
    },
  ],
  [
    'the key does not exist any more',
    { key: { Arn: 'arn:aws:kms:x:1:key/a', KeyState: NO_KEY }, keyFailedSince: hoursAgo(3) },
  ],
  [
    'messages are dead letters of a denial that is over',
    {
      deadLetters: [{ ...deadLetters, part: 'export' }],
      failures: {
        [deadLetters.queue]: failureOf('denied', 'AccessDenied: no.', 2),
        export: failureOf('denied', 'AccessDenied: no.', 2),
      },
      ...failing('export', { isOver: true }),
    },
  ],
  [
    'an alarm is on',
    {
      alarms: (['INSUFFICIENT_DATA', 'OK', 'ALARM'] as const).map((state) => ({
        ...ringingAlarm,
        name: state === 'ALARM' ? ringingAlarm.name : state,
        state,
        notifies: true,
      })),
    },
  ],
  ['alarms notify nobody', { alarms: [{ ...ringingAlarm, state: 'OK', notifies: false }] }],
  ['a part cannot be read', { unknown: [unreadPart('the partitions', 'denied', 'Denied.')] }],
];
