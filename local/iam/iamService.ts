import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../lib/time/Clock.ts';
import { AwsError } from '../edge/AwsError.ts';
import type { AwsRequest, AwsService } from '../edge/AwsService.ts';
import { queryOperation, queryService } from '../edge/QueryService.ts';
import type { XmlElement } from '../edge/xml.ts';
import type { Caller } from './Caller.ts';
import { PolicyProblem } from './PolicyProblem.ts';
import type { Role, Roles } from './Roles.ts';
import { readPolicy } from './readPolicy.ts';

const RoleName = z.string().regex(/^[\w+=,.@-]{1,64}$/);
const PolicyName = z.string().regex(/^[\w+=,.@-]{1,128}$/);
const PolicyDocument = z.string().min(1).max(131_072);

/**
 * IAM on the wire, as far as a customer's account needs it to let somebody assume a role: roles and their inline
 * policies, in the account of whoever asks. https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html
 */
export function iamService(options: {
  readonly roles: Roles;
  readonly callerOf: (accessKeyId: string) => Caller;
  readonly clock: Clock;
}): AwsService {
  const { roles, clock } = options;
  const accountOf = ({ signature }: AwsRequest) => options.callerOf(signature.accessKeyId).account;
  const find = (request: AwsRequest, name: string): Role => {
    const found = roles.of(accountOf(request)).find((role) => role.name === name);
    if (found === undefined) throw noSuchEntity(`The role with name ${name} cannot be found.`);
    return found;
  };
  return queryService({
    signingName: 'iam',
    version: '2010-05-08',
    namespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
    operations: new Map([
      queryOperation({
        name: 'CreateRole',
        input: z.strictObject({
          RoleName,
          AssumeRolePolicyDocument: PolicyDocument,
          Path: z.string().startsWith('/').endsWith('/').default('/'),
          Description: z.string().optional(),
        }),
        run({ RoleName: name, AssumeRolePolicyDocument: trust, Path: path }, request) {
          const account = accountOf(request);
          check(trust);
          if (roles.of(account).some((role) => role.name === name))
            throw new AwsError('EntityAlreadyExists', 409, `Role with name ${name} already exists.`);
          const arn = `arn:aws:iam::${account}:role${path}${name}`;
          const id = `AROA${createHash('sha256').update(arn).digest('hex').slice(0, 17).toUpperCase()}`;
          const role = { arn, account, name, path, id, createdMs: clock.now(), trust, policies: {} };
          roles.put(role);
          return [['Role', roleElement(role)]];
        },
      }),
      queryOperation({
        name: 'GetRole',
        input: z.strictObject({ RoleName }),
        run: (input, request) => [['Role', roleElement(find(request, input.RoleName))]],
      }),
      queryOperation({
        name: 'DeleteRole',
        input: z.strictObject({ RoleName }),
        run(input, request) {
          const role = find(request, input.RoleName);
          if (Object.keys(role.policies).length > 0)
            throw new AwsError('DeleteConflict', 409, 'Cannot delete entity, must delete policies first.');
          roles.remove(role.arn);
          return [];
        },
      }),
      queryOperation({
        name: 'UpdateAssumeRolePolicy',
        input: z.strictObject({ RoleName, PolicyDocument }),
        run(input, request) {
          check(input.PolicyDocument);
          roles.put({ ...find(request, input.RoleName), trust: input.PolicyDocument });
          return [];
        },
      }),
      queryOperation({
        name: 'PutRolePolicy',
        input: z.strictObject({ RoleName, PolicyName, PolicyDocument }),
        run(input, request) {
          const role = find(request, input.RoleName);
          check(input.PolicyDocument);
          roles.put({
            ...role,
            policies: { ...role.policies, [input.PolicyName]: input.PolicyDocument },
          });
          return [];
        },
      }),
      queryOperation({
        name: 'DeleteRolePolicy',
        input: z.strictObject({ RoleName, PolicyName }),
        run(input, request) {
          const role = find(request, input.RoleName);
          const { [input.PolicyName]: removed, ...policies } = role.policies;
          if (removed === undefined)
            throw noSuchEntity(`The role policy with name ${input.PolicyName} cannot be found.`);
          roles.put({ ...role, policies });
          return [];
        },
      }),
    ]),
  });
}

function check(document: string): void {
  try {
    readPolicy(JSON.parse(document));
  } catch (error) {
    if (error instanceof PolicyProblem || error instanceof SyntaxError)
      throw new AwsError('MalformedPolicyDocument', 400, error.message);
    throw error;
  }
}

function noSuchEntity(message: string): AwsError {
  return new AwsError('NoSuchEntity', 404, message);
}

function roleElement({ arn, name, path, id, createdMs, trust }: Role): XmlElement[] {
  return [
    ['Path', path],
    ['RoleName', name],
    ['RoleId', id],
    ['Arn', arn],
    ['CreateDate', new Date(createdMs).toISOString()],
    ['AssumeRolePolicyDocument', encodeURIComponent(trust)],
  ];
}
