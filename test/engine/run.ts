// `npm run test:engine`: the product on an AWS that nobody here wrote: LocalStack, with moto's Glue. `serverless deploy`
// deploys, the deployed zips run as local processes, what is sent is looked for in the files, and what functions call is asked
// of the simulator of IAM. Needs Python 3.13; without it everything is named as not asked, which fails the run with
// `--require`. The last line is `N passed, N failed, N not asked`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SIMULATOR_VARIABLE } from '../../packages/local-aws/test/witness/iam/simulator.ts';
import { preparePackages } from '../harness/nodePackages.ts';
import { preparePython } from '../harness/python.ts';
import { Tally } from '../harness/Tally.ts';
import { Engine } from './Engine.ts';
import { steps } from './steps.ts';

const tally = new Tally();
const given = Object.keys(process.env).filter((name) => /^AWS_ENDPOINT_URL/.test(name));
const python = given.length > 0 ? null : preparePython('test/engine', 'LocalStack and moto', '3.13');
if (python === null) {
  // What is deployed, sent and deleted here must never meet an AWS that somebody else uses.
  tally.tell('the only AWS is the one that is started here', false, `Unset ${given.join(', ')}.`);
} else if ('missing' in python) tally.leaveOut(['LocalStack', 'moto'], python.missing);
else await run(python.bin);
tally.close();

/** Starts the engine in a folder of its own, takes the steps in their order until one fails, and ends it. */
async function run(bin: string): Promise<void> {
  const simulator = preparePackages('packages/local-aws/test/witness/iam/packages', 'the simulator of IAM');
  if ('missing' in simulator) tally.leaveOut(['the simulator of IAM'], simulator.missing);
  else process.env[SIMULATOR_VARIABLE] = simulator.directory;
  const folder = mkdtempSync(join(tmpdir(), 'sluice-engine-'));
  const startedAt = performance.now();
  const seconds = () => `${((performance.now() - startedAt) / 1_000).toFixed(0)} s`;
  const engine = await Engine.start(folder, bin);
  const end = () =>
    void engine.stop().finally(() => {
      rmSync(folder, { recursive: true, force: true });
      process.exit(130);
    });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end);
  try {
    const tell = (what: string, wrong: string) => tally.tell(what, wrong === '', wrong);
    const left = [...steps(engine, folder, tell)];
    for (let isDone = true; isDone && left.length > 0; ) {
      const [[name, step] = ['', async () => undefined]] = left.splice(0, 1);
      tally.say(`${name}, after ${seconds()}:`);
      isDone = false;
      await tally.ask(name, async () => {
        await step();
        isDone = true;
      });
    }
    if (left.length > 0)
      tally.leaveOut(
        left.map(([name]) => name),
        'what comes before did not end',
      );
  } finally {
    if (process.env['SLUICE_ENGINE_KEEP'] !== undefined)
      tally.say(`kept: ${folder}\n${engine.log('functions')}`);
    await engine.stop();
    if (process.env['SLUICE_ENGINE_KEEP'] === undefined) rmSync(folder, { recursive: true, force: true });
  }
  tally.say(`The engine was asked for ${seconds()}.`);
}
