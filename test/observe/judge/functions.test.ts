import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { StatusFacts } from '../../../observe/facts/statusFacts.ts';
import { findingCatalogue } from '../../../observe/findings/catalogue.ts';
import { judge as judgeFacts } from '../../../observe/findings/judge/judge.ts';
import {
  codedFailure,
  deadLetters,
  emptyDamaged,
  emptyListing,
  failureOf,
  functionErrors,
  hoursAgo,
  idleStream,
  judgedDeployment,
  ringingAlarm,
  waitingFacts,
  wellFacts,
} from '../statusFacts.ts';
import { judge } from './judge.ts';

const DENIED_ROLE = 'User: arn:aws:sts::1:assumed-role/W/x';
const DENIED_PUT =
  's3:PutObject on resource: "arn:aws:s3:::acme/y" because no identity-based policy allows it';

describe('a finding about functions, the landing and the stream', () => {
  it('of a denial that is over says so, and that of a policy that is there still', () => {
    const denied = (call: string) =>
      failureOf('denied', `AccessDenied: ${DENIED_ROLE} is not authorized to perform: ${call}`);
    const { waiting: late } = waitingFacts({ landing: { ...emptyListing, count: 1, oldest: hoursAgo(2) } });
    const { cases: causes } = findingCatalogue.SLUICE_FINDING_LANDING_LATE;
    const causeOf = (call: string, more: Partial<StatusFacts>) =>
      judge({ waiting: late, failures: { write: denied(call) }, ...more }).find(
        ({ code }) => code === 'SLUICE_FINDING_LANDING_LATE',
      )?.cause;
    expect(causeOf(DENIED_PUT, {})).toBe(causes.allowed.cause);
    expect(causeOf(DENIED_PUT.replace('s3:PutObject', 'kms:Decrypt'), {})).toBe(causes.allowed.cause);
    // Nobody has asked, or AWS does not name the policy.
    expect(causeOf(DENIED_PUT, { deniedCalls: null })).toBe(causes.denied.cause);
    expect(causeOf('kms:Decrypt on the resource associated with this ciphertext', {})).toBe(
      causes.denied.cause,
    );
  });

  it('of damaged bytes that surely hold no row has no command that reads them again', () => {
    const one = { ...emptyDamaged, count: 1, oldest: hoursAgo(2), first: 'damaged/a' };
    const of = (isWithoutRows: boolean) => judge({ ...waitingFacts({ damaged: { ...one, isWithoutRows } }) });
    expect(of(true)).toMatchObject([
      { commands: [expect.stringContaining('--dry-run'), expect.stringContaining('--discard damaged/a')] },
    ]);
    expect(of(false)[0]?.commands).toHaveLength(3);
  });

  it('of a landing whose bucket tells of no object names that alone', () => {
    const { waiting } = waitingFacts({ landing: { ...emptyListing, count: 1, oldest: hoursAgo(2) } });
    const points = ['EventBridgeConfiguration is not set'];
    const events = { name: 'events', why: '', points, repair: ['s3api', 'x'], isEarly: false } as const;
    const found = judge({ waiting, bucketFaults: [events] }).find(({ code }) =>
      code.endsWith('LANDING_LATE'),
    );
    expect(found?.cause).toBe(findingCatalogue.SLUICE_FINDING_LANDING_LATE.cases.unannounced.cause);
    expect(found?.commands).toEqual([expect.stringContaining('redrive --landing')]);
  });

  it.each([
    {
      part: 'write',
      facts: waitingFacts({ landing: { ...emptyListing, count: 3, oldest: hoursAgo(2) } }),
      first: hoursAgo(1.9),
      last: hoursAgo(1),
      count: 1,
    },
    {
      part: 'write',
      facts: waitingFacts({ landing: { ...emptyListing, count: 3, oldest: hoursAgo(2) } }),
      first: hoursAgo(9),
      last: hoursAgo(1),
      count: 2,
    },
    {
      part: 'collect',
      facts: { unreached: [{ kind: '5xx', hour: hoursAgo(5), count: 50, of: 100 }] },
      first: hoursAgo(4.9),
      last: hoursAgo(4.1),
      count: 1,
    },
    {
      part: 'collect',
      facts: { unreached: [{ kind: '5xx', hour: hoursAgo(5), count: 50, of: 100 }] },
      first: hoursAgo(4.9),
      last: hoursAgo(3),
      count: 2,
    },
    {
      part: 'collect',
      facts: { unreached: [{ kind: '5xx', hour: hoursAgo(5), count: 50, of: 100 }] },
      first: hoursAgo(7),
      last: hoursAgo(4.1),
      count: 2,
    },
  ] as const)(
    'of errors of $part $facts is told by its own unless all of them, from $first to $last, are within the time of that',
    ({ part, facts, first, last, count }) => {
      const found = judge({ ...facts, functionErrors: [{ ...functionErrors, part, first, last }] });
      expect(found).toHaveLength(count);
      expect(found[0]?.cause).not.toMatch(/^No run of/);
      expect(found.some(({ code }) => code === 'SLUICE_FINDING_FUNCTION_FAILED')).toBe(count === 2);
    },
  );

  it('of a queue that nobody takes from is told, and none of a schedule that is not deployed yet', () => {
    const idle = [
      { part: 'export', messages: 0, schedule: 'daily', since: hoursAgo(30) },
      { part: 'ingest-plan', messages: 0, schedule: 'hourly', since: hoursAgo(3) },
      { part: 'write', messages: 3, schedule: null, since: hoursAgo(1) },
      { part: 'export', messages: 12, schedule: 'daily', since: hoursAgo(2) },
    ] as const;
    const undeployed = { settings: ['sources.acme: differs', 'exports: differs'], deployedAt: null };
    const titles = judge({ idleFunctions: idle, undeployed }).map(({ title }) => title);
    expect(titles).toEqual([
      expect.stringMatching(/^3 messages of write wait/),
      expect.stringMatching(/^12 messages of export wait/),
      expect.stringMatching(/^sluice-prod and the configuration/),
    ]);
  });

  it.each([
    { messages: 1, last: [] },
    { messages: 2, last: ['start-message-move-task'] },
  ])(
    'of $messages dead letters, the oldest not sent by Sluice, has commands that show them, delete one, and then $last',
    ({ messages, last }) => {
      const [found] = judge({
        deadLetters: [{ ...deadLetters, part: 'ingest-load', messages }],
        failures: { [deadLetters.queue]: codedFailure('SLUICE_INGEST_MESSAGE_INVALID', 'it is none.') },
      });
      const calls = found?.commands.map((command) => command.split(' ')[2]);
      expect(calls).toEqual(['receive-message', 'delete-message', ...last]);
    },
  );

  it.each([
    ['denied', 'S3.AccessDenied', 'denied'],
    ['missing', 'S3.NoSuchBucket', 'missing'],
    ['busy', 'S3.SlowDown', 'busy'],
    ['awsFailed', 'S3.InternalError', 'awsFailed'],
    ['error', 'S3.AccountProblem', 'failed'],
  ] as const)('of a delivery that fails as %s names %s, and has the cause of that', (kind, code, name) => {
    const [found] = judge({
      ...waitingFacts({ buffered: { count: null, oldest: hoursAgo(9) } }),
      failures: { landing: { ...failureOf(kind, `${code}: no.`), code } },
    });
    expect(found).toMatchObject({
      title: expect.stringContaining(code),
      cause: findingCatalogue.SLUICE_FINDING_STREAM_LATE.cases[name].cause,
    });
  });

  it('of a key of the Data Catalog that cannot be used has the call that names the key', () => {
    const failures = { register: failureOf('error', 'GlueEncryptionException: no.') };
    const [found] = judge({ functionErrors: [{ ...functionErrors, part: 'register' }], failures });
    expect(found?.cure).toContain('aws glue get-data-catalog-encryption-settings');
  });

  it.each([
    ['export', 12.3, "The function waited for the customer's bucket, or got far more to do at once"],
    ['curate', null, 'The function waited for S3, or got far more to do at once.'],
    ['curate', 451, 'The work of the function has grown: its longest run before took 451 s.'],
  ])('of %s, which used up its time and took %s s before, names what it can be', (part, longest, cause) => {
    const found = judge({
      functionErrors: [{ ...functionErrors, part, longestBefore: longest }],
      failures: { [part]: failureOf('timedOut', 'Task timed out after 900 s.') },
    });
    expect(found.map((one) => one.cause)).toEqual([expect.stringContaining(cause)]);
  });

  it('of dead letters of others is told beside objects that wait, and not as their cause', () => {
    const found = judge({
      ...waitingFacts({ landing: { ...emptyListing, count: 1, oldest: hoursAgo(2) } }),
      deadLetters: [deadLetters],
      failures: { [deadLetters.queue]: codedFailure('SLUICE_WRITE_MESSAGE_INVALID', 'it is none.') },
    });
    expect(found.map(({ code, detail }) => [code.slice(15), detail.includes('dead-letters')])).toEqual([
      ['LANDING_LATE', false],
      ['DEAD_LETTERS', true],
    ]);
  });

  it('of a denial that is over names no command that looks for a policy', () => {
    const failure = failureOf('denied', `${DENIED_ROLE} is not authorized to perform: ${DENIED_PUT}`);
    const found = judge({
      functionErrors: [{ ...functionErrors, part: 'export' }],
      failures: { export: failure },
      deniedCalls: [],
    });
    expect(found.map(({ commands }) => commands)).toEqual([
      [expect.stringContaining('logs filter-log-events')],
    ]);
  });

  it('of dead letters of a key that is enabled again says so', () => {
    const failure = { ...failureOf('error', 'KMS.DisabledException: k is disabled.'), isByKey: true };
    const found = judge({
      deadLetters: [{ ...deadLetters, part: 'export' }],
      failures: { [deadLetters.queue]: failure },
      key: { KeyState: 'Enabled', KeySpec: 'SYMMETRIC_DEFAULT', KeyUsage: 'ENCRYPT_DECRYPT' },
    });
    expect(found[0]?.cause).toBe(findingCatalogue.SLUICE_FINDING_DEAD_LETTERS.cases.keyOn.cause);
  });

  it('of errors is told beside dead letters of which nobody knows with what they failed', () => {
    const errors = [{ ...functionErrors, part: 'export' }];
    const dead = [{ ...deadLetters, part: 'export' as const }];
    const codes = judge({ functionErrors: errors, deadLetters: dead }).map(({ code }) => code.slice(15));
    expect(codes).toEqual(['DEAD_LETTERS', 'FUNCTION_FAILED']);
  });

  it.each([
    [true, 'warning'],
    [false, 'problem'],
  ])('of errors whose alarm is on, and that are over: %s, is a %s', (isOver, severity) => {
    const name = `sluice-prod-${functionErrors.part}-errors`;
    const alarms = [{ ...ringingAlarm, name, state: 'ALARM', notifies: true }] as const;
    const found = judge({ functionErrors: [{ ...functionErrors, isOver }], alarms });
    expect(found).toMatchObject([{ severity, detail: expect.stringContaining(name) }]);
  });

  it('of objects that wait is none for twenty minutes', () => {
    const waiting = waitingFacts({ landing: { ...emptyListing, count: 3, oldest: hoursAgo(0.33) } });
    expect(judge(waiting)).toEqual([]);
  });

  it('of throttled records counts them', () => {
    const throttling = (throttledRecords: number) => judge({ stream: { ...idleStream, throttledRecords } });
    expect(throttling(1)[0]?.detail).toMatch(/: 1 record was /);
    expect(throttling(1_234)[0]?.detail).toMatch(/: 1,234 records were /);
  });

  it('of objects that wait explains a failure only', () => {
    const { waiting: late } = waitingFacts({ landing: { ...emptyListing, oldest: hoursAgo(2) } });
    const failures = [{}, { write: codedFailure('SLUICE_WRITE_X', 'it is denied.') }];
    const shown = failures.map((failure) => judge({ waiting: late, failures: failure })[0]?.commands[0]);
    expect(shown).toEqual([expect.stringContaining('doctor'), expect.stringContaining('redrive --landing')]);
  });

  it.each([
    { collector: {}, lift: 'delete-function-concurrency' },
    { collector: { reservedConcurrency: 50 }, lift: '--reserved-concurrent-executions 100' },
  ])(
    "of a collector that Lambda throttles lifts its own limit with $collector, shows the account's, and asks for the default",
    ({ collector, lift }) => {
      const deployment = { ...judgedDeployment, config: defineConfig({ bucket: 'acme', collector }) };
      const errors = ['export', 'collect'].map((part) => ({
        ...functionErrors,
        part,
        errors: 0,
        throttled: 5,
      }));
      const failures = { collect: failureOf('throttled', 'x'), export: failureOf('throttled', 'x') };
      const facts = { ...wellFacts, functionErrors: errors, failures };
      const [ofExport, ofCollect] = judgeFacts(facts, deployment, 'eu-central-1').map(
        ({ commands }) => commands,
      );
      expect(ofExport?.[1]).toContain('delete-function-concurrency --function-name sluice-prod-export');
      expect(ofCollect?.[1]).toContain(lift);
      expect(ofCollect?.[1]).toContain('--function-name sluice-prod-collect');
      expect(ofCollect?.[2]).toContain(
        'lambda get-account-settings --query AccountLimit.ConcurrentExecutions',
      );
      expect(ofCollect?.[3]).toContain('--desired-value 1000 ');
    },
  );
});
