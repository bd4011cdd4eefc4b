/** Permissions that a handler declares and that the deploy policy leaves out, with the reason. */
export interface HandlerException {
  /** The resource type, or `*` for every type. */
  readonly type: string;
  /** Permissions, separated by spaces. A trailing `*` stands for every permission that begins like that. */
  readonly permissions: string;
  /**
   * Properties for which the handler needs them, separated by spaces. The exception does not hold for a resource that
   * sets one.
   */
  readonly unset?: string;
  readonly why: string;
}

const NO_SUCH_ACTION =
  'the service authorization reference has no such action; another one authorizes the call';

/** Every permission that the registry declares and that `sluice policy print --for deploy` does not give. */
export const HANDLER_EXCEPTIONS: readonly HandlerException[] = [
  // AWS::S3::Bucket
  {
    type: 'AWS::S3::Bucket',
    permissions:
      's3:PutBucketReplication s3:DeleteBucketAnalyticsConfiguration s3:DeleteBucketCors s3:DeleteBucketEncryption s3:DeleteBucketLifecycle s3:DeleteBucketMetricsConfiguration s3:DeleteBucketReplication s3:PutObjectLockConfiguration s3:DeleteBucketTagging',
    why: NO_SUCH_ACTION,
  },
  {
    type: 'AWS::S3::Bucket',
    permissions:
      's3tables:* s3:CreateBucketMetadataTableConfiguration s3:DeleteBucketMetadataTableConfiguration s3:UpdateBucketMetadata*',
    unset: 'MetadataTableConfiguration MetadataConfiguration',
    why: 'for metadata tables',
  },
  {
    type: 'AWS::S3::Bucket',
    permissions: 's3:PutBucketNotification',
    unset: 'NotificationConfiguration',
    why: 'for events',
  },
  {
    type: 'AWS::S3::Bucket',
    permissions: 's3:PutBucketOwnershipControls',
    unset: 'OwnershipControls',
    why: 'for ownership',
  },
  {
    type: 'AWS::S3::Bucket',
    permissions: 's3:PutBucketPublicAccessBlock',
    unset: 'PublicAccessBlockConfiguration',
    why: 'for public access',
  },
  {
    type: 'AWS::S3::Bucket',
    permissions: 's3:PutBucketVersioning',
    unset: 'VersioningConfiguration',
    why: 'for versions',
  },
  {
    type: 'AWS::S3::Bucket',
    permissions: 's3:PutLifecycleConfiguration',
    unset: 'LifecycleConfiguration',
    why: 'for lifecycles',
  },
  { type: 'AWS::S3::Bucket', permissions: 's3:PutBucketAbac', unset: 'AbacStatus', why: 'for ABAC' },
  {
    type: 'AWS::S3::Bucket',
    permissions: 's3:PutAccelerateConfiguration',
    unset: 'AccelerateConfiguration',
    why: 'for transfer acceleration',
  },
  {
    type: 'AWS::S3::Bucket',
    permissions: 's3:PutAnalyticsConfiguration',
    unset: 'AnalyticsConfigurations',
    why: 'for storage class analysis',
  },
  {
    type: 'AWS::S3::Bucket',
    permissions: 's3:PutBucketAcl s3:PutObjectAcl',
    unset: 'AccessControl',
    why: 'for ACLs',
  },
  { type: 'AWS::S3::Bucket', permissions: 's3:PutBucketCORS', unset: 'CorsConfiguration', why: 'for CORS' },
  {
    type: 'AWS::S3::Bucket',
    permissions: 's3:PutBucketLogging',
    unset: 'LoggingConfiguration',
    why: 'for access logs',
  },
  {
    type: 'AWS::S3::Bucket',
    permissions: 's3:PutBucketObjectLockConfiguration',
    unset: 'ObjectLockConfiguration ObjectLockEnabled',
    why: 'for object lock',
  },
  {
    type: 'AWS::S3::Bucket',
    permissions: 's3:PutBucketWebsite s3:DeleteBucketWebsite',
    unset: 'WebsiteConfiguration',
    why: 'for websites',
  },
  {
    type: 'AWS::S3::Bucket',
    permissions: 's3:PutIntelligentTieringConfiguration',
    unset: 'IntelligentTieringConfigurations',
    why: 'for Intelligent-Tiering',
  },
  {
    type: 'AWS::S3::Bucket',
    permissions: 's3:PutInventoryConfiguration',
    unset: 'InventoryConfigurations',
    why: 'for inventories',
  },
  {
    type: 'AWS::S3::Bucket',
    permissions: 's3:PutMetricsConfiguration',
    unset: 'MetricsConfigurations',
    why: 'for request metrics',
  },
  {
    type: 'AWS::S3::Bucket',
    permissions: 's3:PutReplicationConfiguration',
    unset: 'ReplicationConfiguration',
    why: 'for replication',
  },
  {
    type: 'AWS::S3::Bucket',
    permissions: 's3:DeleteObject',
    why: 'who deploys deletes no event: a bucket is made without deleting an object',
  },

  // Key, catalogue, workgroups
  {
    type: 'AWS::KMS::Key',
    permissions: 'kms:PutKeyPolicy',
    why: 'CreateKey checks it unless BypassPolicyLockoutSafetyCheck is true, which the template sets; the policy of a key that exists never changes',
  },
  {
    type: 'AWS::KMS::Key',
    permissions: 'kms:DisableKey kms:EnableKey',
    unset: 'Enabled',
    why: 'for a key that is disabled',
  },
  { type: 'AWS::KMS::Key', permissions: 'kms:DisableKeyRotation', why: 'rotation stays on' },
  { type: 'AWS::KMS::Key', permissions: 'kms:ScheduleKeyDeletion', why: 'the template retains the key' },
  { type: 'AWS::KMS::Alias', permissions: 'kms:UpdateAlias', why: 'the alias stays at its key' },
  {
    type: 'AWS::Glue::Database',
    permissions:
      'glue:CreateConnection glue:DeleteConnection glue:GetConnection glue:PassConnection glue:UpdateConnection',
    unset: 'DatabaseInput.FederatedDatabase',
    why: 'for federated databases',
  },
  {
    type: 'AWS::Glue::Table',
    permissions: 'glue:PassConnection',
    unset: 'OpenTableFormatInput',
    why: 'for federated tables',
  },
  {
    type: 'AWS::Glue::Table',
    permissions: 'glue:GetSchemaVersion',
    unset: 'TableInput.StorageDescriptor.SchemaReference',
    why: "for schemas of Glue's registry",
  },
  {
    type: 'AWS::Glue::Table',
    permissions: 's3:GetObject s3:PutObject',
    unset: 'OpenTableFormatInput',
    why: 'for the metadata of Iceberg tables; who deploys reads no event',
  },
  {
    type: 'AWS::Glue::Table',
    permissions: 'glue:UpdateDatabase',
    why: 'no table changes its database, which can be one that is brought',
  },
  {
    type: 'AWS::Glue::Table',
    permissions: 'lakeformation:CreateTable lakeformation:GetDataAccess',
    why: 'permissions of Lake Formation itself, which its administrator grants on the database (docs/deploy.md)',
  },
  {
    type: 'AWS::Athena::WorkGroup',
    permissions:
      'kms:Decrypt kms:GenerateDataKey s3:AbortMultipartUpload s3:GetBucketLocation s3:GetObject s3:ListBucket s3:ListBucketMultipartUploads s3:ListMultipartUploadParts s3:PutObject',
    unset:
      'WorkGroupConfiguration.EngineConfiguration WorkGroupConfiguration.ManagedQueryResultsConfiguration',
    why: 'for notebooks and managed results: a workgroup is made without touching its results',
  },
  {
    type: 'AWS::Athena::WorkGroup',
    permissions: 'iam:CreateServiceLinkedRole',
    unset: 'WorkGroupConfiguration.ExecutionRole',
    why: 'for Spark',
  },

  // Streams, secrets, identities
  {
    type: 'AWS::KinesisFirehose::DeliveryStream',
    permissions: 'kms:CreateGrant kms:DescribeKey kms:RevokeGrant',
    unset: 'DeliveryStreamEncryptionConfigurationInput.KeyARN',
    why: 'for streams that a key of the account encrypts',
  },
  {
    type: 'AWS::SecretsManager::Secret',
    permissions: 'secretsmanager:GetRandomPassword',
    unset: 'GenerateSecretString',
    why: 'for generated secrets',
  },
  {
    type: 'AWS::SecretsManager::Secret',
    permissions: 'secretsmanager:ReplicateSecretToRegions secretsmanager:RemoveRegionsFromReplication',
    unset: 'ReplicaRegions',
    why: 'for replicas',
  },
  {
    type: 'AWS::SecretsManager::Secret',
    permissions: 'secretsmanager:GetSecretValue',
    unset: 'GenerateSecretString',
    why: "who deploys reads no SDK key and no reader's key",
  },
  {
    type: 'AWS::IAM::Role',
    permissions: 'iam:PutRolePermissionsBoundary',
    unset: 'PermissionsBoundary',
    why: 'for permissions boundaries',
  },
  {
    type: 'AWS::IAM::Role',
    permissions: 'iam:DeleteRolePermissionsBoundary',
    why: 'who deploys takes no boundary off: docs/platform.md',
  },
  {
    type: 'AWS::IAM::User',
    permissions: 'iam:DeleteUserPermissionsBoundary',
    why: 'who deploys takes no boundary off: docs/platform.md',
  },
  {
    type: 'AWS::IAM::User',
    permissions: 'iam:PutUserPermissionsBoundary',
    unset: 'PermissionsBoundary',
    why: 'for permissions boundaries',
  },
  {
    type: 'AWS::IAM::User',
    permissions: 'iam:AddUserToGroup iam:RemoveUserFromGroup',
    unset: 'Groups',
    why: 'for groups',
  },
  {
    type: 'AWS::IAM::User',
    permissions: 'iam:CreateLoginProfile iam:UpdateLoginProfile iam:DeleteLoginProfile',
    unset: 'LoginProfile',
    why: 'for passwords',
  },
  {
    type: 'AWS::IAM::User',
    permissions: 'iam:PutUserPolicy iam:DeleteUserPolicy iam:GetUserPolicy',
    unset: 'Policies',
    why: 'for inline policies',
  },
  { type: 'AWS::IAM::User', permissions: 'iam:UpdateUser', unset: 'UserName Path', why: 'for other names' },
  {
    type: 'AWS::IAM::ManagedPolicy',
    permissions: 'iam:AttachGroupPolicy iam:DetachGroupPolicy',
    unset: 'Groups',
    why: 'for groups',
  },
  ...['Role', 'User'].map((kind) => ({
    type: 'AWS::IAM::ManagedPolicy',
    permissions: `iam:Attach${kind}Policy iam:Detach${kind}Policy`,
    unset: `${kind}s`,
    why: 'users and roles name their policies themselves, but for the administrator of the key',
  })),

  // Logs and functions
  { type: 'AWS::Logs::LogGroup', permissions: 's3:REST.PUT.OBJECT', why: NO_SUCH_ACTION },
  {
    type: 'AWS::Logs::LogGroup',
    permissions:
      'logs:PutDataProtectionPolicy logs:DeleteDataProtectionPolicy logs:CreateLogDelivery firehose:TagDeliveryStream',
    unset: 'DataProtectionPolicy',
    why: 'for data protection',
  },
  {
    type: 'AWS::Logs::LogGroup',
    permissions: 'logs:PutIndexPolicy logs:DeleteIndexPolicy',
    unset: 'FieldIndexPolicies',
    why: 'for field indexes',
  },
  {
    type: 'AWS::Logs::LogGroup',
    permissions: 'logs:PutResourcePolicy logs:DeleteResourcePolicy',
    unset: 'ResourcePolicyDocument',
    why: 'for resource policies',
  },
  {
    type: 'AWS::Logs::LogGroup',
    permissions: 'logs:PutBearerTokenAuthentication',
    unset: 'BearerTokenAuthenticationEnabled',
    why: 'for bearer tokens',
  },
  {
    type: 'AWS::Logs::LogGroup',
    permissions: 'logs:PutLogGroupDeletionProtection',
    unset: 'DeletionProtectionEnabled',
    why: 'for deletion protection',
  },
  {
    type: 'AWS::Logs::LogGroup',
    permissions: 'logs:AssociateKmsKey logs:DisassociateKmsKey',
    unset: 'KmsKeyId',
    why: 'for encrypted logs',
  },
  {
    type: 'AWS::Logs::LogGroup',
    permissions: 'logs:DeleteRetentionPolicy',
    why: 'every log group has a retention',
  },
  { type: 'AWS::Lambda::Function', permissions: 'ec2:*', unset: 'VpcConfig', why: 'for functions in a VPC' },
  {
    type: 'AWS::Lambda::Function',
    permissions: 'elasticfilesystem:* s3files:*',
    unset: 'FileSystemConfigs',
    why: 'for file systems',
  },
  {
    type: 'AWS::Lambda::Function',
    permissions: 'kms:*',
    unset: 'KmsKeyArn Code.SourceKMSKeyArn',
    why: 'for environments or zips that a key of the account encrypts',
  },
  {
    type: 'AWS::Lambda::Function',
    permissions: 'lambda:GetLayerVersion',
    unset: 'Layers',
    why: 'for layers',
  },
  {
    type: 'AWS::Lambda::Function',
    permissions: 'lambda:PassCapacityProvider lambda:PutFunctionScalingConfig',
    unset: 'CapacityProviderConfig FunctionScalingConfig',
    why: 'for capacity providers',
  },
  {
    type: 'AWS::Lambda::Function',
    permissions:
      'lambda:GetCodeSigningConfig lambda:PutFunctionCodeSigningConfig lambda:DeleteFunctionCodeSigningConfig',
    unset: 'CodeSigningConfigArn',
    why: 'for code signing',
  },
  {
    type: 'AWS::Lambda::Function',
    permissions: 'lambda:PutRuntimeManagementConfig',
    unset: 'RuntimeManagementConfig',
    why: 'for pinned runtimes',
  },
  { type: 'AWS::Lambda::Function', permissions: 'lambda:AssociateRuntimeAlias', why: NO_SUCH_ACTION },
  {
    type: 'AWS::Lambda::Function',
    permissions: 's3:GetObjectVersion',
    unset: 'Code.S3ObjectVersion',
    why: 'zips have a key each, no version',
  },
  {
    type: 'AWS::Lambda::Version',
    permissions: 'lambda:PutFunctionScalingConfig',
    unset: 'FunctionScalingConfig',
    why: 'for capacity providers',
  },
  {
    type: 'AWS::Lambda::Version',
    permissions: 'lambda:PutProvisionedConcurrencyConfig',
    unset: 'ProvisionedConcurrencyConfig',
    why: 'for provisioned concurrency',
  },
  {
    type: 'AWS::Lambda::Version',
    permissions: 'lambda:PutRuntimeManagementConfig',
    unset: 'RuntimePolicy',
    why: 'for pinned runtimes',
  },
  {
    type: 'AWS::Lambda::EventSourceMapping',
    permissions: 'kms:*',
    unset: 'KmsKeyArn',
    why: 'for filters that a key of the account encrypts',
  },
  {
    type: 'AWS::ApiGatewayV2::DomainName',
    permissions: 's3:GetObject s3:GetObjectVersion',
    unset: 'MutualTlsAuthentication',
    why: 'for truststores',
  },
  {
    type: 'AWS::ApiGatewayV2::Api',
    permissions: 's3:getObject',
    unset: 'BodyS3Location',
    why: 'for OpenAPI documents in S3',
  },
];
