import {
  at,
  damaged,
  deadLetters,
  failureOf,
  functionErrors,
  HOUR,
  NOW,
  nothing,
  stream,
  unthrottled,
  waiting,
} from '../statusFacts.ts';
import type { Case } from './Case.ts';

/** What waits to become files, the stream, and dead letters. */
export const landingCases: readonly Case[] = [
  [
    'the writer fails',
    {
      ...waiting({ landing: { ...nothing, count: 10_000, hasMore: true, oldest: at(4) } }),
      deadLetters: [deadLetters],
      failures: { write: failureOf('timedOut', 'Task timed out.', 1) },
    },
    'LANDING_LATE',
    'problem',
    `landing/ 10,000 ${at(4)} sluice-prod-write-dead-letters 2 ${at(1)} ${at(1)}`,
    'npx sluice redrive --landing',
  ],
  [
    'objects wait, and no run has failed',
    waiting({ landing: { ...nothing, count: 1, oldest: at(0.34) } }),
    'LANDING_LATE',
    'problem',
    `landing/ 1 ${at(0.34)}`,
    'npx sluice doctor --drift',
    'npx sluice redrive --landing',
  ],
  [
    'messages of the writer are dead letters, and nothing waits',
    { deadLetters: [{ ...deadLetters, messages: 1, since: null }] },
    'DEAD_LETTERS',
    'problem',
    'sluice-prod-write-dead-letters 1',
    'aws logs tail /aws/lambda/sluice-prod-write --since 14d',
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
    `sluice-prod-export-dead-letters 2 ${at(1)}`,
    // A message of export is hidden for an hour and a half.
    `aws logs filter-log-events --log-group-name /aws/lambda/sluice-prod-export --start-time ${NOW - 2.5 * HOUR - 120_000} --end-time ${NOW - HOUR + 60_000}`,
    'aws sqs start-message-move-task --source-arn arn:aws:sqs:x:1:e-dead-letters --destination-arn arn:aws:sqs:x:1:e',
  ],
  [
    'messages of a function never ran, beside what it fails with now',
    {
      deadLetters: [{ ...deadLetters, part: 'curate-plan', queue: 'q' }],
      functionErrors: [{ ...functionErrors, isOver: true, waits: null }],
      failures: {
        q: failureOf('throttled', 'Lambda throttled 6 invocations.'),
        'curate-plan': failureOf('throttled', 'Lambda throttled 1 invocation.'),
      },
    },
    'DEAD_LETTERS',
    'problem',
    `q 2 ${at(1)} ${at(1)} 6`,
    ...unthrottled('curate-plan'),
    `aws sqs start-message-move-task --source-arn ${deadLetters.arn} --destination-arn arn:aws:sqs:x:1:sluice-prod-write`,
  ],
  [
    'the writer was killed, by the finding of what waits',
    {
      ...waiting({ landing: { ...nothing, count: 1, oldest: at(4) } }),
      functionErrors: [{ ...functionErrors, part: 'write', first: at(3.9), last: at(1) }],
    },
    'LANDING_LATE',
    'problem',
    `landing/ 1 ${at(4)} 2 61 24 ${at(3.9)} ${at(1)}`,
  ],
  [
    'an object is damaged',
    waiting({ damaged: { ...damaged, count: 1, bytes: 9, oldest: at(0), first: 'damaged/a' } }),
    'DAMAGED',
    'problem',
    `damaged/ 1 ${at(0)} 9 0`,
    'npx sluice redrive --discard damaged/a --dry-run',
    'npx sluice redrive --discard damaged/a',
    'npx sluice redrive --damaged',
  ],
  [
    'the bucket deletes nothing',
    waiting({ undeleted: { ...nothing, count: 2, oldest: at(0), why: 'AccessDenied' } }),
    'UNDELETED',
    'problem',
    `landing/ 2 ${at(0)} S3 s3:DeleteObject`,
  ],
  [
    'Firehose is blocked',
    {
      stream: { ...stream, oldest: at(12.5) },
      ...waiting({ buffered: { count: null, oldest: at(12.5) } }),
      failures: { landing: failureOf('error', 'S3.AccessDenied: Access was denied.', 0.1) },
    },
    'STREAM_LATE',
    'problem',
    `sluice-prod-landing ${at(0.1)} S3.AccessDenied ${at(12.5)} 12.5 11.5`,
  ],
  [
    'the stream is near its quota',
    { stream: { ...stream, quotaShare: 0.9, quota: 'bytes' } },
    'QUOTA_NEAR',
    'warning',
    'sluice-prod-landing 90',
  ],
  [
    'Firehose throttles',
    { stream: { ...stream, throttledRecords: 7 } },
    'QUOTA_NEAR',
    'problem',
    'sluice-prod-landing 7 15',
  ],
];
