import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { judgeDatabase } from '../../../observe/doctor/databases.ts';
import { findingCatalogue } from '../../../observe/findings/catalogue.ts';

describe('a database that does not exist', () => {
  it.each([
    { what: 'was deployed', database: 'database', isDeployed: true, name: 'database', printed: ['make'] },
    {
      what: 'was deployed for staging',
      database: 'stagingDatabase',
      isDeployed: true,
      name: 'stagingDatabase',
      printed: ['make'],
    },
    { what: 'is not deployed yet', database: 'database', isDeployed: false, name: 'new', printed: [] },
  ] as const)('and $what is told as $name, with $printed.length commands', (row) => {
    const { cause, cure } = findingCatalogue.SLUICE_FINDING_RESOURCE_MISSING.cases[row.name];
    const found = judgeDatabase(row.database, defineConfig({ bucket: 'acme' }), row.isDeployed, 'make');
    expect(found).toMatchObject({ cause, cure, commands: row.printed });
  });
});
