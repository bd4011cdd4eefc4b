import { GetDatabaseCommand } from '@aws-sdk/client-glue';
import { catalog } from '../../infra/data/catalog.ts';
import { logicalIds } from '../../infra/template/Stack.ts';
import { valueAt } from '../../lib/base/json.ts';
import type { Config } from '../../lib/schema/config.ts';
import type { Finding } from '../findings/catalogue.ts';
import { ifThere } from '../ifThere.ts';
import { type Look, missing } from './Look.ts';
import type { Setup } from './Setup.ts';

/** The database of the tables: nothing of the catalog can be read without it. */
export const databaseLook: Look = {
  name: 'database',
  expects: 'the Glue database exists',
  isGround: true,
  find: (setup) => findDatabase(setup, 'database'),
};

/** The database in which Statsig makes tables of its own. Nothing of ours reads it. */
export const stagingDatabaseLook: Look = {
  name: 'staging-database',
  expects: 'the Glue database exists in which Statsig makes its tables',
  find: (setup) => findDatabase(setup, 'stagingDatabase'),
};

/** Which of the stack's databases. */
type DatabaseName = 'database' | 'stagingDatabase';

/** Looks whether a database is in the catalog. */
async function findDatabase(
  { glue, config, stack, resources, commands }: Setup,
  which: DatabaseName,
): Promise<readonly Finding[]> {
  const Name = which === 'database' ? config.database : config.athena.stagingDatabase;
  if ((await ifThere(glue.send(new GetDatabaseCommand({ Name })))) !== undefined) return [];
  const id = logicalIds[which];
  const { Properties } = catalog({ config, ...stack })[id] ?? {};
  const input = JSON.stringify(valueAt(Properties, ['DatabaseInput']));
  const make = commands.aws('glue', 'create-database', '--database-input', input);
  return [judgeDatabase(which, config, resources.has(id), make)];
}

/**
 * Judges a database that does not exist.
 *
 * @param isDeployed Whether the stack has it.
 * @param make The command that makes it.
 */
export function judgeDatabase(
  which: DatabaseName,
  { database, athena, existing }: Pick<Config, 'athena' | 'database' | 'existing'>,
  isDeployed: boolean,
  make: string,
): Finding {
  const name = which === 'database' ? database : athena.stagingDatabase;
  const caseOfStack = isDeployed ? which : 'new';
  // A deployment creates one that the stack does not have.
  const shown = isDeployed ? [make] : [];
  return missing(`The database ${name}`, existing[which] ? 'own' : caseOfStack, shown);
}
