export { changeProperties, changeSchema, type SchemaChange } from './changes.ts';
export { expireSnapshots, reachableFiles } from './expire.ts';
export { IcebergError, type IcebergErrorCode } from './IcebergError.ts';
export { type Manifest, readManifestList } from './manifests.ts';
export { newTable, schemaOf, snapshotAt, snapshotOf, specOf } from './metadata.ts';
export { readMetadata, writeMetadata } from './metadataFile.ts';
export type {
  FileEntry,
  IcebergField,
  IcebergSchema,
  IcebergType,
  IcebergValue,
  ListType,
  MapType,
  NewFile,
  PartitionField,
  PartitionSpec,
  PartitionValue,
  Snapshot,
  SnapshotChange,
  SnapshotRef,
  StructType,
  TableFiles,
  TableMetadata,
} from './model.ts';
export { deletesOf, readFiles } from './scan.ts';
export { applySnapshot, newSnapshotId } from './snapshots.ts';
export { humanPartition, transformedType, transformValue } from './transforms.ts';
export { boundBytes, boundValue, lowerBoundBytes, upperBoundBytes } from './values.ts';
