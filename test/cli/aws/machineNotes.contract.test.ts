import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { machineNotes } from '../../../cli/aws/machineNotes.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { projectRoot } from '../../../local/roots.ts';

const stack = { service: 'acme', stage: 'notes' };
const target = {
  stack,
  isLocal: false,
  config: defineConfig({ bucket: 'acme' }),
  aws: { region: 'eu-west-1' },
};
const file = join(projectRoot, '.sluice', 'status', 'acme-notes.json');
afterAll(() => rmSync(file, { force: true }));

it('keeps the last look at a deployment, and none of another region', () => {
  expect(machineNotes(target).read()).toBeUndefined();
  machineNotes(target).write([{ at: 'now' }]);
  expect(machineNotes(target).read()).toEqual([{ at: 'now' }]);
  const elsewhere = machineNotes({ ...target, aws: { region: 'us-east-1' } });
  expect(elsewhere.read()).toBeUndefined();
  elsewhere.write([]);
  expect(machineNotes(target).read()).toBeUndefined();
});
