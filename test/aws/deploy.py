"""Deploys the packaged template into moto's CloudFormation and reads back what it made.

What moto's CloudFormation doesn't make (forMoto.ts has the list of types) is made by each service's own API from the
same properties, so that boto3's models of AWS judge every one of them. Reads its input from a file, see run.ts; prints
a line a check, and as the last one a JSON object with what passed and failed. All of AWS is in this process: nothing
goes over any network.
"""

import ast
import json
import logging
import re
import sys
import warnings

import boto3
from moto import mock_aws
from moto.kms.models import kms_backends

REGION = 'us-east-1'
ACCOUNT = '123456789012'
STACK = 'sluice-prod'


class Stack:
    """The template's resources with their intrinsics resolved, and what moto made of them."""

    def __init__(self, given):
        self.template = given['template']
        self.by_api = set(given['madeByApi'])
        self.resources = given['resources']
        self.clients = {}
        self.physical = {}

    def client(self, service):
        if service not in self.clients:
            self.clients[service] = boto3.client(
                service, region_name=REGION, aws_access_key_id='test', aws_secret_access_key='test'
            )
        return self.clients[service]

    def of(self, kind):
        return [one for one in self.resources if one['type'] == kind]

    def one(self, logical_id):
        return next(one for one in self.resources if one['logicalId'] == logical_id)

    def deploy(self):
        cloudformation = self.client('cloudformation')
        about = cloudformation.create_stack(
            StackName=STACK,
            TemplateBody=json.dumps(self.template),
            Capabilities=['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM'],
        )
        pages = cloudformation.get_paginator('list_stack_resources').paginate(StackName=STACK)
        made = [one for page in pages for one in page['StackResourceSummaries']]
        self.physical = {one['LogicalResourceId']: one['PhysicalResourceId'] for one in made}
        self.adopt_names(about['StackId'])
        return {one['LogicalResourceId'] for one in made}

    def adopt_names(self, stack_id):
        """moto makes up names of its own for what has none; properties refer to it by them from here on."""
        names = {}
        for role in self.of('AWS::IAM::Role'):
            arn = self.client('iam').get_role(RoleName=self.physical[role['logicalId']])['Role']['Arn']
            names[role['arn']] = arn
        for user in self.of('AWS::IAM::User'):
            names[user['arn']] = self.client('iam').get_user(UserName=self.physical[user['logicalId']])['User']['Arn']
        for key in self.of('AWS::KMS::Key'):
            names[key['physicalId']] = self.physical[key['logicalId']]
        stack_ids = rf'arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{STACK}/[0-9a-f-]+'
        text = re.sub(stack_ids, stack_id, json.dumps(self.resources))
        for ours, theirs in names.items():
            text = text.replace(ours, theirs)
        self.resources = json.loads(text)


def make_by_api(stack):
    """Makes what CloudFormation did not, in the order in which one needs another."""
    made = set()

    def each(kind, make):
        for resource in stack.of(kind):
            make(resource, resource['properties'])
            made.add(resource['logicalId'])

    glue, firehose, athena = stack.client('glue'), stack.client('firehose'), stack.client('athena')
    each('AWS::Glue::Database', lambda _, p: glue.create_database(**p))
    each('AWS::Glue::Table', lambda _, p: glue.create_table(**p))
    each('AWS::KinesisFirehose::DeliveryStream', lambda one, p: firehose.create_delivery_stream(
        **{**p, 'DeliveryStreamName': one['physicalId']}))
    each('AWS::Athena::WorkGroup', lambda _, p: athena.create_work_group(
        Name=p['Name'], Description=p['Description'], Configuration=p['WorkGroupConfiguration']))
    each('AWS::S3::BucketPolicy', lambda _, p: stack.client('s3').put_bucket_policy(
        Bucket=bucket_named(stack, p['Bucket']), Policy=json.dumps(p['PolicyDocument'])))
    each('AWS::SQS::QueuePolicy', lambda _, p: [stack.client('sqs').set_queue_attributes(
        QueueUrl=queue_url(stack, url), Attributes={'Policy': json.dumps(p['PolicyDocument'])})
        for url in p['Queues']])
    each('AWS::SecretsManager::Secret', lambda one, p: stack.client('secretsmanager').create_secret(
        **{**p, 'Name': secret_name(one)}))
    each('AWS::Scheduler::Schedule', lambda _, p: stack.client('scheduler').create_schedule(**p))
    each('AWS::CloudWatch::Alarm', lambda _, p: stack.client('cloudwatch').put_metric_alarm(**p))
    each('AWS::Logs::LogStream', lambda _, p: stack.client('logs').create_log_stream(**lowered(p)))
    each('AWS::Logs::MetricFilter', lambda one, p: stack.client('logs').put_metric_filter(**lowered(
        {**p, 'FilterName': one['physicalId'], 'MetricTransformations': [metric_transformation(one) for one in p['MetricTransformations']]})))
    make_api(stack, each)
    return made


def make_api(stack, each):
    """The HTTP API: its parts refer to each other by IDs that only making them tells."""
    client, ids = stack.client('apigatewayv2'), {}

    def api(resource, properties):
        ids[resource['physicalId']] = client.create_api(**properties)['ApiId']

    def integration(resource, properties):
        made = client.create_integration(**{**properties, 'ApiId': ids[properties['ApiId']]})
        ids[f"integrations/{resource['physicalId']}"] = f"integrations/{made['IntegrationId']}"

    each('AWS::ApiGatewayV2::Api', api)
    each('AWS::ApiGatewayV2::Integration', integration)
    each('AWS::ApiGatewayV2::Route', lambda _, p: client.create_route(
        **{**p, 'ApiId': ids[p['ApiId']], 'Target': ids[p['Target']]}))
    each('AWS::ApiGatewayV2::Stage', lambda _, p: client.create_stage(**{**p, 'ApiId': ids[p['ApiId']]}))


def lowered(properties):
    """CloudWatch Logs begins its members with a small letter."""
    return {name[0].lower() + name[1:]: value for name, value in properties.items()}


def metric_transformation(given):
    return {**lowered(given), **({'defaultValue': float(given['DefaultValue'])} if 'DefaultValue' in given else {})}


def secret_name(resource):
    """Without a name CloudFormation makes one up; a dash and six characters follow it in the ARN."""
    return resource['physicalId'].split(':')[-1][:-7]


def bucket_named(stack, physical_id):
    found = next(one for one in stack.of('AWS::S3::Bucket') if one['physicalId'] == physical_id)
    return stack.physical[found['logicalId']]


def queue_url(stack, url):
    return stack.client('sqs').get_queue_url(QueueName=url.split('/')[-1])['QueueUrl']


def document(found):
    """A policy; moto answers some that CloudFormation made in Python's notation instead of JSON."""
    if not isinstance(found, str):
        return found
    return json.loads(found) if found.startswith('{"') else ast.literal_eval(found)


def subset(expected, found, path=''):
    """Where `found` is not what was asked for; it may have more members."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return [wrong for name, value in expected.items() for wrong in subset(value, found.get(name), f'{path}.{name}')]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return [wrong for at, value in enumerate(expected) for wrong in subset(value, found[at], f'{path}[{at}]')]
    return [] if expected == found else [f'{path} was to be {expected!r}, is {found!r}']


def expect(expected, found, what):
    wrong = subset(expected, found, what)
    if wrong:
        raise AssertionError('; '.join(wrong[:5]))


def check_bucket(stack):
    properties = stack.one('DataBucket')['properties']
    s3, name = stack.client('s3'), stack.physical['DataBucket']
    assert name == properties['BucketName'], name
    rules = s3.get_bucket_encryption(Bucket=name)['ServerSideEncryptionConfiguration']['Rules']
    default = properties['BucketEncryption']['ServerSideEncryptionConfiguration'][0]['ServerSideEncryptionByDefault']
    expect(default['SSEAlgorithm'], rules[0]['ApplyServerSideEncryptionByDefault']['SSEAlgorithm'], 'encryption')
    policy = json.loads(s3.get_bucket_policy(Bucket=name)['Policy'])
    conditions = [one['Condition'] for one in policy['Statement'] if one['Effect'] == 'Deny']
    assert {'Bool': {'aws:SecureTransport': 'false'}} in conditions, policy


def check_bucket_settings(stack):
    """What moto's CloudFormation overlooks of a bucket is put through its API, whose model then judges it."""
    properties = stack.one('DataBucket')['properties']
    s3, name = stack.client('s3'), stack.physical['DataBucket']
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=properties['VersioningConfiguration'])
    assert s3.get_bucket_versioning(Bucket=name)['Status'] == 'Enabled'
    s3.put_public_access_block(
        Bucket=name, PublicAccessBlockConfiguration=properties['PublicAccessBlockConfiguration'])
    block = s3.get_public_access_block(Bucket=name)['PublicAccessBlockConfiguration']
    assert set(block.values()) == {True} and len(block) == 4, block
    s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=properties['OwnershipControls'])
    rules = [lifecycle_rule(one) for one in properties['LifecycleConfiguration']['Rules']]
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={'Rules': rules})
    found = s3.get_bucket_lifecycle_configuration(Bucket=name)['Rules']
    assert [one['ID'] for one in found] == [one['ID'] for one in rules], found


def lifecycle_rule(given):
    """CloudFormation's notation of a rule in S3's own."""
    expiration = {
        **({'Days': given['ExpirationInDays']} if 'ExpirationInDays' in given else {}),
        **({'ExpiredObjectDeleteMarker': True} if given.get('ExpiredObjectDeleteMarker') else {}),
    }
    transitions = [
        {'StorageClass': one['StorageClass'], 'Days': one['TransitionInDays']} for one in given.get('Transitions', [])
    ]
    kept = ['Status', 'NoncurrentVersionExpiration', 'AbortIncompleteMultipartUpload']
    return {
        'ID': given['Id'],
        'Filter': {'Prefix': given.get('Prefix', '')},
        **{name: given[name] for name in kept if name in given},
        **({'Expiration': expiration} if expiration else {}),
        **({'Transitions': transitions} if transitions else {}),
    }


def check_key(stack):
    kms, key = stack.client('kms'), stack.physical['DataKey']
    given = stack.one('DataKey')['properties']['KeyPolicy']
    # moto keeps the object that its CloudFormation was given where it expects a text, and answers nothing of the key.
    made = kms_backends[ACCOUNT][REGION].keys[key]
    expect(given, made.policy, 'policy')
    made.policy = json.dumps(made.policy)
    about = kms.describe_key(KeyId=key)['KeyMetadata']
    expect({'KeySpec': 'SYMMETRIC_DEFAULT', 'KeyUsage': 'ENCRYPT_DECRYPT', 'MultiRegion': False}, about, 'key')
    assert kms.get_key_rotation_status(KeyId=key)['KeyRotationEnabled'] is True


def check_tables(stack):
    glue = stack.client('glue')
    for table in stack.of('AWS::Glue::Table'):
        given = table['properties']
        found = glue.get_table(DatabaseName=given['DatabaseName'], Name=given['TableInput']['Name'])['Table']
        expect(given['TableInput'], found, table['logicalId'])


def check_streams(stack):
    firehose, glue = stack.client('firehose'), stack.client('glue')
    for stream in stack.of('AWS::KinesisFirehose::DeliveryStream'):
        given = stream['properties']
        found = firehose.describe_delivery_stream(DeliveryStreamName=stream['physicalId'])
        about = found['DeliveryStreamDescription']
        assert about['DeliveryStreamStatus'] == 'ACTIVE', about['DeliveryStreamStatus']
        destination = about['Destinations'][0]['ExtendedS3DestinationDescription']
        wanted = given['ExtendedS3DestinationConfiguration']
        expect({name: value for name, value in wanted.items() if name != 'FileExtension'}, destination, stream['logicalId'])
        if 'DataFormatConversionConfiguration' in wanted:
            schema = wanted['DataFormatConversionConfiguration']['SchemaConfiguration']
            glue.get_table(DatabaseName=schema['DatabaseName'], Name=schema['TableName'])
        stack.client('s3').head_bucket(Bucket=wanted['BucketARN'].split(':::')[1])
        stack.client('iam').get_role(RoleName=wanted['RoleARN'].split('/')[-1])
        logs = wanted['CloudWatchLoggingOptions']
        streams = stack.client('logs').describe_log_streams(logGroupName=logs['LogGroupName'])['logStreams']
        assert logs['LogStreamName'] in [one['logStreamName'] for one in streams], streams


def check_roles(stack):
    iam = stack.client('iam')
    for role in stack.of('AWS::IAM::Role'):
        name = stack.physical[role['logicalId']]
        given = role['properties']
        policies = given.get('Policies', [])
        expect(given['AssumeRolePolicyDocument'], iam.get_role(RoleName=name)['Role']['AssumeRolePolicyDocument'],
               role['logicalId'])
        assert iam.list_role_policies(RoleName=name)['PolicyNames'] == [one['PolicyName'] for one in policies]
        for policy in policies:
            found = iam.get_role_policy(RoleName=name, PolicyName=policy['PolicyName'])['PolicyDocument']
            expect(policy['PolicyDocument'], document(found), role['logicalId'])


def check_functions(stack):
    client = stack.client('lambda')
    for function in stack.of('AWS::Lambda::Function'):
        given = function['properties']
        found = client.get_function_configuration(FunctionName=given['FunctionName'])
        # moto keeps no architecture that CloudFormation gives it.
        names = ['Handler', 'Runtime', 'MemorySize', 'Timeout', 'Role']
        wanted = {name: given[name] for name in names if name in given}
        expect(wanted, found, function['logicalId'])
        variables = given.get('Environment', {}).get('Variables', {})
        assert set(variables) == set(found.get('Environment', {}).get('Variables', {})), found
    for mapping in stack.of('AWS::Lambda::EventSourceMapping'):
        given = mapping['properties']
        [found] = client.list_event_source_mappings(EventSourceArn=given['EventSourceArn'])['EventSourceMappings']
        assert found['BatchSize'] == given['BatchSize'], found


def check_queues(stack):
    sqs = stack.client('sqs')
    # A queue that only schedules send to needs none: their roles may.
    with_policy = {url.split('/')[-1] for one in stack.of('AWS::SQS::QueuePolicy') for url in one['properties']['Queues']}
    assert len(with_policy) > 1, with_policy
    for queue in stack.of('AWS::SQS::Queue'):
        given = queue['properties']
        url = queue_url(stack, given['QueueName'])
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=['All'])['Attributes']
        for name in ['VisibilityTimeout', 'MessageRetentionPeriod']:
            if name in given:
                assert found[name] == str(given[name]), (queue['logicalId'], name, found[name])
        if 'RedrivePolicy' in given:
            expect(given['RedrivePolicy'], json.loads(found['RedrivePolicy']), queue['logicalId'])
        if given['QueueName'] not in with_policy:
            continue
        statements = json.loads(found['Policy'])['Statement']
        assert all('aws:SourceArn' in json.dumps(one['Condition']) for one in statements), statements


def check_rules(stack):
    events = stack.client('events')
    for rule in stack.of('AWS::Events::Rule'):
        given = rule['properties']
        found = events.describe_rule(Name=given['Name'])
        assert json.loads(found['EventPattern']) == given['EventPattern'], found
        targets = events.list_targets_by_rule(Rule=given['Name'])['Targets']
        expect(given['Targets'], targets, rule['logicalId'])


def check_schedules(stack):
    for schedule in stack.of('AWS::Scheduler::Schedule'):
        given = schedule['properties']
        expect(given, stack.client('scheduler').get_schedule(Name=given['Name']), schedule['logicalId'])


def check_workgroup(stack):
    for group in stack.of('AWS::Athena::WorkGroup'):
        given = group['properties']
        found = stack.client('athena').get_work_group(WorkGroup=given['Name'])['WorkGroup']
        wanted = {name: value for name, value in given['WorkGroupConfiguration'].items() if name != 'EngineVersion'}
        expect(wanted, found['Configuration'], group['logicalId'])


def check_watch(stack):
    alarms = stack.of('AWS::CloudWatch::Alarm')
    found = stack.client('cloudwatch').describe_alarms(MaxRecords=100)['MetricAlarms']
    assert {one['AlarmName'] for one in found} == {one['physicalId'] for one in alarms}, found
    for dashboard in stack.of('AWS::CloudWatch::Dashboard'):
        name = dashboard['properties']['DashboardName']
        body = stack.client('cloudwatch').get_dashboard(DashboardName=name)['DashboardBody']
        assert len(json.loads(body)['widgets']) > 3, body
    for group in stack.of('AWS::Logs::LogGroup'):
        name = group['properties']['LogGroupName']
        # A prefix also finds the groups whose names begin with it.
        groups = stack.client('logs').describe_log_groups(logGroupNamePrefix=name)['logGroups']
        [about] = [one for one in groups if one['logGroupName'] == name]
        assert about['retentionInDays'] == group['properties']['RetentionInDays'], about


def check_secret(stack):
    for secret in stack.of('AWS::SecretsManager::Secret'):
        found = stack.client('secretsmanager').get_secret_value(SecretId=secret_name(secret))
        assert found['SecretString'] == secret['properties']['SecretString'], found


def check_outputs(stack):
    [about] = stack.client('cloudformation').describe_stacks(StackName=STACK)['Stacks']
    found = {one['OutputKey']: one['OutputValue'] for one in about.get('Outputs', [])}
    assert set(found) == set(stack.template['Outputs']), found
    assert all(found.values()), found


def check_api(stack):
    client = stack.client('apigatewayv2')
    [api] = client.get_apis()['Items']
    routes = {one['RouteKey'] for one in client.get_routes(ApiId=api['ApiId'])['Items']}
    assert routes == {one['properties']['RouteKey'] for one in stack.of('AWS::ApiGatewayV2::Route')}, routes


def main():
    warnings.simplefilter('ignore')
    logging.disable(logging.WARNING)
    with open(sys.argv[1], encoding='utf8') as file:
        stack = Stack(json.load(file))
    passed, failed = 0, 0

    def check(name, run):
        nonlocal passed, failed
        try:
            run()
            passed += 1
            print(f'ok {name}', flush=True)
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            print(f'not ok {name}: {type(error).__name__}: {error}', flush=True)

    def everything():
        made = stack.deploy()
        expected = {one['logicalId'] for one in stack.resources if one['type'] not in stack.by_api}
        assert made == expected, f'skipped: {sorted(expected - made)}; unexpected: {sorted(made - expected)}'

    def by_api():
        made = make_by_api(stack)
        expected = {one['logicalId'] for one in stack.resources if one['type'] in stack.by_api}
        assert made == expected, f'not made: {sorted(expected - made)}'

    with mock_aws():
        check('the stack is created, and nothing skipped but what is on the list', everything)
        check('what is on the list is created through its API', by_api)
        for name, run in list(globals().items()):
            if name.startswith('check_'):
                check(name.removeprefix('check_').replace('_', ' '), lambda run=run: run(stack))
    print(json.dumps({'passed': passed, 'failed': failed}))


main()
