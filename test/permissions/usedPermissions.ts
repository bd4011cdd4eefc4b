import { subscribe } from 'node:diagnostics_channel';
import { z } from 'zod';
import { resolveDeployment } from './deployed.ts';
import { type Role, readPolicies } from './Policies.ts';

const decisionSchema = z.object({
  caller: z.object({ arn: z.string() }),
  action: z.string(),
  resource: z.string(),
  context: z.object({ 's3:prefix': z.string().optional() }).optional(),
  allowed: z.boolean(),
});

/** What the local cloud decides from now on in this process. */
export class UsedPermissions {
  readonly #seen = new Map<string, z.infer<typeof decisionSchema>>();

  constructor() {
    subscribe('local-aws:decisions', (message) => {
      const seen = decisionSchema.parse(message);
      this.#seen.set(JSON.stringify(seen), seen);
    });
  }

  /**
   * Permissions of deployed roles that no call has used, each an action and a resource of its statement; and what they asked for
   * in vain. A permission that is taken out is in neither if nothing uses it.
   */
  async of(...names: readonly string[]) {
    const { roles } = readPolicies((await resolveDeployment()).resolved);
    const ours = roles.filter(({ logicalId }) => names.includes(logicalId));
    return {
      unused: ours.flatMap((role) => this.#unusedBy(role)),
      refused: ours.flatMap((role) => this.#by(role, false).filter(isForAnswer).map(refusalText)),
    };
  }

  #by({ arn }: Role, isAllowed: boolean) {
    const seen = [...this.#seen.values()];
    return seen.filter(({ caller, allowed }) => caller.arn === arn && allowed === isAllowed);
  }

  #unusedBy(role: Role): readonly string[] {
    const used = this.#by(role, true);
    return role.statements.flatMap(({ Action, Resource = [] }) =>
      Action.flatMap((action) =>
        Resource.filter(
          (pattern) =>
            !used.some(
              (permission) => matches(action, permission.action) && matches(pattern, permission.resource),
            ),
        ).map((pattern) => `${action} ${pattern}`),
      ),
    );
  }
}

/** Not for the question, without a prefix, whether S3 may say that an object is missing. */
function isForAnswer({ action, context }: z.infer<typeof decisionSchema>): boolean {
  return action !== 's3:ListBucket' || context?.['s3:prefix'] !== undefined;
}

/** With the first folder of what is listed. */
function refusalText({ action, resource, context }: z.infer<typeof decisionSchema>): string {
  const [folder] = context?.['s3:prefix']?.split('/') ?? [];
  return folder === undefined ? `${action} ${resource}` : `${action} ${resource} ${folder}/`;
}

function matches(pattern: string, text: string): boolean {
  const literal = pattern.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '.*');
  return new RegExp(`^${literal}$`, 'i').test(text);
}
