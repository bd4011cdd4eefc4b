import { useState } from 'preact/hooks';
import { visibleLine } from '../../../lib/base/text.ts';
import type { SqlPage } from '../../../observe/runSql.ts';
import { Json } from './parts.tsx';

/** Characters of a value that a cell shows; the row's JSON has all of them. */
const CELL = 120;

/** Numbers, in the dialects of Athena and DuckDB, stand at the right. */
const NUMBERS = /^(tiny|small|big|huge|u)*int|^(integer|float|real|double|decimal)/i;

/** Whether a column has numbers, by its type in either dialect. */
export function isNumeric(type: string): boolean {
  return NUMBERS.test(type);
}

/** Rows of a query. Each opens to its JSON, in which JSON texts are written out. */
export function RowTable(props: Pick<SqlPage, 'columns' | 'rows'> & { readonly caption: string }) {
  const { columns, rows, caption } = props;
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const toggle = (at: number) => {
    const changed = new Set(open);
    if (!changed.delete(at)) changed.add(at);
    setOpen(changed);
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard.
    <section class="scroll rows" tabIndex={0} aria-label={caption}>
      <table>
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            <th scope="col" class="opener">
              <span class="hidden">Row</span>
            </th>
            {columns.map(({ name, type }, i) => (
              <th key={i} scope="col" class={isNumeric(type) ? 'number' : undefined}>
                <bdi>{visibleLine(name)}</bdi>
                <span class="type">{type}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.flatMap((row, at) => [
            <tr key={at} class="value">
              <td>
                <button
                  type="button"
                  class="open"
                  aria-expanded={open.has(at)}
                  aria-label={`Row ${at + 1} as JSON`}
                  onClick={() => toggle(at)}
                >
                  {open.has(at) ? '▾' : '▸'}
                </button>
              </td>
              {columns.map(({ type }, i) => (
                <Cell key={i} value={row[i] ?? null} isNumber={isNumeric(type)} />
              ))}
            </tr>,
            ...(open.has(at)
              ? [
                  <tr key={`${at}-json`}>
                    <td colSpan={columns.length + 1}>
                      <Json value={rowObject(columns, row)} />
                    </td>
                  </tr>,
                ]
              : []),
          ])}
        </tbody>
      </table>
    </section>
  );
}

function Cell({ value, isNumber }: { readonly value: string | null; readonly isNumber: boolean }) {
  if (value === null) return <td class="faint">NULL</td>;
  const shown = value.length > CELL ? `${value.slice(0, CELL)}…` : value;
  return (
    <td class={isNumber ? 'number' : 'cell'}>
      <bdi>{visibleLine(shown)}</bdi>
    </td>
  );
}

/** A row by column name. A text that is a JSON object or array becomes that, for reading. */
function rowObject(columns: SqlPage['columns'], row: readonly (string | null)[]): object {
  return Object.fromEntries(columns.map(({ name }, i) => [name, written(row[i] ?? null)]));
}

function written(value: string | null): unknown {
  if (value === null || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
