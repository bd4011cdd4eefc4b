import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { judgeDatabase, judgeHash } from '../../../observe/doctor/catalog.ts';
import { findingCatalogue } from '../../../observe/findings/catalogue.ts';
import { commands } from './setupOf.ts';

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

it('an experiment that is known by its hash is told since the first of its rows', () => {
  const hashed = { hash: '1a2b', layer: 'home', rows: 7, firstAt: '2026-11-19 10:20:30.123' };
  expect(judgeHash(hashed, commands)).toMatchObject({ since: '2026-11-19T10:20:30.123Z' });
});
