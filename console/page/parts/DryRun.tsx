import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type ActionState, useAction } from './api.ts';
import { useConsole } from './context.ts';
import { Problem } from './parts.tsx';

/** What an action behind a dry run says and calls. */
interface DryRunProps<Answer> {
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

/**
 * An action behind a dry run: a button asks what would happen, and only then a second one does it. A read-only console
 * answers the dry run too, and says how to start one that may write.
 */
export function DryRun<Answer>(props: DryRunProps<Answer>) {
  const { label, path, body } = props;
  const tried = useAction<Answer>(path);
  const done = useAction<Answer>(path);
  const [isOpen, setOpen] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const box = useRef<HTMLElement>(null);
  // Another subject means another action: an answer about the first does not hold for it. Calls of the first keep the button
  // disabled until they are answered. A layout effect, as an effect runs after the next frame, and would close what somebody has
  // opened before it.
  useLayoutEffect(() => setOpen(false), [JSON.stringify([path, body])]);
  // A button that is disabled while it works loses the focus: its answer gets it, so that the next key continues there.
  const keepFocus = () => {
    if (document.activeElement === document.body) box.current?.focus();
  };
  const start = async () => {
    setOpen(true);
    done.clear();
    await tried.run({ ...body, dryRun: true });
    keepFocus();
  };
  const perform = async () => {
    const answer = await done.run({ ...body, dryRun: false });
    keepFocus();
    if (answer !== undefined) props.onDone?.();
  };
  const close = () => {
    setOpen(false);
    opener.current?.focus();
  };
  return (
    <>
      <button
        type="button"
        class="outline"
        ref={opener}
        onClick={() => void start()}
        disabled={tried.isRunning || done.isRunning}
        aria-busy={tried.isRunning}
      >
        {label}
      </button>
      {isOpen && (
        <section class="note" aria-label={label} aria-live="polite" tabIndex={-1} ref={box}>
          {tried.error && <Problem error={tried.error} />}
          {done.error && <Problem error={done.error} />}
          <Outcome shown={props} tried={tried.answer} done={done.answer} />
          <Confirmation shown={props} tried={tried.answer} done={done} onPerform={perform} onClose={close} />
        </section>
      )}
    </>
  );
}

/** What would happen, and after it was done what happened. */
function Outcome<Answer>(props: {
  /** The texts and the call of the action. */
  readonly shown: DryRunProps<Answer>;
  /** The answer of the dry run; undefined before it. */
  readonly tried: Answer | undefined;
  /** The answer of the action; undefined before it. */
  readonly done: Answer | undefined;
}) {
  const { shown, tried, done } = props;
  if (done !== undefined) return <>{shown.did?.(done) ?? <p>Requested. This page shows the result.</p>}</>;
  if (tried === undefined) return null;
  return (
    <>
      <p>{shown.about}</p>
      {shown.wouldDo?.(tried)}
    </>
  );
}

/** The button that does what the dry run said, if there is something to do and the console may do it, and one that closes. */
function Confirmation<Answer>(props: {
  /** The texts and the call of the action. */
  readonly shown: DryRunProps<Answer>;
  /** The answer of the dry run; undefined before it. */
  readonly tried: Answer | undefined;
  /** How far the action is. */
  readonly done: ActionState<Answer>;
  /** Performs the action. */
  readonly onPerform: () => Promise<void>;
  /** Closes the dialog. */
  readonly onClose: () => void;
}) {
  const { shown, tried, done, onPerform, onClose } = props;
  const { mayWrite, isLocal, stage, region } = useConsole().deployment;
  const confirm = tried === undefined ? null : shown.confirm(tried);
  return (
    <>
      {confirm !== null && !mayWrite && (
        <p class="faint">
          This console is read-only: start{' '}
          <code>sluice console --write{isLocal ? '' : ` --stage ${stage} --region ${region}`}</code>.
        </p>
      )}
      <div class="tools">
        {confirm !== null && mayWrite && done.answer === undefined && (
          <button
            type="button"
            disabled={done.isRunning}
            aria-busy={done.isRunning}
            onClick={() => void onPerform()}
          >
            {confirm}
          </button>
        )}
        <button type="button" class="outline" disabled={done.isRunning} onClick={onClose}>
          {done.answer === undefined ? 'Cancel' : 'Close'}
        </button>
      </div>
    </>
  );
}
