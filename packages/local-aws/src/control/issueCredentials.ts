import { z } from 'zod';
import { ControlError } from '../base/errors.ts';
import type { AccessKeys, Credentials } from '../iam/AccessKeys.ts';
import { isForeignUser } from '../iam/Caller.ts';
import { parseBody } from './parseBody.ts';

/**
 * Issues credentials to those who can have them: the roles and users of the deployment, and users of other accounts.
 */
export interface CredentialIssuer {
  /** The deployment's account, 12 digits. */
  readonly account: string;
  /** Issues the keys. */
  readonly accessKeys: Pick<AccessKeys, 'issue'>;
  /** The roles and users of the deployment. */
  readonly deployed: () => readonly DeployedPrincipal[];
}

/** A role or user of the template. */
export interface DeployedPrincipal {
  /** Its name in the template. */
  readonly logicalId: string;
  /** ARN of the role or user. */
  readonly arn: string;
}

/** The answer to `POST …/credentials`. */
interface IssuedCredentials extends Credentials {
  /** ARN of the role or user that signs with them. */
  readonly principal: string;
}

/** The body of the call. */
const issueSchema = z.strictObject({
  /** ARN or logical ID of a role or user. */
  principal: z.string().min(1),
});

/**
 * Credentials of a role or user of the template, by its ARN or logical ID, or of a user of another account, by its ARN: what is
 * signed with them is its call.
 *
 * @throws ControlError CONTROL_BODY for any other.
 */
export function issueCredentials(issuer: CredentialIssuer, body: unknown): IssuedCredentials {
  const { principal } = parseBody(issueSchema, body);
  const arn = arnOf(principal, issuer);
  return { principal: arn, ...issuer.accessKeys.issue(arn) };
}

/** The ARN of who can have credentials. @throws ControlError CONTROL_BODY for any other. */
function arnOf(principal: string, { account, deployed }: CredentialIssuer): string {
  const principals = deployed();
  const found = principals.find(({ arn, logicalId }) => arn === principal || logicalId === principal);
  if (found !== undefined) return found.arn;
  if (isForeignUser(principal, account)) return principal;
  const names = principals.map(({ logicalId }) => logicalId);
  throw new ControlError(
    'CONTROL_BODY',
    `principal: neither a role or user of the template (${names.join(', ') || 'it has none'}) nor the ARN of another account's user.`,
  );
}
