import { describe, expect, it } from '@jest/globals';
import type { PolicyDocument } from '../../../lib/access/policyDocument.ts';
import { readerTrust } from '../../../lib/access/readerTrust.ts';
import { scope } from './calls.ts';
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
  { what: 'its account ID', principal: '123456789012' },
  { what: "its service account's ARN", principal: STATSIG_USER },
])('the role of a Statsig identified by $what', ({ principal }) => {
  const trust = readerTrust(scope, { principal, externalId: 'project-7' });

  it('can be assumed with the external ID, but not without it or with another one', async () => {
    expect(await assume(trust, STATSIG_USER, { 'sts:ExternalId': 'project-7' })).toBe('Allowed');
    expect(await assume(trust, STATSIG_USER, { 'sts:ExternalId': 'project-8' })).toContain('Denied');
    expect(await assume(trust, STATSIG_USER)).toContain('Denied');
  });

  it('cannot be assumed by anybody else, with or without the external ID', async () => {
    const stranger = 'arn:aws:iam::999988887777:user/service';
    expect(await assume(trust, stranger, { 'sts:ExternalId': 'project-7' })).toContain('Denied');
  });

  it('requires the external ID unless none is configured', async () => {
    const without = readerTrust(scope, { principal });
    expect(await assume(without, STATSIG_USER)).toBe('Allowed');
  });
});

describe("Metabase's role", () => {
  it('can be assumed only by tasks of this account and region', async () => {
    const trust = readerTrust(scope, { principal: 'ecs-tasks' });
    const from = (account: string) => ({
      'aws:SourceAccount': account,
      'aws:SourceArn': `arn:aws:ecs:eu-west-1:${account}:task/metabase/1`,
    });
    expect(await assume(trust, 'ecs-tasks.amazonaws.com', from('111122223333'))).toBe('Allowed');
    expect(await assume(trust, 'ecs-tasks.amazonaws.com', from('999988887777'))).toContain('Denied');
    expect(await assume(trust, 'ecs-tasks.amazonaws.com')).toContain('Denied');
    expect(await assume(trust, 'ec2.amazonaws.com', from('111122223333'))).toContain('Denied');
  });

  it('can be assumed by instances, or by the configured principal', async () => {
    expect(await assume(readerTrust(scope, { principal: 'ec2' }), 'ec2.amazonaws.com')).toBe('Allowed');
    const pod = 'arn:aws:iam::111122223333:role/pods';
    const trust = readerTrust(scope, { principal: pod });
    expect(await assume(trust, pod)).toBe('Allowed');
    expect(await assume(trust, 'arn:aws:iam::111122223333:role/other')).toContain('Denied');
  });
});
