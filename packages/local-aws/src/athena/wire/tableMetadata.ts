import type { Column } from '../../glue/columns.ts';
import type { DatabaseEntry, TableEntry } from '../../glue/entries.ts';
import { seconds } from './AthenaContext.ts';

/** https://docs.aws.amazon.com/athena/latest/APIReference/API_Database.html */
export function databaseDocument({ input }: DatabaseEntry) {
  return { Name: input.Name, Description: input.Description, Parameters: input.Parameters };
}

/**
 * A table as Athena describes it. Its format and place are among the parameters, where drivers look for them.
 * https://docs.aws.amazon.com/athena/latest/APIReference/API_TableMetadata.html
 */
export function tableMetadata({ input, createdAt }: TableEntry) {
  const { StorageDescriptor: storage = {} } = input;
  const { SerdeInfo: serde = {} } = storage;
  const serdeParameters = Object.entries(serde.Parameters ?? {});
  return {
    Name: input.Name,
    CreateTime: seconds(createdAt),
    LastAccessTime: input.LastAccessTime ?? 0,
    TableType: input.TableType ?? '',
    Columns: (storage.Columns ?? []).map(columnDocument),
    PartitionKeys: (input.PartitionKeys ?? []).map(columnDocument),
    Parameters: {
      ...input.Parameters,
      ...present('location', storage.Location),
      ...present('inputformat', storage.InputFormat),
      ...present('outputformat', storage.OutputFormat),
      ...present('serde.serialization.lib', serde.SerializationLibrary),
      ...Object.fromEntries(serdeParameters.map(([name, value]) => [`serde.param.${name}`, value])),
    },
  };
}

function columnDocument({ Name, Type, Comment }: Column) {
  return { Name, Type, Comment };
}

function present(name: string, value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [name]: value };
}
