import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import type { RecordedCall } from '../../packages/local-aws/src/iam/index.ts';
import { trustExceptions, unscopedActions } from '../infra/policyExceptions.ts';
import type { Role } from './Policies.ts';

const PAGE = join(repositoryRoot, 'docs', 'reference', 'permissions.md');

const HEAD = `# Permissions

This page lists what each role of the deployment may do, and which calls need it. The roles may do nothing else. \`npm run test:proof\` writes the tables from packaged templates and from the calls that the functions really made in the local cloud. The tests fail in each of these cases:

- A call is not allowed.
- A role has an action, a resource or a condition's value that no call needs.
- This page differs from what the tests found (\`SLUICE_WRITE_DOCS=1 npm test -- test/permissions\` writes it again).

The local cloud's own IAM decides. Under \`npm run test:aws\`, [iam-simulate](https://github.com/cloud-copilot/iam-simulate) also decides every call, and must agree.

The last column shows the evidence for a row. Rows with *calls seen* are proved: the function, or the delivery that the local cloud emulates, made such a call, and it would have been denied without the row. Rows with *AWS's documentation* were not observed here: according to AWS, its service makes the calls in *italics* on behalf of the calls seen, and only a deployment on AWS can show it ([local.md](../local.md#permissions)).

Roles whose names begin with \`Ingest\` and \`Export\` exist only with \`sources\` and \`exports\` in the configuration, roles whose names begin with \`Curate\` only with \`curate: true\`, roles whose names begin with \`Relay\` only with \`relay\`, and roles whose names begin with \`Monitor\` only with \`monitors\`; \`PassThroughRole\` only with \`passThrough\`. With \`relay\` the collector may also send to the queue \`sluice-<stage>-relay\`, with the key that encrypts it, and write \`relay/waiting/\`. The tables of ingest and export come from a configuration with two sources and two exports. For one of each, the policy of the customer's bucket gives access (\`acme-drops\` with the folder \`events\`, \`acme-warehouse\`). The others reach their bucket through a role of the customer, whose own policy then decides.

### Actions without a narrower resource

For these actions AWS offers nothing narrower than \`*\`. \`deploy\` is the principal that deploys, \`hold\` the function, \`key\` the key's policy; the others are [readers](../readers.md).

| action on \`*\` | whose | why |
|---|---|---|
${unscopedActions.map(({ actions, who, why, source }) => `| ${code(actions)} | ${who} | ${why} [AWS](${source}) |`).join('\n')}

### Conditions of services

A service may use a role, a queue or a function only on behalf of one resource of this account, which \`aws:SourceAccount\` and \`aws:SourceArn\` name. These services carry others:

| service | carries | why |
|---|---|---|
${trustExceptions.map(({ service, instead, why, source }) => `| \`${service}\` | ${instead.length === 0 ? 'nothing' : code(instead)} | ${why} [AWS](${source}) |`).join('\n')}
`;

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
    const own = calls.filter(({ principal }) => principal === role.arn);
    sections.set(role.logicalId, section(role, own).replaceAll(bucket, '<bucket>'));
  }
  const inOrder = [...sections].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
  const held = [HEAD, ...inOrder].join('\n');
  if (process.env['SLUICE_WRITE_DOCS'] === '1') writeFileSync(PAGE, held);
  return { page: readFileSync(PAGE, 'utf8'), held };
}

/** Names of the roles that the page has a table of. */
export function rolesOnPage(): readonly string[] {
  return [...sectionsOf(readFileSync(PAGE, 'utf8')).keys()];
}

function sectionsOf(page: string): Map<string, string> {
  const [, ...texts] = page.split(/^(?=## )/m);
  return new Map(texts.map((text) => [text.slice(3, text.indexOf('\n')), `${text.trimEnd()}\n`]));
}

function section(role: Role, calls: readonly RecordedCall[]): string {
  const rows = role.statements.flatMap(({ Action, Resource = [], Condition }) =>
    Action.map((action) => {
      const where = Resource.map((resource) => `\`${placeholders(resource)}\``).join('<br>');
      const condition = Condition === undefined ? '' : `<br>if ${conditionText(Condition)}`;
      const { names, seen } = operations(action, calls);
      const basis = seen ? 'calls seen' : "AWS's documentation";
      return `| \`${action}\` | ${where}${condition} | ${names} | ${basis} |`;
    }),
  );
  return [
    `## ${role.logicalId}`,
    '',
    '| action | on | for | evidence |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

/** The calls that need an action, and whether any of them was seen. */
function operations(action: string, calls: readonly RecordedCall[]) {
  const names = (basis: RecordedCall['basis']) =>
    new Set(
      calls
        .filter((call) => call.basis === basis && call.permissions.some((needed) => needed.action === action))
        .map(({ operation }) => operation),
    );
  const [seen, documented] = [names('seen'), names('documented')];
  const all = [...[...seen].sort(), ...[...documented.difference(seen)].sort().map((name) => `*${name}*`)];
  return { names: all.join(', '), seen: seen.size > 0 };
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
