import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isJsonObject, parseJson } from '../../lib/base/json.ts';
import { sluiceFolder } from '../../lib/config/sluiceFolder.ts';
import { projectRoot } from '../../local/roots.ts';
import type { MachineNotes } from '../../observe/deployment.ts';
import type { ConfiguredTarget } from '../../observe/target.ts';

/**
 * Keeps the last look at a deployment in a file of the project: `.sluice/status/sluice-prod.json`. A look at another region, bucket
 * or local cloud of the same name replaces it.
 */
export function machineNotes({ stack, aws, config }: ConfiguredTarget): MachineNotes {
  const of = [aws.region, aws.endpoint, config.bucket].join(' ');
  const file = sluiceFolder(projectRoot, 'status', `${stack.service}-${stack.stage}.json`);
  return {
    read() {
      try {
        const kept = parseJson(readFileSync(file, 'utf8'));
        return isJsonObject(kept) && kept['of'] === of ? kept['note'] : undefined;
      } catch {
        // Nothing was kept yet, or it cannot be read: the look is the first.
        return undefined;
      }
    },
    write(note) {
      try {
        mkdirSync(dirname(file), { recursive: true });
        // Another look may write at the same time.
        const next = `${file}.${process.pid}`;
        writeFileSync(next, JSON.stringify({ of, note }));
        renameSync(next, file);
      } catch {
        // The next look has no earlier one.
      }
    },
  };
}
