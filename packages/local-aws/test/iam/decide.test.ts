import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decide, decideListing } from '../../src/iam/decide.ts';
import { matchesPattern, readPolicy } from '../../src/iam/policy.ts';
import {
  applies,
  bucketStatement,
  identityStatement,
  type ListingStatement,
  PREFIXES,
  ROLE,
} from './listingPolicies.ts';

describe('policy patterns', () => {
  it('match the same texts as the equivalent regular expression', () => {
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

  it('match adversarial patterns in bounded time', () => {
    expect(matchesPattern(`${'*a'.repeat(500)}b`, 'a'.repeat(5_000))).toBe(false);
  });
});

describe('policy decisions', () => {
  interface Asked {
    readonly owner: string;
    readonly prefix: string | undefined;
  }

  /** AWS's flowchart in short, for these statements alone. */
  function simulate(
    own: readonly ListingStatement[],
    atBucket: readonly ListingStatement[],
    { owner, prefix }: Asked,
  ): boolean {
    const role = ['*', ROLE];
    const account = ['000000000000', 'arn:aws:iam::000000000000:root'];
    const named = ({ Principal }: ListingStatement) =>
      typeof Principal === 'string' ? [Principal] : Object.values(Principal ?? {}).flat();
    const ofRole = own.filter((ownStatement) => applies(ownStatement, prefix));
    const ofBucket = atBucket
      .filter((atBucketStatement) => applies(atBucketStatement, prefix))
      .filter((atBucketStatement) =>
        named(atBucketStatement).some((name) => [...role, ...account].includes(name)),
      );
    if ([...ofRole, ...ofBucket].some(({ Effect }) => Effect === 'Deny')) return false;
    if (owner !== '000000000000') return ofRole.length > 0 && ofBucket.length > 0;
    return (
      ofRole.length > 0 ||
      ofBucket.some((atBucketStatement) => named(atBucketStatement).some((name) => role.includes(name)))
    );
  }

  it.each(['000000000000', '111122223333'])(
    'agree with an independent simulator for a bucket in %s',
    (owner) => {
      fc.assert(
        fc.property(
          fc.array(identityStatement, { maxLength: 3 }),
          fc.array(bucketStatement, { maxLength: 3 }),
          fc.constantFrom(...PREFIXES),
          (own, atBucket, prefix) => {
            const context: Record<string, string> = prefix === undefined ? {} : { 's3:prefix': prefix };
            const identity = { Version: '2012-10-17' as const, Statement: own };
            const bucket = { Version: '2012-10-17' as const, Statement: atBucket };
            const { allowed } = decide({
              caller: { arn: ROLE, account: '000000000000', policies: () => [readPolicy(identity)] },
              action: 's3:ListBucket',
              resource: 'arn:aws:s3:::acme',
              owner,
              context,
              resourcePolicy: readPolicy(bucket),
            });
            expect(allowed).toBe(simulate(own, atBucket, { owner, prefix }));
          },
        ),
        { numRuns: 400 },
      );
    },
  );

  it.each([
    ['arn:aws:glue:us-east-1:000000000000:database/lake', true],
    ['arn:aws:glue:us-east-1:000000000000:database/la*', true],
    ['arn:aws:glue:*:000000000000:database/lake', true],
    ['arn:aws:glue:*:*:database/lake', true],
    ['arn:aws:glue:eu-west-1:000000000000:database/lake', false],
    ['arn:aws:glue:us-east-1:000000000000:table/lake/rows', false],
  ])('let a caller who may see %s list the databases: %s', (Resource, expected) => {
    const policy = { Statement: [{ Effect: 'Allow', Action: 'glue:GetDatabases', Resource }] };
    const { allowed } = decideListing({
      caller: { arn: ROLE, account: '000000000000', policies: () => [readPolicy(policy)] },
      action: 'glue:GetDatabases',
      resource: 'arn:aws:glue:us-east-1:000000000000:database/*',
      owner: '000000000000',
      resourcePolicy: undefined,
    });
    expect(allowed).toBe(expected);
  });

  it('do not take a star in the key of an object for a list', () => {
    const policy = {
      Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::acme/a/b' }],
    };
    const { allowed } = decideListing({
      caller: { arn: ROLE, account: '000000000000', policies: () => [readPolicy(policy)] },
      action: 's3:GetObject',
      resource: 'arn:aws:s3:::acme/a/*',
      owner: '000000000000',
      resourcePolicy: undefined,
    });
    expect(allowed).toBe(false);
  });

  it.each<[string, string[], string[] | undefined, boolean]>([
    ['ForAllValues:StringLike', ['STAGE', 'aws:*'], ['STAGE', 'aws:x'], true],
    ['ForAllValues:StringLike', ['STAGE', 'aws:*'], ['STAGE', 'team'], false],
    ['ForAllValues:StringLike', ['STAGE'], undefined, true],
    ['ForAllValues:StringNotEquals', ['team'], ['STAGE', 'team'], false],
    ['ForAnyValue:StringEquals', ['STAGE'], ['STAGE', 'team'], true],
    ['ForAnyValue:StringEquals', ['STAGE'], ['team'], false],
    ['ForAnyValue:StringEquals', ['STAGE'], undefined, false],
    ['ForAnyValue:StringEqualsIfExists', ['STAGE'], undefined, true],
    ['ForAnyValue:StringNotEquals', ['team'], ['STAGE', 'team'], true],
  ])('apply %s %j to the values %j of a key: %s', (operator, wanted, keys, allowed) => {
    const Condition = { [operator]: { 'aws:TagKeys': wanted } };
    const Statement = [{ Effect: 'Allow', Action: 'kms:TagResource', Resource: '*', Condition }];
    const decision = decide({
      caller: {
        arn: ROLE,
        account: '000000000000',
        policies: () => [readPolicy({ Statement }, () => true)],
      },
      action: 'kms:TagResource',
      resource: 'arn:aws:kms:us-east-1:000000000000:key/1',
      owner: '000000000000',
      resourcePolicy: undefined,
      context: keys === undefined ? {} : { 'aws:TagKeys': keys },
    });
    expect(decision.allowed).toBe(allowed);
  });
});
