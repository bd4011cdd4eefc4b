import type { Config } from '../schema/config.ts';

/** Athena and Glue have it in every account, and look at it for everyone. */
const ACCOUNT_DATABASE = 'default';

/** What is wrong with `existing` beside the names that it is about; a sentence each, with the field in front. */
export function existingProblems({
  existing,
  database,
  athena,
}: Pick<Config, 'existing' | 'database' | 'athena'>): string[] {
  const problems: string[] = [];
  if (existing.bucket && existing.keyArn === null) {
    problems.push(
      'existing.keyArn: came null, expected the ARN of the KMS key that the brought bucket is encrypted with: roles and readers are let use that one only.',
    );
  }
  for (const [field, name, flag] of [
    ['database', database, 'database'],
    ['athena.stagingDatabase', athena.stagingDatabase, 'stagingDatabase'],
  ] as const) {
    if (name === ACCOUNT_DATABASE && !existing[flag]) {
      problems.push(
        `${field}: came "${name}", which every account has already: expected another database, or existing.${flag}: true.`,
      );
    }
  }
  return problems;
}
