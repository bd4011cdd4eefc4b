import { describe, expect, it } from '@jest/globals';
import { distinctFor, looks, unknownToOthers } from '../../../observe/doctor/diagnose.ts';
import { findingCatalogue } from '../../../observe/findings/catalogue.ts';
import { judgeKey } from '../../../observe/findings/judge/deployment/key.ts';
import { judge } from '../../../observe/findings/judge/judge.ts';
import { toldSights } from '../../../observe/findings/lastSight.ts';
import {
  curatedTable,
  datasetFacts,
  deniedCalls,
  failureOf,
  hoursAgo,
  judgedDeployment,
  wellFacts,
  wellKey,
} from '../statusFacts.ts';
import { commands } from './setupOf.ts';

it('sluice doctor looks first at what all else needs, and last at what sluice status finds', () => {
  const grounds = looks.filter(({ isGround }) => isGround === true).map(({ name }) => name);
  expect(grounds).toEqual(['stack', 'bucket', 'database']);
  expect(looks.map(({ name }) => name)).toEqual([
    'stack',
    'bucket',
    'database',
    'staging-database',
    'domain',
    'encryption',
    'bucket-settings',
    'key',
    'all-partitions',
    'names',
    'queues',
    'forwarding',
    'quotas',
    'readers',
    'bucket-policy',
    'roles',
    'status',
  ]);
});

it('findings of one look are told once each: of a disabled key one for the bucket, and one for logs', () => {
  const disabled = { ...wellKey, KeyState: 'Disabled' } as const;
  const found = (['bucket', 'logs', 'logs'] as const).flatMap((user) =>
    judgeKey(disabled, commands, { user }),
  );
  expect(found).toHaveLength(3);
  const { off, logsOff } = findingCatalogue.SLUICE_FINDING_KEY_UNUSABLE.cases;
  expect(distinctFor([], found).map(({ cause }) => cause)).toEqual([off.cause, logsOff.cause]);
});

describe('what status finds', () => {
  it('is told by the doctor, too, while it cannot be looked at', () => {
    const wrong = {
      ...wellFacts,
      partitions: { days: 3, gaps: [{ table: 'events' as const, day: '2026-11-19' }] },
    };
    const sights = judge(wrong, judgedDeployment, 'eu-central-1').map((finding) => ({
      at: hoursAgo(2),
      finding,
    }));
    const told = toldSights(sights, hoursAgo(0));
    expect(told).toMatchObject([{ code: 'SLUICE_FINDING_PARTITION_WRONG', lastSeenAt: hoursAgo(2) }]);
    expect(unknownToOthers(told, wellFacts)).toEqual(told);
  });

  it('is not told of calls that the policy of the bucket denies, which another check has', () => {
    const deniedBy = (['bucket', 'key'] as const).map((by) => {
      return { ...deniedCalls, by, statements: { owner: by, sids: ['A'] } };
    });
    const facts = { ...wellFacts, deniedCalls: deniedBy };
    const problems = judge(facts, judgedDeployment, 'eu-central-1');
    expect(unknownToOthers(problems, facts).map(({ title }) => /policy of (\w+)/.exec(title)?.[1])).toEqual([
      'key',
    ]);
  });

  const unread = [{ day: '2026-11-18', location: 's3://acme/v1/', rows: 40 }];
  const partitions = { days: 3, gaps: [{ table: 'events' as const, day: '2026-11-19' }] };
  const failures = { register: failureOf('error', 'AccessDenied.') };

  it.each([
    { days: "a customer's day without a partition", more: {}, told: ['acme/orders'] },
    {
      days: 'a curated day without a partition, and one with another folder',
      more: {
        curated: [
          {
            ...curatedTable,
            unread: [
              { day: '2026-11-17', location: 's3://acme/v2/', rows: 40 },
              {
                day: '2026-11-18',
                location: 's3://acme/v3/',
                rows: 40,
                elsewhere: { location: 's3://acme/old/', madeAt: null },
              },
            ],
          },
        ],
      },
      told: [
        'acme/orders',
        'curated_events: no partition of 2026-11-17',
        'curated_events: 2026-11-18 points to s3://acme/old/',
      ],
    },
    {
      days: "a customer's day without a partition, and why the registrar failed",
      more: { failures },
      told: ['The function register', 'acme/orders'],
    },
  ])('is told where no other check has found it: $days', ({ more, told }) => {
    const facts = { ...wellFacts, ...datasetFacts({ unread }), partitions, ...more };
    const problems = judge(facts, judgedDeployment, 'eu-central-1');
    expect(unknownToOthers(problems, facts).map(({ detail }) => detail)).toEqual(
      told.map((text) => expect.stringContaining(text)),
    );
  });
});
