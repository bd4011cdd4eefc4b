import { type AccessDecision, isOnCall, onDecision } from '../harness/decisions.ts';
import { resolveDeployment } from './deployed.ts';
import { type Role, readPolicies } from './Policies.ts';

/** What the local cloud decides from now on in this process. */
export class UsedPermissions {
  readonly #seen = new Map<string, AccessDecision>();

  constructor() {
    onDecision((decision) => this.#seen.set(JSON.stringify(decision), decision));
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
      refused: ours.flatMap((role) => this.#by(role, false).filter(isOnCall).map(refusalText)),
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

/** With the first folder of what is listed. */
function refusalText({ action, resource, context }: AccessDecision): string {
  const [folder] = context?.['s3:prefix']?.split('/') ?? [];
  return folder === undefined ? `${action} ${resource}` : `${action} ${resource} ${folder}/`;
}

function matches(pattern: string, text: string): boolean {
  const literal = pattern.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '.*');
  return new RegExp(`^${literal}$`, 'i').test(text);
}
