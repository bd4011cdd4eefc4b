import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { LastFailure } from '../../../observe/facts/flow/failures.ts';
import { GONE } from '../../../observe/facts/flow/senders.ts';
import { type Finding, findingCatalogue } from '../../../observe/findings/catalogue.ts';
import { judge as judgeFacts } from '../../../observe/findings/judge/judge.ts';
import {
  emptyListing,
  failedRequests,
  failureOf,
  hoursAgo,
  judgedDeployment,
  ringingAlarm,
  waitingFacts,
  wellDay,
  wellFacts,
  wellHour,
} from '../statusFacts.ts';
import { judge } from './judge.ts';

const anyKey = defineConfig({ bucket: 'acme', allowAnyKey: true });

describe('a finding about keys', () => {
  it('of no key is none where any key may post, and has no command in the local cloud', () => {
    const keys = { senders: [], labels: {}, fault: null, faultKind: null, unreadable: [], changedAt: null };
    expect(judge({ keys, isLocal: true })).toEqual([]);
    const takesAnyKey = { ...judgedDeployment, config: anyKey };
    expect(judgeFacts({ ...wellFacts, keys }, takesAnyKey, 'eu-central-1')).toEqual([]);
    const [gone] = judge({ keys: { ...keys, fault: GONE, faultKind: 'gone' }, isLocal: true });
    expect(gone?.commands).toEqual([]);
  });

  it('of keys is over once they were read, as the log says, and requests stored', () => {
    const times = { first: hoursAgo(0.3), last: hoursAgo(0.2) };
    const lastHour = {
      ...wellHour,
      failedBy: { SLUICE_KEYS_UNAVAILABLE: 1 },
      failedAt: { SLUICE_KEYS_UNAVAILABLE: times },
    };
    const stored = { lastHour: { ...lastHour, lastStoredAt: hoursAgo(0.1) } };
    const unread = {
      ...stored,
      unknown: [{ part: 'a log', why: '', kind: 'other', log: 'collect', isByKey: false }],
    };
    const found = [stored, { lastHour }, unread].map((facts) =>
      judge(facts).find(({ code }) => code === 'SLUICE_FINDING_NOT_STORED'),
    );
    expect(found.map((finding) => finding?.severity)).toEqual(['warning', 'problem', 'problem']);
  });

  it('of keys is not over, however quiet the last hour was, while an entry of the secret cannot be read', () => {
    const failed = { SLUICE_KEYS_INVALID: { count: 16, first: hoursAgo(9), last: hoursAgo(3) } };
    const keys = {
      ...wellFacts.keys,
      senders: ['9f'],
      labels: {},
      fault: 'x',
      faultKind: 'entries',
      unreadable: ['mobile'],
      changedAt: hoursAgo(9),
    } as const;
    const facts = {
      lastHour: { ...wellHour, lastStoredAt: hoursAgo(0.1) },
      lastDay: { ...wellDay, failedBy: failed },
    };
    const found = judge({ ...facts, keys }).map(({ code, severity, title }) => [code, severity, title]);
    expect(found).toEqual([
      [
        'SLUICE_FINDING_KEYS_UNREADABLE',
        'problem',
        expect.stringContaining('1 entry that no collector can read, mobile,'),
      ],
      ['SLUICE_FINDING_NOT_STORED', 'problem', expect.any(String)],
    ]);
    const { quiet, keysOver } = findingCatalogue.SLUICE_FINDING_NOT_STORED.cases;
    expect(judge(facts)).toMatchObject([{ severity: 'warning', cause: keysOver.cause }]);
    const silent = { ...facts, lastHour: { ...wellHour, lastStoredAt: null } };
    expect(judge(silent)).toMatchObject([{ severity: 'warning', cause: quiet.cause }]);
    // An hour later the rows of tables still say it.
    const later = { ...silent, lastEventAt: hoursAgo(1.5) };
    expect(judge(later)).toMatchObject([{ severity: 'warning', cause: keysOver.cause }]);
  });

  it('of a key that is disabled has what began after that and has its error, and the command of the doctor', () => {
    const Arn = 'arn:aws:kms:eu-central-1:1:key/a';
    const ofKey = { ...failureOf('error', 'KMSDisabledException.', 2), isByKey: true };
    const off = (collect: LastFailure, firstOf503: number) =>
      judge({
        ...failedRequests({ SLUICE_COLLECT_NOT_DELIVERED: 2 }),
        lastDay: {
          ...wellDay,
          failedBy: {
            SLUICE_COLLECT_NOT_DELIVERED: { count: 2, first: hoursAgo(firstOf503), last: hoursAgo(1) },
          },
        },
        ...waitingFacts({ landing: { ...emptyListing, count: 3, oldest: hoursAgo(2.2) } }),
        lastEventAt: hoursAgo(2.3),
        alarms: [{ ...ringingAlarm, state: 'ALARM', notifies: true }],
        unknown: [{ part: 'the last event', why: 'It is denied.', kind: 'denied', log: null, isByKey: true }],
        deadLetters: [{ part: 'relay', queue: 'q', arn: 'a', messages: 1, since: hoursAgo(1) }],
        failures: { q: ofKey, write: ofKey, collect },
        keyFailedSince: hoursAgo(2),
        key: { Arn, KeyState: 'Disabled', KeySpec: 'SYMMETRIC_DEFAULT', KeyUsage: 'ENCRYPT_DECRYPT' },
      });
    const [found, ...others] = off(ofKey, 2);
    expect(found).toMatchObject({
      code: 'SLUICE_FINDING_KEY_UNUSABLE',
      severity: 'problem',
      since: hoursAgo(2),
      detail: expect.stringMatching(/^arn\S+ is disabled\..*landing\/: 3 objects.* 2 requests.*1 message/),
      cure: expect.stringContaining('run the last commands'),
      commands: [
        expect.stringMatching(/^aws kms enable-key --key-id arn:/),
        expect.stringMatching(/ redrive --landing /),
        expect.stringMatching(/ start-message-move-task /),
      ],
    });
    const codes = (findings: readonly Finding[]) => findings.map(({ code }) => code.slice(15));
    expect(codes(others)).toEqual(['ALARM']);
    // It began hours before, or has another error.
    expect(codes(off(ofKey, 9))).toEqual(['KEY_UNUSABLE', 'NOT_STORED', 'ALARM']);
    expect(codes(off(failureOf('error', 'SlowDown.', 1), 2))).toEqual([
      'KEY_UNUSABLE',
      'NOT_STORED',
      'ALARM',
    ]);
  });
});
