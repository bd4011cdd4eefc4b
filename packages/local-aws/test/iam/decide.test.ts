import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decide, decideListing } from '../../src/iam/decide.ts';
import { matchesPattern, readPolicy } from '../../src/iam/policy.ts';

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
  const bucketStatement = fc
    .tuple(statement, principal)
    .map(([ofIdentity, Principal]) => ({ ...ofIdentity, Principal }));

  /** Conditions by their meaning, for a caller that is `ROLE` over TLS. */
  const holds: Readonly<Record<string, (prefix: string | undefined) => boolean>> = {
    [JSON.stringify(undefined)]: () => true,
    [JSON.stringify({})]: () => true,
    [JSON.stringify({ StringLike: { 's3:prefix': ['events/*', 'metrics/*'] } })]: (prefix) =>
      prefix !== undefined,
    [JSON.stringify({ StringNotLike: { 's3:prefix': 'events/*' } })]: (prefix) => prefix !== 'events/',
    [JSON.stringify({ StringEqualsIfExists: { 's3:prefix': 'events/' } })]: (prefix) =>
      prefix === undefined || prefix === 'events/',
    [JSON.stringify({ StringEquals: { 's3:Prefix': 'events/' }, Bool: { 'aws:SecureTransport': 'true' } })]: (
      prefix,
    ) => prefix === 'events/',
    [JSON.stringify({ Bool: { 'aws:SecureTransport': 'false' } })]: () => false,
    [JSON.stringify({ Null: { 's3:prefix': 'true' } })]: (prefix) => prefix === undefined,
    [JSON.stringify({ ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/ex*' } })]: () => true,
    [JSON.stringify({ ArnNotEquals: { 'aws:PrincipalArn': ROLE } })]: () => false,
  };
  interface Asked {
    readonly owner: string;
    readonly prefix: string | undefined;
  }
  interface Given {
    readonly Effect: string;
    readonly Action: string | readonly string[];
    readonly Resource: string | readonly string[];
    readonly Condition?: object;
    readonly Principal?: unknown;
  }
  /** Whether a statement is about listing the bucket `acme`. */
  const applies = ({ Action, Resource, Condition }: Given, prefix: string | undefined) => {
    const actions = ['s3:*', 's3:ListBucket', 's3:listbucket', 's3:List*'];
    const buckets = ['*', 'arn:aws:s3:::acme', 'arn:aws:s3:::a?me'];
    return (
      [Action].flat().some((action) => actions.includes(action)) &&
      [Resource].flat().some((resource) => buckets.includes(resource)) &&
      holds[JSON.stringify(Condition)]?.(prefix) === true
    );
  };

  /** AWS's flowchart in short, for these statements alone. */
  function simulate(own: readonly Given[], atBucket: readonly Given[], { owner, prefix }: Asked): boolean {
    const role = ['*', ROLE];
    const account = ['000000000000', 'arn:aws:iam::000000000000:root'];
    const named = ({ Principal }: Given) =>
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
          fc.array(statement, { maxLength: 3 }),
          fc.array(bucketStatement, { maxLength: 3 }),
          fc.constantFrom('events/', 'metrics/x', undefined),
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

  it('apply ForAllValues and ForAnyValue to the values of a key', () => {
    const asks = (operator: string, wanted: string[], keys: string[] | undefined) =>
      decide({
        caller: {
          arn: ROLE,
          account: '000000000000',
          policies: () => [
            readPolicy(
              {
                Statement: [
                  {
                    Effect: 'Allow',
                    Action: 'kms:TagResource',
                    Resource: '*',
                    Condition: { [operator]: { 'aws:TagKeys': wanted } },
                  },
                ],
              },
              () => true,
            ),
          ],
        },
        action: 'kms:TagResource',
        resource: 'arn:aws:kms:us-east-1:000000000000:key/1',
        owner: '000000000000',
        resourcePolicy: undefined,
        context: keys === undefined ? {} : { 'aws:TagKeys': keys },
      }).allowed;
    expect(asks('ForAllValues:StringLike', ['STAGE', 'aws:*'], ['STAGE', 'aws:x'])).toBe(true);
    expect(asks('ForAllValues:StringLike', ['STAGE', 'aws:*'], ['STAGE', 'team'])).toBe(false);
    expect(asks('ForAllValues:StringLike', ['STAGE'], undefined)).toBe(true);
    expect(asks('ForAllValues:StringNotEquals', ['team'], ['STAGE', 'team'])).toBe(false);
    expect(asks('ForAnyValue:StringEquals', ['STAGE'], ['STAGE', 'team'])).toBe(true);
    expect(asks('ForAnyValue:StringEquals', ['STAGE'], ['team'])).toBe(false);
    expect(asks('ForAnyValue:StringEquals', ['STAGE'], undefined)).toBe(false);
    expect(asks('ForAnyValue:StringEqualsIfExists', ['STAGE'], undefined)).toBe(true);
    expect(asks('ForAnyValue:StringNotEquals', ['team'], ['STAGE', 'team'])).toBe(true);
  });
});
