import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { TemplateError } from '../base/errors.ts';
import { readJsonFile, writeJsonFile } from '../disk/files.ts';
import { AwsError } from '../protocol/AwsError.ts';
import { accountOf, type Caller } from './Caller.ts';
import { type Policy, readPolicy } from './policy.ts';
import { checkOwnPolicy } from './policyChecks.ts';

/** A role that a call has made, as its file has it. */
const roleSchema = z.strictObject({
  /** ARN of the role. */
  arn: z.string(),
  /** The account of the role: twelve digits. */
  account: z.string(),
  /** The name, as the ARN ends. */
  name: z.string(),
  /** Begins and ends with a slash. */
  path: z.string(),
  /** Its ID: `AROA…`. */
  id: z.string(),
  /** When it was made, epoch milliseconds. */
  createdMs: z.int(),
  /** What it is for. */
  description: z.string().optional(),
  /** The trust policy as JSON. */
  trust: z.string(),
  /** Inline policies as JSON, by name. */
  policies: z.record(z.string(), z.string()),
});
/** A role created through IAM. */
export type Role = z.output<typeof roleSchema>;

/** The ID of a role besides its ARN: `AROA…`. */
export function roleId(arn: string): string {
  return `AROA${createHash('sha256').update(arn).digest('hex').slice(0, 17).toUpperCase()}`;
}

/** A role or user of the deployed template, with its documents unchanged. */
export interface DeployedIdentity {
  /** ARN of the role or user. */
  readonly arn: string;
  /** The account of the role or user: twelve digits. */
  readonly account: string;
  /** Trust policy of a role; undefined for a user. */
  readonly trust: unknown;
  /** The documents of its inline and attached policies. */
  readonly policies: readonly unknown[];
  /** Its permissions boundary; undefined for none. */
  readonly boundary?: unknown;
  /** ARNs of its managed policies and of its boundary that are not in the template. Their contents are unknown here. */
  readonly unknownPolicies?: readonly string[];
}

/** The roles and users of the template, and the roles created through IAM, which are kept. */
export class Roles {
  readonly #file: string | undefined;
  /** Roles created through IAM, by ARN. */
  #made: ReadonlyMap<string, Role> = new Map();
  readonly #enforced: boolean;
  /** Roles and users of the template, by ARN. */
  #deployed: ReadonlyMap<string, DeployedIdentity> = new Map();
  /** Callers of the template, whose policies are parsed once. */
  #deployedCallers: ReadonlyMap<string, Caller> = new Map();
  readonly #madeCallers = new WeakMap<Role, Caller>();
  /** Session policies by access key. */
  readonly #sessionPolicies = new Map<string, Policy>();

  /**
   * @param directory Folder for roles; undefined: they are kept in memory only.
   * @param options.enforced Whether the policies of the template's roles and users apply in their own account too.
   */
  constructor(directory?: string, { enforced = false }: { readonly enforced?: boolean | undefined } = {}) {
    this.#enforced = enforced;
    if (directory === undefined) return;
    mkdirSync(directory, { recursive: true });
    this.#file = join(directory, 'roles.json');
    const roles = readJsonFile(this.#file, z.array(roleSchema)) ?? [];
    this.#made = new Map(roles.map((role) => [role.arn, role]));
  }

  /**
   * Replaces the roles and users of the template.
   *
   * @throws TemplateError `TEMPLATE_INVALID` for policies that cannot be evaluated, if they are enforced.
   */
  deploy(identities: readonly DeployedIdentity[]): void {
    if (this.#enforced) identities.forEach(checkPolicies);
    this.#deployed = new Map(identities.map((identity) => [identity.arn, identity]));
    this.#deployedCallers = new Map(
      identities.map(({ arn, account, policies, boundary }) => [
        arn,
        {
          arn,
          account,
          deployed: !this.#enforced,
          policies: once(() => policies.map((policy) => readPolicy(policy))),
          boundary: boundary === undefined ? undefined : once(() => readPolicy(boundary)),
        },
      ]),
    );
  }

  /** Roles of an account that were created through IAM, and that the template does not have. */
  of(account: string): Role[] {
    return [...this.#made.values()].filter(
      (role) => role.account === account && !this.#deployed.has(role.arn),
    );
  }

  /** Creates a role, or replaces the role of its ARN. */
  put(role: Role): void {
    this.#save(new Map([...this.#made, [role.arn, role]]));
  }

  /** A role or user of the template; undefined if the template has none of this ARN. */
  deployed(arn: string): DeployedIdentity | undefined {
    return this.#deployed.get(arn);
  }

  /** Removes a role or user. One of the template comes back with the next start, as it was deployed. */
  remove(arn: string): void {
    const without = <Value>(byArn: ReadonlyMap<string, Value>) =>
      new Map([...byArn].filter(([key]) => key !== arn));
    if (this.#made.has(arn)) this.#save(without(this.#made));
    this.#deployed = without(this.#deployed);
    this.#deployedCallers = without(this.#deployedCallers);
  }

  /**
   * Whether a role or user exists. In an account without any known role or user, every name is assumed to exist: the
   * account may be a real one on AWS.
   */
  has(arn: string): boolean {
    if (this.#deployed.has(arn) || this.#made.has(arn)) return true;
    return ![...this.#deployed.values(), ...this.#made.values()].some(
      ({ account }) => account === accountOf(arn),
    );
  }

  /** Trust policy of a role, as JSON or as in the template; undefined when the role doesn't exist. */
  trust(arn: string): unknown {
    const made = this.#madeOf(arn);
    return made === undefined ? this.#deployed.get(arn)?.trust : JSON.parse(made.trust);
  }

  /** The caller that acts as a role or user; undefined if it does not exist. */
  caller(arn: string): Caller | undefined {
    const created = this.#madeOf(arn);
    if (created === undefined) return this.#deployedCallers.get(arn);
    const known = this.#madeCallers.get(created);
    if (known !== undefined) return known;
    const policies = once(() => Object.values(created.policies).map((text) => readPolicy(JSON.parse(text))));
    const caller = { arn, account: created.account, policies };
    this.#madeCallers.set(created, caller);
    return caller;
  }

  /** Limits a session's access key to a session policy in JSON. */
  narrow(accessKeyId: string, sessionPolicy: string): void {
    this.#sessionPolicies.set(accessKeyId, readPolicy(JSON.parse(sessionPolicy)));
  }

  /** The session policy of an access key; undefined for none. */
  sessionPolicy(accessKeyId: string): Policy | undefined {
    return this.#sessionPolicies.get(accessKeyId);
  }

  /** The role of an ARN that a call has made, unless the template has taken it over. */
  #madeOf(arn: string): Role | undefined {
    return this.#deployed.has(arn) ? undefined : this.#made.get(arn);
  }

  /** Writes the file before anything changes in memory: if the disk is full, nothing has changed. */
  #save(roles: ReadonlyMap<string, Role>): void {
    if (this.#file !== undefined) writeJsonFile(this.#file, [...roles.values()]);
    this.#made = roles;
  }
}

/**
 * Checks the policies of a role or user. @throws TemplateError for one that IAM refuses, and for one whose effect is
 * unknown here.
 */
function checkPolicies({ arn, policies, boundary, unknownPolicies = [] }: DeployedIdentity): void {
  const [unknown] = unknownPolicies;
  if (unknown !== undefined)
    throw new TemplateError(
      'TEMPLATE_INVALID',
      `${arn} has the policy ${unknown}, which is not in the template, so that it cannot be enforced.`,
    );
  try {
    for (const policy of [...policies, ...(boundary === undefined ? [] : [boundary])])
      checkOwnPolicy(JSON.stringify(policy));
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw new TemplateError('TEMPLATE_INVALID', `${arn}: ${error.message}`, { cause: error });
  }
}

/** Calls a function on first use only. */
function once<Result>(make: () => Result): () => Result {
  let result: { readonly value: Result } | undefined;
  return () => {
    result ??= { value: make() };
    return result.value;
  };
}
