import { text } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import {
  AwsError,
  type AwsService,
  jsonService,
  operation,
  queryOperation,
  queryService,
} from '../../../packages/local-aws/src/protocol/index.ts';
import { stsService } from '../../../packages/local-aws/src/sts/index.ts';

const ACCOUNT = '000000000000';
/** Callers, of whom IAM simulates the role. */
export const ROOT = { arn: `arn:aws:iam::${ACCOUNT}:root`, account: ACCOUNT };
export const ROLE = { arn: `arn:aws:iam::${ACCOUNT}:role/deploy`, account: ACCOUNT };
/** An answer of {@link account.answers}. */
export const NOT_FOUND = Symbol('not found');

/** Lake Formation's grant to everybody whom IAM allows. */
export const BY_IAM = {
  Principal: { DataLakePrincipalIdentifier: 'IAM_ALLOWED_PRINCIPALS' },
  Permissions: ['ALL'],
};

/** The answer of Lake Formation about an account. @param creators Grants on the catalog; default: none may be listed. */
export function lakeFormation(DataLakeSettings: object, creators?: readonly object[]) {
  return [
    ['lakeformation /GetDataLakeSettings', { DataLakeSettings }],
    [
      'lakeformation /ListPermissions',
      creators &&
        (({ Principal, Resource, NextToken }: typeof BY_IAM & { Resource?: object; NextToken?: string }) => {
          // Another question is answered with what the caller may see: nothing. The first page is empty, each other has one
          // grant.
          const granted = creators
            .map((grant) => ({ ...BY_IAM, ...grant }))
            .filter((grant) => Resource && isDeepStrictEqual(grant.Principal, Principal));
          const page = Number(NextToken ?? 0);
          return {
            PrincipalResourcePermissions: page === 0 ? [] : granted.slice(page - 1, page),
            ...(page < granted.length ? { NextToken: `${page + 1}` } : {}),
          };
        }),
    ],
  ] as const;
}

/** An account of the root user, with default quotas, in which Lake Formation leaves databases to IAM. */
const fresh = () => ({
  caller: ROOT,
  logGroups: [] as string[],
  secrets: new Map<string, object>(),
  /** What KMS says of keys, by ARN; null for one that the caller may not see. */
  keys: new Map<string, object | null>(),
  /** Documents of managed policies by ARN; null for one that the caller may not read. */
  policies: new Map<string, object | null>(),
  /** Of services of the REST protocol, by service and path. Without one, they deny. */
  answers: new Map<string, unknown>([
    ...limits(10_000, 5_000, 1_000, 1_000),
    ...lakeFormation({ CreateDatabaseDefaultPermissions: [BY_IAM] }),
  ]),
  decide: (_action: string, _resource: string, _call: { source: string; context: string }) => 'allowed',
  /** What IAM's simulator was asked. */
  simulated: [] as { action: string; source: string; resources: string[]; context: string }[],
});

/** What only AWS knows of an account. Each test sets it. */
export const account = { ...fresh(), reset: () => void Object.assign(account, fresh()) };

/** The answers of API Gateway and Lambda with an account's limits. */
export function limits(rateLimit: number, burstLimit: number, total: number, unreserved: number) {
  const AccountLimit = { ConcurrentExecutions: total, UnreservedConcurrentExecutions: unreserved };
  return [
    ['apigateway /account', { throttleSettings: { rateLimit, burstLimit } }],
    ['lambda /2016-08-19/account-settings', { AccountLimit }],
  ] as const;
}

/** A service of the REST protocol with {@link account.answers}. */
const rest = (signingName: string): AwsService => ({
  signingName,
  operations: [],
  async handle({ rawPath, body }) {
    const asked = await text(body);
    const known = account.answers.get(`${signingName} ${rawPath}`);
    const answer = typeof known === 'function' ? known(JSON.parse(asked)) : known;
    const failed = (status: number, code: string, message: string) => ({
      status,
      headers: { 'x-amzn-errortype': code },
      body: JSON.stringify({ message }),
    });
    if (answer === NOT_FOUND) return failed(404, 'NotFoundException', 'No such domain.');
    return answer === undefined
      ? failed(403, 'AccessDeniedException', `Not authorized to perform: ${signingName}:GET`)
      : { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(answer) };
  },
});

/** A service of the JSON protocol. */
const json = (
  signingName: string,
  targetPrefix: string,
  operations: Parameters<typeof jsonService>[0]['operations'],
) =>
  jsonService({
    signingName,
    targetPrefix,
    contentType: 'application/x-amz-json-1.1',
    operations,
    invalidInput: (message) => new AwsError('InvalidParameterException', 400, message),
  });
const logs = json('logs', 'Logs_20140328', {
  FilterLogEvents: operation({ input: z.looseObject({}), run: () => ({ events: [] }) }),
  DescribeLogGroups: operation({
    input: z.strictObject({ logGroupNamePrefix: z.string() }),
    run: ({ logGroupNamePrefix }) => ({
      logGroups: account.logGroups
        .filter((name) => name.startsWith(logGroupNamePrefix))
        .map((logGroupName) => ({ logGroupName })),
    }),
  }),
});
const secretsManager = json('secretsmanager', 'secretsmanager', {
  GetSecretValue: operation({
    input: z.looseObject({}),
    run: () => ({ SecretString: '{"keys":[]}' }),
  }),
  DescribeSecret: operation({
    input: z.strictObject({ SecretId: z.string() }),
    run({ SecretId }) {
      const secret = account.secrets.get(SecretId);
      if (secret === undefined) throw new AwsError('ResourceNotFoundException', 400, 'No such secret.');
      return { Name: SecretId, ...secret };
    },
  }),
});

/** KMS with {@link account.keys} alone, in place of the local cloud's. */
export const kms = json('kms', 'TrentService', {
  DescribeKey: operation({
    input: z.strictObject({ KeyId: z.string() }),
    run({ KeyId }) {
      const key = account.keys.get(KeyId);
      if (key === undefined) throw new AwsError('NotFoundException', 400, `Key '${KeyId}' does not exist`);
      if (key === null)
        throw new AwsError('AccessDeniedException', 400, 'Not authorized to perform: kms:DescribeKey');
      return { KeyMetadata: { Arn: KeyId, KeyId, ...key } };
    },
  }),
});

/** Elements of an answer of IAM. */
type Evaluated = Awaited<ReturnType<Parameters<typeof queryOperation>[0]['run']>>;

/** The parameters of a question to IAM. */
const members = z.record(z.string(), z.string());

/** The document of a managed policy. @throws AwsError As IAM answers about one that is absent, or that the caller may not read. */
function managedPolicy(arn = ''): object {
  const document = account.policies.get(arn);
  if (document === undefined) throw new AwsError('NoSuchEntity', 404, `Policy ${arn} does not exist.`);
  if (document === null) throw new AwsError('AccessDenied', 403, 'Not authorized to perform: iam:GetPolicy');
  return document;
}

const iam = queryService({
  signingName: 'iam',
  version: '2010-05-08',
  namespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
  operations: new Map([
    queryOperation({
      name: 'GetRole',
      input: members,
      run: ({ RoleName = '' }) => [
        ['Role', [...Object.entries({ RoleName, Arn: `arn:aws:iam::${ACCOUNT}:role/ci/${RoleName}` })]],
      ],
    }),
    queryOperation({
      name: 'GetUser',
      input: members,
      run: ({ UserName = '' }) => [['User', [['UserName', UserName]]]],
    }),
    queryOperation({
      name: 'GetPolicy',
      input: members,
      run({ PolicyArn }) {
        managedPolicy(PolicyArn);
        return [['Policy', [['DefaultVersionId', 'v2']]]];
      },
    }),
    queryOperation({
      name: 'GetPolicyVersion',
      input: members,
      run: ({ PolicyArn, VersionId }) => {
        const document = JSON.stringify(VersionId === 'v2' ? managedPolicy(PolicyArn) : {});
        return [['PolicyVersion', [['Document', encodeURIComponent(document)]]]];
      },
    }),
    queryOperation({
      name: 'SimulatePrincipalPolicy',
      input: members,
      run(asked) {
        const listed = (prefix: string) =>
          Object.keys(asked)
            .filter((name) => name.startsWith(prefix))
            .sort()
            .map((name) => asked[name] ?? '');
        const actions = listed('ActionNames.member.');
        const resources = listed('ResourceArns.member.');
        const context = listed('ContextEntries.member.1.').join(' ');
        const source = asked['PolicySourceArn'] ?? '';
        for (const action of actions) account.simulated.push({ action, source, resources, context });
        // As IAM does: a decision for each of several resources is a result of its own.
        const evaluated = (action: string): Evaluated =>
          resources.length === 1
            ? [
                ['EvalResourceName', resources[0] ?? ''],
                ['EvalDecision', account.decide(action, resources[0] ?? '', { source, context })],
              ]
            : [
                [
                  'ResourceSpecificResults',
                  resources.map((resource) => [
                    'member',
                    [
                      ['EvalResourceName', resource],
                      ['EvalResourceDecision', account.decide(action, resource, { source, context })],
                    ],
                  ]),
                ],
              ];
        return [
          ['IsTruncated', false],
          [
            'EvaluationResults',
            actions.map((action) => ['member', [['EvalActionName', action], ...evaluated(action)]]),
          ],
        ];
      },
    }),
  ]),
});

/** Services that the local cloud does not have, or has otherwise. */
export const accountServices: readonly AwsService[] = [
  logs,
  secretsManager,
  iam,
  ...['apigateway', 'lambda', 'lakeformation'].map(rest),
  stsService({ account: ACCOUNT, callerOf: () => account.caller }),
];
