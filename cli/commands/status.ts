import { assertNoArguments, type Command, targetOptions } from '../terminal/commandLine.ts';
import { writeResult } from '../terminal/output.ts';

/** `sluice status`: the state of every part, and what heals what is wrong. */
export const status: Command = {
  name: 'status',
  summary: 'Show the state of every part: what comes in, what waits and where, and what needs attention.',
  usage: 'sluice status [--local] [--stage NAME] [options]',
  options: { ...targetOptions, json: { type: 'boolean', help: 'print one object' } },
  examples: ['sluice status --stage prod', 'sluice status --local', 'sluice status --stage prod --json'],
  async run(line) {
    assertNoArguments(line.positionals);
    const [{ withDeployment }, { readStatus }, { statusText }] = await Promise.all([
      import('../aws/withDeployment.ts'),
      import('../../observe/findings/status.ts'),
      import('../observe/statusText.ts'),
    ]);
    const answer = await withDeployment(line, readStatus);
    writeResult(line, answer, () => statusText(answer));
    return answer.isWell ? 0 : 3;
  },
};
