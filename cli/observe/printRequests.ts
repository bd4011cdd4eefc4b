import { LOCAL_STAGE } from '../../lib/schema/stages.ts';
import type { Cloud } from '../../local/startCloud.ts';
import { liveLine } from '../../observe/live/entryText.ts';
import { readLocalLive } from '../../observe/live/localLive.ts';
import { errorText } from '../terminal/errors.ts';
import { writeNote, writeOut } from '../terminal/output.ts';

/** Milliseconds for which one read waits for a request. */
const WAIT_MS = 20_000;
/** Milliseconds of the pause after a request: those that come meanwhile are read at once. */
const PAUSE_MS = 100;
/** Lines at once. Of more requests only their number is printed: nobody reads hundreds of lines a second. */
const MOST_LINES = 20;

/**
 * Prints a line for each request of the local cloud, until that stops.
 *
 * @param signal Aborted when it is about to stop: it answers who waits, so nothing is cancelled.
 */
export async function printRequests(
  { edge, config }: Pick<Cloud, 'edge' | 'config'>,
  stage: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const deployment = {
    localControl: edge,
    stack: { service: config.service, stage: stage ?? LOCAL_STAGE },
    config,
  };
  let after: string | undefined;
  try {
    for (;;) {
      const { entries, next, ended } = await readLocalLive(deployment, { after, waitMs: WAIT_MS });
      after = next;
      const requests = entries.filter(({ type }) => type === 'request');
      writeOut(requests.slice(0, MOST_LINES).map(liveLine).join(''));
      const more = requests.length - MOST_LINES;
      if (more > 0)
        writeOut(`              and ${more.toLocaleString('en-US')} more requests: sluice tail --local\n`);
      if (ended || signal.aborted) return;
      if (requests.length > 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  } catch (error) {
    if (!signal.aborted) writeNote(`No lines for requests any more. ${errorText(error)}`);
  }
}
