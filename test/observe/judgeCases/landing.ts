import {
  deadLetters,
  emptyDamaged,
  emptyListing,
  failing,
  failureOf,
  functionErrors,
  hoursAgo,
  idleStream,
  landingWaits,
  missingResource,
  waitingFacts,
} from '../statusFacts.ts';
import type { Case } from './Case.ts';

/** How a queue with a key of somebody differs. */
const OWN_KEY = 'KmsMasterKeyId is "alias/own" instead of none';
/** A queue of the writer that somebody has changed. */
const changedQueue = {
  ...missingResource,
  what: 'queue',
  part: "the functions' runs",
  name: 'sluice-prod-write',
  changedAt: hoursAgo(2),
  differs: ['MessageRetentionPeriod is 60 seconds instead of 345600'],
  repair: [['sqs', 'set-queue-attributes', '--queue-url', 'https://q', '--attributes', '{}']],
} as const;

/** Errors of the writer before runs that succeed. */
const overErrors = {
  ...functionErrors,
  part: 'write',
  first: hoursAgo(0.9),
  last: hoursAgo(0.5),
  isOver: true,
};

/** Runs of the writer that were throttled after objects came, and that succeed now. Its queue has no message. */
const throttledThen = {
  failures: { write: failureOf('throttled', 'Lambda throttled 6 invocations.', 0.5) },
  functionErrors: [{ ...overErrors, errors: 0, throttled: 6, waits: { messages: 0, since: null } }],
};

/** What waits to become files, the stream, and dead letters. */
export const landingCases: readonly Case[] = [
  [
    'the writer fails',
    {
      ...waitingFacts({ landing: { ...emptyListing, count: 10_000, hasMore: true, oldest: hoursAgo(4) } }),
      deadLetters: [deadLetters],
      failures: { write: failureOf('timedOut', 'Task timed out.', 1) },
    },
  ],
  ['objects wait, and no run has failed', landingWaits(1, 0.34)],
  [
    'messages of the writer are dead letters, and nothing waits',
    { deadLetters: [{ ...deadLetters, messages: 1, since: null }] },
  ],
  [
    'messages of another function are dead letters',
    {
      deadLetters: [
        {
          ...deadLetters,
          part: 'export',
          queue: 'sluice-prod-export-dead-letters',
          arn: 'arn:aws:sqs:x:1:e-dead-letters',
        },
      ],
    },
  ],
  [
    'messages of a function never ran, beside what it fails with now',
    {
      deadLetters: [{ ...deadLetters, part: 'curate-plan', queue: 'q' }],
      functionErrors: [{ ...functionErrors, errors: 0, throttled: 6, waits: null }],
      failures: {
        q: failureOf('throttled', 'Lambda throttled 6 invocations.'),
        'curate-plan': failureOf('throttled', 'Lambda throttled 1 invocation.'),
      },
    },
  ],
  [
    'the writer was killed, by the finding of what waits',
    {
      ...landingWaits(1, 4),
      ...failing('write', { first: hoursAgo(3.9), last: hoursAgo(1) }),
    },
  ],
  ...(
    [
      ['a key of somebody', OWN_KEY, { keyPoint: OWN_KEY }, {}],
      [
        'a short retention, after runs that were throttled',
        'MessageRetentionPeriod is 60 seconds instead of 345600',
        {},
        throttledThen,
      ],
    ] as const
  ).map(
    ([what, point, queue, more]): Case => [
      `objects wait, and the queue of the writer has ${what}`,
      { ...landingWaits(1, 1), ...more, stackFaults: [{ ...changedQueue, ...queue, differs: [point] }] },
    ],
  ),
  [
    'objects wait whose messages are gone, after runs that were throttled',
    { ...landingWaits(1, 1), ...throttledThen },
  ],
  [
    'objects wait, one of which the writer fails with each time, between runs that succeed',
    {
      ...landingWaits(1, 1),
      failures: { write: failureOf('denied', 'AccessDenied.', 0.3) },
      functionErrors: [{ ...overErrors, errors: 1, waits: { messages: 1, since: null } }],
    },
  ],
  [
    'the writer had errors, later runs had none, and a message waits',
    { functionErrors: [{ ...overErrors, errors: 1, waits: { messages: 1, since: hoursAgo(0.1) } }] },
  ],
  [
    'the queue of a function has a key of somebody, and its messages wait',
    {
      stackFaults: [{ ...changedQueue, differs: [OWN_KEY], keyPoint: OWN_KEY }],
      idleFunctions: [{ part: 'write', messages: 7, schedule: null, since: hoursAgo(1) }],
      ...landingWaits(7, 1),
    },
  ],
  [
    'the queue of a function keeps messages for less time, and its trigger is off',
    {
      stackFaults: [
        {
          ...changedQueue,
          name: 'sluice-prod-export',
          differs: ['VisibilityTimeout is 5 seconds instead of 5400'],
        },
        { ...changedQueue, isOtherRelease: true },
        { ...changedQueue, name: 'sluice-prod-register', repair: [], changedAt: null },
      ],
      idleFunctions: [{ part: 'export', messages: 7, schedule: 'daily', since: hoursAgo(1) }],
    },
  ],
  [
    'objects wait behind many others',
    {
      ...landingWaits(900, 1),
      writer: { messages: 6_000, perMinute: 60, goneAt: hoursAgo(-1.5) },
    },
  ],
  [
    'objects wait that no message is of, while the writer goes on with others',
    {
      ...landingWaits(900, 1.5),
      writer: { messages: 449, perMinute: 60, goneAt: hoursAgo(-0.1) },
    },
  ],
  [
    'more objects come than are written',
    {
      ...landingWaits(900, 1),
      writer: { messages: 6_000, perMinute: -60, goneAt: null },
    },
  ],
  [
    'an object is damaged',
    waitingFacts({
      damaged: { ...emptyDamaged, count: 1, bytes: 9, oldest: hoursAgo(0), first: 'damaged/a' },
    }),
  ],
  [
    'the bucket deletes nothing',
    waitingFacts({ undeleted: { ...emptyListing, count: 2, oldest: hoursAgo(0), why: 'AccessDenied' } }),
  ],
  [
    'Firehose is blocked',
    {
      stream: { ...idleStream, oldest: hoursAgo(12.5) },
      ...waitingFacts({ buffered: { count: null, oldest: hoursAgo(12.5) } }),
      failures: { landing: failureOf('error', 'S3.AccessDenied: Access was denied.', 0.1) },
    },
  ],
  ...(
    [
      ['outside of the landing', 'arn:aws:s3:::acme/raw/2026/11/20/12/a.gz'],
      ['of the landing', 'arn:aws:s3:::acme/landing/2026/11/20/12/a.gz'],
    ] as const
  ).map(
    ([what, resource]): Case => [
      `Firehose is denied an object ${what}`,
      {
        stream: { ...idleStream, oldest: hoursAgo(2) },
        ...waitingFacts({ buffered: { count: null, oldest: hoursAgo(2) } }),
        failures: {
          landing: failureOf(
            'denied',
            `S3.AccessDenied: User: arn:aws:sts::111122223333:assumed-role/landing/f is not authorized to perform: s3:PutObject on resource: "${resource}" because no identity-based policy allows the s3:PutObject action.`,
          ),
        },
      },
    ],
  ),
  ...(
    [
      ['a bucket of another stage', 's3://sluice-experiments-dev/'],
      ['the bucket of the configuration', 's3://acme/'],
      ['a bucket of the other account by its ARN, which is denied', 'AccessDenied on arn:aws:s3:::other'],
    ] as const
  ).map(
    ([what, bucket]): Case => [
      `messages of the registrar failed with ${what}`,
      {
        deadLetters: [{ ...deadLetters, part: 'register', queue: 'q' }],
        failures: { q: failureOf('missing', `SLUICE_REGISTER_FAILED: ${bucket}: NoSuchBucket.`) },
      },
    ],
  ),
  ['the stream is near its quota', { stream: { ...idleStream, quotaShare: 0.9, quota: 'bytes' } }],
  ['Firehose throttles', { stream: { ...idleStream, throttledRecords: 7 } }],
];
