import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ErrorObject } from '../../../lib/base/errors.ts';
import { sluiceCommand } from '../../../observe/commands.ts';
import { useDeployment } from '../deployment.ts';
import { formatBytes, formatCount, formatTime } from './format.ts';
import { RawText } from './RawText.tsx';
import { hasMoved } from './router.ts';

/** The frame of a page: its heading, one sentence about it, and what stands at its right. */
export function Page(props: {
  readonly title: string;
  readonly intro?: ComponentChildren;
  readonly tools?: ComponentChildren;
  readonly children?: ComponentChildren;
}) {
  const main = useRef<HTMLElement>(null);
  // Another page begins at its top. If the focus went with the page before, it begins in this one.
  useEffect(() => {
    if (!hasMoved()) return;
    window.scrollTo({ top: 0 });
    if (document.activeElement === document.body) main.current?.focus({ preventScroll: true });
  }, [props.title]);
  return (
    <main id="main" tabIndex={-1} ref={main}>
      <header class="page-head">
        <div>
          <h1>{props.title}</h1>
          {props.intro !== undefined && <p class="intro">{props.intro}</p>}
        </div>
        {props.tools !== undefined && <div class="tools">{props.tools}</div>}
      </header>
      {props.children}
    </main>
  );
}

/** A part of a page with a heading of its own. */
export function Card(props: {
  readonly title?: ComponentChildren;
  readonly tools?: ComponentChildren;
  readonly children?: ComponentChildren;
}) {
  return (
    <section class="card">
      {(props.title !== undefined || props.tools !== undefined) && (
        <header class="card-head">
          {props.title !== undefined && <h2>{props.title}</h2>}
          {props.tools}
        </header>
      )}
      {props.children}
    </section>
  );
}

/** One column of a {@link DataTable}. */
export interface Column<Row> {
  readonly name: ComponentChildren;
  /** The cell. */
  readonly show: (row: Row) => ComponentChildren;
  /** Numbers stand at the right. Default false. */
  readonly isNumber?: boolean;
}

/** Rows as a table, which scrolls in its own box when the window is narrow. */
export function DataTable<Row>(props: {
  /** The content of the table, for screen readers. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row, index: number) => string | number;
  /** Class of a row. */
  readonly classOf?: (row: Row) => string | undefined;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard.
    <section class="scroll" tabIndex={0} aria-label={props.caption}>
      <table>
        <caption class="hidden">{props.caption}</caption>
        <thead>
          <tr>
            {props.columns.map((column, i) => (
              <th key={i} scope="col" class={column.isNumber ? 'number' : undefined}>
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map((row, at) => (
            <tr key={props.keyOf(row, at)} class={props.classOf?.(row)}>
              {props.columns.map((column, i) => (
                <td key={i} class={column.isNumber ? 'number' : undefined}>
                  {column.show(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/**
 * Pages of a list by the API's cursors: `next` of the answer leads on, and back over what was seen.
 *
 * @param of What is listed, with its filters: a change of it begins at the first page.
 */
export function usePages(of = ''): {
  readonly cursor: string | undefined;
  readonly pager: (next: string | null | undefined) => ComponentChildren;
} {
  const [state, setState] = useState<{ readonly of: string; readonly seen: readonly (string | undefined)[] }>(
    {
      of,
      seen: [undefined],
    },
  );
  const seen = state.of === of ? state.seen : [undefined];
  const setSeen = (changed: readonly (string | undefined)[]) => setState({ of, seen: changed });
  return {
    cursor: seen.at(-1),
    pager: (next) =>
      (seen.length > 1 || (next ?? null) !== null) && (
        <nav class="pager" aria-label="Pages">
          <button type="button" disabled={seen.length === 1} onClick={() => setSeen(seen.slice(0, -1))}>
            Back
          </button>
          <span>Page {seen.length}</span>
          <button
            type="button"
            disabled={(next ?? null) === null}
            // The answer to the page before can still be shown: its next page is this one.
            onClick={() => seen.includes(next ?? undefined) || setSeen([...seen, next ?? undefined])}
          >
            More
          </button>
        </nav>
      ),
  };
}

/** A placeholder where there is no data yet: its meaning, and what to do next. */
export function Empty(props: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{props.title}</p>
      {props.children}
    </div>
  );
}

/** An error with its code, what happened, and what to do. */
export function Problem({ error }: { readonly error: ErrorObject }) {
  return (
    <div class="problem" role="alert">
      <p>
        <strong>{error.message}</strong>
      </p>
      <p>{error.cure}</p>
      <p class="code">{error.code}</p>
    </div>
  );
}

/** Placeholder while data loads. */
export function Loading() {
  return (
    <p class="loading" role="status">
      Reading …
    </p>
  );
}

/** How something is. */
export type Tone = 'good' | 'warning' | 'bad' | 'plain' | 'accent';

/** A word with a color; the color says nothing that the word does not. */
export function Badge(props: { readonly tone: Tone; readonly children: ComponentChildren }) {
  return <span class={`badge ${props.tone}`}>{props.children}</span>;
}

/** A time in UTC; the milliseconds are its title. */
export function Time({ at }: { readonly at: string | number | null | undefined }) {
  if (at === null || at === undefined) return <span class="faint">–</span>;
  const date = new Date(at);
  const iso = Number.isNaN(date.getTime()) ? String(at) : date.toISOString();
  return (
    <time dateTime={iso} title={iso}>
      {formatTime(at)}
    </time>
  );
}

/** A count with thousands. */
export function Count({ n }: { readonly n: number | null | undefined }) {
  return n === null || n === undefined ? <span class="faint">–</span> : <span>{formatCount(n)}</span>;
}

/** Bytes in their unit; the exact number is its title. */
export function Bytes({ n }: { readonly n: number | null | undefined }) {
  if (n === null || n === undefined) return <span class="faint">–</span>;
  return <span title={`${formatCount(n)} bytes`}>{formatBytes(n)}</span>;
}

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
    window.setTimeout(() => setCopied(false), 1_500);
  };
  return (
    <div class="copyable">
      <pre ref={box}>{text}</pre>
      <button type="button" onClick={() => void copy()}>
        {isCopied ? 'Copied' : 'Copy'}
      </button>
    </div>
  );
}

/** The command that answers the same, for the deployment of the page. */
export function SameCommand({ words }: { readonly words: readonly string[] }) {
  const deployment = useDeployment();
  return (
    <>
      <h3>The same on the command line</h3>
      {deployment !== undefined && <Copyable text={sluiceCommand(deployment.commandOptions, words)} />}
    </>
  );
}

/** One figure with its name. */
export function Figure(props: {
  readonly name: string;
  readonly children: ComponentChildren;
  readonly tone?: Tone;
}) {
  return (
    <div class={`figure ${props.tone ?? ''}`}>
      <span class="figure-name">{props.name}</span>
      <span class="figure-value">{props.children}</span>
    </div>
  );
}

/** A value of a row as text: JSON is written out, and nothing of it is ever markup. */
export function Json({ value }: { readonly value: unknown }) {
  return (
    <RawText text={typeof value === 'string' ? value : JSON.stringify(value)} label="The value as JSON" />
  );
}
