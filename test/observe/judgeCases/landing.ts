import {
  deadLetters,
  emptyDamaged,
  emptyListing,
  failureOf,
  functionErrors,
  HOUR_MS,
  hoursAgo,
  idleStream,
  NOW,
  unthrottleCommands,
  waitingFacts,
} from '../statusFacts.ts';
import type { Case } from './Case.ts';

/** What waits to become files, the stream, and dead letters. */
export const landingCases: readonly Case[] = [
  [
    'the writer fails',
    {
      ...waitingFacts({ landing: { ...emptyListing, count: 10_000, hasMore: true, oldest: hoursAgo(4) } }),
      deadLetters: [deadLetters],
      failures: { write: failureOf('timedOut', 'Task timed out.', 1) },
    },
    'LANDING_LATE',
    'problem',
    `landing/ 10,000 ${hoursAgo(4)} sluice-prod-write-dead-letters 2 ${hoursAgo(1)} ${hoursAgo(1)}`,
    'npx sluice redrive --landing',
  ],
  [
    'objects wait, and no run has failed',
    waitingFacts({ landing: { ...emptyListing, count: 1, oldest: hoursAgo(0.34) } }),
    'LANDING_LATE',
    'problem',
    `landing/ 1 ${hoursAgo(0.34)}`,
    'npx sluice doctor --drift',
    'npx sluice redrive --landing',
  ],
  [
    'messages of the writer are dead letters, and nothing waits',
    { deadLetters: [{ ...deadLetters, messages: 1, since: null }] },
    'DEAD_LETTERS',
    'problem',
    'sluice-prod-write-dead-letters 1',
    `aws logs filter-log-events --log-group-name /aws/lambda/sluice-prod-write --start-time ${NOW - 336 * HOUR_MS} --query 'events[].[message]' --output text`,
    'npx sluice redrive --landing',
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
    'DEAD_LETTERS',
    'problem',
    `sluice-prod-export-dead-letters 2 ${hoursAgo(1)}`,
    // A message of export is hidden for an hour and a half.
    `aws logs filter-log-events --log-group-name /aws/lambda/sluice-prod-export --start-time ${NOW - 2.5 * HOUR_MS - 120_000} --end-time ${NOW - HOUR_MS + 60_000} --query 'events[].[message]' --output text`,
    'aws sqs start-message-move-task --source-arn arn:aws:sqs:x:1:e-dead-letters --destination-arn arn:aws:sqs:x:1:e',
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
    'DEAD_LETTERS',
    'problem',
    `q 2 ${hoursAgo(1)} ${hoursAgo(1)} 6`,
    ...unthrottleCommands('curate-plan'),
    `aws sqs start-message-move-task --source-arn ${deadLetters.arn} --destination-arn arn:aws:sqs:x:1:sluice-prod-write`,
  ],
  [
    'the writer was killed, by the finding of what waits',
    {
      ...waitingFacts({ landing: { ...emptyListing, count: 1, oldest: hoursAgo(4) } }),
      functionErrors: [{ ...functionErrors, part: 'write', first: hoursAgo(3.9), last: hoursAgo(1) }],
    },
    'LANDING_LATE',
    'problem',
    `landing/ 1 ${hoursAgo(4)} 2 61 24 ${hoursAgo(3.9)} ${hoursAgo(1)}`,
  ],
  [
    'an object is damaged',
    waitingFacts({
      damaged: { ...emptyDamaged, count: 1, bytes: 9, oldest: hoursAgo(0), first: 'damaged/a' },
    }),
    'DAMAGED',
    'problem',
    `damaged/ 1 ${hoursAgo(0)} 9 0`,
    'npx sluice redrive --discard damaged/a --dry-run',
    'npx sluice redrive --discard damaged/a',
    'npx sluice redrive --damaged',
  ],
  [
    'the bucket deletes nothing',
    waitingFacts({ undeleted: { ...emptyListing, count: 2, oldest: hoursAgo(0), why: 'AccessDenied' } }),
    'UNDELETED',
    'problem',
    `landing/ 2 ${hoursAgo(0)} S3 s3:DeleteObject`,
  ],
  [
    'Firehose is blocked',
    {
      stream: { ...idleStream, oldest: hoursAgo(12.5) },
      ...waitingFacts({ buffered: { count: null, oldest: hoursAgo(12.5) } }),
      failures: { landing: failureOf('error', 'S3.AccessDenied: Access was denied.', 0.1) },
    },
    'STREAM_LATE',
    'problem',
    `sluice-prod-landing ${hoursAgo(0.1)} S3.AccessDenied ${hoursAgo(12.5)} 12.5 11.5`,
  ],
  [
    'the stream is near its quota',
    { stream: { ...idleStream, quotaShare: 0.9, quota: 'bytes' } },
    'QUOTA_NEAR',
    'warning',
    'sluice-prod-landing 90',
  ],
  [
    'Firehose throttles',
    { stream: { ...idleStream, throttledRecords: 7 } },
    'QUOTA_NEAR',
    'problem',
    'sluice-prod-landing 7 15',
  ],
];
