import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Caller } from '../../src/iam/Caller.ts';
import { decide, decideListing } from '../../src/iam/decide.ts';
import { readPolicy } from '../../src/iam/policy.ts';
import {
  applies,
  bucketStatement,
  identityStatement,
  type ListingStatement,
  PREFIXES,
  ROLE,
} from './listingPolicies.ts';

describe('policy decisions', () => {
  interface Asked {
    readonly owner: string;
    readonly prefix: string | undefined;
  }

  /**
   * AWS's flowchart in short, for these statements alone:
   * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
   */
  function mayList(
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
    "let a role list a bucket of account %s where AWS's flowchart does",
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
            expect(allowed).toBe(mayList(own, atBucket, { owner, prefix }));
          },
        ),
        { numRuns: 400 },
      );
    },
  );

  /** Whether a caller may list the databases. */
  const mayListAll = (caller: Pick<Caller, 'policies' | 'boundary' | 'sessionPolicy'>) =>
    decideListing({
      caller: { arn: ROLE, account: '000000000000', ...caller },
      action: 'glue:GetDatabases',
      resource: 'arn:aws:glue:us-east-1:000000000000:database/*',
      owner: '000000000000',
      resourcePolicy: undefined,
    }).allowed;
  /** Whether a caller with such a policy alone may list the databases. */
  const mayListDatabases = (...Statement: readonly object[]) =>
    mayListAll({ policies: () => [readPolicy({ Statement })] });
  const ofDatabases = (Effect: string, Resource: string) => ({
    Effect,
    Action: 'glue:GetDatabases',
    Resource,
  });

  it.each([
    'arn:aws:glue:us-east-1:000000000000:database/lake',
    'arn:aws:glue:us-east-1:000000000000:database/la*',
    'arn:aws:glue:*:000000000000:database/lake',
    'arn:aws:glue:*:*:database/lake',
  ])('let a caller who may see %s list the databases', (resource) => {
    expect(mayListDatabases(ofDatabases('Allow', resource))).toBe(true);
  });

  it.each([
    'arn:aws:glue:eu-west-1:000000000000:database/lake',
    'arn:aws:glue:us-east-1:000000000000:table/lake/rows',
  ])('do not let a caller who may see %s list the databases', (resource) => {
    expect(mayListDatabases(ofDatabases('Allow', resource))).toBe(false);
  });

  it('let a caller list the databases whose boundary or session policy allows one', () => {
    const lake = 'arn:aws:glue:us-east-1:000000000000:database/lake';
    const all = readPolicy({ Statement: [ofDatabases('Allow', '*')] });
    const one = readPolicy({ Statement: [ofDatabases('Allow', lake)] });
    const none = readPolicy({ Statement: [ofDatabases('Deny', lake)] });
    expect(mayListAll({ policies: () => [all], boundary: () => one })).toBe(true);
    expect(mayListAll({ policies: () => [all], sessionPolicy: () => one })).toBe(true);
    expect(mayListAll({ policies: () => [all], boundary: () => none })).toBe(false);
    expect(mayListAll({ policies: () => [one], sessionPolicy: () => none })).toBe(false);
  });

  it('let a caller list the databases who may see one that no policy denies', () => {
    const lake = 'arn:aws:glue:us-east-1:000000000000:database/lake';
    const other = 'arn:aws:glue:us-east-1:000000000000:database/other';
    expect(mayListDatabases(ofDatabases('Allow', lake), ofDatabases('Deny', other))).toBe(true);
    expect(mayListDatabases(ofDatabases('Allow', lake), ofDatabases('Deny', lake))).toBe(false);
  });

  it('are published once for a list, as it was decided', () => {
    const published: unknown[] = [];
    const keep = (message: unknown) => published.push(message);
    subscribe('local-aws:decisions', keep);
    mayListDatabases(ofDatabases('Allow', 'arn:aws:glue:us-east-1:000000000000:database/lake'));
    mayListDatabases(ofDatabases('Deny', 'arn:aws:glue:us-east-1:000000000000:database/lake'));
    unsubscribe('local-aws:decisions', keep);
    const resource = 'arn:aws:glue:us-east-1:000000000000:database/*';
    expect(published).toMatchObject([
      { resource, allowed: true },
      { resource, allowed: false },
    ]);
  });

  it.each([
    { statement: { NotAction: 's3:Put*', Resource: '*' }, allowed: true },
    { statement: { NotAction: 's3:Get*', Resource: '*' }, allowed: false },
    { statement: { Action: '*', NotResource: 'arn:aws:s3:::acme/b/*' }, allowed: true },
    { statement: { Action: '*', NotResource: 'arn:aws:s3:::acme/a/*' }, allowed: false },
    {
      statement: {
        Action: '*',
        Resource: '*',
        Condition: { StringEqualsIgnoreCase: { 'aws:SourceAccount': 'ACME' } },
      },
      allowed: true,
    },
    {
      statement: {
        Action: '*',
        Resource: '*',
        Condition: { StringNotEqualsIgnoreCase: { 'aws:SourceAccount': 'ACME' } },
      },
      allowed: false,
    },
    // Only in its last part does a star go beyond a colon.
    {
      statement: {
        Action: '*',
        Resource: '*',
        Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:sns:*:topic:x' } },
      },
      allowed: false,
    },
    {
      statement: {
        Action: '*',
        Resource: '*',
        Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:sns:*:*:t*x' } },
      },
      allowed: true,
    },
  ])('apply $statement to a read: allowed $allowed', ({ statement, allowed }) => {
    const policy = readPolicy({ Statement: [{ Effect: 'Allow', ...statement }] });
    const decision = decide({
      caller: { arn: ROLE, account: '000000000000', policies: () => [policy] },
      action: 's3:GetObject',
      resource: 'arn:aws:s3:::acme/a/1',
      owner: '000000000000',
      resourcePolicy: undefined,
      context: { 'aws:SourceAccount': 'acme', 'aws:SourceArn': 'arn:aws:sns:us-east-1:111122223333:topic:x' },
    });
    expect(decision.allowed).toBe(allowed);
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

  it.each([
    {
      operator: 'ForAllValues:StringLike',
      wanted: ['STAGE', 'aws:*'],
      values: ['STAGE', 'aws:x'],
      allowed: true,
    },
    {
      operator: 'ForAllValues:StringLike',
      wanted: ['STAGE', 'aws:*'],
      values: ['STAGE', 'team'],
      allowed: false,
    },
    { operator: 'ForAllValues:StringLike', wanted: ['STAGE'], values: undefined, allowed: true },
    { operator: 'ForAllValues:StringNotEquals', wanted: ['team'], values: ['STAGE', 'team'], allowed: false },
    { operator: 'ForAnyValue:StringEquals', wanted: ['STAGE'], values: ['STAGE', 'team'], allowed: true },
    { operator: 'ForAnyValue:StringEquals', wanted: ['STAGE'], values: ['team'], allowed: false },
    { operator: 'ForAnyValue:StringEquals', wanted: ['STAGE'], values: undefined, allowed: false },
    { operator: 'ForAnyValue:StringEqualsIfExists', wanted: ['STAGE'], values: undefined, allowed: true },
    { operator: 'ForAnyValue:StringNotEquals', wanted: ['team'], values: ['STAGE', 'team'], allowed: true },
  ])('apply $operator $wanted to a key with the values $values: allowed $allowed', (asked) => {
    const { operator, wanted, values, allowed } = asked;
    const Condition = { [operator]: { 'aws:TagKeys': wanted } };
    const Statement = [{ Effect: 'Allow', Action: 'kms:TagResource', Resource: '*', Condition }];
    // No request of the emulator has tags of a key, so that it does not know this condition key.
    const policy = readPolicy({ Statement }, () => true);
    const decision = decide({
      caller: { arn: ROLE, account: '000000000000', policies: () => [policy] },
      action: 'kms:TagResource',
      resource: 'arn:aws:kms:us-east-1:000000000000:key/1',
      owner: '000000000000',
      resourcePolicy: undefined,
      context: values === undefined ? {} : { 'aws:TagKeys': values },
    });
    expect(decision.allowed).toBe(allowed);
  });
});
