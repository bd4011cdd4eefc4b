import { readerId } from '../../infra/readers/readers.ts';
import { arnIn, bucketArn, iamArn, policyScope } from '../../lib/access/arns.ts';
import { allow } from '../../lib/access/policyDocument.ts';
import { readerPermissions } from '../../lib/access/readerPermissions.ts';
import { forwardedKinds } from '../../lib/schema/kinds.ts';
import type { Reader } from '../../lib/schema/readers.ts';
import { LANDING_FOLDER } from '../../lib/tables/objectKeys.ts';
import { dayFolder } from '../../lib/tables/tableFolders.ts';
import { type Finding, finding, seenNow } from '../findings/catalogue.ts';
import { type Look, missing, type Question, settled } from './Look.ts';
import type { Setup } from './Setup.ts';
import { type Simulated, simulateStatement, wrongDecisions } from './simulator.ts';

/** The permissions of readers, by IAM's simulator: their policies may have changed since the deployment. */
export const readersLook: Look = {
  name: 'readers',
  expects:
    'each configured reader has the permissions of its policy and none that it must not have, by simulation',
  find: (setup) =>
    settled(
      setup.config.readers.map(
        (reader): Question => [`the reader ${reader.name}`, findReader(setup, reader)],
      ),
    ),
};

/** This can be any day, because policies are about folders and not about days. */
const DAY = '2026-01-01';

/** Looks at the permissions of a reader. */
async function findReader(setup: Setup, reader: Reader): Promise<readonly Finding[]> {
  const { config, identity, resources, key } = setup;
  const role = resources.get(readerId(reader, 'Role'));
  const principal = role ?? resources.get(readerId(reader, 'User'));
  if (principal === undefined) return [judgeNewReader(reader.name, setup.isLocal)];
  const arn = iamArn(identity, `${role === undefined ? 'user' : 'role'}/${principal}`);
  const scope = policyScope(config, { ...identity, keyArn: key.kind === 'kms' ? key.arn : null });
  const allowed = readerPermissions(scope, reader).flatMap(({ document }) => document.Statement);
  const objects = (folders: readonly string[]) =>
    folders.map((folder) => `${bucketArn(scope, scope.bucket)}/${folder}x`);
  const rows = forwardedKinds.map((kind) => dayFolder(config, kind, DAY));
  const tables = forwardedKinds.map((kind) =>
    arnIn(scope, 'glue', `table/${scope.database}/${config.tables[kind]}`),
  );
  const writesLikeUs = reader.kind === 'statsig' && reader.statsigForwardsHere;
  const denied = [
    allow('Landing', ['s3:GetObject'], objects([LANDING_FOLDER, 'ledger/', 'quarantine/'])),
    allow('Tables', ['glue:DeleteTable'], tables),
    ...(writesLikeUs ? [] : [allow('Rows', ['s3:DeleteObject', 's3:PutObject'], objects(rows))]),
  ];
  const findings: Finding[] = [];
  for (const [statements, expected] of [
    [allowed, true],
    [denied, false],
  ] as const)
    for (const statement of statements) {
      if (statement.Effect !== 'Allow') continue;
      const simulated = await simulateStatement(setup, arn, statement);
      findings.push(...judgeSimulation(reader.name, simulated, expected, setup.commands));
    }
  return findings;
}

/** Judges a reader of the configuration that the stack does not have. */
export function judgeNewReader(name: string, isLocal: boolean): Finding {
  return missing(`The identity of the reader ${name}`, isLocal ? 'local' : 'new');
}

/** Judges the simulator's decisions. Without any decision, nothing is allowed. @param expected Whether it has to be allowed. */
export function judgeSimulation(
  name: string,
  simulated: Simulated,
  expected: boolean,
  commands: Pick<Setup['commands'], 'sluice'>,
): readonly Finding[] {
  return wrongDecisions(simulated, expected).map(({ reason, fact, text }) => {
    const detail = `${name}: ${text}`;
    if (!expected)
      return finding(
        'SLUICE_FINDING_READER_ALLOWED',
        seenNow(`The reader ${name} is allowed what it must not do: ${fact}`, detail),
      );
    const told = seenNow(`The reader ${name} is denied what it needs: ${fact}`, detail);
    const shown = reason === 'missing' ? [commands.sluice('doctor', '--drift')] : [];
    return finding('SLUICE_FINDING_READER_DENIED', { case: reason, ...told }, shown);
  });
}
