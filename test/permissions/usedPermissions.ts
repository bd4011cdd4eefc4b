import { subscribe } from 'node:diagnostics_channel';
import { z } from 'zod';
import { deployed } from './deployed.ts';
import { type Role, readPolicies } from './Policies.ts';

const decisionSchema = z.object({
  caller: z.object({ arn: z.string() }),
  action: z.string(),
  resource: z.string(),
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

  /** Permissions of deployed roles that no call has used: the role, an action, and a resource of its statement. */
  async unused(...names: readonly string[]): Promise<readonly string[]> {
    const { roles } = readPolicies((await deployed()).resolved);
    return roles
      .filter(({ logicalId }) => names.includes(logicalId))
      .flatMap((role) => this.#unusedBy(role).map((permission) => `${role.logicalId} ${permission}`));
  }

  #unusedBy({ arn, statements }: Role): readonly string[] {
    const seen = [...this.#seen.values()];
    const used = seen.filter(({ caller, allowed }) => caller.arn === arn && allowed);
    return statements.flatMap(({ Action, Resource = [] }) =>
      Action.flatMap((action) =>
        Resource.filter(
          (pattern) => !used.some((one) => matches(action, one.action) && matches(pattern, one.resource)),
        ).map((pattern) => `${action} ${pattern}`),
      ),
    );
  }
}

function matches(pattern: string, text: string): boolean {
  const literal = pattern.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '.*');
  return new RegExp(`^${literal}$`, 'i').test(text);
}
