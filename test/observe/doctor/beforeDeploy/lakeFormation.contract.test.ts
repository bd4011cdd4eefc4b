import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { databaseCreatorsLook } from '../../../../observe/doctor/account/lakeFormation.ts';
import { account, BY_IAM, lakeFormation, ROLE } from '../fakeAccount.ts';
import { startBeforeDeploy } from './startBeforeDeploy.ts';

const deployed = await startBeforeDeploy();
const { findings, findingsOf } = deployed;
afterAll(() => deployed.close());

/** Of a session IAM knows the role with its path. */
const MAKER = ROLE.arn.replace('role/', 'role/ci/');
const DataLakeAdmins = [{ DataLakePrincipalIdentifier: 'arn:aws:iam::000000000000:role/lake' }];
/** Databases are left to IAM by default, and somebody else administers them. */
const byIam = { DataLakeAdmins, CreateDatabaseDefaultPermissions: [BY_IAM] };
const toMaker = (permission: string) => ({
  Permissions: [permission],
  Principal: { DataLakePrincipalIdentifier: MAKER },
});
const NONE = [`LAKE_FORMATION No grant lets ${MAKER} make a database.`];
const UNSEEN = ['UNCHECKED Who may make a database, by Lake Formation.'];

/** Lake Formation answers so. */
function answer(...about: Parameters<typeof lakeFormation>): void {
  for (const [path, said] of lakeFormation(...about)) account.answers.set(path, said);
}

describe('who may make a database, by Lake Formation', () => {
  beforeEach(() => {
    deployed.reset();
    account.caller = ROLE;
  });

  it('is whom IAM allows, where nobody administers it', async () => {
    expect(await findings(databaseCreatorsLook, 'fresh')).toEqual([]);
  });

  it.each([
    { what: 'nobody, of no grants', settings: { DataLakeAdmins }, grants: [], found: NONE },
    { what: 'nobody, although new databases are left to IAM', settings: byIam, grants: [], found: NONE },
    {
      what: 'whom IAM allows, who have a grant',
      settings: byIam,
      grants: [{ Permissions: ['CREATE_DATABASE'] }],
      found: [],
    },
    {
      what: 'the caller, whose second grant allows it',
      settings: { DataLakeAdmins },
      grants: [toMaker('DESCRIBE'), toMaker('CREATE_DATABASE')],
      found: [],
    },
    {
      what: 'nobody, of a grant of something else',
      settings: { DataLakeAdmins },
      grants: [toMaker('CREATE_CATALOG')],
      found: NONE,
    },
    {
      what: 'the caller, who administers it',
      settings: { DataLakeAdmins: [{ DataLakePrincipalIdentifier: MAKER }] },
      grants: undefined,
      found: [],
    },
    {
      what: 'not known, where nobody may list grants',
      settings: { DataLakeAdmins },
      grants: undefined,
      found: UNSEEN,
    },
    {
      what: 'not known by the default of new databases',
      settings: byIam,
      grants: undefined,
      found: UNSEEN,
    },
    { what: 'not known by settings without names', settings: {}, grants: undefined, found: UNSEEN },
  ])('is told by $found.length findings if it is $what', async ({ settings, grants, found }) => {
    answer(settings, grants);
    expect(await findings(databaseCreatorsLook, 'fresh')).toEqual(found);
  });

  it('is not asked of databases that exist', async () => {
    answer({ DataLakeAdmins }, []);
    const existing = { database: true, stagingDatabase: true };
    expect(await findingsOf(databaseCreatorsLook, { existing }, 'fresh')).toEqual([]);
  });

  it('is not asked of a stack that has all databases', async () => {
    answer({ DataLakeAdmins }, []);
    expect(await findings(databaseCreatorsLook)).toEqual([]);
  });

  it('is unchecked where the settings may not be read', async () => {
    account.answers.delete('lakeformation /GetDataLakeSettings');
    expect(await findings(databaseCreatorsLook, 'fresh')).toEqual([
      'UNCHECKED The settings of Lake Formation in this account.',
    ]);
  });
});
