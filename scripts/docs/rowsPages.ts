import { lifecycleRules } from '../../lib/access/buckets/lifecycleRules.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { NON_GROUP_RULE_ENDINGS, NON_GROUP_RULES } from '../../lib/wire/isAssignment.ts';
import { withRows } from './withRows.ts';

const config = defineConfig({ bucket: 'acme-experiments' });

/** docs/retention.md with the table of the bucket's lifecycle written anew. All other text stays. */
export function retentionPage(page: string): string {
  const rows = lifecycleRules(config).map(
    ({ prefix, expireDays, versionDays }) =>
      `| \`${prefix}\` | ${expireDays === null ? 'never' : days(expireDays)} | ${days(versionDays)} |`,
  );
  return withRows(page, 'folder', rows);
}

/** docs/statsig.md with the table of rules that are no group written anew. All other text stays. */
export function statsigPage(page: string): string {
  const rules = [...NON_GROUP_RULES].map(([rule, meaning]) => [
    rule === '' ? '(empty)' : `\`${rule}\``,
    meaning,
  ]);
  const endings = [...NON_GROUP_RULE_ENDINGS].map(([ending, meaning]) => [`\`…${ending}\``, meaning]);
  return withRows(
    page,
    'rule ID',
    [...rules, ...endings].map((row) => `| ${row.join(' | ')} |`),
  );
}

function days(count: number): string {
  return count === 1 ? '1 day' : `${count} days`;
}
