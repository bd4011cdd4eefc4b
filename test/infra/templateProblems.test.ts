import { describe, expect, it } from '@jest/globals';
import type { PackagedTemplate } from '../../infra/template/substitute.ts';
import { templateProblems } from '../../infra/template/templateProblems.ts';

const PLACE = { stackName: 'acme-prod', region: 'eu-west-1' };

const TRUST = { Version: '2012-10-17', Statement: [] };
/** A policy of a number of characters, as IAM counts them. */
const policyOf = (characters: number) => {
  const empty = { Statement: [{ Sid: '' }] };
  return { Statement: [{ Sid: 's'.repeat(characters - JSON.stringify(empty).length) }] };
};
const role = (...sizes: readonly number[]) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: TRUST,
    Policies: sizes.map((size, i) => ({ PolicyName: `p${i}`, PolicyDocument: policyOf(size) })),
  },
});
const own = (Type: string, Properties: Readonly<Record<string, unknown>>) => ({ Type, Properties });
const template = (Resources: Required<PackagedTemplate>['Resources']): PackagedTemplate => ({ Resources });

/** Something that a template can have too much of. */
interface TooMuch {
  readonly what: string;
  /** Makes a template with as much as AWS takes, and so much more. */
  readonly made: (over: number) => PackagedTemplate;
  /** The beginning of the problem's text, for one more. */
  readonly message: string;
}

describe('what a deployment would be rolled back for', () => {
  const cases: readonly TooMuch[] = [
    {
      what: 'inline policies of a role, all together',
      made: (over) => template({ Mine: role(10_000, 240 + over) }),
      message: 'Mine: 10241 characters of inline policies, at most 10240',
    },
    {
      what: 'inline policies of a role that are resources of their own',
      made: (over) =>
        template({
          Mine: role(5_000),
          More: own('AWS::IAM::Policy', { Roles: [{ Ref: 'Mine' }], PolicyDocument: policyOf(5_000) }),
          Last: own('AWS::IAM::RolePolicy', {
            RoleName: { Ref: 'Mine' },
            PolicyDocument: policyOf(240 + over),
          }),
        }),
      message: 'Mine: 10241 characters of inline policies, at most 10240',
    },
    {
      what: 'inline policies of a role that has one of them under a condition',
      made: (over) => {
        const last = { PolicyName: 'last', PolicyDocument: policyOf(240 + over) };
        const { Policies, ...rest } = role(10_000).Properties;
        const all = [...Policies, { 'Fn::If': ['Sometimes', last, { Ref: 'AWS::NoValue' }] }];
        return template({ Mine: own('AWS::IAM::Role', { ...rest, Policies: all }) });
      },
      message: 'Mine: 10241 characters of inline policies, at most 10240',
    },
    {
      what: 'managed policies of a role that has them under a condition',
      made: (over) => {
        const arns = Array.from({ length: 10 + over }, (_, i) => `arn:${i}`);
        return template({
          Mine: own('AWS::IAM::Role', { ManagedPolicyArns: { 'Fn::If': ['Sometimes', arns, []] } }),
        });
      },
      message: 'Mine: 11 managed policies, at most 10',
    },
    {
      what: 'inline policies of a user',
      made: (over) => template({ Mine: own('AWS::IAM::User', role(2_048 + over).Properties) }),
      message: 'Mine: 2049 characters of inline policies, at most 2048',
    },
    {
      what: 'inline policies of a user that are resources of their own',
      made: (over) =>
        template({
          Mine: own('AWS::IAM::User', role(2_000).Properties),
          More: own('AWS::IAM::UserPolicy', {
            UserName: { Ref: 'Mine' },
            PolicyDocument: policyOf(48 + over),
          }),
        }),
      message: 'Mine: 2049 characters of inline policies, at most 2048',
    },
    {
      what: 'inline policies of a group',
      made: (over) => template({ Mine: own('AWS::IAM::Group', role(5_120 + over).Properties) }),
      message: 'Mine: 5121 characters of inline policies, at most 5120',
    },
    {
      what: 'managed policies of a role',
      made: (over) =>
        template({
          Mine: own('AWS::IAM::Role', {
            ManagedPolicyArns: Array.from({ length: 9 + over }, (_, i) => `arn:${i}`),
          }),
          More: own('AWS::IAM::ManagedPolicy', { Roles: [{ Ref: 'Mine' }], PolicyDocument: policyOf(40) }),
        }),
      message: 'Mine: 11 managed policies, at most 10',
    },
    {
      what: 'a trust policy',
      made: (over) =>
        template({ Mine: own('AWS::IAM::Role', { AssumeRolePolicyDocument: policyOf(2_048 + over) }) }),
      message: 'Mine: 2049 characters of AssumeRolePolicyDocument, at most 2048',
    },
    {
      what: 'a managed policy',
      made: (over) =>
        template({ Mine: own('AWS::IAM::ManagedPolicy', { PolicyDocument: policyOf(6_144 + over) }) }),
      message: 'Mine: 6145 characters of PolicyDocument, at most 6144',
    },
    {
      what: "a bucket's policy",
      made: (over) =>
        template({ Mine: own('AWS::S3::BucketPolicy', { PolicyDocument: policyOf(20_480 + over) }) }),
      message: 'Mine: 20481 bytes of PolicyDocument, at most 20480',
    },
    {
      what: "a key's policy",
      made: (over) => template({ Mine: own('AWS::KMS::Key', { KeyPolicy: policyOf(32_768 + over) }) }),
      message: 'Mine: 32769 bytes of KeyPolicy, at most 32768',
    },
    {
      what: "a queue's policy",
      made: (over) =>
        template({ Mine: own('AWS::SQS::QueuePolicy', { PolicyDocument: policyOf(8_192 + over) }) }),
      message: 'Mine: 8193 bytes of PolicyDocument, at most 8192',
    },
    {
      what: 'resources',
      made: (over) =>
        template(
          Object.fromEntries(Array.from({ length: 500 + over }, (_, i) => [`R${i}`, own('A::B::C', {})])),
        ),
      message: 'The template: 501 resources, at most 500',
    },
    {
      what: 'bytes',
      made: (over) => {
        const empty = JSON.stringify(template({ Mine: own('A::B::C', { Text: '' }) })).length;
        // Two bytes a letter.
        return template({
          Mine: own('A::B::C', { Text: `${'é'.repeat(400_000)}${'x'.repeat(200_000 - empty + over)}` }),
        });
      },
      message: 'The template: 1000001 bytes, at most 1000000',
    },
  ];
  it.each(cases)('is too much of $what, and nothing that just fits', ({ made, message }) => {
    expect(templateProblems(made(0), PLACE)).toEqual([]);
    const [problem, ...more] = templateProblems(made(1), PLACE);
    expect(more).toEqual([]);
    expect(problem?.text).toContain(`${message}. It grows with `);
  });

  it('is counted as AWS gets it: references as their texts, of unnamed resources the longest', () => {
    const made = template({
      Queue: own('AWS::SQS::Queue', { QueueName: { 'Fn::Sub': `\${AWS::StackName}-q` } }),
      Mine: own('AWS::IAM::Role', {
        Policies: [
          {
            PolicyDocument: {
              Statement: [
                { 'Fn::If': ['Never', { Ref: 'AWS::NoValue' }, { 'Fn::GetAtt': ['Queue', 'Arn'] }] },
                { 'Fn::GetAtt': 'Other.Arn' },
                { 'Fn::Sub': [`\${Own}/\${!Literal}/\${Other.Arn}`, { Own: { Ref: 'Queue' } }] },
                { 'Fn::Join': ['-', ['a', { Ref: 'AWS::Region' }]] },
              ],
            },
          },
        ],
      }),
      Other: own('AWS::IAM::Role', { Policies: [] }),
    });
    const other = `arn:aws:iam::000000000000:role/acme-prod-Other-${'X'.repeat(13)}`;
    const count = JSON.stringify({
      Statement: [
        'arn:aws:sqs:eu-west-1:000000000000:acme-prod-q',
        other,
        `https://sqs.eu-west-1.amazonaws.com/000000000000/acme-prod-q/\${!Literal}/${other}`,
        'a-eu-west-1',
      ],
    }).length;
    const over = JSON.parse(JSON.stringify(made));
    over.Resources.Mine.Properties.Policies.push({ PolicyDocument: policyOf(10_241 - count) });
    expect(templateProblems(over, PLACE)).toMatchObject([
      { text: expect.stringMatching(/^Mine: 10241 characters/) },
    ]);
  });
});

it.each([
  { what: '499 resources', also: { resources: 499, bytes: 0 }, told: [] },
  { what: '500 resources', also: { resources: 500, bytes: 0 }, told: ['501 resources, at most 500'] },
  { what: '999,000 bytes', also: { resources: 0, bytes: 999_000 }, told: [] },
  {
    what: '1,000,000 bytes',
    also: { resources: 0, bytes: 1_000_000 },
    told: [expect.stringMatching(/^1000\d\d\d bytes, at most 1000000$/)],
  },
])('what Serverless adds counts, too: $what', ({ also, told }) => {
  const problems = templateProblems(template({ Mine: role(100) }), PLACE, also);
  expect(problems.map(({ excess }) => excess)).toEqual(told);
});
