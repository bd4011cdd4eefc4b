import { describe, expect, it } from '@jest/globals';
import type { PolicyDocument } from '../../../lib/access/policyDocument.ts';
import { readerTrust } from '../../../lib/access/readerTrust.ts';
import { place } from './calls.ts';
import { decideCall } from './decideCall.ts';

const ROLE = 'arn:aws:iam::111122223333:role/sluice-prod-ReaderStatsigRole';
const STATSIG_USER = 'arn:aws:iam::123456789012:user/service';
const mayAssume: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [{ Sid: 'Assume', Effect: 'Allow', Action: ['sts:AssumeRole'], Resource: [ROLE] }],
};

/** Whether somebody, whose own account lets them, may assume the role. */
function assume(trust: PolicyDocument, principal: string, context: Record<string, string> = {}) {
  const policies = principal.startsWith('arn:') ? [mayAssume] : [];
  return decideCall(
    { principal, policies, resourceAccount: '111122223333', resourcePolicy: trust },
    { action: 'sts:AssumeRole', resources: [ROLE], context },
  );
}

describe.each([
  ['its account ID', '123456789012'],
  ["its service account's ARN", STATSIG_USER],
])('the role of a Statsig known by %s', (_, principal) => {
  const trust = readerTrust(place, { kind: 'statsig', externalId: 'project-7' }, principal);

  it('is assumed with the external ID, and without it or with another is not', async () => {
    expect(await assume(trust, STATSIG_USER, { 'sts:ExternalId': 'project-7' })).toBe('Allowed');
    expect(await assume(trust, STATSIG_USER, { 'sts:ExternalId': 'project-8' })).toContain('Denied');
    expect(await assume(trust, STATSIG_USER)).toContain('Denied');
  });

  it('is assumed by nobody else, external ID or not', async () => {
    const stranger = 'arn:aws:iam::999988887777:user/service';
    expect(await assume(trust, stranger, { 'sts:ExternalId': 'project-7' })).toContain('Denied');
  });

  it('asks for no external ID only where none is configured', async () => {
    const without = readerTrust(place, { kind: 'statsig', externalId: undefined }, principal);
    expect(await assume(without, STATSIG_USER)).toBe('Allowed');
  });
});

describe("Metabase's role", () => {
  it('is assumed by tasks of this account and region only', async () => {
    const trust = readerTrust(place, { kind: 'metabase' }, 'ecs-tasks');
    const from = (account: string) => ({
      'aws:SourceAccount': account,
      'aws:SourceArn': `arn:aws:ecs:eu-west-1:${account}:task/metabase/1`,
    });
    expect(await assume(trust, 'ecs-tasks.amazonaws.com', from('111122223333'))).toBe('Allowed');
    expect(await assume(trust, 'ecs-tasks.amazonaws.com', from('999988887777'))).toContain('Denied');
    expect(await assume(trust, 'ecs-tasks.amazonaws.com')).toContain('Denied');
    expect(await assume(trust, 'ec2.amazonaws.com', from('111122223333'))).toContain('Denied');
  });

  it('is assumed by instances, or by whoever is named', async () => {
    expect(await assume(readerTrust(place, { kind: 'metabase' }, 'ec2'), 'ec2.amazonaws.com')).toBe(
      'Allowed',
    );
    const pod = 'arn:aws:iam::111122223333:role/pods';
    const trust = readerTrust(place, { kind: 'metabase' }, pod);
    expect(await assume(trust, pod)).toBe('Allowed');
    expect(await assume(trust, 'arn:aws:iam::111122223333:role/other')).toContain('Denied');
  });
});
