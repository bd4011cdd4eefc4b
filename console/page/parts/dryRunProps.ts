import type { ComponentChildren } from 'preact';

/** What an action behind a dry run says and calls. */
export interface DryRunProps<Answer> {
  /** The text of the first button, e.g. `Load again …`. */
  readonly label: string;
  /** Path of a POST call that takes `dryRun`. */
  readonly path: string;
  /** The other members of its body. */
  readonly body: Readonly<Record<string, unknown>>;
  /** What it does. */
  readonly about: string;
  /** Figures of what would happen, by the answer of the dry run. Default none. */
  readonly wouldDo?: (answer: Answer) => ComponentChildren;
  /** Describes what happened. Default: that it was requested. */
  readonly did?: (answer: Answer) => ComponentChildren;
  /** The text of the second button, which depends on the answer of the dry run; null if there is nothing to do. */
  readonly confirm: (answer: Answer) => string | null;
  /** Called after the action was done. */
  readonly onDone?: () => void;
}
