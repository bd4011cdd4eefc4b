import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from '@jest/globals';
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
const NOTE = [{ at: 'now' }];
beforeEach(() => rmSync(file, { force: true }));
afterAll(() => rmSync(file, { force: true }));

it('there is no earlier look at a deployment before the first', () => {
  expect(machineNotes(target).read()).toBeUndefined();
});

it('the last look at a deployment is kept', () => {
  for (const note of ['earlier', NOTE]) machineNotes(target).write(note);
  expect(machineNotes(target).read()).toEqual(NOTE);
});

it.each([
  { what: 'another region', other: { ...target, aws: { region: 'us-east-1' } } },
  { what: 'another bucket', other: { ...target, config: defineConfig({ bucket: 'other' }) } },
  {
    what: 'another local cloud',
    other: { ...target, aws: { region: 'eu-west-1', endpoint: 'http://127.0.0.1:9' } },
  },
])('a look at $what of the same name is another, and replaces the last one', ({ other }) => {
  machineNotes(target).write(NOTE);
  expect(machineNotes(other).read()).toBeUndefined();
  machineNotes(other).write([]);
  expect(machineNotes(target).read()).toBeUndefined();
});

it.each(['', '{"of":', '[]'])('a file that has %j is no earlier look', (text) => {
  machineNotes(target).write(NOTE);
  writeFileSync(file, text);
  expect(machineNotes(target).read()).toBeUndefined();
});

it('a machine that cannot write keeps nothing, and does not fail', () => {
  mkdirSync(file, { recursive: true });
  try {
    machineNotes(target).write(NOTE);
    expect(machineNotes(target).read()).toBeUndefined();
  } finally {
    rmSync(file, { recursive: true });
    rmSync(`${file}.${process.pid}`, { force: true });
  }
});
