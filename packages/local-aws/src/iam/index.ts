import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import { AwsError } from '../protocol/AwsError.ts';
import type { AwsRequest, AwsService } from '../protocol/AwsService.ts';
import { queryOperation, queryService } from '../protocol/QueryService.ts';
import type { XmlElement } from '../protocol/xml.ts';
import type { Caller, Signer } from './Caller.ts';
import { checkOwnPolicy, checkSize, checkTrust, limitExceeded, POLICY_LIMITS } from './checkPolicy.ts';
import { decide } from './decide.ts';
import { type ManagedPolicy, policyId, type Role, type Roles, roleId } from './Roles.ts';

export { AccessKeys } from './AccessKeys.ts';
export { type Decision, decide } from './decide.ts';
export type { Call, NeededPermission, RecordedCall } from './permissions.ts';
export { type Policy, readPolicy } from './policy.ts';
export { createCallerLookup, Roles } from './Roles.ts';

const RoleName = z.string().regex(/^[\w+=,.@-]{1,64}$/);
const PolicyName = z.string().regex(/^[\w+=,.@-]{1,128}$/);
const PolicyArn = z.string().regex(/^arn:aws:iam::\d{12}:policy\/[\w+=,.@/-]+$/);
const Path = z.string().startsWith('/').endsWith('/').default('/');
const PolicyDocument = z.string().min(1).max(131_072);

/** Members of lists, 100 items to a page by default:
 *  https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRolePolicies.html */
const ofPages = {
  Marker: z.string().min(1).max(320).optional(),
  MaxItems: z.coerce.number().int().min(1).max(1_000).default(100),
};

/**
 * IAM's API as far as an account needs it for roles that are assumed: roles, their inline policies, and managed policies in
 * one version, in the caller's account. https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html
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
    const account = permitted(operation, request, (own) => named(own)?.arn ?? roleArn(own, '/', name));
    const found = named(account);
    if (found === undefined) throw noSuchEntity(`The role with name ${name} cannot be found.`);
    return found;
  };
  const findPolicy = (operation: string, request: AwsRequest, arn: string): ManagedPolicy => {
    const account = permitted(operation, request, () => arn);
    const found = roles.managedPolicy(arn);
    if (found?.account !== account) throw noSuchEntity(`Policy ${arn} was not found.`);
    return found;
  };
  const attachments = ({ arn, account }: ManagedPolicy) =>
    roles.of(account).filter(({ attached }) => attached.includes(arn)).length;
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
          const account = permitted('CreateRole', request, (own) => roleArn(own, path, name));
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
            attached: [],
          };
          roles.put(role);
          return [['Role', roleElement(role)]];
        },
      }),
      queryOperation({
        name: 'GetRole',
        input: z.strictObject({ RoleName }),
        run: (input, request) => [['Role', roleElement(find('GetRole', request, input.RoleName))]],
      }),
      queryOperation({
        name: 'DeleteRole',
        input: z.strictObject({ RoleName }),
        run(input, request) {
          const role = find('DeleteRole', request, input.RoleName);
          if (Object.keys(role.policies).length > 0)
            throw new AwsError('DeleteConflict', 409, 'Cannot delete entity, must delete policies first.');
          if (role.attached.length > 0)
            throw new AwsError(
              'DeleteConflict',
              409,
              'Cannot delete entity, must detach all policies first.',
            );
          roles.remove(role.arn);
          return [];
        },
      }),
      queryOperation({
        name: 'UpdateAssumeRolePolicy',
        input: z.strictObject({ RoleName, PolicyDocument }),
        run(input, request) {
          const role = find('UpdateAssumeRolePolicy', request, input.RoleName);
          checkTrust(input.PolicyDocument, hasIdentity);
          roles.put({ ...role, trust: input.PolicyDocument });
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
        name: 'ListRolePolicies',
        input: z.strictObject({ RoleName, ...ofPages }),
        run(input, request) {
          const role = find('ListRolePolicies', request, input.RoleName);
          return pageElements('PolicyNames', Object.keys(role.policies).sort(), input);
        },
      }),
      queryOperation({
        name: 'GetRolePolicy',
        input: z.strictObject({ RoleName, PolicyName }),
        run(input, request) {
          const role = find('GetRolePolicy', request, input.RoleName);
          const { [input.PolicyName]: document } = role.policies;
          if (document === undefined)
            throw noSuchEntity(`The role policy with name ${input.PolicyName} cannot be found.`);
          return [
            ['RoleName', role.name],
            ['PolicyName', input.PolicyName],
            ['PolicyDocument', encodeURIComponent(document)],
          ];
        },
      }),
      queryOperation({
        name: 'ListAttachedRolePolicies',
        input: z.strictObject({ RoleName, PathPrefix: z.string().optional(), ...ofPages }),
        run({ PathPrefix = '/', ...input }, request) {
          const role = find('ListAttachedRolePolicies', request, input.RoleName);
          const attached = role.attached
            .filter((arn) => roles.managedPolicy(arn)?.path.startsWith(PathPrefix) === true)
            .sort();
          return pageElements('AttachedPolicies', attached, input, (arn) => [
            ['PolicyName', roles.managedPolicy(arn)?.name ?? ''],
            ['PolicyArn', arn],
          ]);
        },
      }),
      queryOperation({
        name: 'AttachRolePolicy',
        input: z.strictObject({ RoleName, PolicyArn }),
        run(input, request) {
          const role = find('AttachRolePolicy', request, input.RoleName);
          const { PolicyArn: arn } = input;
          const policy = roles.managedPolicy(arn);
          if (policy?.account !== role.account)
            throw noSuchEntity(`Policy ${arn} does not exist or is not attachable.`);
          checkOwnPolicy(policy.document);
          if (role.attached.includes(arn)) return [];
          const { managedPoliciesOfRole: most } = POLICY_LIMITS;
          if (role.attached.length >= most)
            throw limitExceeded(`Cannot exceed quota for PoliciesPerRole: ${most}`);
          roles.put({ ...role, attached: [...role.attached, arn] });
          return [];
        },
      }),
      queryOperation({
        name: 'DetachRolePolicy',
        input: z.strictObject({ RoleName, PolicyArn }),
        run(input, request) {
          const role = find('DetachRolePolicy', request, input.RoleName);
          const { PolicyArn: arn } = input;
          if (!role.attached.includes(arn)) throw noSuchEntity(`Policy ${arn} was not found.`);
          roles.put({ ...role, attached: role.attached.filter((one) => one !== arn) });
          return [];
        },
      }),
      queryOperation({
        name: 'CreatePolicy',
        input: z.strictObject({ PolicyName, PolicyDocument, Path, Description: z.string().optional() }),
        run({ PolicyName: name, PolicyDocument: document, Path: path }, request) {
          const arnOf = (own: string) => `arn:aws:iam::${own}:policy${path}${name}`;
          const account = permitted('CreatePolicy', request, arnOf);
          checkOwnPolicy(document, () => true);
          const { managedCharacters: most } = POLICY_LIMITS;
          checkSize([document], most, `Cannot exceed quota for PolicySize: ${most}`);
          const arn = arnOf(account);
          if (roles.managedPolicy(arn) !== undefined) {
            const words = `A policy called ${name} already exists. Duplicate names are not allowed.`;
            throw new AwsError('EntityAlreadyExists', 409, words);
          }
          const policy = { arn, account, name, path, createdMs: clock.now(), document };
          roles.putManagedPolicy(policy);
          return [['Policy', policyElement(policy, 0)]];
        },
      }),
      queryOperation({
        name: 'GetPolicy',
        input: z.strictObject({ PolicyArn }),
        run(input, request) {
          const policy = findPolicy('GetPolicy', request, input.PolicyArn);
          return [['Policy', policyElement(policy, attachments(policy))]];
        },
      }),
      queryOperation({
        name: 'GetPolicyVersion',
        input: z.strictObject({ PolicyArn, VersionId: z.string().regex(/^v[1-9]\d*$/) }),
        run(input, request) {
          const policy = findPolicy('GetPolicyVersion', request, input.PolicyArn);
          if (input.VersionId !== ONLY_VERSION)
            throw noSuchEntity(`Policy ${policy.arn} version ${input.VersionId} does not exist.`);
          const version: XmlElement[] = [
            ['Document', encodeURIComponent(policy.document)],
            ['VersionId', ONLY_VERSION],
            ['IsDefaultVersion', true],
            ['CreateDate', new Date(policy.createdMs).toISOString()],
          ];
          return [['PolicyVersion', version]];
        },
      }),
      queryOperation({
        name: 'DeletePolicy',
        input: z.strictObject({ PolicyArn }),
        run(input, request) {
          const policy = findPolicy('DeletePolicy', request, input.PolicyArn);
          if (attachments(policy) > 0)
            throw new AwsError('DeleteConflict', 409, 'Cannot delete a policy attached to entities.');
          roles.removeManagedPolicy(policy.arn);
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

/** One page of a list in order. The marker is the last name of the page before. */
function pageElements(
  list: string,
  names: readonly string[],
  { Marker, MaxItems }: { readonly Marker?: string | undefined; readonly MaxItems: number },
  member: (name: string) => string | XmlElement[] = (name) => name,
): XmlElement[] {
  const after = Marker === undefined ? names : names.filter((name) => name > Marker);
  const page = after.slice(0, MaxItems);
  const isTruncated = page.length < after.length;
  return [
    [list, page.map((name): XmlElement => ['member', member(name)])],
    ['IsTruncated', isTruncated],
    ...(isTruncated ? [['Marker', page.at(-1) ?? ''] satisfies XmlElement] : []),
  ];
}

function roleArn(account: string, path: string, name: string): string {
  return `arn:aws:iam::${account}:role${path}${name}`;
}

/** The only version of a managed policy: others cannot be created here. */
const ONLY_VERSION = 'v1';

function policyElement({ arn, name, path, createdMs }: ManagedPolicy, attached: number): XmlElement[] {
  const created = new Date(createdMs).toISOString();
  return [
    ['PolicyName', name],
    ['PolicyId', policyId(arn)],
    ['Arn', arn],
    ['Path', path],
    ['DefaultVersionId', ONLY_VERSION],
    ['AttachmentCount', attached],
    ['IsAttachable', true],
    ['CreateDate', created],
    ['UpdateDate', created],
  ];
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
