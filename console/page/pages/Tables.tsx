import { useState } from 'preact/hooks';
import { counted } from '../../../lib/base/text.ts';
import type { TableDay, TableDays } from '../../../observe/facts/tables/tableDays.ts';
import type { TableList, TableSummary } from '../../../observe/facts/tables/tables.ts';
import { useApi } from '../parts/api.ts';
import { useConsole } from '../parts/context.ts';
import { Answered, Badge, Card, Folded, Page } from '../parts/parts.tsx';
import { link } from '../parts/router.ts';
import { DataTable, More } from '../parts/tables.tsx';
import { queryOf } from './tableQuery.ts';

/** The page Tables: what can be queried, with days, files and rows. */
export function Tables() {
  const { deployment } = useConsole();
  const list = useApi<TableList>('/api/tables');
  return (
    <Page title="Tables" intro={`Everything that can be queried in the database ${deployment.database}.`}>
      <Card>
        <Answered state={list}>
          {({ tables }) => (
            <DataTable
              caption="Tables and views"
              rows={tables}
              keyOf={({ name }) => name}
              params={['table', 'day']}
              unfold={(table) => <OneTable table={table} />}
              columns={[
                ['Name', ({ name }) => name],
                ['Days', ({ days }) => (days === null ? '' : days.count), 'number'],
                ['Last day', ({ days }) => days?.last ?? '', 'number'],
                [
                  'A row is',
                  ({ description, dataset }) =>
                    dataset === null ? description : `${description} (${dataset.source}, ${dataset.name})`,
                ],
              ]}
            />
          )}
        </Answered>
      </Card>
    </Page>
  );
}

/** A table that is unfolded: a query of it, its days or its place, and its columns. */
function OneTable({ table }: { readonly table: TableSummary }) {
  const { name, columns, hasDays, location, days } = table;
  const today = useConsole().deployment.now.slice(0, 10);
  return (
    <>
      <a href={link('/sql', { q: queryOf(name, { last: days?.last ?? null, today }) })}>Query it</a>
      {hasDays ? <TableCalendar table={name} /> : location !== null && <p class="mono faint">{location}</p>}
      <Folded title={counted(columns.length, 'column')}>
        {() => (
          <DataTable
            caption={`Columns of ${name}`}
            rows={columns}
            keyOf={(column) => column.name}
            columns={[
              ['Column', (column) => column.name, 'mono'],
              ['Type', ({ type, isKey }) => `${type}${isKey ? ', partition key' : ''}`, 'mono'],
              ['Meaning', ({ comment }) => comment],
            ]}
          />
        )}
      </Folded>
    </>
  );
}

/** A day's state, if it is not as it should be. */
const STATES = {
  filled: null,
  ahead: <Badge tone="plain">registered ahead</Badge>,
  empty: <Badge tone="warning">partition without files</Badge>,
  unregistered: <Badge tone="bad">files without a partition, which nobody reads</Badge>,
  gap: <Badge tone="warning">gap</Badge>,
} as const;

/** Days that a table lists at first. */
const DAYS_SHOWN = 60;

/** The days of a table with what is in each, and a way to count their rows. */
function TableCalendar({ table }: { readonly table: string }) {
  const { deployment } = useConsole();
  // Rows are a query, which a deployment is asked for only when somebody wants it.
  const [isCounted, setCounted] = useState(deployment.isLocal);
  const days = useApi<TableDays>('/api/tables/days', { table, limit: DAYS_SHOWN, noRows: !isCounted });
  return (
    <Answered state={days}>
      {(answer) =>
        answer.first === null ? (
          <p>The table has no days yet.</p>
        ) : (
          <>
            <p class="faint">
              Days from {answer.first} to {answer.last}.{' '}
              {!isCounted && (
                <button type="button" class="link" onClick={() => setCounted(true)}>
                  Count the rows, which is a query
                </button>
              )}
            </p>
            <DataTable<TableDay>
              caption="Days, the newest first"
              rows={answer.days}
              keyOf={({ day }) => day}
              columns={[
                ['Day', ({ day }) => day, 'day'],
                ['Rows', ({ rows }) => rows, 'number'],
                ['Files', ({ files }) => files, 'number'],
                ['Size', ({ bytes }) => bytes, 'bytes'],
                ['Newest file', ({ lastModified }) => lastModified, 'time'],
                ['Files are in', ({ location }) => location, 'mono'],
                ['Note', ({ state }) => STATES[state] ?? ''],
              ]}
            />
            <More hasMore={answer.hasMore} how="sluice tables lists earlier days" />
          </>
        )
      }
    </Answered>
  );
}
