import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import { AwsError } from '../protocol/AwsError.ts';
import type { AwsRequest, AwsService } from '../protocol/AwsService.ts';
import { queryOperation, queryService } from '../protocol/QueryService.ts';
import type { XmlElement } from '../protocol/xml.ts';
import type { Caller, Signer } from './Caller.ts';
import { checkOwnPolicy, checkSize, checkTrust, POLICY_LIMITS } from './checkPolicy.ts';
import { decide } from './decide.ts';
import { type DeployedIdentity, type Role, type Roles, roleId } from './Roles.ts';

export { AccessKeys } from './AccessKeys.ts';
export { rootOf } from './Caller.ts';
export { checkManagedPolicy } from './checkPolicy.ts';
export { type Decision, decide } from './decide.ts';
export type { Call, NeededPermission } from './permissions.ts';
export { type Policy, readPolicy } from './policy.ts';
export { createCallerLookup, Roles } from './Roles.ts';

const RoleName = z.string().regex(/^[\w+=,.@-]{1,64}$/);
const UserName = z.string().regex(/^[\w+=,.@-]{1,64}$/);
const PolicyName = z.string().regex(/^[\w+=,.@-]{1,128}$/);
const Path = z.string().startsWith('/').endsWith('/').default('/');
const PolicyDocument = z.string().min(1).max(131_072);

/**
 * IAM's API as far as an account needs it for roles that are assumed: roles and their inline policies, in the caller's
 * account; of a template's roles and users, whether they are there, and their deletion. What is attached to these goes with them, as
 * the console of IAM deletes them: the API itself refuses until it is detached. https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html
 */
export function iamService(options: {
  readonly roles: Roles;
  readonly callerOf: (signer: Signer) => Caller;
  readonly clock: Clock;
}): AwsService {
  const { roles, clock } = options;
  const hasIdentity = (arn: string) => roles.has(arn);
  /** The account in which a caller may perform an operation on a role. @throws AwsError `AccessDenied`. */
  const permitted = (operation: string, request: AwsRequest, role: (account: string) => string): string => {
    const caller = options.callerOf(request.signature);
    const { account } = caller;
    const asked = { caller, action: `iam:${operation}`, resource: role(account), owner: account };
    const decision = decide({ ...asked, resourcePolicy: undefined });
    if (!decision.allowed) throw new AwsError('AccessDenied', 403, decision.because);
    return account;
  };
  const find = (operation: string, request: AwsRequest, name: string): Role => {
    const named = (account: string) => roles.of(account).find((role) => role.name === name);
    const account = permitted(operation, request, (owner) => named(owner)?.arn ?? roleArn(owner, '/', name));
    const found = named(account);
    if (found === undefined) throw noSuchEntity(`The role with name ${name} cannot be found.`);
    return found;
  };
  /** A role or user of the template; undefined if it has none of this name. */
  const deployed = (operation: string, request: AwsRequest, kind: 'role' | 'user', name: string) => {
    const arnOf = (account: string) => `arn:aws:iam::${account}:${kind}/${name}`;
    return roles.deployed(arnOf(permitted(operation, request, arnOf)));
  };
  const user = (operation: string, request: AwsRequest, name: string): DeployedIdentity => {
    const found = deployed(operation, request, 'user', name);
    if (found === undefined) throw noSuchEntity(`The user with name ${name} cannot be found.`);
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
          Path,
          Description: z.string().optional(),
        }),
        run({ RoleName: name, AssumeRolePolicyDocument: trust, Path: path }, request) {
          const account = permitted('CreateRole', request, (owner) => roleArn(owner, path, name));
          checkTrust(trust, hasIdentity);
          if (roles.of(account).some((role) => role.name === name))
            throw new AwsError('EntityAlreadyExists', 409, `Role with name ${name} already exists.`);
          const arn = roleArn(account, path, name);
          const role = {
            arn,
            account,
            name,
            path,
            id: roleId(arn),
            createdMs: clock.now(),
            trust,
            policies: {},
          };
          roles.put(role);
          return [['Role', roleElement(role)]];
        },
      }),
      queryOperation({
        name: 'GetRole',
        input: z.strictObject({ RoleName }),
        run({ RoleName: name }, request) {
          const deployedRole = deployed('GetRole', request, 'role', name);
          return [
            [
              'Role',
              deployedRole === undefined
                ? roleElement(find('GetRole', request, name))
                : ownElement(deployedRole),
            ],
          ];
        },
      }),
      queryOperation({
        name: 'DeleteRole',
        input: z.strictObject({ RoleName }),
        run(input, request) {
          const deployedRole = deployed('DeleteRole', request, 'role', input.RoleName);
          const role = deployedRole ?? find('DeleteRole', request, input.RoleName);
          if (deployedRole === undefined && Object.keys(role.policies).length > 0)
            throw new AwsError('DeleteConflict', 409, 'Cannot delete entity, must delete policies first.');
          roles.remove(role.arn);
          return [];
        },
      }),
      queryOperation({
        name: 'GetUser',
        input: z.strictObject({ UserName }),
        run: (input, request) => [['User', ownElement(user('GetUser', request, input.UserName))]],
      }),
      queryOperation({
        name: 'DeleteUser',
        input: z.strictObject({ UserName }),
        run(input, request) {
          roles.remove(user('DeleteUser', request, input.UserName).arn);
          return [];
        },
      }),
      queryOperation({
        name: 'PutRolePolicy',
        input: z.strictObject({ RoleName, PolicyName, PolicyDocument }),
        run(input, request) {
          const role = find('PutRolePolicy', request, input.RoleName);
          checkOwnPolicy(input.PolicyDocument);
          const policies = { ...role.policies, [input.PolicyName]: input.PolicyDocument };
          const { inlineCharacters: most } = POLICY_LIMITS;
          const words = `Maximum policy size of ${most} bytes exceeded for role ${role.name}`;
          checkSize(Object.values(policies), most, words);
          roles.put({ ...role, policies });
          return [];
        },
      }),
      queryOperation({
        name: 'DeleteRolePolicy',
        input: z.strictObject({ RoleName, PolicyName }),
        run(input, request) {
          const role = find('DeleteRolePolicy', request, input.RoleName);
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

function roleArn(account: string, path: string, name: string): string {
  return `arn:aws:iam::${account}:role${path}${name}`;
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

/** A role or user of the template. When it was made is not known here. */
function ownElement({ arn, trust }: DeployedIdentity): XmlElement[] {
  const kind = trust === undefined ? 'User' : 'Role';
  return [
    ['Path', '/'],
    [`${kind}Name`, arn.slice(arn.indexOf('/') + 1)],
    [`${kind}Id`, kind === 'Role' ? roleId(arn) : roleId(arn).replace('AROA', 'AIDA')],
    ['Arn', arn],
    ['CreateDate', new Date(0).toISOString()],
    ...(trust === undefined
      ? []
      : [['AssumeRolePolicyDocument', encodeURIComponent(JSON.stringify(trust))] as const]),
  ];
}
