"use strict";
// AWS clients, made once for a container.
//
// Keep-alive is off on purpose. failure-lambda 0.x sees connections when they are opened; on one that is kept
// open every call gets through although the deny list names its host, and the experiment is green for the
// wrong reason. A new connection for each call costs milliseconds and lets the fault be seen. Outside of
// chaos experiments you would leave it on.

const http = require("http");
const https = require("https");
const { CloudWatchClient } = require("@aws-sdk/client-cloudwatch");
const { DynamoDBClient } = require("@aws-sdk/client-dynamodb");
const { S3Client } = require("@aws-sdk/client-s3");
const { SQSClient } = require("@aws-sdk/client-sqs");

function connections(timeouts = {}) {
  return {
    httpAgent: new http.Agent({ keepAlive: false }),
    httpsAgent: new https.Agent({ keepAlive: false }),
    ...timeouts,
  };
}

const HASTY = { connectionTimeout: 500, requestTimeout: 1500, throwOnRequestTimeout: true }; // milliseconds

module.exports = {
  cloudwatch: new CloudWatchClient({ requestHandler: connections() }),
  s3: new S3Client({ requestHandler: connections() }),
  sqs: new SQSClient({ requestHandler: connections() }),
  // Tries again by itself, as the SDK does unless told otherwise.
  patient: new DynamoDBClient({ requestHandler: connections() }),
  // One short try: whoever has a place to park a record need not insist.
  hasty: new DynamoDBClient({ requestHandler: connections(HASTY), maxAttempts: 1 }),
};
