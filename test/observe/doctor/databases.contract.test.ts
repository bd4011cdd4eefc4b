import { afterAll, expect, it } from '@jest/globals';
import { logicalIds } from '../../../infra/template/Stack.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { databaseLook, stagingDatabaseLook } from '../../../observe/doctor/databases.ts';
import type { Setup } from '../../../observe/doctor/Setup.ts';
import { startAws } from '../../harness/startAws.ts';
import { commands, setupOf } from './setupOf.ts';

const config = defineConfig({ bucket: 'sluice-databases' });
const stack = { service: 'sluice', stage: 'prod' };
const aws = await startAws();
afterAll(() => aws.close());
aws.catalog.ensureDatabase({ Name: config.database });

const setupWith = (more: Partial<Setup>) => setupOf({ ...aws, config, stack, commands, ...more });

it.each([
  { what: 'the stack has', ids: [logicalIds.database], commandCount: 1 },
  { what: 'the stack does not have yet', ids: [], commandCount: 0 },
])('a database that is gone and $what is made by $commandCount commands', async ({ ids, commandCount }) => {
  const resources = new Map(ids.map((id) => [id, 'absent']));
  const absent = defineConfig({ bucket: config.bucket, database: 'absent' });
  const [found, ...more] = await databaseLook.find(setupWith({ config: absent, resources }));
  expect(more).toEqual([]);
  expect(found).toMatchObject({ code: 'SLUICE_FINDING_RESOURCE_MISSING', detail: 'The database absent.' });
  expect(found?.commands).toHaveLength(commandCount);
  for (const command of found?.commands ?? [])
    expect(command).toMatch(/^aws glue create-database --database-input '\{"Name":"absent"/);
  expect(await databaseLook.find(setupWith({ resources }))).toEqual([]);
});

it('a staging database that is gone is made by a command, and no ground of the checks behind it', async () => {
  const resources = new Map([[logicalIds.stagingDatabase, 'absent']]);
  const absent = defineConfig({ bucket: config.bucket, athena: { stagingDatabase: 'absent' } });
  const [found, ...more] = await stagingDatabaseLook.find(setupWith({ config: absent, resources }));
  expect(more).toEqual([]);
  expect(found).toMatchObject({
    code: 'SLUICE_FINDING_RESOURCE_MISSING',
    detail: 'The database absent.',
    commands: [expect.stringMatching(/^aws glue create-database --database-input '\{"Name":"absent"/)],
  });
  const there = defineConfig({
    bucket: config.bucket,
    athena: { stagingDatabase: config.database },
    database: 'absent',
  });
  expect(await stagingDatabaseLook.find(setupWith({ config: there, resources }))).toEqual([]);
  expect(stagingDatabaseLook.isGround).toBeUndefined();
});
