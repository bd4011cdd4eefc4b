import { GetWorkGroupCommand } from '@aws-sdk/client-athena';
import type { Table } from '@aws-sdk/client-glue';
import { GetRoleCommand, GetUserCommand, IAMClient } from '@aws-sdk/client-iam';
import { identityId } from '../../infra/readers/readers.ts';
import { resources } from '../../infra/resources.ts';
import { valueAt } from '../../lib/base/json.ts';
import type { Config } from '../../lib/schema/config.ts';
import { readCuratedDays } from '../../lib/views/curatedViews.ts';
import { readPrestoView } from '../../lib/views/prestoView.ts';
import { viewNames } from '../../lib/views/viewNames.ts';
import type { Deployment } from '../deployment.ts';
import { revertDriftWords } from '../deploymentCommands.ts';
import { ifThere } from '../explainAwsError.ts';
import { readStackResources } from './flow/stackOutputs.ts';
import { readGlueTables } from './tables/tables.ts';

/** Something of the stack that is gone, or is not as the template has it. */
export interface StackFault {
  readonly what: 'table or view' | 'workgroup' | 'identity of a reader';
  readonly name: string;
  /** How it differs; null if it is gone. */
  readonly differs: readonly string[] | null;
  /** Words after `aws` of the commands that make it right; none if the stack does not have it: then a deployment makes it. */
  readonly repair: readonly (readonly string[])[];
}

/**
 * Compares tables, views and workgroups with the template, and looks whether readers are there: a call of CloudFormation and one
 * of Glue for each 100 names, and one for each workgroup and reader. CloudFormation is not known to compare what is in Glue.
 *
 * @throws What the clients throw.
 */
export async function readStackFaults(deployment: Deployment): Promise<readonly StackFault[]> {
  const { athena, aws, config, stack } = deployment;
  const ids = await readStackResources(deployment);
  const tables = new Map((await readGlueTables(deployment)).map((one) => [one.Name, one]));
  const revert = revertDriftWords(`${stack.service}-${stack.stage}`);
  // With an existing bucket, locations are texts; otherwise they are references to it.
  const written = { ...stack, config: { ...config, existing: { ...config.existing, bucket: true } } };
  const found: StackFault[] = [];
  for (const [id, { Type, Properties }] of Object.entries(resources(written).Resources)) {
    const name = ids.get(id);
    if (Type === 'AWS::Glue::Table') found.push(tableFault(Properties['TableInput'], name !== undefined));
    if (Type !== 'AWS::Athena::WorkGroup' || name === undefined) continue;
    const { State, WorkGroupConfiguration: Configuration } = Properties;
    const asked = athena.send(new GetWorkGroupCommand({ WorkGroup: name }));
    const there = (await ifThere(asked, /^InvalidRequestException$/))?.WorkGroup;
    const differs = there ? differences({ State, Configuration }, there, 'WorkGroup') : null;
    found.push({ what: 'workgroup', name, differs, repair: revert });
  }
  const iam = new IAMClient(aws);
  for (const reader of config.readers) {
    const id = identityId(reader);
    const name = ids.get(id);
    if (name === undefined) continue;
    const there = await ifThere<unknown>(
      id.endsWith('Role')
        ? iam.send(new GetRoleCommand({ RoleName: name }))
        : iam.send(new GetUserCommand({ UserName: name })),
    );
    if (there === undefined)
      found.push({ what: 'identity of a reader', name, differs: null, repair: revert });
  }
  iam.destroy();
  return found.filter(({ differs }) => differs?.length !== 0);

  function tableFault(input: unknown, isDeployed: boolean): StackFault {
    const what = 'table or view';
    const name = String(valueAt(input, ['Name']));
    const there = tables.get(name);
    const words = ['--database-name', config.database, '--table-input', JSON.stringify(input)];
    const repair = (verb: string) => (isDeployed ? [['glue', verb, ...words]] : []);
    return there === undefined
      ? { what, name: `${config.database}.${name}`, differs: null, repair: repair('create-table') }
      : { what, name, differs: tableProblems(config, input, there), repair: repair('update-table') };
  }
}

/** How a table or view differs from its input in the template. Which days a view reads from curated tables may vary. */
function tableProblems(config: Config, input: unknown, there: Table): readonly string[] {
  const name = viewNames.find((one) => one === there.Name);
  const text = readPrestoView(there.ViewOriginalText ?? '')?.originalSql;
  const isOther = name !== undefined && (text === undefined || readCuratedDays(config, name, text) === null);
  return [
    ...(isOther ? ['its SQL differs'] : []),
    ...['TableType', 'PartitionKeys', 'StorageDescriptor'].flatMap((member) =>
      differences(valueAt(input, [member]), valueAt(there, [member]), member),
    ),
  ];
}

/** Members that are not as wanted, in words. What only objects that are there have, and empty values, count for nothing: Glue adds defaults. */
export function differences(wanted: unknown, there: unknown, path: string): readonly string[] {
  // A reference of the template.
  if (Object.keys(Object(wanted)).some((member) => /^(Ref$|Fn::)/.test(member))) return [];
  if (typeof wanted !== 'object' || wanted === null)
    return (there || '') === (wanted || '')
      ? []
      : [`${path}: got ${JSON.stringify(there) ?? 'none'}, expected ${JSON.stringify(wanted) ?? 'none'}`];
  return Object.keys(Array.isArray(wanted) ? { ...wanted, ...Object(there) } : wanted).flatMap((member) =>
    differences(valueAt(wanted, [member]), valueAt(there, [member]), `${path}.${member}`),
  );
}
