import * as z from 'zod';

const texts = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());

/** As far as it is looked at. https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html */
const policySchema = z.object({
  Statement: z
    .union([z.array(z.unknown()), z.unknown().transform((one) => [one])])
    .pipe(
      z.array(
        z.object({
          Effect: z.string(),
          Principal: z.union([z.literal('*'), z.object({ AWS: texts.optional() })]).optional(),
          Action: texts.optional(),
          Condition: z.unknown().optional(),
        }),
      ),
    )
    .default([]),
});

/** What writing and reading through S3 take. */
const NEEDED = ['kms:Decrypt', 'kms:GenerateDataKey'];

/**
 * Principals that a key's policy does not let decrypt and encrypt. Leaving the say to IAM, by allowing the account's
 * root, lets in everyone; so does naming a principal. A statement with a condition counts where the condition may be
 * that of S3's use: nobody here can tell more of it.
 *
 * @param policy The document, parsed.
 * @returns Some of `principals`, in their order.
 */
export function findLockedOut(
  policy: unknown,
  who: { readonly account: string; readonly partition: string; readonly principals: readonly string[] },
): readonly string[] {
  const read = policySchema.safeParse(policy);
  const statements = read.success ? read.data.Statement : [];
  const root = `arn:${who.partition}:iam::${who.account}:root`;
  const allowed = (principal: string) =>
    NEEDED.every((action) =>
      statements.some(({ Effect, Principal, Action = [] }) => {
        if (Effect !== 'Allow' || !Action.some((pattern) => covers(pattern, action))) return false;
        if (Principal === '*') return true;
        const named = Principal?.AWS ?? [];
        return named.some((one) => one === '*' || one === root || one === who.account || one === principal);
      }),
    );
  return who.principals.filter((principal) => !allowed(principal));
}

/** Whether an action's pattern, with `*` and `?`, covers an action. IAM knows no case here. */
function covers(pattern: string, action: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'i').test(action);
}
