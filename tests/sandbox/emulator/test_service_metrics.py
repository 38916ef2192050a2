"""What AWS's services report by themselves, against a really started emulator and real Node.js."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from tests.waiting import until

pytestmark = pytest.mark.sandbox

HANDLER = """
exports.handler = async (event) => {
  if (JSON.stringify(event).includes("malformed")) throw new Error("malformed");
  return "done";
};
"""
ANYONE = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}]}


@pytest.fixture
def value(client):
    """The sum of a metric over the last minutes; None where there is no data."""

    def read(namespace, name, **dimensions):
        metric = {
            "Namespace": namespace,
            "MetricName": name,
            "Dimensions": [{"Name": key, "Value": of} for key, of in dimensions.items()],
        }
        now = datetime.now(UTC)
        answer = client("cloudwatch").get_metric_data(
            MetricDataQueries=[{"Id": "m1", "MetricStat": {"Metric": metric, "Period": 900, "Stat": "Sum"}}],
            StartTime=now - timedelta(minutes=15),
            EndTime=now,
        )
        values = answer["MetricDataResults"][0]["Values"]
        return values[0] if values else None

    return read


@pytest.fixture
def queue(client):
    def create(name, **attributes):
        sqs = client("sqs")
        attributes = {"Policy": json.dumps(ANYONE), **attributes}
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        read = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, read["Attributes"]["QueueArn"]

    return create


@pytest.fixture
def function(client):
    def create(name):
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr("index.js", HANDLER)
        client("lambda").create_function(
            FunctionName=name,
            Runtime="nodejs20.x",
            Role="arn:aws:iam::000000000000:role/lab",
            Handler="index.handler",
            Code={"ZipFile": package.getvalue()},
        )
        client("lambda").get_waiter("function_active_v2").wait(FunctionName=name)

    return create


def test_sqs_counts_sends_receives_and_deletes(client, queue, value, fresh_minute, minute_over):
    sqs, (url, _) = client("sqs"), queue("counted")
    began = fresh_minute()
    sqs.send_message(QueueUrl=url, MessageBody="one")
    batch = [{"Id": str(number), "MessageBody": "more"} for number in range(3)]
    sqs.send_message_batch(QueueUrl=url, Entries=batch)
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=messages[0]["ReceiptHandle"])
    handles = [
        {"Id": str(number), "ReceiptHandle": one["ReceiptHandle"]} for number, one in enumerate(messages[1:3])
    ]
    sqs.delete_message_batch(QueueUrl=url, Entries=handles)
    minute_over(began)
    counts = {"Sent": 4, "Received": 4, "Deleted": 3}
    found = {name: value("AWS/SQS", f"NumberOfMessages{name}", QueueName="counted") for name in counts}
    assert found == counts
    assert value("AWS/SQS", "NumberOfMessagesSent", QueueName="nobody") is None


def test_a_silent_queue_reports_zero(client, queue, value, fresh_minute, minute_over):
    url, _ = queue("silent")
    began = fresh_minute()
    client("sqs").receive_message(QueueUrl=url)
    minute_over(began)
    assert value("AWS/SQS", "NumberOfMessagesSent", QueueName="silent") == 0


def test_sns_counts_what_was_published_delivered_and_lost(client, queue, value, fresh_minute, minute_over):
    sns, (_, arn) = client("sns"), queue("subscribed")
    good, bad = (sns.create_topic(Name=name)["TopicArn"] for name in ("good", "bad"))
    sns.subscribe(TopicArn=good, Protocol="sqs", Endpoint=arn)
    sns.subscribe(TopicArn=bad, Protocol="sqs", Endpoint=f"{arn}-that-is-gone")
    began = fresh_minute()
    for _ in range(3):
        sns.publish(TopicArn=good, Message="x")
        sns.publish(TopicArn=bad, Message="x")
    minute_over(began)
    names = ("NumberOfMessagesPublished", "NumberOfNotificationsDelivered", "NumberOfNotificationsFailed")
    assert [value("AWS/SNS", name, TopicName="good") for name in names] == [3, 3, 0]
    assert [value("AWS/SNS", name, TopicName="bad") for name in names] == [3, None, 3]
    assert value("AWS/SNS", "NumberOfNotificationsFailed", TopicName="nobody") is None
    assert value("AWS/SQS", "NumberOfMessagesSent", QueueName="subscribed") == 3


def test_invocations_through_a_queue_count_like_direct_ones(
    client, queue, function, value, fresh_minute, minute_over
):
    s3, (url, arn) = client("s3"), queue("uploads", VisibilityTimeout="60")
    function("transformer")
    s3.create_bucket(Bucket="uploads", CreateBucketConfiguration={"LocationConstraint": "us-east-2"})
    s3.put_bucket_notification_configuration(
        Bucket="uploads",
        NotificationConfiguration={
            "QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]
        },
    )
    client("sqs").purge_queue(QueueUrl=url)  # S3's test event
    mapping = client("lambda").create_event_source_mapping(
        EventSourceArn=arn, FunctionName="transformer", BatchSize=1
    )
    began = fresh_minute()
    client("lambda").invoke(FunctionName="transformer", Payload=b"{}")
    client("lambda").invoke(FunctionName="transformer", Payload=b'"malformed"')
    for key in ("a", "malformed", "b"):
        s3.put_object(Bucket="uploads", Key=key, Body=b"{}")
    wait_until_worked_on(client("sqs"), url)
    client("lambda").delete_event_source_mapping(UUID=mapping["UUID"])
    minute_over(began)
    minute_over(began + 6)
    by = {"FunctionName": "transformer"}
    assert value("AWS/SQS", "NumberOfMessagesSent", QueueName="uploads") == 4  # with the test event
    assert value("AWS/SQS", "NumberOfMessagesDeleted", QueueName="uploads") == 2
    assert value("AWS/Lambda", "Invocations", **by) == 5
    assert value("AWS/Lambda", "Errors", **by) == 2
    assert value("AWS/Lambda", "Throttles", **by) == 0
    assert value("AWS/Lambda", "Duration", **by) > 0
    assert value("AWS/Lambda", "Errors") == 2


def wait_until_worked_on(sqs, url):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

    def worked_on():
        read = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return [read[name] for name in names] == [
            "0",
            "1",
        ]  # the malformed one waits for its visibility timeout

    until(worked_on, "the good ones are deleted")
