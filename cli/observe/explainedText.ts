import type { ExplainedCode } from '../../observe/explainCode.ts';
import type { Finding } from '../../observe/findings/catalogue.ts';
import { findingLines } from './doctorText.ts';

/** A code with what it means and what to do. */
export interface ExplainedFinding extends ExplainedCode {
  /** The section of docs/operate.md; null without one. */
  readonly section: string | null;
  /** What `sluice status` finds of the code in the deployment that the options name; absent without them, and of other codes. */
  readonly found?: readonly Finding[];
  /** How many more it finds that its answer has no room for; absent without `found`. */
  readonly more?: number;
}

/** A code for people, with the cases of it that were found, or what to do of any. */
export function explainedText({ code, cause, cure, section, found, more = 0 }: ExplainedFinding): string {
  const head = `${code}: ${cause}`;
  // Each case has its cure and its section.
  if (found !== undefined && found.length > 0) {
    const left = more === 0 ? [] : [`… and ${more} more.`];
    return [head, ...found.flatMap((one) => findingLines(one, 0)), ...left, ''].join('\n');
  }
  const none = found === undefined ? [] : ['`sluice status` does not find it here now.'];
  const see = section === null ? [] : [`See docs/operate.md, "${section}".`];
  return [head, ...none, cure, ...see, ''].join('\n');
}
