"use strict";
// Load: records into DynamoDB, and the count of them into CloudWatch.

const { PutMetricDataCommand } = require("@aws-sdk/client-cloudwatch");
const { PutItemCommand } = require("@aws-sdk/client-dynamodb");
const { cloudwatch } = require("./clients");

const TABLE = process.env.TABLE_NAME;
const KEPT_FOR = Number(process.env.RECORDS_KEPT_SECONDS);
const THROTTLED = ["ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"];

// Write records one after the other; a second write of the same record changes nothing. What an error leaves
// unwritten is in `error.unwritten`.
async function store(records, dynamodb) {
  let written = 0;
  try {
    for (const record of records) {
      await dynamodb.send(new PutItemCommand({ TableName: TABLE, Item: item(record) }));
      written += 1;
    }
  } catch (error) {
    error.unwritten = records.slice(written);
    throw error;
  } finally {
    if (written > 0) await count(written);
  }
}

function item({ id, symbol, price, volume, at }) {
  const expires = Math.floor(Date.now() / 1000) + KEPT_FOR;
  return {
    Id: { S: id },
    Symbol: { S: symbol },
    Price: { N: String(price) },
    Volume: { N: String(volume) },
    At: { S: at },
    ExpiresAt: { N: String(expires) },
  };
}

async function count(written) {
  console.log(`Wrote ${written} ${written === 1 ? "record" : "records"} to ${TABLE}`);
  const datum = {
    MetricName: "SymbolWriteCount",
    Dimensions: [{ Name: "DynamoDBTable", Value: TABLE }],
    Unit: "Count",
    Value: written,
  };
  try {
    await cloudwatch.send(new PutMetricDataCommand({ Namespace: "ChaosTransformer", MetricData: [datum] }));
  } catch (error) {
    console.log(`The count of ${written} written was not recorded: ${error.message}`); // the data is safe
  }
}

// Whether DynamoDB was away or too busy, as opposed to not liking the record.
function isRefusal(error) {
  const status = error.$metadata?.httpStatusCode;
  return status === undefined || status >= 500 || THROTTLED.includes(error.name);
}

module.exports = { isRefusal, store };
