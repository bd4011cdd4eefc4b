import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { z } from 'zod';
import { projectRoot } from '../../local/roots.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';
import { textOf } from '../harness/textOf.ts';

const jobSchema = z.object({ steps: z.array(z.object({ run: z.string().optional() })) });
const workflowSchema = z.object({ jobs: z.object({ events: jobSchema }) });

const page = textOf('docs', 'ci.md');
const block = (language: string) => new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(page)?.[1] ?? '';

const project = temporaryDirectory();
const stop = 'kill "$(node -p \'require("./cloud.json").pid\')"';
const run = (script: string) =>
  spawnSync('sh', ['-e', '-c', script], { cwd: project.path, env: process.env, encoding: 'utf8' });
afterAll(() => {
  run(stop);
  project.remove();
});

it("docs/ci.md: the job starts a cloud, the app's test finds its rows, and the cloud stops", () => {
  const { jobs } = workflowSchema.parse(createRequire(import.meta.url)('js-yaml').load(block('yaml')));
  const [install, ...steps] = jobs.events.steps.flatMap(({ run: script }) => script ?? []);
  expect(install).toBe('npm ci');
  expect(steps.at(-1)).toEqual(stop);
  // What `npm ci` brings.
  const commands = join(project.path, 'node_modules', '.bin');
  mkdirSync(commands, { recursive: true });
  symlinkSync(join(projectRoot, 'cli', 'sluice.mjs'), join(commands, 'sluice'));
  symlinkSync(join(projectRoot, 'node_modules', 'jest', 'bin', 'jest.js'), join(commands, 'jest'));
  // As `sluice init` makes it.
  writeFileSync(join(project.path, 'package.json'), '{ "private": true, "type": "module" }');
  writeFileSync(join(project.path, 'events.test.cjs'), block('js'));
  for (const script of steps) {
    const { status, stderr } = run(script);
    expect({ script, status, problem: status === 0 ? '' : stderr }).toEqual({
      script,
      status: 0,
      problem: '',
    });
  }
});
