import { quoteName } from '../../../base/sql.ts';
import {
  deletesOf,
  type FileEntry,
  type NewFile,
  type PartitionSpec,
  readFiles,
  schemaOf,
  snapshotOf,
  specOf,
  type TableMetadata,
} from '../../../iceberg/index.ts';
import type { Session } from '../../engine/Session.ts';
import { notEmulated, statementError } from '../../engine/StatementError.ts';
import { type CommitRun, commitChange, loadMetadata, type TableId } from '../commit.ts';
import { linkIcebergFile } from '../linkFile.ts';
import { scanSql } from '../scanSql.ts';
import { openTableFiles } from '../tableFiles.ts';
import { maintenanceSettings } from '../tables/tableProperties.ts';
import { removeAll, type WriteRun, writeDataFiles } from '../writeData.ts';
