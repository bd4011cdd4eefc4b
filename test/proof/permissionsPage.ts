import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import type { RecordedCall } from '../../packages/local-aws/src/index.ts';
import type { Role } from './Policies.ts';

const PAGE = join(repositoryRoot, 'docs', 'permissions.md');

const HEAD = `# Permissions

What each role of the deployment may do, and for which calls: nothing else. \`npm test\` writes this page's tables from packaged templates and from what the functions really called in the local cloud, and fails when a call is not allowed, when a role has an action, a resource or a condition's value that no call needs, or when this page is not what it found (\`SLUICE_WRITE_DOCS=1 npm test -- test/proof\` writes it anew). The local cloud's own IAM decides; under \`npm run test:aws\`, [iam-simulate](https://github.com/cloud-copilot/iam-simulate) decides every call too, and has to agree.

The last column says what a row rests on. Proved are the rows with *calls seen*: the function, or the delivery that the local cloud plays, made such a call, and without the row it would have been denied. The rows with *AWS's documentation* are not observed anywhere here: AWS says that its service makes the calls in *italics* for what was seen, and only an account can show it ([local.md](local.md#calls)).

The roles whose names begin with \`Ingest\` and \`Export\` are there only with \`sources\` and \`exports\` in the configuration. Their tables are of one with a source and an export that customers' buckets let in (\`acme-drops\` with the folder \`events\`, \`acme-warehouse\`), and one of each that reaches its bucket through a role of the customer's: there the role's own policy has the say.
`;

/**
 * docs/permissions.md with the tables of these roles as their policies and the calls that were recorded have them; those of
 * other roles as they are there. Each proof holds the roles that it has walked.
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
    '| action | on | for | rests on |',
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

/** What differs from account to account and from stage to stage. */
function placeholders(arn: string): string {
  return arn
    .replaceAll('000000000000', '<account>')
    .replaceAll('us-east-1', '<region>')
    .replaceAll('sluice-local', 'sluice-<stage>')
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, '<id>')
    .replace(/(secret:[\w-<>]+)-\w{6}$/, '$1-<suffix>');
}
