// What ingest-load does once a day is loaded, in a process with a share of the function's heap: some days of the four weeks before
// have as many files as one check takes.

import { systemTiming } from '../../../lib/base/retry.ts';
import { MAX_OBJECTS } from '../../../lib/drops/limits.ts';
import { readDaysAround } from '../../../lib/drops/usual/daysAround.ts';
import { copiesOf } from '../../../lib/drops/usual/fileCopies.ts';
import { Ledger } from '../../../lib/ledger/Ledger.ts';
import { ledgerStore } from '../../../lib/ledger/ledgerStore.ts';
import { ManyFiles } from './ManyFiles.ts';

const store = new ManyFiles((_, day) => (/-11-1[1-4]$/.test(day) ? MAX_OBJECTS : 100));
const ledger = new Ledger({ store: ledgerStore(store), newToken: () => 't', ...systemTiming });
const place = { source: 'acme', dataset: 'd0', day: '2026-11-20', table: 'acme_d0' };
const around = await readDaysAround(ledger, place, [], (others) => copiesOf([], others, false));
process.stdout.write(String(around.usual));
