import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import type { RecordedCall } from '../../packages/local-aws/src/iam/index.ts';
import { trustExceptions, unscopedActions } from '../infra/policyExceptions.ts';
import type { Role } from './Policies.ts';

const PAGE = join(repositoryRoot, 'docs', 'reference', 'permissions.md');

const HEAD = `# Permissions

What each role of the deployment may do. The roles may do nothing else: \`npm run test:proof\` writes the tables from packaged templates and from the calls that the functions really made in the local cloud (\`SLUICE_WRITE_DOCS=1 npm test -- test/permissions\`). It fails if a call is not allowed, if a role has an action, a resource or a condition's value that no call needs, or if this page differs.

The last column says what a row rests on: \`seen\`, a call that would have been denied without it, or \`AWS\`: AWS's documentation says that its service makes such calls on behalf of those that were seen. Roles of features are there only with the feature (\`sources\`, \`exports\`, \`curate\`, \`relay\`). With \`relay\` the collector may also send to the queue \`sluice-<stage>-relay\` and write \`relay/waiting/\`.

Three things are not repeated below. Each function may write its own log (\`logs:CreateLogStream\`, \`logs:PutLogEvents\`). A role that uses the bucket may use its key through S3 (\`kms:Decrypt\`, \`kms:GenerateDataKey\`, if \`kms:ViaService\` is \`s3.<region>.amazonaws.com\`). The role of a schedule may send messages to its function's queue and to the queue's dead letters (\`sqs:SendMessage\`), and nothing else.

### Actions without a narrower resource

For these actions AWS offers nothing narrower than \`*\`. \`deploy\` is the principal that deploys, \`key\` the key's policy; the others are functions or [readers](../readers.md).

| action on \`*\` | whose | why |
|---|---|---|
${unscopedActions.map(({ actions, who, why, source }) => `| ${code(actions)} | ${who} | ${why} [AWS](${source}) |`).join('\n')}

### Conditions of services

A service may use a role, a queue or a function only on behalf of one resource of this account, which \`aws:SourceAccount\` and \`aws:SourceArn\` name. These services carry others:

| service | carries | why |
|---|---|---|
${trustExceptions.map(({ service, instead, why, source }) => `| \`${service}\` | ${instead.length === 0 ? 'nothing' : code(instead)} | ${why} [AWS](${source}) |`).join('\n')}
`;

/** Roles that the head of the page describes. */
const SCHEDULE = 'ScheduleRole';

/** Permissions that the head of the page describes. */
function isUsual(action: string, where: string): boolean {
  return (
    (action.startsWith('logs:') && where.includes('/aws/lambda/')) ||
    (action.startsWith('kms:') && where.endsWith('if `kms:ViaService` is `s3.<region>.amazonaws.com`'))
  );
}

function code(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}

/**
 * docs/reference/permissions.md with the tables of these roles, from their policies and the recorded calls. The tables of other roles
 * do not change. Each proof checks the roles that it has exercised.
 */
export function heldPage(roles: readonly Role[], calls: readonly RecordedCall[], bucket: string) {
  const page = readFileSync(PAGE, 'utf8');
  const sections = sectionsOf(page);
  for (const role of roles) {
    if (role.logicalId.endsWith(SCHEDULE)) continue;
    const own = calls.filter(({ principal }) => principal === role.arn);
    sections.set(role.logicalId, section(role, own).replaceAll(bucket, '<bucket>'));
  }
  const inOrder = [...sections].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
  const held = [HEAD, ...inOrder].join('\n');
  if (process.env['SLUICE_WRITE_DOCS'] === '1') writeFileSync(PAGE, held);
  return { page: readFileSync(PAGE, 'utf8'), held };
}

/** Names of the roles that the page has a table of, and of those that it should have. */
export function rolesOnPage(roles: readonly string[]) {
  const held = roles.filter((id) => !id.endsWith(SCHEDULE)).toSorted();
  return { page: [...sectionsOf(readFileSync(PAGE, 'utf8')).keys()], held };
}

function sectionsOf(page: string): Map<string, string> {
  const [, ...texts] = page.split(/^(?=## )/m);
  return new Map(texts.map((text) => [text.slice(3, text.indexOf('\n')), `${text.trimEnd()}\n`]));
}

/** Rows of actions that have the same resources, conditions and evidence are one. */
function section(role: Role, calls: readonly RecordedCall[]): string {
  const rows: { readonly actions: string[]; readonly where: string; readonly basis: string }[] = [];
  for (const { Action, Resource = [], Condition } of role.statements)
    for (const action of Action) {
      const on = Resource.map((resource) => `\`${placeholders(resource)}\``).join('<br>');
      const where = `${on}${Condition === undefined ? '' : `<br>if ${conditionText(Condition)}`}`;
      if (isUsual(action, where)) continue;
      const basis = isSeen(action, calls) ? 'seen' : 'AWS';
      const last = rows.at(-1);
      if (last?.where === where && last.basis === basis) last.actions.push(action);
      else rows.push({ actions: [action], where, basis });
    }
  return [
    `## ${role.logicalId}`,
    '',
    '| actions | on | |',
    '|---|---|---|',
    ...rows.map(({ actions, where, basis }) => `| ${code(actions)} | ${where} | ${basis} |`),
    '',
  ].join('\n');
}

/** Whether a call that was seen needs an action. */
function isSeen(action: string, calls: readonly RecordedCall[]): boolean {
  return calls.some(
    (call) => call.basis === 'seen' && call.permissions.some((needed) => needed.action === action),
  );
}

function conditionText(condition: object): string {
  return Object.entries(condition)
    .flatMap(([, keys]) =>
      Object.entries(Object(keys)).map(
        ([key, value]) =>
          `\`${key}\` is ${[value]
            .flat()
            .map((one) => `\`${placeholders(String(one))}\``)
            .join(' or ')}`,
      ),
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
