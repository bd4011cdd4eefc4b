import {
  autocompletion,
  type Completion,
  closeBrackets,
  closeCompletion,
  completionKeymap,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { SQLDialect, type SQLNamespace, sql } from '@codemirror/lang-sql';
import { bracketMatching, syntaxHighlighting } from '@codemirror/language';
import { Compartment, EditorState, Prec } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  placeholder,
} from '@codemirror/view';
import { classHighlighter } from '@lezer/highlight';
import { useEffect, useRef } from 'preact/hooks';
import type { TableSummary } from '../../../observe/tables/tables.ts';

/** The methods of an editor that pages use. */
export interface EditorHandle {
  text(): string;
  /** Replaces the whole text. */
  replace(text: string): void;
  /** Replaces what is selected, and goes on behind it. */
  insert(text: string): void;
  /** Goes to a place, from 1. */
  goTo(line: number, column: number): void;
}

/**
 * An editor for SQL, with highlighting and completion of tables and columns. Ctrl-Enter or Cmd-Enter runs; Tab leaves it, as
 * it leaves any field.
 */
export function SqlEditor(props: {
  readonly initial: string;
  readonly tables: readonly TableSummary[];
  readonly onReady: (editor: EditorHandle) => void;
  readonly onRun: () => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const schema = useRef(new Compartment());
  const run = useRef(props.onRun);
  run.current = props.onRun;
  useEffect(() => {
    const parent = box.current;
    if (parent === null) return undefined;
    const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
    const editor = new EditorView({
      parent,
      state: EditorState.create({
        doc: props.initial,
        extensions: [
          EditorView.cspNonce.of(nonce),
          Prec.highest(
            keymap.of([
              {
                key: 'Mod-Enter',
                run: (running) => {
                  closeCompletion(running);
                  run.current();
                  return true;
                },
              },
            ]),
          ),
          history(),
          drawSelection(),
          highlightSpecialChars(),
          lineNumbers(),
          bracketMatching(),
          closeBrackets(),
          autocompletion({ icons: false }),
          keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap]),
          syntaxHighlighting(classHighlighter),
          EditorView.lineWrapping,
          placeholder('SELECT …'),
          EditorView.contentAttributes.of({ 'aria-label': 'SQL', spellcheck: 'false' }),
          schema.current.of(language([])),
        ],
      }),
    });
    view.current = editor;
    props.onReady(handleOf(editor));
    return () => editor.destroy();
    // The editor is made once: what it shows later is its own.
  }, []);
  useEffect(() => {
    view.current?.dispatch({ effects: schema.current.reconfigure(language(props.tables)) });
  }, [props.tables]);
  return <div class="editor" ref={box} />;
}

/** The common part of both dialects, for highlighting and completion. Syntax is not checked. */
const ATHENA = SQLDialect.define({
  keywords:
    'all and any array as asc between by case cast cross cube current_date current_time current_timestamp desc describe distinct else end escape except exists explain extract false fetch filter first following for from full group grouping having if in inner intersect interval into is join last lateral left like limit natural not null nulls offset on or order outer over partition preceding range recursive right rollup row rows select sets show some table tablesample then true try_cast unbounded union unnest using values when where window with within',
  types:
    'bigint boolean char date decimal double integer json map real smallint time timestamp tinyint varbinary varchar',
  builtin:
    'abs approx_distinct approx_percentile arbitrary array_agg avg cardinality ceil coalesce concat contains count date_add date_diff date_format date_parse date_trunc day element_at floor format from_unixtime greatest hour json_extract json_extract_scalar json_parse lag lead least length lower max max_by min min_by month nullif regexp_extract regexp_like replace round row_number sequence split strpos substr sum to_unixtime trim upper year',
  doubleQuotedStrings: false,
  identifierQuotes: '"',
});

function language(tables: readonly TableSummary[]) {
  const namespace: SQLNamespace = Object.fromEntries(
    tables.map(({ name, kind, columns }) => [
      name,
      {
        self: { label: name, type: kind === 'view' ? 'interface' : 'class', detail: kind },
        children: columns.map(
          (column): Completion => ({
            label: column.name,
            type: 'property',
            detail: column.type,
            info: column.comment,
          }),
        ),
      },
    ]),
  );
  return sql({ dialect: ATHENA, schema: namespace, upperCaseKeywords: true });
}

function handleOf(editor: EditorView): EditorHandle {
  return {
    text: () => editor.state.doc.toString(),
    replace(text) {
      const changes = { from: 0, to: editor.state.doc.length, insert: text };
      editor.dispatch({ changes, selection: { anchor: text.length } });
      editor.focus();
    },
    insert(text) {
      editor.dispatch(editor.state.replaceSelection(text));
      editor.focus();
    },
    goTo(line, column) {
      const { doc } = editor.state;
      const found = doc.line(Math.min(doc.lines, Math.max(1, line)));
      const anchor = Math.min(found.to, found.from + column - 1);
      editor.dispatch({ selection: { anchor }, scrollIntoView: true });
      editor.focus();
    },
  };
}
