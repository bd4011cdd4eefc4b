import { text } from 'node:stream/consumers';
import { SignatureV4 } from '@smithy/signature-v4';
import * as z from 'zod';
import { resources as templateResources } from '../../../infra/resources.ts';
import { parseJson } from '../../../lib/base/json.ts';
import { type Finding, finding, seenNow } from '../../findings/catalogue.ts';
import { type Look, unsaid } from '../Look.ts';
import type { Setup } from '../Setup.ts';
import { readCallerArn } from './deployer.ts';

/** Everybody whom IAM allows: https://docs.aws.amazon.com/lake-formation/latest/dg/change-settings.html */
const ALLOWED_BY_IAM = 'IAM_ALLOWED_PRINCIPALS';

/** Who asks: the place, and the client whose connection and credentials are used. */
interface Asker {
  readonly aws: Setup['aws'];
  readonly clients: Pick<Setup['clients'], 'lambda'>;
}

const principal = z.object({ DataLakePrincipalIdentifier: z.string() });
const grants = z.array(
  z.object({ Principal: principal.optional(), Permissions: z.array(z.string()).default([]) }),
);
/** https://docs.aws.amazon.com/lake-formation/latest/APIReference/API_GetDataLakeSettings.html */
const settingsAnswer = z.object({
  DataLakeSettings: z.object({
    DataLakeAdmins: z.array(principal).default([]),
    CreateDatabaseDefaultPermissions: grants.default([]),
  }),
});
/** https://docs.aws.amazon.com/lake-formation/latest/APIReference/API_ListPermissions.html */
const permissionsAnswer = z.object({
  PrincipalResourcePermissions: grants.default([]),
  NextToken: z.string().optional(),
});

/**
 * Whether the deployment may make the databases that the stack lacks, with the role that CloudFormation takes if it
 * has one. An account that has taken IAM_ALLOWED_PRINCIPALS out of the database
 * creators stops CloudFormation with `Required Create Database on Catalog`:
 * https://github.com/aws-solutions/workload-discovery-on-aws/issues/228
 */
export const databaseCreatorsLook: Look = {
  name: 'lake-formation',
  expects:
    'Lake Formation leaves databases to IAM, or lets these credentials make them, or the role that CloudFormation has',
  async find(setup) {
    const { config, stack, resources, deploymentRole } = setup;
    const { Resources } = templateResources({ config, ...stack });
    const isAnyNew = Object.entries(Resources).some(
      ([id, { Type }]) => Type === 'AWS::Glue::Database' && !resources.has(id),
    );
    if (!isAnyNew) return [];
    const { settings } = await readSettings(setup);
    if (settings === undefined)
      return [
        unsaid(
          'Lake Formation does not say the settings of the account',
          'The settings of Lake Formation in this account.',
        ),
      ];
    const { DataLakeAdmins, CreateDatabaseDefaultPermissions } = settings;
    const maker = deploymentRole ?? (await readCallerArn(setup)) ?? setup.identity.arn;
    const isOfIam = CreateDatabaseDefaultPermissions.some(isGrantTo([ALLOWED_BY_IAM]));
    // An administrator may make databases: https://docs.aws.amazon.com/lake-formation/latest/dg/implicit-permissions.html
    const isAdministrator = DataLakeAdmins.some((admin) => admin.DataLakePrincipalIdentifier === maker);
    if (isAdministrator || (isOfIam && DataLakeAdmins.length === 0)) return [];
    const makers = [maker, ALLOWED_BY_IAM];
    const granted = await Promise.all(makers.map((holder) => catalogGrants(setup, holder)));
    if (granted.some((some) => some?.some(isGrantTo(makers)) === true)) return [];
    if (granted.includes(undefined))
      return [
        unsaid(
          'Lake Formation does not say who may make a database',
          'Who may make a database, by Lake Formation.',
        ),
      ];
    return [judgeMaker(maker, setup.commands)];
  },
};

/** Judges who makes databases, and has no grant for it. @param maker ARN of a role or user. */
export function judgeMaker(maker: string, commands: Pick<Setup['commands'], 'aws'>): Finding {
  const words = ['lakeformation', 'grant-permissions', '--permissions', 'CREATE_DATABASE', '--resource'];
  const to = ['{"Catalog":{}}', '--principal', `DataLakePrincipalIdentifier=${maker}`];
  const told = seenNow(`No grant lets ${maker} make a database.`);
  return finding('SLUICE_FINDING_LAKE_FORMATION', told, [commands.aws(...words, ...to)]);
}

/**
 * What a principal may do in the catalog; undefined if Lake Formation does not say it. Only the question with a principal
 * and a resource is about what is effective: https://docs.aws.amazon.com/lake-formation/latest/APIReference/API_ListPermissions.html
 */
async function catalogGrants(
  setup: Setup,
  DataLakePrincipalIdentifier: string,
): Promise<z.output<typeof grants> | undefined> {
  const question = { Principal: { DataLakePrincipalIdentifier }, Resource: { Catalog: {} } };
  const found: z.output<typeof grants> = [];
  let NextToken: string | undefined;
  do {
    const { status, said } = await ask(setup, 'ListPermissions', { ...question, NextToken });
    const page = status === 200 ? permissionsAnswer.safeParse(parseJson(said)).data : undefined;
    if (page === undefined) return undefined;
    found.push(...page.PrincipalResourcePermissions);
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return found;
}

/** What is read of Lake Formation's settings. */
type Settings = z.output<typeof settingsAnswer>['DataLakeSettings'];

/** Reads Lake Formation's settings: who administers it, and who gets databases that are made. */
export async function readSettings(asker: Asker): Promise<{
  /** Undefined for an answer without settings. */
  readonly settings: Settings | undefined;
  /** The answer: its status, and its body. */
  readonly answered: string;
}> {
  const { status, said } = await ask(asker, 'GetDataLakeSettings', {});
  const settings = settingsAnswer.safeParse(parseJson(said)).data?.DataLakeSettings;
  return { settings, answered: `${status} ${said}` };
}

/** Whether one of the principals may make databases by a grant. */
function isGrantTo(principals: readonly string[]): (grant: z.output<typeof grants>[number]) => boolean {
  return ({ Principal, Permissions }) =>
    principals.includes(Principal?.DataLakePrincipalIdentifier ?? '') &&
    Permissions.some((permission) => permission === 'ALL' || permission === 'CREATE_DATABASE');
}

/**
 * Asks Lake Formation, by the connection and the credentials of another client: two questions are no reason to install a
 * client of its own. Its operations are POSTs of JSON.
 *
 * @returns The status, and the body of the answer or the refusal.
 */
async function ask({ aws, clients }: Asker, operation: string, input: object) {
  const { region } = aws;
  const { credentials, sha256, requestHandler } = clients.lambda.config;
  const url = new URL(aws.endpoint ?? `https://lakeformation.${region}.amazonaws.com`);
  const signer = new SignatureV4({ service: 'lakeformation', region, credentials, sha256 });
  const signed = await signer.sign({
    method: 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    path: `/${operation}`,
    query: {},
    headers: { host: url.host, 'content-type': 'application/json' },
    body: JSON.stringify(input),
  });
  const { response } = await requestHandler.handle(signed);
  return { status: response.statusCode, said: await text(response.body) };
}
