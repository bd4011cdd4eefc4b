import type { CommandLine } from './commandLine.ts';
import { clearProgress, writeProgress } from './output.ts';

/** Shows the progress of a command while people wait. */
interface Progress {
  /** Shows how far the work is, in place of what was shown before. */
  show(text: string): void;
  /** Removes the line: the result follows. */
  end(): void;
}

/** Progress on stderr, if it is a terminal: one line that is written over. Nothing with `--json`. */
export function openProgress({ values }: Pick<CommandLine, 'values'>): Progress {
  if (values['json'] === true) return { show: () => {}, end: () => {} };
  const startedAt = performance.now();
  let shown = '';
  const draw = () => {
    const took = elapsed(performance.now() - startedAt);
    if (shown !== '') writeProgress(took === '' ? shown : `${shown} (${took})`);
  };
  // The seconds go on while nothing else is known.
  const ticks = setInterval(draw, 1_000).unref();
  return {
    show(text) {
      shown = text;
      draw();
    },
    end() {
      clearInterval(ticks);
      clearProgress();
    },
  };
}

/** `42 s`, `3 min 5 s`; empty for less than two seconds. */
export function elapsed(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 2) return '';
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
