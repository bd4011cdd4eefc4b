import { describe, expect, it } from '@jest/globals';
import { type BucketNeed, bucketNeeds } from '../../../infra/bucketNeeds.ts';
import { deleterIds } from '../../../infra/roles/functionRoles.ts';
import { deleteByVersionOnly, keptFolders } from '../../../lib/access/buckets/bucketDenials.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { deniedByBucket, exceptedDenials, exceptedPolicy } from '../../../observe/facts/bucketDenials.ts';
import { templateConfigurations } from '../../infra/templateConfigurations.ts';

const identity = { partition: 'aws', account: '111122223333' };
const WRITER = 'arn:aws:iam::111122223333:role/w';
const stack = {
  service: 'acme',
  stage: 'prod',
  config: defineConfig({ ...templateConfigurations['readers and customers'], bucket: 'acme' }),
};
const needsOfAll = bucketNeeds(stack, { identity, names: new Map([['WriteRole', 'w']]) });
const needsOfWriter = needsOfAll.filter(({ id }) => id === 'WriteRole');

/** A statement that denies everybody to delete what has landed. */
const DENIAL = {
  Sid: 'S',
  Effect: 'Deny',
  Principal: '*',
  Action: 's3:DeleteObject',
  Resource: 'arn:aws:s3:::acme/landing/*',
};
const policyOf = (...Statement: readonly object[]) => JSON.stringify({ Statement });
/** What is told of a policy of this denial with other members. */
const denied = (members: object, needs: readonly BucketNeed[] = needsOfWriter) =>
  deniedByBucket(policyOf({ ...DENIAL, ...members }), needs).map(({ text }) => text);
const DENIES_DELETION = [`S denies ${WRITER}: s3:DeleteObject on landing/*.`];
const MAY_DENY_DELETION = [`S may deny ${WRITER}: s3:DeleteObject on landing/*.`];

/** Somebody from another network than this is meant: nothing is known of it here. */
const UNKNOWN_CONDITION = { StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } };

interface StatementCase {
  readonly what: string;
  /** Members of the statement that differ from {@link DENIAL}. */
  readonly members: object;
}

describe("a statement of the bucket's policy", () => {
  it.each<StatementCase>([
    { what: 'everybody', members: {} },
    { what: 'the account', members: { Principal: { AWS: ['arn:aws:iam::111122223333:root'] } } },
    {
      what: 'all principals but another one',
      members: { Principal: undefined, NotPrincipal: { AWS: 'arn:aws:iam::111122223333:role/x' } },
    },
    {
      what: 'actions and keys by patterns',
      members: { Action: ['S3:Delete*'], Resource: ['arn:aws:s3:::acme/landing*'] },
    },
    {
      what: 'roles that are not listed',
      members: { Condition: { ArnNotLike: { 'aws:PrincipalArn': '*:role/admin' } } },
    },
    {
      what: 'all but a text with a wildcard, which no ARN equals',
      members: { Condition: { StringNotEquals: { 'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/*' } } },
    },
    {
      what: 'the writer by its ARN as a text',
      members: { Condition: { StringEquals: { 'aws:PrincipalArn': [`${WRITER}x`, WRITER] } } },
    },
    {
      what: 'the writer by its ARN',
      members: { Condition: { ArnEquals: { 'AWS:principalarn': WRITER } } },
    },
  ])('denies the writer to delete if it denies $what', ({ members }) => {
    expect(denied(members)).toEqual(DENIES_DELETION);
  });

  it.each<StatementCase>([
    { what: 'allows', members: { Effect: 'Allow' } },
    { what: 'denies another action', members: { Action: 's3:DeleteObjectVersion' } },
    { what: 'denies all actions but this', members: { Action: undefined, NotAction: ['s3:*Object'] } },
    { what: 'denies another folder', members: { Resource: 'arn:aws:s3:::acme/elsewhere/*' } },
    {
      what: 'denies all resources but this bucket',
      members: { Resource: undefined, NotResource: 'arn:aws:s3:::acme*' },
    },
    { what: 'denies another role', members: { Principal: { AWS: 'arn:aws:iam::111122223333:role/x' } } },
    {
      what: 'denies another role by a condition',
      members: { Condition: { ArnEquals: { 'aws:PrincipalArn': `${WRITER}x` } } },
    },
    { what: 'denies plain HTTP', members: { Condition: { Bool: { 'aws:SecureTransport': 'false' } } } },
    {
      what: 'denies deletions without If-Match',
      members: { Condition: { Null: { 's3:if-match': 'true' } } },
    },
    {
      what: 'denies a text with a wildcard, which no ARN equals',
      members: { Condition: { StringEqualsIfExists: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/*' } } },
    },
    {
      what: 'denies all whose text is not alike',
      members: { Condition: { StringNotLike: { 'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/*' } } },
    },
    {
      what: 'denies all roles but the writer',
      members: { Condition: { ArnNotEquals: { 'aws:PrincipalArn': [WRITER] } } },
    },
  ])('does not deny the writer to delete if it $what', ({ members }) => {
    expect(denied(members)).toEqual([]);
  });

  it.each<StatementCase>([
    { what: 'of an unknown key', members: { Condition: UNKNOWN_CONDITION } },
    { what: 'that is met over HTTPS', members: { Condition: { Bool: { 'aws:SecureTransport': 'true' } } } },
    {
      what: 'that is met by deletions with If-Match',
      members: { Condition: { Null: { 's3:if-match': 'false' } } },
    },
    {
      what: 'that names the writer and a network',
      members: {
        Condition: { IpAddress: { 'aws:SourceIp': '::' }, ArnLike: { 'aws:PrincipalArn': WRITER } },
      },
    },
  ])('may deny the writer to delete under a condition $what', ({ members }) => {
    expect(denied(members)).toEqual(MAY_DENY_DELETION);
  });

  it('may deny the writer to read without If-Match, as only its deletions are known to have it', () => {
    const Condition = { Null: { 's3:if-match': 'true' } };
    expect(denied({ Condition, Action: 's3:GetObject' })).toEqual([
      `S may deny ${WRITER}: s3:GetObject on landing/*.`,
    ]);
  });

  it('without a name is named by its place among all statements', () => {
    const { Sid, ...nameless } = DENIAL;
    const policy = policyOf({ ...nameless, Effect: 'Allow' }, nameless);
    expect(deniedByBucket(policy, needsOfWriter).map(({ sid }) => sid)).toEqual(['Statement 2']);
  });

  it.each([
    { folder: 'landing/direct/*', told: 's3:PutObject on landing/direct/*' },
    { folder: 'landing/*/x', told: 's3:PutObject on landing/*/x' },
    { folder: '*.gz', told: 's3:PutObject on *.gz' },
    { folder: 'land*', told: 's3:PutObject on landing/*' },
  ])('that denies $folder denies the collector $told', ({ folder, told }) => {
    const collect = needsOfAll.filter(
      ({ id, statement }) => id === 'CollectRole' && /landing/.test(statement.Resource.join()),
    );
    const [text = ''] = denied({ Action: 's3:Put*', Resource: `arn:aws:s3:::acme/${folder}` }, collect);
    expect(text).toMatch(/^S denies arn:aws:iam::111122223333:role\/acme-prod-CollectRole-x: /);
    expect(text).toContain(told);
  });
});

describe('what a policy denies', () => {
  it('is nothing without a policy', () => {
    expect(deniedByBucket('', needsOfAll)).toEqual([]);
  });

  it.each(Object.entries(templateConfigurations).map(([name, input]) => ({ name, input })))(
    'is nothing of what roles do if the stack has made it: $name',
    ({ input }) => {
      const config = defineConfig({ ...input, bucket: 'acme' });
      const needs = bucketNeeds({ ...stack, config }, { identity, names: new Map() });
      const files = keptFolders(config).map((folder) => `arn:aws:s3:::acme/${folder}*`);
      const ids = deleterIds(config);
      const deleters = needs.flatMap(({ id, role }) => (ids.includes(id) ? [role] : []));
      expect(needs.length).toBeGreaterThan(10);
      expect(deniedByBucket(policyOf(deleteByVersionOnly(files, deleters)), needs)).toEqual([]);
    },
  );

  const EVERYTHING = { Action: 's3:*', Resource: ['arn:aws:s3:::acme', 'arn:aws:s3:::acme/*'] };
  const roles = [...new Set(needsOfAll.map(({ role }) => role))];
  /** A condition that excepts all roles of the stack but this. */
  const exceptedBut = (kept: string) => ({
    ArnNotEquals: { 'aws:PrincipalArn': roles.filter((role) => role !== kept) },
  });

  it('has every action of every role if all is denied', () => {
    const [text = '', ...others] = denied(EVERYTHING, needsOfAll);
    const actions = needsOfAll.flatMap(({ statement }) => statement.Action);
    expect(others).toEqual([]);
    expect(actions.filter((action) => !text.includes(`${action} on `))).toEqual([]);
    expect(roles.filter((role) => !text.includes(`${role}: `))).toEqual([]);
    expect(text).toContain('s3:ListBucket on the bucket');
  });

  it('names one role alone if all others are excepted, and none if all are', () => {
    expect(roles.length).toBeGreaterThan(5);
    for (const role of roles) {
      expect(denied({ ...EVERYTHING, Condition: exceptedBut(role) }, needsOfAll)).toEqual([
        expect.stringMatching(`^S denies ${role}: [^:]+:`),
      ]);
    }
    expect(denied({ ...EVERYTHING, Condition: exceptedBut('') }, needsOfAll)).toEqual([]);
  });
});

describe('a policy with exceptions', () => {
  it('keeps its conditions and the roles that it excepts, however their key is written, beside new ones', () => {
    const Condition = { ...UNKNOWN_CONDITION, ArnNotEquals: { 'AWS:principalarn': 'c' } };
    const policy = JSON.stringify({ Version: 'v', Statement: [{ Sid: 'S', Effect: 'Deny', Condition }] });
    expect(JSON.parse(exceptedPolicy(policy, () => ['a', 'b']))).toEqual({
      Version: 'v',
      Statement: [
        {
          Sid: 'S',
          Effect: 'Deny',
          Condition: {
            StringNotEquals: { 'aws:SourceVpce': 'vpce-1' },
            ArnNotEquals: { 'AWS:principalarn': ['c', 'a', 'b'] },
          },
        },
      ],
    });
  });

  it('excepts the roles that it denies for certain from every statement that does', () => {
    const policy = policyOf(
      { ...DENIAL, Sid: 'A' },
      { ...DENIAL, Sid: 'B', Action: 's3:GetObject' },
      { ...DENIAL, Sid: 'C', Action: 's3:GetObject', Condition: UNKNOWN_CONDITION },
    );
    const denials = deniedByBucket(policy, needsOfWriter);
    expect(denials.map(({ sid, isKnown }) => ({ sid, isKnown }))).toEqual([
      { sid: 'A', isKnown: true },
      { sid: 'B', isKnown: true },
      { sid: 'C', isKnown: false },
    ]);
    const Condition = { ArnNotEquals: { 'aws:PrincipalArn': [WRITER] } };
    expect(JSON.parse(exceptedDenials(policy, denials))).toEqual({
      Statement: [
        { ...DENIAL, Sid: 'A', Condition },
        { ...DENIAL, Sid: 'B', Action: 's3:GetObject', Condition },
        { ...DENIAL, Sid: 'C', Action: 's3:GetObject', Condition: UNKNOWN_CONDITION },
      ],
    });
  });
});
