import type { ErrorCode } from '../../lib/base/errors.ts';

/**
 * How a question is answered: by every probe, by one that is allowed a burst of requests or a slow one or is given
 * another address, or not by the probe at all.
 */
export type Asking = 'always' | '--burst' | '--slow' | '--url' | 'by hand';

/**
 * How sure we are. `documented`: AWS says so. `measured`: others saw it on AWS, in public. `likely`: it follows from what
 * was seen elsewhere. `open`: nobody says.
 */
export type Certainty = 'documented' | 'measured' | 'likely' | 'open';

/** Something that only AWS can answer: `docs/aws.md` is made of these. Markdown. */
export interface Question {
  readonly code: ErrorCode;
  readonly asks: string;
  /** What the product takes for granted. */
  readonly reliesOn: string;
  /** Who says so: a page of AWS's, somebody's measurement, a source. */
  readonly witness: string;
  readonly certainty: Certainty;
  /** What to do if it is otherwise. */
  readonly cure: string;
  readonly asked: Asking;
}
