import type { ComponentChildren } from 'preact';
import { Fragment } from 'preact';
import { useState } from 'preact/hooks';
import { visibleLine } from '../../../lib/base/text.ts';
import type { SqlPage } from '../../../observe/runSql.ts';
import { formatCount } from '../texts/format.ts';
import { isNumberType, rowJson } from '../texts/queryRow.ts';
import { useConsole } from './context.ts';
import { Bytes, RawText, Time } from './parts.tsx';
import { setParams } from './router.ts';

/** Refused rows that a page lists at first. */
export const ROWS_SHOWN = 50;

/**
 * How a column is shown: numbers stand at the right, `bytes` are sizes in units such as MB, a `time` is an ISO 8601 text, `mono` is for
 * codes and keys, and a `day` stays in one line.
 */
type Kind = 'text' | 'number' | 'bytes' | 'time' | 'mono' | 'day';

/** A column of a {@link DataTable}. What `show` answers with null or undefined is not known, and shown as a dash. */
export type Column<Row> = readonly [name: string, show: (row: Row) => ComponentChildren, kind?: Kind];

/** What a table shows. */
interface TableProps<Row> {
  /** The content of the table, for screen readers. */
  readonly caption: string;
  /** The columns, from left to right. */
  readonly columns: readonly Column<Row>[];
  /** The rows, from top to bottom. */
  readonly rows: readonly Row[];
  /** A text or a number that no other row has. */
  readonly keyOf: (row: Row, index: number) => string | number;
  /** What a row shows below itself when it is unfolded. Default: rows do not unfold. */
  readonly unfold?: (row: Row) => ComponentChildren;
  /**
   * Parameters of the address: the first one has the key of the row that is unfolded, the others belong to what it shows.
   * Default: the address does not tell, and several rows can be unfolded.
   */
  readonly params?: readonly [string, ...(readonly string[])];
  /** Called before a row is unfolded. */
  readonly onUnfold?: () => void;
}

/** Rows as a table, which unfold in place. In a narrow window each row is a list of its cells with their names. */
export function DataTable<Row>(props: TableProps<Row>) {
  const { caption, columns, rows, keyOf, unfold, params } = props;
  const { route } = useConsole();
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const isOpen = (key: string) => (params === undefined ? open.has(key) : route.params[params[0]] === key);
  const toggle = (key: string) => {
    if (!isOpen(key)) props.onUnfold?.();
    if (params !== undefined) {
      const [name, ...below] = params;
      const without = Object.fromEntries(below.map((parameter) => [parameter, undefined]));
      setParams({ ...without, [name]: isOpen(key) ? undefined : key });
      return;
    }
    const changed = new Set(open);
    if (!changed.delete(key)) changed.add(key);
    setOpen(changed);
  };
  return (
    <div class="table">
      <table>
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map(([name, , kind], i) => (
              <th key={i} scope="col" class={kind}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => {
            const key = String(keyOf(row, at));
            const fold = unfold && { isOpen: isOpen(key), toggle: () => toggle(key) };
            return (
              <Fragment key={key}>
                <TableRow row={row} columns={columns} fold={fold} />
                {unfold !== undefined && isOpen(key) && (
                  <tr class="unfolded">
                    <td colSpan={columns.length}>{unfold(row)}</td>
                  </tr>
                )}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** The cells of a row. The first one is a button if the row unfolds. */
function TableRow<Content>(props: {
  /** The content of the row. */
  readonly row: Content;
  /** The columns, from left to right. */
  readonly columns: readonly Column<Content>[];
  /** Whether it is unfolded, and what changes that; undefined of a row that does not unfold. */
  readonly fold: { readonly isOpen: boolean; readonly toggle: () => void } | undefined;
}) {
  const { row, columns, fold } = props;
  return (
    <tr>
      {columns.map(([name, show, kind], i) => (
        <td key={i} class={kind} data-name={name}>
          {fold !== undefined && i === 0 ? (
            <button type="button" class="fold" aria-expanded={fold.isOpen} onClick={fold.toggle}>
              {cell(show(row), kind)}
            </button>
          ) : (
            cell(show(row), kind)
          )}
        </td>
      ))}
    </tr>
  );
}

/** The content of a cell by the kind of its column. A number has separators, whatever the kind; of `bytes` it has a unit. */
function cell(value: ComponentChildren, kind: Kind = 'text'): ComponentChildren {
  if (value === null || value === undefined) return <span class="faint">–</span>;
  if (typeof value === 'number') return kind === 'bytes' ? <Bytes n={value} /> : formatCount(value);
  return kind === 'time' && typeof value === 'string' ? <Time at={value} /> : value;
}

/** Characters of a cell; the unfolded row has the whole value. */
const CELL = 200;

/** Rows of a query. Each unfolds to its JSON, in which JSON texts are written out. */
export function RowTable(props: Pick<SqlPage, 'columns' | 'rows'> & { readonly caption: string }) {
  return (
    <DataTable<SqlPage['rows'][number]>
      caption={props.caption}
      rows={props.rows}
      keyOf={(_, at) => at}
      columns={props.columns.map(({ name, type }, i) => [
        `${visibleLine(name)} ${type}`,
        (row) => valueCell(row[i] ?? null),
        isNumberType(type) ? 'number' : 'text',
      ])}
      unfold={(row) => <RawText text={rowJson(props.columns, row)} label="The row as JSON" />}
    />
  );
}

/** A value of a query, cut. */
function valueCell(value: string | null): ComponentChildren {
  if (value === null) return <span class="faint">NULL</span>;
  return <bdi>{visibleLine(value.length > CELL ? `${value.slice(0, CELL)}…` : value)}</bdi>;
}

/** Says that a list is not whole, and how to see the rest. */
export function More({ hasMore, how }: { readonly hasMore: boolean; readonly how: string }) {
  return hasMore ? <p class="faint">There are more: {how}.</p> : null;
}
