import { describe, expect, it } from '@jest/globals';
import { failureKind } from '../../../observe/answerKinds.ts';
import type { StatusFacts } from '../../../observe/facts/statusFacts.ts';
import { CALL_CURES } from '../../../observe/findings/catalogue/wording.ts';
import { type Finding, findingCatalogue } from '../../../observe/findings/catalogue.ts';
import {
  curatedWith,
  datasetFacts,
  deadLetters,
  exportOf,
  failedBy,
  failing,
  failureOf,
  hoursAgo,
  landingWaits,
  ongoingFailure,
  unreachedAt,
} from '../statusFacts.ts';
import { judge } from './judge.ts';

const QUOTA = 'ResourceNumberLimitExceededException: A resource numerical limit was exceeded.';
/** What AWS answers, of each kind. */
const ANSWERS = [
  { kind: 'denied', answer: 'AccessDeniedException: not authorized.' },
  { kind: 'missing', answer: 'EntityNotFoundException: Table x not found.' },
  { kind: 'busy', answer: 'ThrottlingException: Rate exceeded.' },
  { kind: 'awsFailed', answer: 'InternalServiceException: Try again.' },
  { kind: 'quota', answer: QUOTA },
] as const;
type Kind = (typeof ANSWERS)[number]['kind'];

/** States whose finding quotes the last failure of a function. */
const FAILING: Readonly<Record<string, (kind: Kind, answer: string) => Partial<StatusFacts>>> = {
  DEAD_LETTERS: (kind, answer) => ({
    deadLetters: [{ ...deadLetters, part: 'register', queue: 'sluice-prod-register-dead-letters' }],
    failures: { 'sluice-prod-register-dead-letters': failureOf(kind, answer) },
  }),
  FUNCTION_FAILED: (kind, answer) => ({
    ...failing('register'),
    failures: { register: failureOf(kind, answer) },
  }),
  PARTITION_WRONG: (kind, answer) => ({
    partitions: { days: 3, gaps: [{ table: 'events', day: '2026-11-20' }] },
    failures: { register: failureOf(kind, answer) },
  }),
  LANDING_LATE: (kind, answer) => ({
    ...landingWaits(3, 5),
    failures: { write: failureOf(kind, answer) },
  }),
  UNREACHED: (kind, answer) => ({
    ...unreachedAt('5xx', 2),
    failures: { collect: failureOf(kind, answer) },
  }),
};
/** States whose finding quotes the failure of a day. */
const FAILED_DAYS: Readonly<Record<string, (answer: string) => Partial<StatusFacts>>> = {
  CURATE_FAILED: (answer) =>
    curatedWith({
      failed: [
        {
          day: '2026-11-18',
          code: 'SLUICE_CURATE_CATALOG_FAILED',
          message: answer,
          ...ongoingFailure,
        },
      ],
    }),
  INGEST_FAILED: (answer) => datasetFacts({ days: [failedBy('SLUICE_LOAD_CATALOG_FAILED', answer)] }),
  EXPORT_FAILED: (answer) => exportOf(failedBy('SLUICE_EXPORT_SESSION_REFUSED', answer)),
};
/** `DEAD_LETTERS denied`: a finding and its case. */
const told = ({ code, cause, cure }: Finding) => {
  const known = Object.entries<Pick<Finding, 'cause' | 'cure'>>(findingCatalogue[code].cases);
  const plain = (text: string) => text.replaceAll(/ --(?:stage prod|region eu-central-1)/g, '');
  const [name] =
    known.find((one) => plain(cause) === one[1].cause && plain(cure).startsWith(one[1].cure)) ?? [];
  return `${code.slice('SLUICE_FINDING_'.length)} ${name}`;
};

describe("AWS's answer", () => {
  it.each([
    { answer: 'AccessDeniedException: not authorized', kind: 'denied' },
    { answer: 'TooManyRequestsException: ConcurrentInvocationLimitExceeded', kind: 'busy' },
    { answer: 'RequestLimitExceeded: Request limit exceeded.', kind: 'busy' },
    { answer: 'CallerRateLimitExceeded: x', kind: 'busy' },
    { answer: QUOTA, kind: 'quota' },
    { answer: `SLUICE_CATALOG_X: ${QUOTA}`, kind: 'quota' },
    {
      answer: 'LimitExceededException: The request was rejected because a quota was exceeded.',
      kind: 'quota',
    },
    { answer: 'ServiceQuotaExceededException: x', kind: 'quota' },
    { answer: 'CodeStorageExceededException: x', kind: 'quota' },
    { answer: 'TooManyBuckets: x', kind: 'quota' },
  ])('$answer is of the kind $kind', ({ answer, kind }) => {
    expect(failureKind(answer)).toBe(kind);
  });

  it.each(Object.keys(FAILING).flatMap((code) => ANSWERS.map((row) => ({ code, ...row }))))(
    'of kind $kind is the case of $code, of a quota a finding of its own',
    ({ code, kind, answer }) => {
      const expected = kind === 'quota' ? 'QUOTA_REACHED glue' : `${code} ${kind}`;
      expect(judge(FAILING[code]?.(kind, answer) ?? {}).map(told)).toEqual([expected]);
    },
  );

  it.each(
    Object.keys(FAILED_DAYS).flatMap((code) =>
      ANSWERS.filter(({ kind }) => kind !== 'quota').map((row) => ({ code, ...row })),
    ),
  )('of kind $kind begins the cure of $code', ({ code, kind, answer }) => {
    const [found] = judge(FAILED_DAYS[code]?.(answer) ?? {});
    const plain = found?.cure.replaceAll(/ --(?:stage prod|region eu-central-1)/g, '') ?? '';
    const cures = Object.entries(CALL_CURES).filter(([, cure]) => plain.startsWith(cure));
    expect({ code: found?.code, kinds: cures.map(([name]) => name) }).toEqual({
      code: `SLUICE_FINDING_${code}`,
      kinds: [kind],
    });
  });

  it('of one quota is one finding of all that it stops, with the commands that try it again', () => {
    const facts = Object.values(FAILED_DAYS).map((factsOf) => factsOf(`SLUICE_X: ${QUOTA}`));
    const gap = FAILING['PARTITION_WRONG']?.('quota', QUOTA);
    const dead = FAILING['DEAD_LETTERS']?.('quota', QUOTA);
    const found = judge({
      ...Object.assign({}, ...facts),
      ...gap,
      ...dead,
      failures: { ...gap?.failures, ...dead?.failures },
    });
    expect(found.map(({ code, since }) => ({ code, since }))).toEqual([
      { code: 'SLUICE_FINDING_QUOTA_REACHED', since: hoursAgo(30) },
    ]);
    expect(found[0]?.commands).toEqual([
      'aws service-quotas list-service-quotas --service-code glue --region eu-central-1',
      expect.stringMatching(
        /^aws sqs start-message-move-task .*--source-arn arn:aws:sqs:x:1:sluice-prod-write-dead-letters /,
      ),
    ]);
  });

  it('of a quota that is raised since leaves the dead letters alone', () => {
    const facts = FAILING['DEAD_LETTERS']?.('quota', QUOTA);
    expect(judge({ ...facts, ...failing('register', { isOver: true }) }).map(told)).toContain(
      'DEAD_LETTERS over',
    );
  });
});
