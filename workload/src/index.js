"use strict";
// ChaosTransformer: JSON objects in, CSV objects and DynamoDB records out.
//
//   S3 incoming/*.json → SQS chaos-json → here → S3 outgoing/*.csv → SNS → SQS chaos-csv
//                                            └→ DynamoDB chaos-symbols
//
// HANDLER_VARIANT chooses how it treats the DynamoDB write: see variants.js.

const failureLambda = require("failure-lambda");
const { objectsNamedIn } = require("./events");
const { unpark } = require("./parking");
const { extract, publish } = require("./steps");
const variants = require("./variants");

async function chaosTransformer(event) {
  const parked = event.Records.filter(isParked);
  if (parked.length > 0) return unpark(parked);
  const finish = chosenVariant();
  for (const object of objectsNamedIn(event)) {
    const record = await extract(object);
    await publish(record);
    await finish(record);
    console.log(`ETL completed for ${object.key}`);
  }
  return { status: "done" };
}

function isParked(record) {
  return record.eventSourceARN === process.env.PARKED_QUEUE_ARN;
}

function chosenVariant() {
  const name = process.env.HANDLER_VARIANT;
  if (!Object.hasOwn(variants, name)) {
    throw new Error(`HANDLER_VARIANT is ${name}; it can be ${Object.keys(variants).join(", ")}.`);
  }
  return variants[name];
}

exports.handler = failureLambda(chaosTransformer);
