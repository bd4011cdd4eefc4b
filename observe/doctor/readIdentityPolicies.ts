import {
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRolePolicyCommand,
  GetUserPolicyCommand,
  type IAMClient,
  ListAttachedRolePoliciesCommand,
  ListAttachedUserPoliciesCommand,
  ListRolePoliciesCommand,
  ListUserPoliciesCommand,
} from '@aws-sdk/client-iam';
import { type ReadPolicy, readPolicy } from '../../lib/access/applied/policyDifference.ts';
import type { DoctorContext } from './DoctorContext.ts';

/** Pages of a list. A role has at most 10 attached policies, or 20 after an increase, and inline policies of 10,240 characters. */
const MOST_PAGES = 5;

/** A policy of a role or user, and where it was read. */
export interface IdentityPolicy extends ReadPolicy {
  /** `policy sluice-deploy of role/ci`. */
  readonly where: string;
}

/**
 * Reads the inline policies of a role or user, and the managed policies of the account that are attached to it. AWS's own
 * managed policies are not read.
 *
 * @param arn ARN of a role, of a user, or of a session of a role. Others, such as the root, have no policies.
 * @throws CheckImpossible when a permission is missing; what the client throws, NoSuchEntityException for example.
 */
export async function readIdentityPolicies(
  doctor: Pick<DoctorContext, 'ask' | 'clients'>,
  arn: string,
): Promise<readonly IdentityPolicy[]> {
  const [, kind, name = ''] = /:(role|user|assumed-role)\/(.+)$/.exec(arn) ?? [];
  if (kind === undefined) return [];
  const { iam } = await doctor.clients();
  // The ARN of a session has the name of its role first; other ARNs have a path before the name.
  const own = (kind === 'assumed-role' ? name.split('/')[0] : name.split('/').at(-1)) ?? '';
  const policies = kind === 'user' ? userPolicies(iam, own) : rolePolicies(iam, own);
  const of = `${kind === 'user' ? 'user' : 'role'}/${own}`;
  const { ask } = doctor;
  const found: IdentityPolicy[] = [];
  const add = (policy: string, document: string | undefined) => {
    const read = document === undefined ? undefined : readPolicy(parseDocument(document));
    if (read !== undefined) found.push({ ...read, where: `policy ${policy} of ${of}` });
  };
  for (const policy of await allPages((marker) => ask(policies.listAction, () => policies.list(marker)))) {
    add(policy, await ask(policies.getAction, () => policies.get(policy)));
  }
  const attached = await allPages((marker) =>
    ask(policies.listAttachedAction, () => policies.listAttached(marker)),
  );
  for (const PolicyArn of attached.filter((one) => !one.includes(':iam::aws:'))) {
    const { Policy } = await ask('iam:GetPolicy', () => iam.send(new GetPolicyCommand({ PolicyArn })));
    const VersionId = Policy?.DefaultVersionId;
    const { PolicyVersion } = await ask('iam:GetPolicyVersion', () =>
      iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId })),
    );
    add(PolicyArn.split('/').at(-1) ?? PolicyArn, PolicyVersion?.Document);
  }
  return found;
}

/** IAM percent-encodes documents: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html */
function parseDocument(document: string): unknown {
  try {
    return JSON.parse(decodeURIComponent(document));
  } catch {
    return undefined;
  }
}

/** One page of a list. */
interface Page {
  readonly items: readonly string[];
  /** Of the next page; undefined after the last. */
  readonly marker: string | undefined;
}

async function allPages(read: (marker: string | undefined) => Promise<Page>): Promise<readonly string[]> {
  const items: string[] = [];
  let marker: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await read(marker);
    items.push(...answer.items);
    marker = answer.marker;
    if (marker === undefined) break;
  }
  return items;
}

function pageOf(
  items: readonly (string | undefined)[] | undefined,
  {
    IsTruncated,
    Marker,
  }: { readonly IsTruncated?: boolean | undefined; readonly Marker?: string | undefined },
): Page {
  return { items: (items ?? []).flatMap((one) => one ?? []), marker: IsTruncated ? Marker : undefined };
}

function rolePolicies(iam: IAMClient, RoleName: string) {
  return {
    listAction: 'iam:ListRolePolicies',
    getAction: 'iam:GetRolePolicy',
    listAttachedAction: 'iam:ListAttachedRolePolicies',
    list: async (Marker?: string) => {
      const answer = await iam.send(new ListRolePoliciesCommand({ RoleName, Marker }));
      return pageOf(answer.PolicyNames, answer);
    },
    get: async (PolicyName: string) =>
      (await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }))).PolicyDocument,
    listAttached: async (Marker?: string) => {
      const answer = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName, Marker }));
      return pageOf(
        answer.AttachedPolicies?.map(({ PolicyArn }) => PolicyArn),
        answer,
      );
    },
  };
}

function userPolicies(iam: IAMClient, UserName: string): ReturnType<typeof rolePolicies> {
  return {
    listAction: 'iam:ListUserPolicies',
    getAction: 'iam:GetUserPolicy',
    listAttachedAction: 'iam:ListAttachedUserPolicies',
    list: async (Marker?: string) => {
      const answer = await iam.send(new ListUserPoliciesCommand({ UserName, Marker }));
      return pageOf(answer.PolicyNames, answer);
    },
    get: async (PolicyName: string) =>
      (await iam.send(new GetUserPolicyCommand({ UserName, PolicyName }))).PolicyDocument,
    listAttached: async (Marker?: string) => {
      const answer = await iam.send(new ListAttachedUserPoliciesCommand({ UserName, Marker }));
      return pageOf(
        answer.AttachedPolicies?.map(({ PolicyArn }) => PolicyArn),
        answer,
      );
    },
  };
}
