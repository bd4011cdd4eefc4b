import type { DataLakeSettings } from '@aws-sdk/client-lakeformation';
import { readerId } from '../../../infra/readers/readers.ts';
import { resources as templateResources } from '../../../infra/resources.ts';
import { unusedFunctions } from '../../../infra/serverless/requirements.ts';
import { arnIn, bucketArn, policyScope } from '../../../lib/access/arns.ts';
import { allow, type Statement } from '../../../lib/access/policyDocument.ts';
import { printedPolicies } from '../../../lib/access/printedPolicies.ts';
import { readerPermissions } from '../../../lib/access/readerPermissions.ts';
import { valueAt } from '../../../lib/base/json.ts';
import { functionNames } from '../../../lib/config/functionConfig.ts';
import { forwardedKinds } from '../../../lib/schema/kinds.ts';
import type { Reader } from '../../../lib/schema/readers.ts';
import { LANDING_FOLDER } from '../../../lib/tables/objectKeys.ts';
import { dayFolder } from '../../../lib/tables/tableFolders.ts';
import { Unread } from '../../facts/askAws.ts';
import {
  isLookedFor,
  readCallerArn,
  readDataLake,
  readNameOwner,
  type Simulated,
  type StackName,
  simulateStatement,
} from '../../facts/setup/accessFacts.ts';
import { readDatabase } from '../../facts/setup/dataFacts.ts';
import type { Setup, SetupFacts } from '../../facts/setup/Setup.ts';
import { type Finding, finding } from '../catalogue.ts';
import { listed } from '../judge.ts';
import { look } from './Look.ts';

/** The permissions of readers, by IAM's simulator: their policies may have changed since the deployment. */
export const readers = look({
  name: 'readers',
  expects:
    'each configured reader has the permissions of its policy and none that it must not have, by simulation',
  needs: ['stack'],
  read: async (setup) => {
    const { Arn: keyArn } = await setup.key();
    return setup.config.readers.map((reader) => readReader(setup, reader, keyArn));
  },
  *judge({ name, allowed, denied }) {
    yield* judgeSimulations(name, allowed, true);
    yield* judgeSimulations(name, denied, false);
  },
});

/** Any day: policies are about folders, not days. */
const DAY = '2026-01-01';

async function readReader(setup: Setup, reader: Reader, keyArn: string) {
  const { config, identity, resources } = setup;
  const { account, partition } = identity;
  const role = resources.get(readerId(reader, 'Role'));
  const principal = role ?? resources.get(readerId(reader, 'User'));
  if (principal === undefined) throw new Unread('missing', `The role or user of the reader ${reader.name}.`);
  const arn = `arn:${partition}:iam::${account}:${role === undefined ? 'user' : 'role'}/${principal.physicalId}`;
  const scope = policyScope(config, { ...identity, keyArn });
  const statements = readerPermissions(scope, reader).flatMap(({ document }) => document.Statement);
  const objects = (folders: readonly string[]) =>
    folders.map((folder) => `${bucketArn(scope, scope.bucket)}/${folder}x`);
  const rows = forwardedKinds.map((kind) => dayFolder(config, kind, DAY));
  const tables = forwardedKinds.map((kind) => `table/${scope.database}/${config.tables[kind]}`);
  const writesLikeUs = reader.kind === 'statsig' && reader.statsigForwardsHere;
  const forbidden = [
    allow('Landing', ['s3:GetObject'], objects([LANDING_FOLDER, 'ledger/', 'quarantine/'])),
    allow(
      'Tables',
      ['glue:DeleteTable'],
      tables.map((table) => arnIn(scope, 'glue', table)),
    ),
    ...(writesLikeUs ? [] : [allow('Rows', ['s3:DeleteObject', 's3:PutObject'], objects(rows))]),
  ];
  const simulate = async (wanted: readonly Statement[]) => {
    const simulated: Simulated[] = [];
    for (const statement of wanted)
      if (statement.Effect === 'Allow') simulated.push(await simulateStatement(setup, arn, statement));
    return simulated;
  };
  return { name: reader.name, allowed: await simulate(statements), denied: await simulate(forbidden) };
}

/** Judges the simulator's decisions. Without any decision, nothing is allowed. @param expected Whether it has to be allowed. */
export function* judgeSimulations(
  name: string,
  simulated: readonly Simulated[],
  expected: boolean,
): Generator<Finding> {
  const code = expected ? 'SLUICE_FINDING_READER_DENIED' : 'SLUICE_FINDING_READER_ALLOWED';
  for (const one of simulated) {
    const wrong = wrongDecisions(one, expected);
    if (wrong !== '') yield finding(code, `${name}: ${wrong}`);
  }
}

/** The decisions of a statement that are not the expected ones, in words; empty without any. */
function wrongDecisions({ sid, decisions }: Simulated, expected: boolean): string {
  if (decisions.length === 0) return expected ? `${sid}: no decision.` : '';
  const wrong = decisions.filter(({ isAllowed }) => isAllowed !== expected);
  if (wrong.length === 0) return '';
  const distinct = (names: readonly string[]) => listed([...new Set(names)]);
  return `${sid}: ${distinct(wrong.map(({ action }) => action))} on ${distinct(wrong.map(({ resource }) => resource))}.`;
}

/** The caller's permissions, by IAM's simulator, against the policies that `sluice policy print --for deploy` prints. */
export const deployer = look({
  name: 'deployer',
  expects: 'these credentials may deploy, update and remove the stack, by simulation',
  needs: [],
  async read(setup) {
    const { config, identity, stackName } = setup;
    const source = await readCallerArn(setup);
    if (source === undefined)
      throw new Unread('unchecked', `IAM simulates users and roles only, not ${identity.arn}.`);
    const { region, account } = identity;
    return printedPolicies('deploy', config, { region, account, stack: stackName })
      .flatMap(({ document }) => document.Statement)
      .map((statement) => simulateStatement(setup, source, statement));
  },
  *judge(simulated) {
    const denied = wrongDecisions(simulated, true);
    if (denied !== '') yield finding('SLUICE_FINDING_DEPLOY_DENIED', denied);
  },
});

/** Stands for everyone whom IAM allows. https://docs.aws.amazon.com/lake-formation/latest/dg/change-settings.html */
const IAM_PRINCIPALS = 'IAM_ALLOWED_PRINCIPALS';

/** Whether IAM alone controls access to new databases and tables. */
export const dataLake = look({
  name: 'data-lake',
  expects: "Lake Formation's defaults leave access to new databases and tables to IAM",
  needs: [],
  read: (setup) => [readDataLake(setup)],
  *judge(settings) {
    const left = (defaults: DataLakeSettings['CreateTableDefaultPermissions'] = []) =>
      defaults.some(
        ({ Principal, Permissions = [] }) =>
          Principal?.DataLakePrincipalIdentifier === IAM_PRINCIPALS && Permissions.includes('ALL'),
      );
    const missing = [
      ...(left(settings.CreateDatabaseDefaultPermissions) ? [] : ['new databases']),
      ...(left(settings.CreateTableDefaultPermissions) ? [] : ['new tables']),
    ];
    const detail = `${IAM_PRINCIPALS} does not get ALL on ${missing.join(' and ')}.`;
    if (missing.length > 0) yield finding('SLUICE_FINDING_LAKE_FORMATION', detail);
  },
});

/** Names that must be free for a deployment. */
export const freeNames = look({
  name: 'names',
  expects:
    'the names of buckets, databases, workgroups, secrets and log groups of the stack are free or its own, and an existing database that it uses is there',
  needs: [],
  read: (setup) => [
    ...(setup.config.existing.database ? [readDatabase(setup, []).then(() => null)] : []),
    ...stackNames(setup).map((one) => readNameOwner(setup, one)),
  ],
  *judge(owner, { say }) {
    if (owner === null) return;
    const { type, name, detail, words } = owner;
    const commands = words === undefined || say.isLocal ? [] : [say.aws(...words)];
    yield finding('SLUICE_FINDING_NAME_TAKEN', `${type} ${name}: ${detail}.`, commands);
  },
});

/** Where the template has the name of a resource. */
const NAME_PATHS: readonly (readonly string[])[] = [
  ['BucketName'],
  ['DatabaseInput', 'Name'],
  ['Name'],
  ['LogGroupName'],
];

/** The names of the resources that a configuration's stack creates and does not have yet. */
function stackNames({ config, stack, resources, stackName }: SetupFacts): readonly StackName[] {
  const { Resources } = templateResources({ config, ...stack });
  const made = Object.values(Resources).flatMap(({ Type, Properties }): StackName[] => {
    const name = NAME_PATHS.map((path) => valueAt(Properties, path)).find((one) => one !== undefined);
    return isLookedFor(Type) && typeof name === 'string' ? [{ type: Type, name }] : [];
  });
  const unused = new Set(unusedFunctions(config));
  const groups = functionNames.flatMap((one): StackName[] =>
    unused.has(one) ? [] : [{ type: 'AWS::Logs::LogGroup', name: `/aws/lambda/${stackName}-${one}` }],
  );
  const own = new Set(
    // Secrets Manager appends a hyphen and six characters to a name.
    [...resources.values()].map(({ physicalId }) => physicalId.replace(/^.*:secret:(.*)-\w{6}$/, '$1')),
  );
  return [...made, ...groups].filter(({ name }) => !own.has(name));
}
