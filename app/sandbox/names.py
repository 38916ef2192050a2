"""What workload/template.yaml calls its parts, and the experiments measure."""

from __future__ import annotations

STACK = "ChaosTransformer"
FUNCTION = "ChaosTransformer"
BUCKET = "chaos-transformer-000000000000-us-east-2"  # of the emulator's account
CODE_BUCKET = "chaos-transformer-code"
TOPIC = "chaos-csv"
TABLE = "chaos-symbols"
PARAMETER = "failureLambdaConfig"
JSON_QUEUE = "chaos-json"
CSV_QUEUE = "chaos-csv"
PARKED_QUEUE = "chaos-parked"
DEAD_LETTERS = "chaos-dead-letters"
INCOMING = "incoming/"
OUTGOING = "outgoing/"
NAMESPACE = "ChaosTransformer"
VARIABLES = {"S3_BUCKET_NAME": BUCKET, "SNS_TOPIC_NAME": TOPIC, "LAMBDA_FUNCTION_NAME": FUNCTION}
