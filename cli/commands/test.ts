import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkStages, configFile } from '../../lib/config/loadConfig.ts';
import { projectRoot } from '../../local/roots.ts';
import { checkPipeline } from '../project/checkPipeline.ts';
import { type Command, stageOption } from '../terminal/commandLine.ts';
import { INTERRUPTED, untilInterrupted } from '../terminal/interrupt.ts';
import { writeJson, writeNote, writeOut } from '../terminal/output.ts';

/** A configuration that passed. */
interface PassedChecks {
  /** What holds, a sentence each. */
  readonly checks: readonly string[];
  /** How long it took, seconds. */
  readonly seconds: number;
}

/** `sluice test`: the project's configuration, tried on this machine. */
export const test: Command = {
  name: 'test',
  summary:
    'Try the configuration on this machine: check every stage, start a local cloud of its own, send events and look for them.',
  options: {
    stage: { type: 'string', help: 'stage whose configuration to run (default local)' },
  },
  examples: ['sluice test --stage dev'],
  async run(line) {
    const stage = stageOption(line);
    const isJson = line.values['json'] === true;
    const startedAt = performance.now();
    const done: string[] = [];
    const report = (sentence: string) => {
      done.push(sentence);
      if (!isJson) writeOut(`ok  ${sentence}\n`);
    };
    const stages = await checkStages(configFile(projectRoot, process.env));
    report(`The configuration is valid for ${stages.join(', ')}.`);
    // Imported here: other commands need not load the local cloud.
    const { startCloud } = await import('../../local/startCloud.ts');
    // Created resources are removed before the command ends.
    let isInterrupted = false;
    const interrupted = untilInterrupted().then(() => {
      isInterrupted = true;
    });
    const data = await mkdtemp(join(tmpdir(), 'sluice-test-'));
    try {
      const cloud = await startCloud({
        stage,
        data,
        port: 0,
        edgePort: 0,
        onPackaging: (sentence) => writeNote(`${sentence}\n`),
      });
      try {
        report(
          `The local cloud runs what would be deployed: bucket ${cloud.bucket}, database ${cloud.database}.`,
        );
        if (!isInterrupted) await Promise.race([checkPipeline(cloud, report), interrupted]);
      } finally {
        await cloud.close();
      }
    } catch (error) {
      // Ctrl-C ends packaging, too.
      if (!isInterrupted) throw error;
    } finally {
      await rm(data, { recursive: true, force: true });
    }
    if (isInterrupted) return INTERRUPTED;
    const seconds = (performance.now() - startedAt) / 1_000;
    if (isJson) writeJson<PassedChecks>({ checks: done, seconds });
    else writeOut(`${done.length} checks passed in ${seconds.toFixed(1)} s.\n`);
    return 0;
  },
};
