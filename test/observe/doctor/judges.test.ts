import { describe, expect, it } from '@jest/globals';
import { looks } from '../../../observe/doctor/diagnose.ts';
import { wrongDecisions } from '../../../observe/doctor/readers.ts';
import { judgeDenial } from '../../../observe/doctor/roles.ts';
import { judgeDomain, judgeDrift, judgeQueue } from '../../../observe/doctor/stack.ts';
import { findingCatalogue } from '../../../observe/findings/catalogue.ts';
import { commands } from './setupOf.ts';

it('sluice doctor looks at the ground first, and at what sluice status finds last', () => {
  expect(looks.map(({ name, isGround = false }) => (isGround ? `${name}!` : name))).toEqual([
    'stack!',
    'bucket!',
    'database!',
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

describe('a resource that differs', () => {
  const drift = { ResourceType: 'AWS::SQS::Queue', PhysicalResourceId: 'q' } as const;

  it('is told by each property, also one that the template or AWS does not have', () => {
    const difference = { DifferenceType: 'NOT_EQUAL' } as const;
    const found = judgeDrift(
      {
        ...drift,
        StackResourceDriftStatus: 'MODIFIED',
        PropertyDifferences: [
          { ...difference, PropertyPath: '/a', ExpectedValue: '1', ActualValue: '' },
          { ...difference, PropertyPath: '/b', ExpectedValue: '', ActualValue: '2' },
        ],
      },
      ['revert'],
    );
    expect(found).toMatchObject({
      code: 'SLUICE_FINDING_DRIFT',
      detail: 'AWS::SQS::Queue q: /a: got none, expected 1; /b: got 2, expected none.',
      commands: ['revert'],
    });
    expect(found.title).toContain('in 2 points, the first /a');
  });

  it('is missing if it was deleted', () => {
    expect(judgeDrift({ ...drift, StackResourceDriftStatus: 'DELETED' }, ['revert'])).toMatchObject({
      code: 'SLUICE_FINDING_RESOURCE_MISSING',
      detail: 'AWS::SQS::Queue q.',
      commands: ['revert'],
    });
  });

  it.each([
    { isLocal: true, name: 'local' },
    { isLocal: false, name: 'stack' },
  ] as const)('is a queue whose cure is that of $name', ({ isLocal, name }) => {
    const { cause } = findingCatalogue.SLUICE_FINDING_RESOURCE_MISSING.cases[name];
    expect(judgeQueue('q', isLocal, []).cause).toBe(cause);
  });
});

describe('a domain', () => {
  const well = {
    domainName: 'd',
    domainNameStatus: 'AVAILABLE',
    regionalDomainName: 'g',
    regionalCertificateArn: 'c',
    addresses: ['1.1.1.1', '2.2.2.2'],
    isAnswered: true,
  };

  it.each<{ readonly more: object; readonly found: readonly (readonly [name: string, detail: string])[] }>([
    { more: {}, found: [] },
    { more: { domainNameStatus: undefined, regionalCertificateArn: undefined }, found: [] },
    { more: { domainNameStatus: 'UPDATING' }, found: [['updating', 'd is UPDATING.']] },
    {
      more: { domainNameStatus: 'PENDING', domainNameStatusMessage: 'm', regionalCertificateArn: 'x' },
      found: [
        ['status', 'd is PENDING: m.'],
        ['certificate', 'd has the certificate x, configured is c.'],
      ],
    },
    {
      more: { isAnswered: false },
      found: [['elsewhere', 'd leads to 1.1.1.1, 2.2.2.2, expected the addresses of g.']],
    },
    { more: { addresses: [] }, found: [['unresolved', 'd has no address, expected the addresses of g.']] },
  ])('is told with $more', ({ more, found }) => {
    const cases = Object.entries(findingCatalogue.SLUICE_FINDING_DOMAIN_UNFIT.cases);
    const judged = judgeDomain({ ...well, ...more }, 'c').map(({ cause, detail }) => [
      cases.find(([, known]) => known.cause === cause)?.[0],
      detail,
    ]);
    expect(judged).toEqual(found);
  });
});

describe('decisions of a simulation', () => {
  const decision = { action: 'a', resource: 'r', isAllowed: false, policies: [] };
  const decisions = [
    { ...decision, reason: 'missing' },
    { ...decision, reason: 'explicit', policies: ['P', 'Q'] },
    { ...decision, action: 'b', resource: 's', reason: 'missing', policies: ['P'] },
    { ...decision, action: 'c', isAllowed: true, reason: 'missing', policies: ['R'] },
    { ...decision, action: 'b', reason: 'missing', policies: ['T'] },
  ] as const;

  it('are told that differ from what is expected, for each reason', () => {
    expect(wrongDecisions({ sid: 'S', decisions }, true)).toEqual([
      { reason: 'missing', fact: 'S: a on r and 2 more, by P, T', text: 'S: a, b on r, s, by P, T.' },
      { reason: 'explicit', fact: 'S: a on r, by P, Q', text: 'S: a on r, by P, Q.' },
    ]);
    expect(wrongDecisions({ sid: 'S', decisions }, false)).toEqual([
      { reason: 'missing', fact: 'S: c on r, by R', text: 'S: c on r, by R.' },
    ]);
  });
});

describe('a statement of the policy of a bucket', () => {
  const denial = {
    sid: 'Own',
    isKnown: true,
    roles: [
      { role: 'W', denied: ['s3:PutObject', 's3:GetObject'] },
      { role: 'L', denied: ['s3:GetObject'] },
    ],
    text: 'Text_1.',
  };

  it.each([
    {
      isKnown: true,
      excepted: '{}',
      name: 'bucket',
      command: "put-bucket-policy --bucket acme --policy '{}'",
    },
    {
      isKnown: true,
      excepted: undefined,
      name: 'new',
      command: 'get-bucket-policy --bucket acme --query Policy',
    },
    {
      isKnown: false,
      excepted: undefined,
      name: 'condition',
      command: 'get-bucket-policy --bucket acme --query Policy',
    },
  ] as const)('that denies roles is told as of $name', ({ isKnown, excepted, name, command }) => {
    const found = judgeDenial('acme', { ...denial, isKnown }, commands, excepted);
    expect(found).toMatchObject({
      title: expect.stringMatching(/^The statement Own .* 2 roles, the first W s3:PutObject/),
      detail: 'Text_1.',
      cause: findingCatalogue.SLUICE_FINDING_ROLE_DENIED.cases[name].cause,
      commands: [expect.stringContaining(command)],
    });
  });
});
