import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { z } from 'zod';
import { parseJson } from '../../lib/base/json.ts';
import { projectRoot } from '../../local/roots.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';
import { textOf } from '../harness/textOf.ts';
import { eventually } from '../harness/waiting.ts';

const jobSchema = z.object({ steps: z.array(z.object({ run: z.string().optional() })) });
const workflowSchema = z.object({ jobs: z.object({ events: jobSchema }) });

const page = textOf('docs', 'ci.md');
const block = (language: string) => new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(page)?.[1] ?? '';

const project = temporaryDirectory();
/** The last step of the page. */
const stop = 'kill "$(node -p \'require("./cloud.json").pid\')"';
// A job of the app has no credentials and no settings of this repository.
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(?:AWS|SLUICE)_/.test(name)),
);
/** Runs a step as GitHub does, for as long as the page's job may take. */
const run = (script: string) =>
  spawnSync('bash', ['-e', '-c', script], {
    cwd: project.path,
    env,
    encoding: 'utf8',
    timeout: 900_000,
    killSignal: 'SIGKILL',
  });
let isStopped = false;
afterAll(() => {
  if (!isStopped) run(stop);
  project.remove();
});

it("docs/ci.md: the job starts a cloud, the app's test finds its rows, and the cloud stops", async () => {
  // Serverless brings it, without types.
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
  for (const script of steps.slice(0, -1)) requireSuccess(script);
  const asked = requireSuccess(
    "npx sluice query 'SELECT event_name FROM product_events' --data .sluice/ci --json",
  );
  expect(JSON.parse(asked)).toEqual([{ event_name: 'purchase' }]);
  const { collector } = z
    .object({ collector: z.string() })
    .parse(parseJson(readFileSync(join(project.path, 'cloud.json'), 'utf8')));
  // It rejects where nobody listens.
  await fetch(collector);
  requireSuccess(stop);
  isStopped = true;
  await eventually('the end of the cloud', () =>
    fetch(collector).then(
      () => false,
      () => true,
    ),
  );
});

/** What a step prints. It fails with all that was printed: the page's first step has its reason in what it prints. */
function requireSuccess(script: string): string {
  const { status, stdout, stderr } = run(script);
  expect({ script, status, problem: status === 0 ? '' : stdout + stderr }).toEqual({
    script,
    status: 0,
    problem: '',
  });
  return stdout;
}
