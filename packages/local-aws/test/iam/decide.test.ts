import { runSimulation } from '@cloud-copilot/iam-simulate';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decide } from '../../src/iam/decide.ts';
import { matchesPattern, readPolicy } from '../../src/iam/policy.ts';

describe('patterns of policies', () => {
  it('mean what the same regular expression means', () => {
    const patterns = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '?'), maxLength: 8 });
    const texts = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 8 });
    fc.assert(
      fc.property(patterns, texts, (pattern, text) => {
        const like = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
        expect(matchesPattern(pattern, text)).toBe(like.test(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it('take no longer for being wicked', () => {
    expect(matchesPattern(`${'*a'.repeat(500)}b`, 'a'.repeat(5_000))).toBe(false);
  });
});

describe('decisions', () => {
  const ROLE = 'arn:aws:iam::000000000000:role/export';
  const statement = fc.record(
    {
      Effect: fc.constantFrom('Allow', 'Allow', 'Allow', 'Deny'),
      Action: fc.constantFrom('s3:*', 's3:ListBucket', 's3:listbucket', 's3:Get*', [
        's3:PutObject',
        's3:List*',
      ]),
      Resource: fc.constantFrom('*', 'arn:aws:s3:::acme', 'arn:aws:s3:::acme/*', ['arn:aws:s3:::a?me']),
      Condition: fc.constantFrom(
        {},
        { StringLike: { 's3:prefix': ['events/*', 'metrics/*'] } },
        { StringNotLike: { 's3:prefix': 'events/*' } },
        { StringEqualsIfExists: { 's3:prefix': 'events/' } },
        { StringEquals: { 's3:Prefix': 'events/' }, Bool: { 'aws:SecureTransport': 'true' } },
        { Bool: { 'aws:SecureTransport': 'false' } },
        { Null: { 's3:prefix': 'true' } },
        { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/ex*' } },
        { ArnNotEquals: { 'aws:PrincipalArn': ROLE } },
      ),
    },
    { requiredKeys: ['Effect', 'Action', 'Resource'] },
  );
  const principal = fc.constantFrom<unknown>(
    '*',
    { AWS: ROLE },
    { AWS: '000000000000' },
    { AWS: ['arn:aws:iam::000000000000:root'] },
    { AWS: 'arn:aws:iam::000000000000:role/another' },
    { Service: 'events.amazonaws.com' },
  );
  const bucketStatement = fc.tuple(statement, principal).map(([one, Principal]) => ({ ...one, Principal }));

  it.each(['000000000000', '111122223333'])(
    'are those of an independent simulator, the bucket being in %s',
    async (owner) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(statement, { maxLength: 3 }),
          fc.array(bucketStatement, { maxLength: 3 }),
          fc.constantFrom('events/', 'metrics/x', undefined),
          async (own, atBucket, prefix) => {
            const context: Record<string, string> = prefix === undefined ? {} : { 's3:prefix': prefix };
            const [identity, bucket] = [own, atBucket].map((Statement) => ({
              Version: '2012-10-17',
              Statement,
            }));
            const simulated = await runSimulation(
              {
                request: {
                  principal: ROLE,
                  action: 's3:ListBucket',
                  resource: { resource: 'arn:aws:s3:::acme', accountId: owner },
                  contextVariables: {
                    'aws:SecureTransport': 'true',
                    'aws:PrincipalArn': ROLE,
                    ...context,
                  },
                },
                identityPolicies: [{ name: 'own', policy: identity }],
                serviceControlPolicies: [],
                resourceControlPolicies: [],
                ...(atBucket.length === 0 ? {} : { resourcePolicy: bucket }),
              },
              {},
            );
            if (simulated.resultType === 'error') throw new Error(JSON.stringify(simulated.errors));
            const { allowed } = decide({
              caller: { arn: ROLE, account: '000000000000', policies: () => [readPolicy(identity)] },
              ...{ action: 's3:ListBucket', resource: 'arn:aws:s3:::acme', owner, context },
              resourcePolicy: readPolicy(bucket),
            });
            expect(allowed).toBe(simulated.overallResult === 'Allowed');
          },
        ),
        { numRuns: 400 },
      );
    },
  );
});
