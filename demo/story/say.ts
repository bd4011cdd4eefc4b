import { writeOut } from '../../cli/output/terminal.ts';

/** A line of the story. */
export function say(text = ''): void {
  writeOut(`${text}\n`);
}

/** The title of a chapter. */
export function heading(text: string): void {
  say(`\n${text}\n${'─'.repeat(text.length)}`);
}
