import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import { AwsError } from '../protocol/AwsError.ts';
import type { AwsRequest, AwsService } from '../protocol/AwsService.ts';
import { type QueryOperation, queryOperation, queryService } from '../protocol/queryService.ts';
import type { XmlElement } from '../protocol/xml.ts';
import type { Caller, Signer } from './Caller.ts';
import { decide } from './decide.ts';
import { checkOwnPolicy, checkSize, checkTrust, POLICY_LIMITS } from './policyChecks.ts';
import { type DeployedIdentity, type Role, type Roles, roleId } from './Roles.ts';

export { AccessKeys } from './AccessKeys.ts';
export { createCallerLookup, rootOf } from './Caller.ts';
export { type Decision, decide } from './decide.ts';
export type { Call, NeededPermission } from './permissions.ts';
export { type Policy, readPolicy } from './policy.ts';
export { checkManagedPolicy } from './policyChecks.ts';
export { Roles } from './Roles.ts';

// Members of calls, under their names there: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
const RoleName = z.string().regex(/^[\w+=,.@-]{1,64}$/);
/** The name of a user, which has the form of a role's. */
const UserName = RoleName;
/** The name of an inline policy. */
const PolicyName = z.string().regex(/^[\w+=,.@-]{1,128}$/);
/** The path of a role. Default: a slash. */
const Path = z
  .string()
  .max(512)
  .regex(/^\/(?:[!-~]+\/)?$/)
  .default('/');
/** What a role is for. */
const Description = z
  .string()
  .max(1_000)
  .regex(/^[\t\n\r -~\u00a1-\u00ff]*$/);
/** Characters of a document in a call. The document's own limits are {@link POLICY_LIMITS}. */
const DOCUMENT_CHARACTERS = 131_072;
/** A policy as JSON. */
const PolicyDocument = z.string().min(1).max(DOCUMENT_CHARACTERS);

/** Options of {@link iamService}. */
export interface IamOptions {
  /** The roles and users of all accounts. */
  readonly roles: Roles;
  /** Tells who a signer is. */
  readonly callerOf: (signer: Signer) => Caller;
  /** The clock of times of creation. */
  readonly clock: Clock;
}

/**
 * IAM's API as far as an account needs it for roles that are assumed: roles and their inline policies, in the caller's
 * account. Of a template's roles and users it answers whether they are there, and deletes them with all that is attached to
 * them, as the console of IAM does. The API of AWS refuses to delete them until all is detached.
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html
 */
export function iamService(options: IamOptions): AwsService {
  return queryService({
    signingName: 'iam',
    version: '2010-05-08',
    namespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
    operations: new Map([
      ...roleOperations(options),
      ...userOperations(options),
      ...policyOperations(options),
    ]),
  });
}

/** The operations on roles. */
function roleOperations(options: IamOptions): readonly (readonly [string, QueryOperation])[] {
  const { roles, clock } = options;
  return [
    queryOperation({
      name: 'CreateRole',
      input: z.strictObject({
        RoleName,
        AssumeRolePolicyDocument: PolicyDocument,
        Path,
        Description: Description.optional(),
      }),
      run(input, request) {
        const {
          RoleName: name,
          AssumeRolePolicyDocument: trust,
          Path: path,
          Description: description,
        } = input;
        const arnIn = (owner: string) => roleArn(owner, path, name);
        const account = requirePermission(options, 'CreateRole', request, arnIn);
        checkTrust(trust, (principal) => roles.has(principal));
        const arn = arnIn(account);
        if (roles.deployed(arn) !== undefined || roles.of(account).some((existing) => existing.name === name))
          throw new AwsError('EntityAlreadyExists', 409, `Role with name ${name} already exists.`);
        const role = {
          arn,
          account,
          name,
          path,
          id: roleId(arn),
          createdMs: clock.now(),
          description,
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
        const ofTemplate = templateIdentity(options, 'GetRole', request, 'role', name);
        if (ofTemplate !== undefined) return [['Role', identityElement(ofTemplate)]];
        return [['Role', roleElement(requireRole(options, 'GetRole', request, name))]];
      },
    }),
    queryOperation({
      name: 'DeleteRole',
      input: z.strictObject({ RoleName }),
      run({ RoleName: name }, request) {
        const ofTemplate = templateIdentity(options, 'DeleteRole', request, 'role', name);
        const role = ofTemplate ?? requireRole(options, 'DeleteRole', request, name);
        if (ofTemplate === undefined && Object.keys(role.policies).length > 0)
          throw new AwsError('DeleteConflict', 409, 'Cannot delete entity, must delete policies first.');
        roles.remove(role.arn);
        return [];
      },
    }),
  ];
}

/** The users of the template. There are no others: none can be created here. */
function userOperations(options: IamOptions): readonly (readonly [string, QueryOperation])[] {
  const requireUser = (operation: string, request: AwsRequest, name: string): DeployedIdentity => {
    const user = templateIdentity(options, operation, request, 'user', name);
    if (user === undefined) throw noSuchEntity(`The user with name ${name} cannot be found.`);
    return user;
  };
  return [
    queryOperation({
      name: 'GetUser',
      input: z.strictObject({ UserName }),
      run: (input, request) => [['User', identityElement(requireUser('GetUser', request, input.UserName))]],
    }),
    queryOperation({
      name: 'DeleteUser',
      input: z.strictObject({ UserName }),
      run(input, request) {
        options.roles.remove(requireUser('DeleteUser', request, input.UserName).arn);
        return [];
      },
    }),
  ];
}

/** The inline policies of roles that were created here. */
function policyOperations(options: IamOptions): readonly (readonly [string, QueryOperation])[] {
  const { roles } = options;
  return [
    queryOperation({
      name: 'PutRolePolicy',
      input: z.strictObject({ RoleName, PolicyName, PolicyDocument }),
      run(input, request) {
        const role = requireRole(options, 'PutRolePolicy', request, input.RoleName);
        checkOwnPolicy(input.PolicyDocument);
        const policies = { ...role.policies, [input.PolicyName]: input.PolicyDocument };
        const { inlineCharacters: most } = POLICY_LIMITS;
        const message = `Maximum policy size of ${most} bytes exceeded for role ${role.name}`;
        checkSize(Object.values(policies), most, message);
        roles.put({ ...role, policies });
        return [];
      },
    }),
    queryOperation({
      name: 'DeleteRolePolicy',
      input: z.strictObject({ RoleName, PolicyName }),
      run({ RoleName: roleName, PolicyName: name }, request) {
        const role = requireRole(options, 'DeleteRolePolicy', request, roleName);
        const { [name]: deleted, ...policies } = role.policies;
        if (deleted === undefined) throw noSuchEntity(`The role policy with name ${name} cannot be found.`);
        roles.put({ ...role, policies });
        return [];
      },
    }),
  ];
}

/**
 * Requires that the caller may perform an operation.
 *
 * @param arnIn ARN of the role or user, in the account that owns it.
 * @returns The caller's account, in which the operation is performed.
 * @throws AwsError `AccessDenied`
 */
function requirePermission(
  { callerOf }: IamOptions,
  operation: string,
  request: AwsRequest,
  arnIn: (account: string) => string,
): string {
  const caller = callerOf(request.signature);
  const { account } = caller;
  const decision = decide({
    caller,
    action: `iam:${operation}`,
    resource: arnIn(account),
    owner: account,
    resourcePolicy: undefined,
  });
  if (!decision.allowed) throw new AwsError('AccessDenied', 403, decision.because);
  return account;
}

/** A role that was created here, of the caller's account. @throws AwsError `AccessDenied`, `NoSuchEntity` */
function requireRole(options: IamOptions, operation: string, request: AwsRequest, name: string): Role {
  const roleIn = (account: string) => options.roles.of(account).find((candidate) => candidate.name === name);
  const arnIn = (account: string) => roleIn(account)?.arn ?? roleArn(account, '/', name);
  const role = roleIn(requirePermission(options, operation, request, arnIn));
  if (role === undefined) throw noSuchEntity(`The role with name ${name} cannot be found.`);
  return role;
}

/** A role or user of the template; undefined if the template has none of this name. @throws AwsError `AccessDenied` */
function templateIdentity(
  options: IamOptions,
  operation: string,
  request: AwsRequest,
  kind: 'role' | 'user',
  name: string,
): DeployedIdentity | undefined {
  const arnIn = (account: string) => `arn:aws:iam::${account}:${kind}/${name}`;
  return options.roles.deployed(arnIn(requirePermission(options, operation, request, arnIn)));
}

/** ARN of a role. @param path Begins and ends with a slash. */
function roleArn(account: string, path: string, name: string): string {
  return `arn:aws:iam::${account}:role${path}${name}`;
}

/** IAM's refusal of a name that nothing has. */
function noSuchEntity(message: string): AwsError {
  return new AwsError('NoSuchEntity', 404, message);
}

/** A role as IAM answers it. */
function roleElement({ arn, name, path, id, createdMs, description, trust }: Role): XmlElement[] {
  return [
    ['Path', path],
    ['RoleName', name],
    ['RoleId', id],
    ['Arn', arn],
    ['CreateDate', new Date(createdMs).toISOString()],
    ['AssumeRolePolicyDocument', encodeURIComponent(trust)],
    ...(description === undefined ? [] : [['Description', description] as const]),
  ];
}

/** A role or user of the template. The time of its creation is not kept, so it is that of 1970. */
function identityElement({ arn, trust }: DeployedIdentity): XmlElement[] {
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
