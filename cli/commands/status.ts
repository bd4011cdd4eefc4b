import type { Status } from '../../observe/findings/status.ts';
import { type Command, PROBLEMS_FOUND, targetOptions } from '../terminal/commandLine.ts';
import { writeResult } from '../terminal/output.ts';

/** `sluice status`: the state of every part, and what heals what is wrong. */
export const status: Command = {
  name: 'status',
  summary: 'Show the state of every part: what comes in, what waits and where, and what needs attention.',
  options: { ...targetOptions },
  examples: ['sluice status --stage prod'],
  async run(line) {
    const [{ withDeployment }, { readStatus }, { statusText }, { targetedCommand }] = await Promise.all([
      import('../aws/withDeployment.ts'),
      import('../../observe/findings/status.ts'),
      import('../observe/statusText.ts'),
      import('../aws/target.ts'),
    ]);
    const answer = await withDeployment(line, readStatus);
    const command = (words: readonly string[]) => targetedCommand(line, words);
    writeResult<Status>(line, answer, () => statusText(answer, command));
    return answer.isWell ? 0 : PROBLEMS_FOUND;
  },
};
