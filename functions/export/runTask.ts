import type { LedgerEntry } from '../../lib/drops/ledger/LedgerEntry.ts';
import { isPassing } from '../../lib/export/ExportError.ts';
import { type DayExported, exportDay } from '../../lib/export/exportDay.ts';
import { GO_ON_AFTER_SECONDS, MAX_ROUNDS } from '../../lib/export/limits.ts';
import type { ExportTask } from '../../lib/export/messageBodies.ts';
import type { Export } from '../../lib/schema/exports.ts';
import { exportPlace } from '../../lib/tables/ledgerKeys.ts';
import type { Exporter } from './Exporter.ts';
import { tellFailing } from './tellFailing.ts';

/** Exports one day, and says so in the log. Answers whether its message is to be given again. */
export async function runTask(exporter: Exporter, task: ExportTask): Promise<boolean> {
  const { export: name, day } = task;
  const exported = exporter.exports.find((one) => one.name === name);
  if (exported === undefined) {
    exporter.log({ level: 'info', event: 'export', export: name, day, outcome: 'not_configured' });
    return false;
  }
  const apart = await exporter.apart?.(exported);
  try {
    return await exportTask({ ...exporter, ...apart }, exported, task);
  } finally {
    apart?.close();
  }
}

async function exportTask(exporter: Exporter, exported: Export, task: ExportTask): Promise<boolean> {
  const { export: name, day, reason } = task;
  const done = await exportDay(
    {
      ...exporter,
      table: exporter.tableOf(exported.table),
      target: exporter.targetOf(exported),
      owner: exporter.newOwner(),
    },
    exported,
    task,
  );
  const again = isToBeTriedAgain(done);
  const goesOn = done.outcome === 'unfinished' && (task.round ?? 0) < MAX_ROUNDS;
  exporter.log({ ...levelAndFields(done), event: 'export', export: name, day, reason, again });
  if ((done.outcome === 'settled' || !goesOn) && 'entry' in done && done.entry.failure !== undefined)
    tellFailing(exporter, exported.schedule, 1);
  if (goesOn && done.outcome === 'unfinished') await goOn(exporter, task, exported.table, done.entry);
  return again;
}

function isToBeTriedAgain(done: DayExported): boolean {
  return done.outcome === 'busy' || (done.outcome === 'settled' && isPassing(done.entry.failure?.code ?? ''));
}

/**
 * A task of its own, as the message has used up one of its tries. It is sent before the ledger notes it: what is sent twice
 * is exported once, what is noted and never sent would wait for an hour.
 */
async function goOn(
  { ledger, tasks }: Exporter,
  task: ExportTask,
  table: string,
  seen: LedgerEntry,
): Promise<void> {
  const { export: name, day, fingerprint, reason } = task;
  await tasks.send([JSON.stringify({ ...task, round: (task.round ?? 0) + 1 })], GO_ON_AFTER_SECONDS);
  await ledger.noteQueued(exportPlace({ name, table }, day), { fingerprint, reason }, seen);
}

function levelAndFields(done: DayExported): Record<string, unknown> {
  if (done.outcome === 'unfinished') return { level: 'info', outcome: done.outcome, copied: done.copied };
  if (done.outcome !== 'settled') return { level: 'info', ...done };
  const { entry, copied, removed } = done;
  const { failure, state, files, bytes, durations } = entry;
  return {
    level: failure === undefined ? 'info' : 'error',
    outcome: state,
    files: files.length,
    bytes,
    copied,
    removed,
    ms: durations['export'],
    ...(failure === undefined ? {} : { code: failure.code, detail: failure.message }),
  };
}
