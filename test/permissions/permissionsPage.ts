import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../local/roots.ts';
import { policyExceptions } from '../infra/policyExceptions.ts';
import type { Role } from './readPolicies.ts';

const PAGE = join(projectRoot, 'docs', 'reference', 'permissions.md');

const actions = policyExceptions.unscoped
  .map(({ actions, who, why, source }) => `| ${code(actions)} | ${who} | ${why} [AWS](${source}) |`)
  .join('\n');
const services = policyExceptions.trusts
  .map(
    ({ service, instead, why, source }) =>
      `| \`${service}\` | ${instead.length === 0 ? 'nothing' : code(instead)} | ${why} [AWS](${source}) |`,
  )
  .join('\n');
const HEAD = `# Permissions

What each role of the deployment may do. \`SLUICE_WRITE_DOCS=1 npm test -- test/permissions/roles\` writes the tables from the template. Stories run with these policies enforced by the local cloud, so they are enough; a test fails if a role has an action that no adapter of its function calls, and a proof if its story does not use it.

Roles of features are there only with the feature (\`sources\`, \`exports\`, \`curate\`, \`relay\`).

Three things are not repeated below. Each function may write its own log (\`logs:CreateLogStream\`, \`logs:PutLogEvents\`). A role that uses the bucket may use its key through S3 (\`kms:Decrypt\`, \`kms:GenerateDataKey\`, if \`kms:ViaService\` is \`s3.<region>.amazonaws.com\`). The role of a schedule may send messages to its function's queue and to the queue's dead letters (\`sqs:SendMessage\`), and nothing else.

### Actions without a narrower resource

For these actions AWS offers nothing narrower than \`*\`. \`deploy\` is the principal that deploys, \`key\` the key's policy; the others are functions or [readers](../readers.md).

| action on \`*\` | whose | why |
|---|---|---|
${actions}

### Conditions of services

A service may use a role, a queue or a function only on behalf of one resource of this account, which \`aws:SourceAccount\` and \`aws:SourceArn\` name. These services carry others:

| service | carries | why |
|---|---|---|
${services}
`;

/** Permissions that the head of the page describes. */
function isUsual(action: string, where: string): boolean {
  return (
    (action.startsWith('logs:') && where.includes('/aws/lambda/')) ||
    (action.startsWith('kms:') && where.endsWith('if `kms:ViaService` is `s3.<region>.amazonaws.com`'))
  );
}

/** Names as code in a cell of the table. */
function code(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}

/** docs/reference/permissions.md as it is, and as it should be. `SLUICE_WRITE_DOCS=1` writes it. Roles of schedules are in its head. */
export function heldPage(roles: readonly Role[], bucket: string) {
  const sections = roles
    .filter(({ logicalId }) => !logicalId.endsWith('ScheduleRole'))
    .toSorted((a, b) => (a.logicalId < b.logicalId ? -1 : 1))
    .map((role) => section(role).replaceAll(bucket, '<bucket>'));
  const held = [HEAD, ...sections].join('\n');
  if (process.env['SLUICE_WRITE_DOCS'] === '1') writeFileSync(PAGE, held);
  return { page: readFileSync(PAGE, 'utf8'), held };
}

/** Rows of actions that have the same resources and conditions are one. */
function section(role: Role): string {
  const rows: { readonly actions: string[]; readonly where: string }[] = [];
  for (const { Action, Resource = [], Condition } of role.statements)
    for (const action of Action) {
      const on = Resource.map((resource) => `\`${placeholders(resource)}\``).join('<br>');
      const condition = Condition === undefined ? '' : `<br>if ${conditionText(Condition)}`;
      const where = `${on}${condition}`;
      if (isUsual(action, where)) continue;
      const last = rows.at(-1);
      if (last?.where === where) last.actions.push(action);
      else rows.push({ actions: [action], where });
    }
  return [
    `## ${role.logicalId}`,
    '',
    '| actions | on |',
    '|---|---|',
    ...rows.map(({ actions, where }) => `| ${code(actions)} | ${where} |`),
    '',
  ].join('\n');
}

/** A condition in words: `a` is `b` or `c`, and so on. */
function conditionText(condition: object): string {
  return Object.entries(condition)
    .flatMap(([, keys]) =>
      Object.entries(Object(keys)).map(([key, value]) => {
        const values = [value]
          .flat()
          .map((resource) => `\`${placeholders(String(resource))}\``)
          .join(' or ');
        return `\`${key}\` is ${values}`;
      }),
    )
    .join(' and ');
}

/** Replaces values that differ between accounts and stages by placeholders. */
function placeholders(arn: string): string {
  return arn
    .replaceAll('000000000000', '<account>')
    .replaceAll('us-east-1', '<region>')
    .replaceAll('sluice-local', 'sluice-<stage>')
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, '<id>')
    .replace(/(secret:[\w-<>]+)-\w{6}$/, '$1-<suffix>');
}
