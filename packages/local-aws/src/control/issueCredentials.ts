import { z } from 'zod';
import { ControlError } from '../base/errors.ts';
import type { AccessKeys, Credentials } from '../iam/AccessKeys.ts';
import { isForeignUser } from '../iam/Roles.ts';
import { parseBody } from './parseBody.ts';

/**
 * Issues credentials to those who can have them: the roles and users of the deployment, and users of other accounts.
 */
export interface CredentialIssuer {
  readonly account: string;
  readonly principals: Pick<AccessKeys, 'issue'>;
  readonly principalsDeployed: () => readonly { readonly logicalId: string; readonly arn: string }[];
}

/** The answer to `POST …/credentials`. */
export interface IssuedCredentials extends Credentials {
  /** The ARN of whom they are. */
  readonly principal: string;
}

const issueSchema = z.strictObject({ principal: z.string().min(1) });

/**
 * Credentials of a role or user of the template, by its ARN or logical ID, or of a user of another account, by its ARN: what is
 * signed with them is its call.
 *
 * @throws ControlError CONTROL_BODY for any other.
 */
export function issueCredentials(permissions: CredentialIssuer, body: unknown): IssuedCredentials {
  const { principal } = parseBody(issueSchema, body);
  const principals = permissions.principalsDeployed();
  const found = principals.find(({ arn, logicalId }) => arn === principal || logicalId === principal);
  if (found === undefined && isForeignUser(principal, permissions.account))
    return { principal, ...permissions.principals.issue(principal) };
  if (found === undefined) {
    const list = principals.map(({ logicalId }) => logicalId).join(', ');
    throw new ControlError('CONTROL_BODY', `There is no role or user ${principal} here. There is ${list}.`);
  }
  return { principal: found.arn, ...permissions.principals.issue(found.arn) };
}
