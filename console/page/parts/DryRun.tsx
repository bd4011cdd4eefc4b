import { useEffect, useRef, useState } from 'preact/hooks';
import { useAction } from './api.ts';
import { useConsole } from './context.ts';
import type { DryRunProps } from './dryRunProps.ts';
import { Problem } from './parts.tsx';

/**
 * An action behind a dry run: a button asks what would happen, and only then a second one does it. A read-only console
 * answers the dry run too, and says how to start one that may write.
 */
export function DryRun<Answer>(props: DryRunProps<Answer>) {
  const { label, path, body } = props;
  const { mayWrite } = useConsole().deployment;
  const tried = useAction<Answer>(path);
  const done = useAction<Answer>(path);
  const [isOpen, setOpen] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const box = useRef<HTMLElement>(null);
  // Another subject means another action: an answer about the first does not hold for it.
  useEffect(() => {
    setOpen(false);
    tried.clear();
    done.clear();
  }, [JSON.stringify([path, body])]);
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
  const confirm = tried.answer === undefined ? null : props.confirm(tried.answer);
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
          {done.answer !== undefined
            ? (props.did?.(done.answer) ?? <p>Requested. This page shows the result.</p>)
            : tried.answer !== undefined && (
                <>
                  <p>{props.about}</p>
                  {props.wouldDo?.(tried.answer)}
                </>
              )}
          {confirm !== null && !mayWrite && (
            <p class="faint">
              This console is read-only: start <code>sluice console --write</code>.
            </p>
          )}
          <div class="tools">
            {confirm !== null && mayWrite && done.answer === undefined && (
              <button
                type="button"
                disabled={done.isRunning}
                aria-busy={done.isRunning}
                onClick={() => void perform()}
              >
                {confirm}
              </button>
            )}
            <button type="button" class="outline" disabled={done.isRunning} onClick={close}>
              {done.answer === undefined ? 'Cancel' : 'Close'}
            </button>
          </div>
        </section>
      )}
    </>
  );
}
