"""Starts LocalStack as `npm run test:engine` uses it.

Functions run as local Node processes from their deployed zips (runner.mjs). Glue, Athena's workgroups and ECR are moto's,
which is in LocalStack's process but not among the services of its core. Below are the few answers of AWS that LocalStack
gives otherwise, each with AWS's page, and the faults that the harness asks for. `/_engine/` is the harness's own door.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from functools import wraps
from types import SimpleNamespace

# For rules with a schedule, of which there is none. Its licence is the LGPL, so it is not installed.
sys.modules['crontab'] = SimpleNamespace(CronTab=None)

import localstack.services.lambda_.invocation.runtime_executor as runtime_executor
from localstack.aws import handlers
from localstack.aws.connect import connect_to
from localstack.aws.skeleton import Skeleton
from localstack.aws.spec import load_service
from localstack.services.cloudformation.engine.v2.change_set_model_preproc import DeletionPolicy, PreprocResource
from localstack.services.cloudformation.resource_provider import (
    OperationStatus, ProgressEvent, ResourceProvider, ResourceProviderExecutor)
from localstack.services.edge import ROUTER
from localstack.services.firehose.provider import FirehoseProvider
from localstack.services.iam.resource_providers.aws_iam_role import IAMRoleProvider
from localstack.services.kinesisfirehose.resource_providers.aws_kinesisfirehose_deliverystream import (
    KinesisFirehoseDeliveryStreamProvider)
from localstack.services.lambda_.event_source_mapping.pollers.sqs_poller import SqsPoller
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.moto import call_moto
from localstack.services.plugins import SERVICE_PLUGINS, Service
from localstack.services.s3.provider import S3Provider
from localstack.services.s3.resource_providers.aws_s3_bucket import S3BucketProvider
from localstack.http import Response
from localstack.utils.aws.request_context import extract_access_key_id_from_auth_header

WORK = os.environ['ENGINE_WORK']
NODE = os.environ['ENGINE_NODE']
RUNNER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'runner.mjs')
LOG = open(os.path.join(WORK, 'functions.log'), 'a', buffering=1, encoding='utf8')

# What the harness has asked for, and what has happened since: /_engine/faults.
FAULTS = {}
HAPPENED = {'hung': 0, 'late': 0, 'twice': 0, 'killed': 0}
LOCK = threading.Lock()


def take(name):
    """Whether a fault is due; one that is asked for so many times is so less often."""
    with LOCK:
        left = FAULTS.get(name, 0)
        if left > 0:
            FAULTS[name] = left - 1
        return left > 0


# Calls that functions make, and the policies of whom they make them as, for judgeCalls.ts.

CALLS = open(os.path.join(WORK, 'calls.jsonl'), 'a', buffering=1, encoding='utf8')
CALLERS = {}


def caller_of(version):
    """The role of a version of a function, as it is when an environment starts."""
    arn = version.config.role
    iam = connect_to(aws_access_key_id=version.id.account, region_name=version.id.region).iam
    name = arn.split('/')[-1]
    names = iam.list_role_policies(RoleName=name)['PolicyNames']
    attached = [one['PolicyArn'] for one in iam.list_attached_role_policies(RoleName=name)['AttachedPolicies']]
    defaults = {one: iam.get_policy(PolicyArn=one)['Policy']['DefaultVersionId'] for one in attached}
    return {
        'function': version.id.function_name, 'role': arn, 'session': None,
        'trust': iam.get_role(RoleName=name)['Role']['AssumeRolePolicyDocument'],
        'policies': [
            *[iam.get_role_policy(RoleName=name, PolicyName=one)['PolicyDocument'] for one in names],
            *[iam.get_policy_version(PolicyArn=one, VersionId=version)['PolicyVersion']['Document']
              for one, version in defaults.items()]]}


def write_down(_, context, response):
    headers = context.request.headers
    caller = CALLERS.get(extract_access_key_id_from_auth_header(headers))
    if caller is None or context.operation is None:
        return
    given = context.service_request or {}
    if context.operation.name == 'AssumeRole' and response.status_code == 200:
        session = {**caller, 'role': given['RoleArn'], 'session': given.get('Policy')}
        CALLERS[context.service_response['Credentials']['AccessKeyId']] = session
    CALLS.write(json.dumps({
        **caller, 'service': context.service.service_name, 'operation': context.operation.name,
        'status': response.status_code, 'query': context.request.query_string.decode(),
        'headers': {name.lower(): value for name, value in headers.items() if name.lower() in ASKED_HEADERS},
        # Bodies are nobody's business.
        'input': given}, default=lambda _: None) + '\n')


ASKED_HEADERS = ('if-match', 'x-amz-acl', 'x-amz-copy-source')
handlers.run_custom_response_handlers.append(write_down)

# Functions.

RUNNING = {}


class NodeExecutor(runtime_executor.RuntimeExecutor):
    """One environment of a function: a Node process, started with its first invocation, and again after its end."""

    process = None

    def start(self, env_vars):
        self.folder = os.path.join(WORK, 'tmp', self.id)
        os.makedirs(self.folder, exist_ok=True)
        self.env = {name: str(value) for name, value in env_vars.items()}
        CALLERS[self.env['AWS_ACCESS_KEY_ID']] = caller_of(self.function_version)
        self.env.update(
            LAMBDA_TASK_ROOT=str(self.function_version.config.code.get_unzipped_code_location()),
            PATH=os.environ['PATH'], TZ='UTC', TMPDIR=self.folder, HOME=self.folder)
        self.lock = threading.Lock()

    def spawn(self):
        out, answers = os.pipe()
        self.process = subprocess.Popen(
            [NODE, RUNNER, str(answers)], env=self.env, cwd=self.env['LAMBDA_TASK_ROOT'], stdin=subprocess.PIPE,
            stdout=LOG, stderr=LOG, text=True, pass_fds=[answers])
        os.close(answers)
        self.answers = os.fdopen(out, encoding='utf8')

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def invoke(self, payload):
        name, seconds = self.function_version.id.function_name, self.function_version.config.timeout
        with self.lock:
            if self.process is None or self.process.poll() is not None:
                self.spawn()
            RUNNING[self.id] = (name, self.process)
            timer = threading.Timer(seconds, self.process.kill)
            timer.start()
            try:
                self.process.stdin.write(json.dumps({
                    'id': payload['invoke-id'], 'arn': payload['invoked-function-arn'], 'seconds': seconds,
                    'event': json.loads(payload['payload'])}) + '\n')
                self.process.stdin.flush()
                answer = json.loads(self.answers.readline())
            except (OSError, ValueError) as error:
                answer = {'error': {'errorType': 'Runtime.ExitError', 'errorMessage': repr(error)}}
            finally:
                timer.cancel()
                RUNNING.pop(self.id, None)
        is_error = 'error' in answer
        if is_error:
            LOG.write(json.dumps({'engine': name, **answer}) + '\n')
        return InvocationResult(
            request_id=payload['invoke-id'], payload=json.dumps(answer['error' if is_error else 'result']).encode(),
            is_error=is_error, logs='', executed_version=self.function_version.id.qualifier)

    def get_address(self):
        return '127.0.0.1'

    def get_endpoint_from_executor(self):
        return '127.0.0.1'

    def get_runtime_endpoint(self):
        return ''

    def get_logs(self):
        return ''

    @classmethod
    def prepare_version(cls, function_version):
        function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version):
        pass


runtime_executor.get_runtime_executor = lambda: NodeExecutor


def kill(part):
    """Ends the processes of a function while they work."""
    for name, process in list(RUNNING.values()):
        if name.endswith(part):
            process.kill()
            process.wait()
            HAPPENED['killed'] += 1


# Services of moto.

BY_MOTO = ('athena', 'ecr', 'glue')
SERVICE_PLUGINS.api_provider_specs.update({name: ['default'] for name in BY_MOTO})
for name in BY_MOTO:
    service = load_service(name)
    table = {operation: lambda context, request: call_moto(context) for operation in service.operation_names}
    SERVICE_PLUGINS.add_service(Service(name, skeleton=Skeleton(service, table)))


# CloudFormation.

def succeeded(model):
    return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=model)


class GlueProvider(ResourceProvider):
    """Databases or tables of Glue: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Glue.html"""

    SCHEMA = {
        'primaryIdentifier': ['/properties/Id'],
        'createOnlyProperties': ['/properties/CatalogId', '/properties/DatabaseName']}
    # What an update names a database by, which a table has in its input.
    NAMES = {'database': ['Name'], 'table': []}

    def __init__(self, kind):
        self.kind, self.input = kind, f'{kind.capitalize()}Input'

    def call(self, request, operation, members):
        model = request.desired_state
        given = {**model, 'Name': model[self.input]['Name']}
        call = getattr(request.aws_client_factory.glue, f'{operation}_{self.kind}')
        call(**{name: given[name] for name in ['DatabaseName', *members] if name in given})
        return succeeded({**model, 'Id': given['Name']})

    def create(self, request):
        return self.call(request, 'create', [self.input])

    def read(self, request):
        return succeeded(request.desired_state)

    def update(self, request):
        return self.call(request, 'update', [*self.NAMES[self.kind], self.input])

    def delete(self, request):
        return self.call(request, 'delete', ['Name'])


MADE_BY_MOTO = {'AWS::Glue::Database': 'database', 'AWS::Glue::Table': 'table'}
load_provider = ResourceProviderExecutor.try_load_resource_provider


def try_load_resource_provider(resource_type):
    kind = MADE_BY_MOTO.get(resource_type)
    return GlueProvider(kind) if kind else load_provider(resource_type)


ResourceProviderExecutor.try_load_resource_provider = staticmethod(try_load_resource_provider)

# `RetainExceptOnCreate` retains whatever was created before:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
make_resource = PreprocResource.__init__


def retaining(self, *args, **kwargs):
    make_resource(self, *args, **kwargs)
    if self.deletion_policy == DeletionPolicy.RetainExceptOnCreate:
        self.deletion_policy = DeletionPolicy.Retain


PreprocResource.__init__ = retaining

# A stack doesn't take over a bucket that exists:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html
make_bucket = S3BucketProvider._create_bucket_if_does_not_exist


def make_new_bucket(self, model, region_name, s3_client):
    if any(one['Name'] == model['BucketName'] for one in s3_client.list_buckets()['Buckets']):
        raise ValueError(f"{model['BucketName']} already exists")
    make_bucket(self, model, region_name, s3_client)


S3BucketProvider._create_bucket_if_does_not_exist = make_new_bucket

# The provider of streams forgets the name that it makes up.
make_stream = KinesisFirehoseDeliveryStreamProvider.create


def make_named_stream(self, request):
    model = request.desired_state
    if not model.get('DeliveryStreamName'):
        model['DeliveryStreamName'] = f'{request.stack_name}-{request.logical_resource_id}-{os.urandom(6).hex()}'
    return make_stream(self, request)


KinesisFirehoseDeliveryStreamProvider.create = make_named_stream

# The provider of roles leaves inline policies as they were.
update_role = IAMRoleProvider.update


def update_role_policies(self, request):
    progress = update_role(self, request)
    name = request.previous_state['RoleName']
    iam = request.aws_client_factory.iam
    for policy in request.desired_state.get('Policies', []):
        iam.put_role_policy(
            RoleName=name, PolicyName=policy['PolicyName'], PolicyDocument=json.dumps(policy['PolicyDocument']))
    return progress


IAMRoleProvider.update = update_role_policies


# Faults.

put_record = FirehoseProvider.put_record


@wraps(put_record)
def slow_put_record(self, context, delivery_stream_name, record, **kwargs):
    # Longer than the collector waits.
    if take('hang'):
        HAPPENED['hung'] += 1
        time.sleep(12)
        raise TimeoutError('the harness has asked for it')
    answer = put_record(self, context, delivery_stream_name, record, **kwargs)
    if take('late'):
        HAPPENED['late'] += 1
        time.sleep(6)
    return answer


FirehoseProvider.put_record = slow_put_record

handle_messages = SqsPoller.handle_messages


def handle_twice(self, messages):
    if take('twice'):
        HAPPENED['twice'] += len(messages)
        again = threading.Thread(target=handle_again, args=(self, json.loads(json.dumps(messages))))
        again.start()
    try:
        handle_messages(self, messages)
    finally:
        # What failed comes again in seconds instead of a visibility timeout of minutes.
        for message in messages:
            try:
                self.source_client.change_message_visibility(
                    QueueUrl=self.queue_url, ReceiptHandle=message['ReceiptHandle'], VisibilityTimeout=5)
            except Exception:  # It was deleted, as it should be.
                pass


def handle_again(self, messages):
    try:
        handle_messages(self, messages)
    except Exception as error:
        LOG.write(json.dumps({'engine': 'twice', 'error': repr(error)}) + '\n')


SqsPoller.handle_messages = handle_twice

put_object, delete_objects = S3Provider.put_object, S3Provider.delete_objects


@wraps(put_object)
def put_object_or_kill(self, context, request):
    answer = put_object(self, context, request)
    if '/statsig_forwarded_' in request['Key'] and take('killAfterPut'):
        kill('-write')
    return answer


@wraps(delete_objects)
def delete_objects_or_kill(self, context, bucket, delete, *args, **kwargs):
    if any(one['Key'].startswith('landing/') for one in delete['Objects']) and take('killBeforeDelete'):
        kill('-write')
    return delete_objects(self, context, bucket, delete, *args, **kwargs)


S3Provider.put_object, S3Provider.delete_objects = put_object_or_kill, delete_objects_or_kill


# The harness's door.

def answered(value):
    return Response(json.dumps(value), mimetype='application/json')


def faults(request):
    """Sets the faults that are due, if it is a POST, and says what is left and what has happened."""
    with LOCK:
        if request.method == 'POST':
            FAULTS.clear()
            FAULTS.update(json.loads(request.data))
    return answered({'left': FAULTS, 'happened': HAPPENED})


def run_schedule(request, account, region, name):
    """Sends what a schedule sends, as nothing in LocalStack runs schedules."""
    from moto.scheduler.models import scheduler_backends

    groups = scheduler_backends[account][region].schedule_groups
    target = next(group.schedules[name] for group in groups.values() if name in group.schedules).target
    sqs = connect_to(aws_access_key_id=account, region_name=region).sqs
    url = sqs.get_queue_url(QueueName=target['Arn'].split(':')[-1])['QueueUrl']
    sqs.send_message(QueueUrl=url, MessageBody=target['Input'])
    return answered(target)


ROUTER.add('/_engine/faults', faults)
ROUTER.add('/_engine/schedules/<account>/<region>/<name>', run_schedule)

from localstack.runtime.main import main  # noqa: E402

main()
