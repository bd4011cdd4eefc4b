import type { ComponentChildren } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import type { ErrorObject } from '../../../lib/base/errors.ts';
import { formatBytes, formatCount, formatTime, isoTime } from '../texts/format.ts';
import { formatReceived } from '../texts/received.ts';
import type { ApiState } from './api.ts';
import type { Figure, Tone } from './figures.ts';

/** The frame of a page: its heading, one sentence about it, and what stands at its right. */
export function Page(props: {
  /** The heading. */
  readonly title: string;
  /** What stands below the heading. Default: nothing. */
  readonly intro?: ComponentChildren;
  /** What stands beside the heading. Default: nothing. */
  readonly tools?: ComponentChildren;
  /** The content. */
  readonly children?: ComponentChildren;
}) {
  return (
    <main class="container-fluid" id="main">
      <header class="head">
        <div>
          {/* Shell moves the focus to this heading when the page changes. */}
          <h1 tabIndex={-1}>{props.title}</h1>
          {props.intro !== undefined && <p class="faint">{props.intro}</p>}
        </div>
        <div class="tools">{props.tools}</div>
      </header>
      {props.children}
    </main>
  );
}

/** A part of a page with a heading of its own. */
export function Card(props: {
  /** The heading. Default: none. */
  readonly title?: ComponentChildren;
  /** What stands beside the heading. Default: nothing. */
  readonly tools?: ComponentChildren;
  /** The content. */
  readonly children?: ComponentChildren;
}) {
  return (
    <article>
      {(props.title !== undefined || props.tools !== undefined) && (
        <header class="head">
          <h2>{props.title}</h2>
          <div class="tools">{props.tools}</div>
        </header>
      )}
      {props.children}
    </article>
  );
}

/** A part that is read when somebody opens it. */
export function Folded(props: {
  /** The line that is pressed to unfold the content. */
  readonly title: ComponentChildren;
  /** Makes the content, once it is unfolded. */
  readonly children: () => ComponentChildren;
}) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{props.title}</summary>
      {isOpen && props.children()}
    </details>
  );
}

/** What a call of the API answered; before that, that it is asked, or why it failed. */
export function Answered<Answer>(props: {
  /** How far the call is. */
  readonly state: ApiState<Answer>;
  /** Shows the answer. */
  readonly children: (answer: Answer) => ComponentChildren;
}) {
  const { answer, error, isLoading } = props.state;
  return (
    <>
      {error !== undefined && <Problem error={error} />}
      {answer === undefined ? isLoading && <Loading /> : props.children(answer)}
    </>
  );
}

/** A placeholder where there is no data yet: its meaning, and what to do next. */
export function Empty(props: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="note">
      <p>
        <strong>{props.title}</strong>
      </p>
      {props.children}
    </div>
  );
}

/** An error with its code, what happened, and what to do. */
export function Problem({ error }: { readonly error: ErrorObject }) {
  return (
    <div class="note bad" role="alert">
      <p>
        <strong>
          <Prose text={error.message} />
        </strong>
      </p>
      <p>
        <Prose text={error.cure} />
      </p>
      <p class="mono faint">{error.code}</p>
    </div>
  );
}

/** Placeholder while data loads. */
export function Loading() {
  return (
    <p class="faint" aria-busy="true">
      Reading …
    </p>
  );
}

/** A word with a color; the color says nothing that the word does not. */
export function Badge(props: { readonly tone: Tone; readonly children: ComponentChildren }) {
  return <span class={`badge ${props.tone}`}>{props.children}</span>;
}

/** A time in UTC; the milliseconds are its title. */
export function Time({ at }: { readonly at: string | number | null | undefined }) {
  if (at === null || at === undefined) return <span class="faint">–</span>;
  const iso = isoTime(at);
  return (
    <time dateTime={iso} title={iso}>
      {formatTime(at)}
    </time>
  );
}

/** Bytes in their unit; the exact number is its title. */
export function Bytes({ n }: { readonly n: number }) {
  return <span title={`${formatCount(n)} bytes`}>{formatBytes(n)}</span>;
}

/** Figures with their names. */
export function Figures(props: { readonly figures: readonly Figure[] }) {
  return (
    <dl class="figures">
      {props.figures.map(([name, value, tone = 'plain']) => (
        <div key={name} class={tone}>
          <dt>{name}</dt>
          <dd>{typeof value === 'number' ? formatCount(value) : (value ?? '–')}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Code in backquotes, or a page of docs/ with or without a section. */
const MARKED = /`([^`]+)`|(docs\/[\w/-]+\.md)(?:, "([^"]+)")?/g;

/** A sentence of the catalogue: what it writes in backquotes is code, and pages of docs/ are links. */
export function Prose({ text }: { readonly text: string }) {
  const parts: ComponentChildren[] = [];
  let from = 0;
  for (const { 0: whole, 1: code, 2: page = '', 3: section, index } of text.matchAll(MARKED)) {
    parts.push(
      text.slice(from, index),
      code === undefined ? <DocsLink page={page} section={section} /> : <code>{code}</code>,
    );
    from = index + whole.length;
  }
  return (
    <>
      {parts}
      {text.slice(from)}
    </>
  );
}

/** A page of docs/, at a section of it. */
export function DocsLink({
  page,
  section,
}: {
  /** Path of the page in the repository: `docs/operate.md`. */
  readonly page: string;
  /** The heading of a section; undefined for the whole page. */
  readonly section?: string | undefined;
}) {
  const at = section === undefined ? '' : `#:~:text=${encodeURIComponent(section).replaceAll('-', '%2D')}`;
  return (
    <a href={`/${page}${at}`} target="_blank" rel="noreferrer">
      {page}
      {section === undefined ? '' : `, “${section}”`}
    </a>
  );
}

/** Milliseconds for which a button says that it has copied. */
const COPIED_MS = 1_500;

/** A command or text to copy. */
export function Copyable({ text }: { readonly text: string }) {
  const [isCopied, setCopied] = useState(false);
  const box = useRef<HTMLPreElement>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Browsers refuse it under a name that is not this machine's: the text is selected, for Ctrl-C.
      if (box.current !== null) getSelection()?.selectAllChildren(box.current);
      return;
    }
    setCopied(true);
    window.setTimeout(() => setCopied(false), COPIED_MS);
  };
  return (
    <div class="copyable">
      <pre ref={box}>{text}</pre>
      <button type="button" class="outline" onClick={() => void copy()}>
        {isCopied ? 'Copied' : 'Copy'}
      </button>
    </div>
  );
}

/** Characters that are shown at first: a browser is slow with a line of a million. */
const SHOWN = 20_000;

/**
 * Shows received data as text: JSON is indented, and characters that hide or reorder others are written as escapes.
 *
 * @param props.isCut Whether `text` is only the beginning.
 */
export function RawText(props: { readonly text: string; readonly label: string; readonly isCut?: boolean }) {
  const { text, label, isCut = false } = props;
  const [isWhole, setWhole] = useState(false);
  const pretty = useMemo(() => formatReceived(text), [text]);
  const isLong = pretty.length > SHOWN;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard. */}
      <section class="raw" tabIndex={0} aria-label={label}>
        <pre>
          {isLong && !isWhole ? pretty.slice(0, SHOWN) : pretty}
          {(isCut || (isLong && !isWhole)) && ' …'}
        </pre>
      </section>
      {isLong && (
        <button type="button" class="link" onClick={() => setWhole(!isWhole)}>
          {isWhole ? 'Show the beginning' : `Show all ${formatCount(pretty.length)} characters`}
        </button>
      )}
    </>
  );
}
