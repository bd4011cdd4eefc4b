import { shellCommand, shortText, visibleLine } from '../base/text.ts';
import { LOCAL_STAGE } from '../schema/stages.ts';
import type { MonitorEvent } from './MonitorState.ts';
import { monitorFindings } from './monitorFindings.ts';

/** Events of one message. SNS takes 256 KB: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const MOST_EVENTS = 30;
/** Characters of the text of one event. */
const MOST_CHARACTERS = 1_000;

/** The deployment that commands in a message name. */
export interface MessageTarget {
  readonly stage: string;
  readonly region: string;
}

/** A message to a topic. A subject is ASCII, on one line, below 100 characters. */
export interface Telling {
  readonly subject: string;
  readonly text: string;
}

/** The message of what began and ended. @param events At least one. */
export function tellText(events: readonly MonitorEvent[], target: MessageTarget): Telling {
  const begun = events.filter(({ what }) => what === 'began').length;
  const ended = events.length - begun;
  const counts = [
    ...(begun === 0 ? [] : [`${begun} began`]),
    ...(ended === 0 ? [] : [`${ended} ended`]),
  ].join(', ');
  const shown = events.slice(0, MOST_EVENTS).map(({ id, code, what, text, command, at }) => {
    const [cause = ''] = monitorFindings[code].cause.split(/(?<=\.) /);
    const lines = [
      `${what === 'began' ? 'BEGAN' : 'ENDED'} ${at}  ${cause}`,
      shortText(visibleLine(text), MOST_CHARACTERS),
      ...(what === 'began' ? [commandFor(command, target)] : []),
      ...(what === 'began' ? [`Acknowledge: ${commandFor(['monitors', '--acknowledge', id], target)}`] : []),
      code,
    ];
    return lines.join('\n');
  });
  const left = events.length - shown.length;
  return {
    subject: `Sluice ${target.stage}: ${counts}`,
    text: [...shown, ...(left > 0 ? [`${left} more: ${commandFor(['monitors'], target)}`] : [])].join('\n\n'),
  };
}

function commandFor(words: readonly string[], { stage, region }: MessageTarget): string {
  const where = stage === LOCAL_STAGE ? ['--local'] : ['--stage', stage, '--region', region];
  return visibleLine(shellCommand(['npx', 'sluice', ...words, ...where]));
}
